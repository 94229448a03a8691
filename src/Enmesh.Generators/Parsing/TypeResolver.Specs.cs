using Enmesh.Generators.Model;
using Microsoft.CodeAnalysis;

namespace Enmesh.Generators.Parsing;

// What the types look like to Erlang, as its specs write them: for people who call what is exported.
internal sealed partial class TypeResolver
{
    /// <summary>Types with members inside one another that are spelled out; those further in are only named.</summary>
    private const int SpelledOut = 2;

    /// <summary>
    /// For each field with an info, what it reads and writes; the number says how far to spell it out.
    /// </summary>
    private readonly Dictionary<string, Func<int, string>> _specs = new(StringComparer.Ordinal);

    /// <summary>The type behind a field, once all is known: <c>integer()</c>.</summary>
    internal string SpecOf(string field) => SpecOf(field, SpelledOut);

    private string SpecOf(string field, int depth) =>
        _specs.TryGetValue(field, out var spec) ? spec(depth) : "term()";

    private string SpecOf(ObjectEntry entry, INamedTypeSymbol type, int depth)
    {
        if (depth <= 0)
            return NameSpec(type);
        if (_unionModels.Find(model => model.ClassName == entry.ClassName) is { } union)
            return string.Join(" | ", union.Cases.Select(@case => SpecOf(@case.ClassName, @case.Info, depth)));
        return SpecOf(entry.ClassName, entry.Field, depth);
    }

    private string SpecOf(string className, string field, int depth)
    {
        if (_objectModels.Find(model => model.ClassName == className) is not { } model)
            return SpecOf(field, depth);
        var shape = model.Shape;
        string Member(MemberModel member) => SpecOf(member.Info, depth - 1);
        switch (shape.Kind)
        {
            case ShapeKind.Tuple when shape.Tag is not null && model.Members.Count == 0:
                return Names.Atom(shape.Tag);
            case ShapeKind.Tuple:
                var elements = model.Members.Select(member =>
                    model.IsValueTuple ? Member(member) : $"{Names.Variable(member.Name)} :: {Member(member)}");
                var named = shape.Tag is null ? [] : new[] { Names.Atom(shape.Tag) };
                return $"{{{string.Join(", ", named.Concat(elements))}}}";
            case ShapeKind.Proplist:
                var pairs = model.Members.Select(member => $"{{{Names.Atom(member.TermName)}, {Member(member)}}}");
                return $"[{string.Join(" | ", pairs)}]";
            default:
                var keys = model.Members.Select(member =>
                    $"{Key(member, shape)} {(member.IsRequired ? ":=" : "=>")} {Member(member)}");
                var tag = shape.Tag is null ? [] : new[] { $"'__struct__' := {Names.Atom(shape.Tag)}" };
                return $"#{{{string.Join(", ", tag.Concat(keys))}}}";
        }
    }

    private static string Key(MemberModel member, ShapeModel shape) =>
        shape.BinaryKeys ? $"<<\"{member.TermName}\">>" : Names.Atom(member.TermName);

    /// <summary>A type of which only the name is said: <c>order()</c>.</summary>
    private static string NameSpec(ITypeSymbol type) => $"{Names.Atom(Names.SnakeCase(Names.AsIdentifier(type)))}()";
}
