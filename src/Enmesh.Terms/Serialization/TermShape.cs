using System.ComponentModel;
using System.Numerics;
using System.Runtime.CompilerServices;

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

    /// <summary>The atom for each key; none when the keys are binaries, or there are no keys.</summary>
    internal Atom[] AtomKeys { get; private init; } = [];

    /// <summary>The term for each key; no tuple has any.</summary>
    internal Term[] Keys { get; private init; } = [];

    internal bool HasBinaryKeys => AtomKeys.Length < Keys.Length;

    internal bool RefusesUnknown { get; private init; }

    /// <summary>The members without which nothing can be read.</summary>
    internal MemberSet Required { get; private init; }

    /// <summary>What the tuple begins with.</summary>
    internal Atom? Tag { get; private init; }

    /// <summary>The value of <c>__struct__</c>.</summary>
    internal Atom? Module { get; private init; }

    /// <summary>The number of elements of the tuple.</summary>
    internal int Arity { get; private init; }

    /// <summary>What an error says was expected.</summary>
    internal string Expected { get; private init; } = "";

    /// <summary>A tuple of the members, after the tag if there is one; a tag alone is a bare atom.</summary>
    public static TermShape ForTuple(string typeName, string? tag, params string[] names) =>
        new(typeName, names)
        {
            Tag = tag is null ? null : new Atom(tag),
            Arity = names.Length + (tag is null ? 0 : 1),
            Expected = Describe(tag, names),
        };

    /// <summary>A map with a key for each member.</summary>
    public static TermShape ForMap(
        string typeName, string? module, MapKeys keys, UnknownKeys unknownKeys, string[] names, bool[] required)
    {
        var atoms = keys == MapKeys.Atom ? Array.ConvertAll(names, name => new Atom(name)) : [];
        return new(typeName, names)
        {
            Module = module is null ? null : new Atom(module),
            AtomKeys = atoms,
            Keys = keys == MapKeys.Atom
                ? Array.ConvertAll(atoms, atom => (Term)atom)
                : Array.ConvertAll(names, Term.Binary),
            RefusesUnknown = unknownKeys == UnknownKeys.Refuse,
            Required = SetOf(required),
            Expected = module is null ? $"a map ({typeName})" : $"the Elixir struct %{Plain(module)}{{}}",
        };
    }

    /// <summary>A property list with a key for each member.</summary>
    public static TermShape ForProplist(string typeName, UnknownKeys unknownKeys, string[] names, bool[] required)
    {
        var atoms = Array.ConvertAll(names, name => new Atom(name));
        return new(typeName, names)
        {
            AtomKeys = atoms,
            Keys = Array.ConvertAll(atoms, atom => (Term)atom),
            RefusesUnknown = unknownKeys == UnknownKeys.Refuse,
            Required = SetOf(required),
            Expected = $"a property list ({typeName})",
        };
    }

    /// <summary>The names of members, for an error.</summary>
    internal string NamesOf(MemberSet members) =>
        string.Join(", ", Names.Where((_, i) => members.Contains(i)).Select(name => $"'{name}'"));

    /// <summary>The names of all members, for an error.</summary>
    internal string AllNames => string.Join(", ", Names.Select(name => $"'{name}'"));

    private static MemberSet SetOf(bool[] members)
    {
        ArgumentNullException.ThrowIfNull(members);
        var set = default(MemberSet);
        for (var i = 0; i < members.Length; i++)
        {
            if (members[i])
                set.Add(i);
        }
        return set;
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
        name.Split('_', StringSplitOptions.RemoveEmptyEntries).Select(
            word => char.ToUpperInvariant(word[0]) + word[1..]));

    private static string Plain(string module) =>
        module.StartsWith("Elixir.", StringComparison.Ordinal) ? module["Elixir.".Length..] : module;
}

/// <summary>Up to 128 members of a type.</summary>
internal struct MemberSet
{
    private ulong _low;
    private ulong _high;

    internal readonly int Count => BitOperations.PopCount(_low) + BitOperations.PopCount(_high);

    internal readonly bool Contains(int member) => ((member < 64 ? _low : _high) >> member & 1) != 0;

    /// <summary>Adds a member.</summary>
    /// <returns>False when it was there already.</returns>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal bool Add(int member)
    {
        // A shift takes the low six bits of its count.
        ref var half = ref member < 64 ? ref _low : ref _high;
        var bit = 1UL << member;
        if ((half & bit) != 0)
            return false;
        half |= bit;
        return true;
    }

    /// <summary>The members that the other does not have.</summary>
    internal readonly MemberSet Without(in MemberSet other) =>
        new() { _low = _low & ~other._low, _high = _high & ~other._high };
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

    internal TermShape this[int index] => _shapes[index];

    internal bool HasStructs { get; }

    internal string Expected { get; }

    /// <summary>The case with this tag and number of elements, the tag included; a bare atom has 1.</summary>
    internal int FindTagged(ReadOnlySpan<byte> tag, int arity)
    {
        for (var i = 0; i < _shapes.Length; i++)
        {
            if (_shapes[i].Arity == arity && _shapes[i].Tag is { } known && known.Utf8.SequenceEqual(tag))
                return i;
        }
        return -1;
    }

    /// <inheritdoc cref="FindTagged(ReadOnlySpan{byte}, int)"/>
    internal int FindTagged(Atom tag, int arity)
    {
        for (var i = 0; i < _shapes.Length; i++)
        {
            if (_shapes[i].Arity == arity && _shapes[i].Tag == tag)
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
