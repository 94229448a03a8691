using System.Globalization;
using System.Text;
using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp;

namespace Enmesh.Generators.Parsing;

/// <summary>C# names, Erlang names and C# literals.</summary>
internal static class Names
{
    private static readonly SymbolDisplayFormat Qualified = SymbolDisplayFormat.FullyQualifiedFormat
        .AddMiscellaneousOptions(SymbolDisplayMiscellaneousOptions.IncludeNullableReferenceTypeModifier);

    // Erlang Reference Manual, "Reserved Words".
    private static readonly HashSet<string> ReservedWords = new(StringComparer.Ordinal)
    {
        "after", "and", "andalso", "band", "begin", "bnot", "bor", "bsl", "bsr", "bxor", "case", "catch", "cond", "div",
        "else", "end", "fun", "if", "let", "maybe", "not", "of", "or", "orelse", "receive", "rem", "try", "when", "xor",
    };

    /// <summary>The type as generated code writes it, nullability included.</summary>
    internal static string InCode(ITypeSymbol type) => type.ToDisplayString(Qualified);

    /// <summary>The type as messages name it.</summary>
    internal static string ForPeople(ITypeSymbol type) =>
        type.ToDisplayString(SymbolDisplayFormat.MinimallyQualifiedFormat);

    /// <summary>The type's name and those of its arguments, as one identifier: <c>DictionaryStringOrder</c>.</summary>
    internal static string AsIdentifier(ITypeSymbol type) => type switch
    {
        IArrayTypeSymbol array => AsIdentifier(array.ElementType) + "Array",
        INamedTypeSymbol { IsTupleType: true } tuple =>
            "ValueTuple" + string.Concat(tuple.TupleElements.Select(element => AsIdentifier(element.Type))),
        INamedTypeSymbol { IsGenericType: true } generic =>
            generic.Name + string.Concat(generic.TypeArguments.Select(AsIdentifier)),
        _ => type.Name,
    };

    /// <summary>The identifier as code writes it: <c>@class</c>.</summary>
    internal static string Escaped(string name) =>
        SyntaxFacts.GetKeywordKind(name) == SyntaxKind.None
            && SyntaxFacts.GetContextualKeywordKind(name) == SyntaxKind.None
            ? name
            : "@" + name;

    /// <summary>The text as a C# literal.</summary>
    internal static string Literal(string text) => SymbolDisplay.FormatLiteral(text, quote: true);

    /// <summary>What an optional parameter gets when nothing is given for it.</summary>
    internal static string DefaultOf(IParameterSymbol parameter)
    {
        var type = InCode(parameter.Type);
        if (!parameter.HasExplicitDefaultValue || parameter.ExplicitDefaultValue is not { } value)
            return $"default({type})!";
        var literal = value switch
        {
            double.PositiveInfinity => "double.PositiveInfinity",
            double.NegativeInfinity => "double.NegativeInfinity",
            float.PositiveInfinity => "float.PositiveInfinity",
            float.NegativeInfinity => "float.NegativeInfinity",
            double d when double.IsNaN(d) => "double.NaN",
            float f when float.IsNaN(f) => "float.NaN",
            float f => f.ToString("R", CultureInfo.InvariantCulture) + "F",
            double d => d.ToString("R", CultureInfo.InvariantCulture) + "D",
            decimal m => m.ToString(CultureInfo.InvariantCulture) + "M",
            _ => SymbolDisplay.FormatPrimitive(value, quoteStrings: true, useHexadecimalNumbers: false),
        };
        return value is string ? literal : $"({type})({literal})";
    }

    /// <summary><c>UnitPrice</c> as <c>unit_price</c>, <c>HTTPServer</c> as <c>http_server</c>.</summary>
    internal static string SnakeCase(string name)
    {
        var text = new StringBuilder(name.Length + 4);
        for (var i = 0; i < name.Length; i++)
        {
            var c = name[i];
            var startsWord = i > 0 && char.IsUpper(c) && name[i - 1] != '_'
                && (!char.IsUpper(name[i - 1]) || (i + 1 < name.Length && char.IsLower(name[i + 1])));
            if (startsWord)
                text.Append('_');
            text.Append(char.ToLowerInvariant(c));
        }
        return text.ToString();
    }

    /// <summary><c>UnitPrice</c> as <c>unitPrice</c>, <c>HTTPServer</c> as <c>httpServer</c>.</summary>
    internal static string CamelCase(string name)
    {
        var text = new StringBuilder(name);
        for (var i = 0; i < name.Length && char.IsUpper(name[i]); i++)
        {
            if (i > 0 && i + 1 < name.Length && !char.IsUpper(name[i + 1]))
                break;
            text[i] = char.ToLowerInvariant(name[i]);
        }
        return text.ToString();
    }

    /// <summary>The atom as Erlang writes it: <c>ok</c>, <c>'Elixir.Shop'</c>.</summary>
    internal static string Atom(string text)
    {
        var isPlain = text.Length > 0 && text[0] is >= 'a' and <= 'z'
            && text.All(c => c is >= 'a' and <= 'z' or >= 'A' and <= 'Z' or >= '0' and <= '9' or '_' or '@')
            && !ReservedWords.Contains(text);
        return isPlain ? text : $"'{text.Replace("\\", "\\\\").Replace("'", "\\'")}'";
    }

    /// <summary>The name as a variable of Erlang: <c>unitPrice</c> as <c>UnitPrice</c>.</summary>
    internal static string Variable(string name)
    {
        var plain = name.TrimStart('@', '_');
        return plain.Length == 0 ? "_" : char.ToUpperInvariant(plain[0]) + plain.Substring(1);
    }

    /// <summary>The number of characters Erlang counts in the text: code points.</summary>
    internal static int CountCharacters(string text) => text.Count(c => !char.IsLowSurrogate(c));
}
