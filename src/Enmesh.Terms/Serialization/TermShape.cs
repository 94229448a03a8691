using System.ComponentModel;

namespace Enmesh.Terms.Serialization;

/// <summary>How the members of one type stand in a term. For generated code.</summary>
[EditorBrowsable(EditorBrowsableState.Never)]
public sealed class TermShape
{
    private TermShape(string typeName, string[] names)
    {
        ArgumentNullException.ThrowIfNull(typeName);
        ArgumentNullException.ThrowIfNull(names);
        TypeName = typeName;
        Names = names;
        Table = new NameTable(names);
    }

    internal string TypeName { get; }

    internal string[] Names { get; }

    internal NameTable Table { get; }

    /// <summary>What stands for each key; no tuple has any.</summary>
    internal Atom[] AtomKeys { get; private init; } = [];

    internal bool HasBinaryKeys { get; private init; }

    internal bool RefusesUnknown { get; private init; }

    /// <summary>The bits of the members without which nothing can be read.</summary>
    internal UInt128 Required { get; private init; }

    /// <summary>What the tuple begins with.</summary>
    internal Atom? Tag { get; private init; }

    /// <summary>The value of <c>__struct__</c>.</summary>
    internal Atom? Module { get; private init; }

    /// <summary>The number of elements of the tuple.</summary>
    internal int Arity => Names.Length + (Tag is null ? 0 : 1);

    /// <summary>What an error says was expected.</summary>
    internal string Expected { get; private init; } = "";

    /// <summary>A tuple of the members, after the tag if there is one; a tag alone is a bare atom.</summary>
    public static TermShape ForTuple(string typeName, string? tag, params string[] names) =>
        new(typeName, names) { Tag = tag is null ? null : new Atom(tag), Expected = Describe(tag, names) };

    /// <summary>A map with a key for each member.</summary>
    public static TermShape ForMap(
        string typeName, string? module, MapKeys keys, UnknownKeys unknownKeys, string[] names, bool[] required) =>
        new(typeName, names)
        {
            Module = module is null ? null : new Atom(module),
            AtomKeys = keys == MapKeys.Atom ? Array.ConvertAll(names, name => new Atom(name)) : [],
            HasBinaryKeys = keys == MapKeys.Binary,
            RefusesUnknown = unknownKeys == UnknownKeys.Refuse,
            Required = Bits(required),
            Expected = module is null ? $"a map ({typeName})" : $"the Elixir struct %{Plain(module)}{{}}",
        };

    /// <summary>A property list with a key for each member.</summary>
    public static TermShape ForProplist(string typeName, UnknownKeys unknownKeys, string[] names, bool[] required) =>
        new(typeName, names)
        {
            AtomKeys = Array.ConvertAll(names, name => new Atom(name)),
            RefusesUnknown = unknownKeys == UnknownKeys.Refuse,
            Required = Bits(required),
            Expected = $"a property list ({typeName})",
        };

    /// <summary>The names of members, for an error.</summary>
    internal string NamesOf(UInt128 members) =>
        string.Join(", ", Names.Where((_, i) => (members & (UInt128.One << i)) != 0).Select(name => $"'{name}'"));

    private static UInt128 Bits(bool[] members)
    {
        ArgumentNullException.ThrowIfNull(members);
        var bits = UInt128.Zero;
        for (var i = 0; i < members.Length; i++)
            bits |= members[i] ? UInt128.One << i : 0;
        return bits;
    }

    private static string Describe(string? tag, string[] names)
    {
        if (tag is not null && names.Length == 0)
            return $"the atom {tag}";
        var elements = names.Select(AsVariable);
        return $"the tuple {{{string.Join(", ", tag is null ? elements : elements.Prepend(tag))}}}";
    }

    // unit_price stands in a pattern as UnitPrice.
    private static string AsVariable(string name) => string.Concat(
        name.Split('_', StringSplitOptions.RemoveEmptyEntries).Select(word => char.ToUpperInvariant(word[0]) + word[1..]));

    private static string Plain(string module) =>
        module.StartsWith("Elixir.", StringComparison.Ordinal) ? module["Elixir.".Length..] : module;
}

/// <summary>The cases of a union and what tells them apart. For generated code.</summary>
[EditorBrowsable(EditorBrowsableState.Never)]
public sealed class TermCases
{
    private readonly TermShape[] _shapes;

    /// <summary>Makes the set of cases, which are known by their order.</summary>
    public TermCases(string typeName, params TermShape[] shapes)
    {
        ArgumentNullException.ThrowIfNull(typeName);
        ArgumentNullException.ThrowIfNull(shapes);
        (TypeName, _shapes) = (typeName, shapes);
        HasStructs = shapes.Any(shape => shape.Module is not null);
        Expected = $"one of {string.Join(", ", shapes.Select(Short))} ({typeName})";
    }

    internal string TypeName { get; }

    internal bool HasStructs { get; }

    internal string Expected { get; }

    /// <summary>The case with this tag and number of elements, the tag included; a bare atom has 1.</summary>
    internal int FindTagged(ReadOnlySpan<byte> tag, int arity)
    {
        for (var i = 0; i < _shapes.Length; i++)
        {
            if (_shapes[i].Tag is { } known && _shapes[i].Arity == arity && known.Utf8.SequenceEqual(tag))
                return i;
        }
        return -1;
    }

    internal int FindStruct(ReadOnlySpan<byte> module)
    {
        for (var i = 0; i < _shapes.Length; i++)
        {
            if (_shapes[i].Module is { } known && known.Utf8.SequenceEqual(module))
                return i;
        }
        return -1;
    }

    /// <summary>Whether some case has this tag, with whatever number of elements.</summary>
    internal bool HasTag(Atom tag) => _shapes.Any(shape => shape.Tag == tag);

    private static string Short(TermShape shape)
    {
        var article = shape.Expected.StartsWith("the tuple ", StringComparison.Ordinal) ? "the tuple "
            : shape.Expected.StartsWith("the atom ", StringComparison.Ordinal) ? "the atom "
            : "the Elixir struct ";
        return shape.Expected[article.Length..];
    }
}
