using Microsoft.CodeAnalysis;

namespace Enmesh.Generators.Parsing;

internal sealed partial class TypeResolver
{
    private bool ResolveGeneric(INamedTypeSymbol type, MemberScope scope, out string? field)
    {
        field = null;
        if (type.OriginalDefinition.ToDisplayString() == "System.Collections.Generic.List<T>")
            field = Collection(type, type.TypeArguments[0], "List", null, scope);
        else if (KnownTypes.Sequence(type) is { } sequence)
            field = Collection(type, type.TypeArguments[0], "Collection", sequence, scope);
        else if (KnownTypes.Set(type) is { } set)
            field = Set(type, type.TypeArguments[0], set, scope);
        else if (KnownTypes.Dictionary(type) is { } dictionary)
            field = Dictionary(type, dictionary, scope);
        else if (KnownTypes.IsResult(type))
            field = ResultOf(type, scope);
        else
            return false;
        return true;
    }

    private string? Collection(ITypeSymbol type, ITypeSymbol element, string factory, string? make, MemberScope scope)
    {
        if (Resolve(element, scope) is not { } info)
            return null;
        var elementName = Names.InCode(element);
        string Spec(int depth) => $"[{SpecOf(info, depth)}]";
        if (make is null)
            return Field(type, $"{Infos}.{factory}<{elementName}>({info})", Spec);
        var types = $"{Names.InCode(type)}, {elementName}";
        return Field(type, $"{Infos}.{factory}<{types}>({info}, static items => {Fill(make, elementName)})", Spec);
    }

    private string? Set(INamedTypeSymbol type, ITypeSymbol element, string make, MemberScope scope)
    {
        // The set's own form is chosen before its elements', which may know formats of the same name.
        var format = scope.Choose(KnownTypes.SetFormats);
        if (Resolve(element, scope) is not { } info)
            return null;
        var elementName = Names.InCode(element);
        var formatArgument = format is null ? "null" : Format(format);
        var types = $"{Names.InCode(type)}, {elementName}";
        return Field(
            type, $"{Infos}.Set<{types}>({info}, static items => {Fill(make, elementName)}, {formatArgument})",
            depth => format switch
            {
                "ErlangSet" => $"#{{{SpecOf(info, depth)} => []}}",
                "ElixirStruct" => "'Elixir.MapSet':t()",
                _ => $"[{SpecOf(info, depth)}]",
            });
    }

    private string? Dictionary(INamedTypeSymbol type, string make, MemberScope scope)
    {
        var isProplist = scope.IsProplist;
        scope.ProplistUsed |= isProplist;
        var keyType = type.TypeArguments[0];
        var kind = isProplist || scope.AtomKeys ? "Atom" : "Binary";
        var key = keyType.SpecialType == SpecialType.System_String
            ? Field(
                keyType, $"{Infos}.Key(global::Enmesh.Terms.Serialization.MapKeys.{kind})",
                _ => kind == "Atom" ? "atom()" : "binary()")
            : Resolve(keyType, scope);
        var value = Resolve(type.TypeArguments[1], scope);
        if (key is null || value is null)
            return null;
        var keyName = Names.InCode(keyType);
        var valueName = Names.InCode(type.TypeArguments[1]);
        var factory = isProplist ? "Proplist" : "Dictionary";
        var types = $"{Names.InCode(type)}, {keyName}, {valueName}";
        var made = Fill(make, keyName, valueName);
        return Field(
            type, $"{Infos}.{factory}<{types}>({key}, {value}, static items => {made})",
            depth => isProplist
                ? $"[{{{SpecOf(key, depth)}, {SpecOf(value, depth)}}}]"
                : $"#{{{SpecOf(key, depth)} => {SpecOf(value, depth)}}}");
    }

    private string? ResultOf(INamedTypeSymbol type, MemberScope scope)
    {
        var sides = type.TypeArguments.Select(side => Resolve(side, scope)).ToList();
        if (sides.Contains(null))
            return null;
        var names = string.Join(", ", type.TypeArguments.Select(Names.InCode));
        return Field(
            type, $"{Infos}.Result<{names}>({string.Join(", ", sides)})",
            depth => sides.Count == 1
                ? $"ok | {{error, {SpecOf(sides[0]!, depth)}}}"
                : $"{{ok, {SpecOf(sides[0]!, depth)}}} | {{error, {SpecOf(sides[1]!, depth)}}}");
    }

    private string? Enumeration(INamedTypeSymbol type, MemberScope scope)
    {
        if (!IsAccessible(type, scope))
            return null;
        var name = Names.InCode(type);
        var own = type.GetAttributes().Formats().FirstOrDefault(KnownTypes.EnumFormats.Contains);
        if ((scope.Choose(KnownTypes.EnumFormats) ?? own) == "Integer")
        {
            return Field(
                type, $"{Infos}.EnumNumber<{name}, {Names.InCode(type.EnumUnderlyingType!)}>()", _ => "integer()");
        }
        var values = new List<string>();
        var names = new Dictionary<string, string>(StringComparer.Ordinal);
        var fields = type.GetMembers().OfType<IFieldSymbol>().Where(field => field.HasConstantValue);
        foreach (var field in fields)
        {
            var atom = field.Ours(Attributes.Name).First() as string ?? Names.SnakeCase(field.Name);
            if (names.TryGetValue(atom, out var other))
                Report(
                    Diagnostics.DuplicateName, PlaceOf(field, scope), other, field.Name, Names.ForPeople(type), atom);
            else
                names.Add(atom, field.Name);
            CheckAtom(atom, PlaceOf(field, scope));
            values.Add($"new({name}.{Names.Escaped(field.Name)}, {Names.Literal(atom)})");
        }
        var flags = type.GetAttributes().Any(a => a.AttributeClass?.ToDisplayString() == "System.FlagsAttribute");
        var factory = flags ? $"EnumFlags<{name}, {Names.InCode(type.EnumUnderlyingType!)}>" : $"Enum<{name}>";
        var atoms = string.Join(" | ", names.Keys.Select(Names.Atom));
        return Field(
            type, $"{Infos}.{factory}([{string.Join(", ", values)}])", _ => flags ? $"[{atoms}]" : atoms);
    }

    private void CheckAtom(string text, Location? location)
    {
        if (Names.CountCharacters(text) is var count && count > 255)
            Report(Diagnostics.BadAtom, location, text.Substring(0, 32) + "...", $"{count}");
    }

    private bool IsAccessible(ITypeSymbol type, MemberScope scope)
    {
        if (_compilation.IsSymbolAccessibleWithin(type, _context))
            return true;
        Report(Diagnostics.NotAccessible, scope.Location, Names.ForPeople(type), Names.ForPeople(_context));
        return false;
    }

    /// <summary>Where a symbol stands in the compilation's own source, or what led to it.</summary>
    private static Location? PlaceOf(ISymbol symbol, MemberScope scope) =>
        symbol.Locations.FirstOrDefault(location => location.IsInSource) ?? scope.Location;

    private static string Fill(string template, string first, string second = "") =>
        template.Replace("{0}", first).Replace("{1}", second);
}
