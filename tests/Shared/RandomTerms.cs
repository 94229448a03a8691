using System.Numerics;
using System.Text;
using Enmesh.Terms;

namespace Enmesh.Testing;

/// <summary>Makes random terms of every kind, the same ones for the same seed.</summary>
internal sealed class RandomTerms(int seed)
{
    private static readonly string[] KnownAtoms =
        ["ok", "error", "true", "false", "nil", "undefined", "end", "maybe", "", "hello world", "it's", "Elixir.Foo.Bar", "a@b", "Ünïcode", "中文", "😀"];

    private static readonly string[] Characters =
        ["a", "b", "Z", "0", " ", "\n", "\t", "\u001b", "\u0001", "\u007f", "\u00a0", "\"", "'", "\\", "å", "ÿ", "я", "中", "e\u0301", "😀", "#{", "~"];

    private readonly Random _random = new(seed);

    /// <summary>Whether there are native records, which only OTP 29 and later know.</summary>
    internal bool HasRecords { get; init; } = true;

    /// <summary>Whether there are identifiers that OTP 23 cannot read: long pids and ports, references of over three words.</summary>
    internal bool HasWideIdentifiers { get; init; } = true;

    /// <summary>Whether there are pids, ports and references at all.</summary>
    internal bool HasIdentifiers { get; init; } = true;

    /// <summary>Whether there are floats of all kinds, and not only halves, quarters and eighths.</summary>
    internal bool HasOddFloats { get; init; } = true;

    /// <summary>Whether there is -0.0, which was the same as 0.0 up to OTP 26, also as a key.</summary>
    internal bool HasNegativeZero { get; init; } = true;

    /// <summary>Whether there are funs whose names need quotes, which Erlang prints without.</summary>
    internal bool HasOddFuns { get; init; } = true;

    /// <summary>A term of at most the given depth.</summary>
    internal Term Next(int depth) => depth <= 0 ? Leaf() : _random.Next(12) switch
    {
        0 => Term.Tuple(Several(depth, 5)),
        1 => Term.Tuple([Atom(), .. Several(depth, 4)]),
        2 or 3 => Term.List(Several(depth, 6)),
        4 => Term.ListWithTail([Next(depth - 1), .. Several(depth, 3)], Next(depth - 1)),
        5 or 6 => Map(depth),
        7 => Term.List([.. Enumerable.Range(0, _random.Next(4)).Select(_ => Term.Tuple(Atom(), Next(depth - 1)))]),
        8 when HasRecords => Record(depth),
        _ => Leaf(),
    };

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
        14 => new PortId(Node(), HasWideIdentifiers ? (ulong)_random.NextInt64(long.MaxValue) >> _random.Next(63) : Number(28), Number(32)),
        _ => Reference(),
    };

    internal Atom Atom() => _random.Next(3) switch
    {
        0 => new Atom(KnownAtoms[_random.Next(KnownAtoms.Length)]),
        1 => new Atom(Text(_random.Next(6))),
        _ => new Atom("abcdefghijklmnopqrstuvwxyz_@0AZ"[_random.Next(26)..]),
    };

    internal double Float() => _random.Next(HasOddFloats ? 4 : 1) switch
    {
        0 => _random.Next(-1000, 1000) / 8.0,
        1 => Math.Round(_random.NextDouble() * Math.Pow(10, _random.Next(-30, 30)), 3),
        2 => _random.Next(2) == 0 && HasNegativeZero ? -0.0 : double.Epsilon * _random.Next(100),
        _ => BitConverter.Int64BitsToDouble(_random.NextInt64()) is var any && double.IsFinite(any) ? any : 1.5,
    };

    internal string Text(int length)
    {
        var text = new StringBuilder();
        var isAscii = _random.Next(2) == 0;
        for (var i = 0; i < length; i++)
            text.Append(isAscii ? ((char)_random.Next(32, 127)).ToString() : Characters[_random.Next(Characters.Length)]);
        return text.ToString();
    }

    internal byte[] Bytes(int length)
    {
        var bytes = new byte[length];
        _random.NextBytes(bytes);
        return bytes;
    }

    private Term[] Several(int depth, int most) => [.. Enumerable.Range(0, _random.Next(most + 1)).Select(_ => Next(depth - 1))];

    private Term Map(int depth)
    {
        var map = MapTerm.Empty;
        for (var pairs = _random.Next(6); pairs > 0; pairs--)
            map = map.With(Next(depth - 2), Next(depth - 1));
        return map;
    }

    private Term Record(int depth)
    {
        var fields = new Dictionary<Atom, Term>();
        for (var count = _random.Next(4); count > 0; count--)
            fields[Atom()] = Next(depth - 1);
        return new RecordTerm(Atom(), Atom(), isExported: true, [.. fields]);
    }

    private Term Big()
    {
        var value = new BigInteger(Bytes(_random.Next(1, 40)));
        return _random.Next(4) == 0 ? BigInteger.One << _random.Next(300) : value;
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
        var words = new uint[_random.Next(1, HasWideIdentifiers ? 6 : 4)];
        for (var i = 0; i < words.Length; i++)
            words[i] = Number(i == 0 ? 18 : 32);
        return new Reference(Node(), Number(32), words);
    }

    private Atom Node() => new(_random.Next(3) switch { 0 => "a@127.0.0.1", 1 => "orders-0@orders.prod.svc.cluster.local", _ => "odd name@höst" });

    private uint Number(int bits) => (uint)_random.NextInt64(1L << _random.Next(1, bits + 1));
}
