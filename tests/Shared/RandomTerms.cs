using System.Buffers;
using System.Numerics;
using System.Text;
using Enmesh.Terms;
using Enmesh.Terms.External;

namespace Enmesh.TestSupport;

/// <summary>Makes random terms of every kind, the same ones for the same seed.</summary>
internal sealed class RandomTerms(int seed)
{
    private static readonly string[] KnownAtoms =
        ["ok", "error", "true", "false", "nil", "undefined", "end", "maybe", "", "hello world", "it's", "Elixir.Foo.Bar", "a@b", "Ünïcode", "中文", "😀"];

    private static readonly string[] Characters =
        ["a", "b", "Z", "0", " ", "\n", "\t", "\u001b", "\u0001", "\u007f", "\u00a0", "\"", "'", "\\", "å", "ÿ", "я", "中", "e\u0301", "😀", "#{", "~"];

    // Where integers and floats meet, and where either is at its end.
    private static readonly double[] EdgeFloats =
        [0.0, 1.0, -1.0, 255.0, 256.0, 4.5e15, 9007199254740992.0, 9007199254740994.0, 9.2233720368547758e18, -9.2233720368547758e18,
         1.8446744073709552e19, 1e22, 1e100, double.MaxValue, double.MinValue, double.Epsilon, 2.2250738585072014e-308];

    private readonly Random _random = new(seed);
    private int _keys; // how many keys there are around the term being made

    /// <summary>Whether there are native records, which only OTP 29 and later know.</summary>
    internal bool HasRecords { get; init; } = true;

    /// <summary>
    /// Whether there are identifiers that OTP 23 cannot read: long pids and ports, references of over three words.
    /// </summary>
    internal bool HasWideIdentifiers { get; init; } = true;

    /// <summary>
    /// Whether there are references of one word. OTP 23 and 25 do not find them again among the keys of a map with over
    /// 32 pairs: of 6,000 such maps that were read twice, 5,972 were not <c>=:=</c> their like. With two words and
    /// more, all were, and from OTP 27 on with one word, too.
    /// </summary>
    internal bool HasReferencesOfOneWord { get; init; } = true;

    /// <summary>
    /// Whether there are maps within the keys of maps. OTP 23, when it reads a map of over 32 pairs, does not find such
    /// a key again unless the pairs of the inner map came in their order. OTP 27 and 29 order two such keys by which of
    /// their atoms the node has heard of first: with <c>B = #{a => [], z => []}</c> and <c>C = #{a => [], "s" =>
    /// []}</c>, <c>B &lt; C</c> is always true, but <c>#{B => 1} &lt; #{C => 1}</c> only when <c>a</c> is the elder
    /// atom. OTP 25 has neither.
    /// </summary>
    internal bool HasMapsWithinKeys { get; init; } = true;

    /// <summary>
    /// Whether there are maps of more than 32 pairs, which a BEAM keeps, prints and reads in an order of its own.
    /// </summary>
    internal bool HasLargeMaps { get; init; } = true;

    /// <summary>Whether there are pids, ports and references at all.</summary>
    internal bool HasIdentifiers { get; init; } = true;

    /// <summary>Whether there are floats of all kinds, and not only halves, quarters and eighths.</summary>
    internal bool HasOddFloats { get; init; } = true;

    /// <summary>Whether there is -0.0, which was the same as 0.0 up to OTP 26, also as a key.</summary>
    internal bool HasNegativeZero { get; init; } = true;

    /// <summary>Whether there are funs whose names need quotes, which Erlang prints without.</summary>
    internal bool HasOddFuns { get; init; } = true;

    /// <summary>Whether there are local funs, which have no text that could be read again.</summary>
    internal bool HasLocalFuns { get; init; }

    /// <summary>A term of at most the given depth.</summary>
    internal Term Next(int depth) => depth <= 0 ? Leaf() : _random.Next(12) switch
    {
        0 => Term.Tuple(Several(depth, 5)),
        1 => Term.Tuple([Atom(), .. Several(depth, 4)]),
        2 or 3 => Term.List(Several(depth, 6)),
        4 => Term.ListWithTail([Next(depth - 1), .. Several(depth, 3)], Next(depth - 1)),
        5 or 6 when HasMapsWithinKeys || _keys == 0 => Map(depth),
        7 => Term.List([.. Enumerable.Range(0, _random.Next(4)).Select(_ => Term.Tuple(Atom(), Next(depth - 1)))]),
        8 when HasRecords => Record(depth),
        9 when HasLocalFuns => LocalFun(depth),
        _ => Leaf(),
    };

    /// <summary>A term that equals the given one, or differs from it in one place, or is none like it at all.</summary>
    internal Term Like(Term term)
    {
        if (_random.Next(8) == 0)
            return Next(2);
        if (term.TupleElements is { Length: > 0 } elements)
            return Term.Tuple(WithOneLike(elements));
        if (term.AsList is { Count: > 0 } list)
            return Term.ListWithTail(WithOneLike([.. list]), _random.Next(4) > 0 ? list.Tail : Leaf());
        if (term.AsMap is { Count: > 0 } map)
        {
            var (key, value) = map.ElementAt(_random.Next(map.Count));
            return _random.Next(3) == 0
                ? map.Without(key).With(Key(() => Like(key)), value)
                : map.With(key, Like(value));
        }
        if (term.Int64 is { } small)
            return _random.Next(2) == 0 ? small : (double)small;
        return term.Float is { } real && _random.Next(2) == 0 ? new BigInteger(real) : term;
    }

    /// <summary>A term without elements.</summary>
    internal Term Leaf() => _random.Next(HasIdentifiers ? 16 : 13) switch
    {
        0 => _random.Next(-1000, 1000),
        1 => (long)(_random.NextDouble() * Math.Pow(2, _random.Next(64))) * (_random.Next(2) == 0 ? 1 : -1),
        2 => Big(),
        3 => Float(),
        4 or 5 => Atom(),
        6 => Term.CharList(Text(_random.Next(12))),
        7 => Term.ByteList(Bytes(_random.Next(12))),
        8 => Term.Binary(Text(_random.Next(12))),
        9 => Term.Binary(Bytes(_random.Next(30))),
        10 => Bits(),
        11 => Term.Nil,
        12 when HasOddFuns => new FunTerm(Atom(), Atom(), _random.Next(256)),
        12 => new FunTerm(new Atom("lists"), new Atom("map"), _random.Next(256)),
        13 => new Pid(Node(), Number(15), Number(13), Number(32)),
        14 => new PortId(
            Node(), HasWideIdentifiers ? (ulong)_random.NextInt64(long.MaxValue) >> _random.Next(63) : Number(28),
            Number(32)),
        _ => Reference(),
    };

    internal Atom Atom() => _random.Next(3) switch
    {
        0 => new Atom(KnownAtoms[_random.Next(KnownAtoms.Length)]),
        1 => new Atom(Text(_random.Next(20) == 0 ? 100 : _random.Next(10))),
        _ => new Atom("abcdefghijklmnopqrstuvwxyz_@0AZ"[_random.Next(26)..]),
    };

    internal double Float() => _random.Next(HasOddFloats ? 5 : 1) switch
    {
        0 => _random.Next(-1000, 1000) / 8.0,
        1 => Math.Round(_random.NextDouble() * Math.Pow(10, _random.Next(-30, 30)), 3),
        2 when HasNegativeZero && _random.Next(2) == 0 => -0.0,
        2 => _random.Next(2) == 0 ? EdgeFloats[_random.Next(EdgeFloats.Length)] : double.Epsilon * _random.Next(100),
        _ => BitConverter.Int64BitsToDouble(_random.NextInt64(long.MinValue, long.MaxValue)) is var any
            && double.IsFinite(any)
            ? any
            : 1.5,
    };

    internal string Text(int length)
    {
        var text = new StringBuilder();
        var isAscii = _random.Next(2) == 0;
        for (var i = 0; i < length; i++)
            text.Append(
                isAscii ? ((char)_random.Next(32, 127)).ToString() : Characters[_random.Next(Characters.Length)]);
        return text.ToString();
    }

    internal byte[] Bytes(int length)
    {
        var bytes = new byte[length];
        _random.NextBytes(bytes);
        return bytes;
    }

    private Term[] Several(int depth, int most) =>
        [.. Enumerable.Range(0, _random.Next(most + 1)).Select(_ => Next(depth - 1))];

    private Term Map(int depth)
    {
        var map = MapTerm.Empty;
        var isLarge = HasLargeMaps && _random.Next(10) == 0;
        for (var pairs = _random.Next(6); pairs > 0; pairs--)
            map = map.With(Key(() => Next(depth - 2)), Next(depth - 1));
        // Beyond 8 pairs ours, and beyond 32 those of a BEAM, are kept in another way.
        for (var pairs = isLarge ? _random.Next(60) : 0; pairs > 0; pairs--)
            map = map.With(Leaf(), Leaf());
        return map;
    }

    private Term Key(Func<Term> make)
    {
        _keys++;
        var key = make();
        _keys--;
        return key;
    }

    private Term Record(int depth)
    {
        var fields = new Dictionary<Atom, Term>();
        for (var count = _random.Next(4); count > 0; count--)
            fields[Atom()] = Next(depth - 1);
        return new RecordTerm(Atom(), Atom(), isExported: true, [.. fields]);
    }

    // A local fun has no constructor, since only its own node can make one. So it comes as it would from there.
    private Term LocalFun(int depth)
    {
        var caught = Several(depth, 3);
        var output = new ArrayBufferWriter<byte>();
        var writer = new TermWriter(output);
        writer.WriteAtom(Atom());
        writer.WriteInteger(_random.Next(5));
        writer.WriteInteger(_random.Next(1 << 27));
        writer.WritePid(new Pid(Node(), Number(15), Number(13), Number(32)));
        foreach (var term in caught)
            writer.WriteTerm(term);
        writer.Flush();
        byte[] head = [131, 112, 0, 0, 0, 0, (byte)_random.Next(4), .. Bytes(16), 0, 0, 0, (byte)_random.Next(5), 0, 0, 0, (byte)caught.Length];
        return ExternalTermFormat.Decode([.. head, .. output.WrittenSpan]);
    }

    private Term[] WithOneLike(ReadOnlySpan<Term> terms)
    {
        Term[] changed = [.. terms];
        var index = _random.Next(changed.Length);
        changed[index] = Like(changed[index]);
        return changed;
    }

    private Term Big()
    {
        // Beyond 255 bytes there is another tag.
        var bytes = _random.Next(20) == 0 ? _random.Next(250, 270) : _random.Next(1, 40);
        var edge = (BigInteger.One << _random.Next(8 * bytes)) + _random.Next(-2, 3);
        return _random.Next(3) switch { 0 => edge, 1 => -edge, _ => new BigInteger(Bytes(bytes)) };
    }

    private Term Bits()
    {
        var bytes = Bytes(_random.Next(1, 20));
        var bits = _random.Next(1, 9);
        bytes[^1] = (byte)(bytes[^1] & (0xFF << (8 - bits)));
        return new BitString(bytes, bits);
    }

    private Term Reference()
    {
        var words = new uint[_random.Next(HasReferencesOfOneWord ? 1 : 2, HasWideIdentifiers ? 6 : 4)];
        for (var i = 0; i < words.Length; i++)
            words[i] = Number(i == 0 ? 18 : 32);
        return new Reference(Node(), Number(32), words);
    }

    private Atom Node() => new(_random.Next(3) switch { 0 => "a@127.0.0.1", 1 => "orders-0@orders.prod.svc.cluster.local", _ => "odd name@höst" });

    private uint Number(int bits) => (uint)_random.NextInt64(1L << _random.Next(1, bits + 1));
}
