using System.Collections.Frozen;
using System.Numerics;
using System.Runtime.CompilerServices;

namespace Enmesh.Terms.Serialization;

/// <summary>The atoms of an enum.</summary>
internal sealed class EnumNames<T>
    where T : struct, Enum
{
    private const int MaxShown = 12;

    private readonly T[] _values;
    private readonly NameTable _table;
    private readonly FrozenDictionary<T, Atom> _atoms;
    private readonly string _expected;

    internal EnumNames(KeyValuePair<T, string>[] names)
    {
        _values = Array.ConvertAll(names, pair => pair.Key);
        _table = new NameTable(Array.ConvertAll(names, pair => pair.Value));
        var atoms = new Dictionary<T, Atom>();
        foreach (var (value, atom) in names)
            atoms.TryAdd(value, new Atom(atom));
        _atoms = atoms.ToFrozenDictionary();
        var shown = string.Join(", ", names.Take(MaxShown).Select(pair => pair.Value));
        var more = names.Length > MaxShown ? $" and {names.Length - MaxShown} more" : "";
        _expected = $"one of the atoms {shown}{more} ({typeof(T).Name})";
    }

    /// <summary>The values, each once.</summary>
    internal IEnumerable<T> Values => _values.Distinct();

    internal void Write(ref TermOutput output, T value)
    {
        if (!_atoms.TryGetValue(value, out var atom))
            throw new TermSerializationException($"{value} is no named value of {typeof(T).Name}");
        output.WriteAtom(atom);
    }

    internal T Read(ref TermInput input)
    {
        var start = input.Position;
        if (!input.TryFindAtom(_table, out var index))
            throw input.Unexpected(_expected);
        return index >= 0 ? _values[index] : throw input.Unexpected(_expected, start);
    }
}

internal sealed class EnumInfo<T>(KeyValuePair<T, string>[] names) : TermTypeInfo<T>
    where T : struct, Enum
{
    private readonly EnumNames<T> _names = new(names);

    internal override bool IsInjective => true;

    public override void Write(ref TermOutput output, T value) => _names.Write(ref output, value);

    public override T Read(ref TermInput input) => _names.Read(ref input);
}

/// <summary>An enum of flags: a list of the atoms that are set.</summary>
internal sealed class EnumFlagsInfo<T, TNumber> : TermTypeInfo<T>
    where T : struct, Enum
    where TNumber : struct, IBinaryInteger<TNumber>
{
    private readonly EnumNames<T> _names;
    private readonly T[] _bits;

    internal EnumFlagsInfo(KeyValuePair<T, string>[] names)
    {
        _names = new EnumNames<T>(names);
        // A combination that has a name of its own is read, but written as what it consists of.
        _bits = _names.Values.Where(value => TNumber.PopCount(Number(value)) == TNumber.One).ToArray();
    }

    public override void Write(ref TermOutput output, T value)
    {
        var (left, count) = (Number(value), 0);
        foreach (var bit in _bits)
        {
            if ((left & Number(bit)) == TNumber.Zero)
                continue;
            left &= ~Number(bit);
            count++;
        }
        if (left != TNumber.Zero)
            throw new TermSerializationException($"{value} has bits without a name in {typeof(T).Name}");
        var list = output.WriteList(count);
        foreach (var bit in _bits)
        {
            if ((Number(value) & Number(bit)) == TNumber.Zero)
                continue;
            list.Next(ref output);
            _names.Write(ref output, bit);
        }
        list.End(ref output);
    }

    public override T Read(ref TermInput input)
    {
        var all = TNumber.Zero;
        var list = input.ReadList($"a list of atoms ({typeof(T).Name})");
        try
        {
            while (list.Next(ref input))
                all |= Number(_names.Read(ref input));
        }
        catch (TermSerializationException e) when (list.Locate(e))
        {
            throw;
        }
        return Unsafe.BitCast<TNumber, T>(all);
    }

    private static TNumber Number(T value) => Unsafe.BitCast<T, TNumber>(value);
}

internal sealed class EnumNumberInfo<T, TNumber> : TermTypeInfo<T>
    where T : struct, Enum
    where TNumber : struct, IBinaryInteger<TNumber>, IMinMaxValue<TNumber>
{
    private readonly WideIntegerInfo<TNumber> _number = new();

    internal override bool IsInjective => true;

    public override void Write(ref TermOutput output, T value) =>
        _number.Write(ref output, Unsafe.BitCast<T, TNumber>(value));

    public override T Read(ref TermInput input) => Unsafe.BitCast<TNumber, T>(_number.Read(ref input));
}
