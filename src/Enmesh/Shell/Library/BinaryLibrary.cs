using System.Numerics;
using Enmesh.Terms;

namespace Enmesh.Shell.Library;

/// <summary><c>binary</c></summary>
internal static class BinaryLibrary
{
    internal static void AddTo(LibraryModule binary)
    {
        binary
            .Add("at", "bi", call => call.Integer(1) >= 0 && call.Integer(1) < call.Bytes(0).Length
                ? (int)call.Bytes(0).Span[call.Count(1)] : throw call.Bad(1, "out of range"))
            .Add("first", "b", call => call.Bytes(0).IsEmpty ? throw call.Bad(0, "a zero-sized binary is not allowed") : (int)call.Bytes(0).Span[0])
            .Add("last", "b", call => call.Bytes(0).IsEmpty ? throw call.Bad(0, "a zero-sized binary is not allowed") : (int)call.Bytes(0).Span[^1])
            .Add("bin_to_list", "b", call => Term.ByteList(call.Bytes(0).Span))
            .Add("list_to_bin", "l", call => Term.BinaryOver(ErlangConversions.ToBytes(call)))
            .Add("copy", "b", call => Term.Binary(call.Bytes(0).Span))
            .Add("copy", "bi", Copy)
            .Add("part", "bii", call => Part(call, 1, 2))
            .Add("part", "b*", call => call[1].TupleElements is [{ Integer: { } start }, { Integer: { } length }]
                ? Part(call, start, length) : throw call.Bad(1, "not a valid {Pos,Length} tuple"))
            .Add("split", "b*", call => Split(call, all: false))
            .Add("split", "b*l", call => Split(call, all: call.List(2).Any(option => option.IsAtom("global"))))
            .Add("match", "b*", call => call.Bytes(0).Span.IndexOf(Pattern(call).Span) is >= 0 and var at
                ? Term.Tuple(at, Pattern(call).Length) : new Atom("nomatch"))
            .Add("matches", "b*", Matches)
            .Add("replace", "b*b", call => Replace(call, all: false))
            .Add("replace", "b*bl", call => Replace(call, all: call.List(3).Any(option => option.IsAtom("global"))))
            .Add("encode_hex", "b", call => Term.Binary(Convert.ToHexString(call.Bytes(0).Span)))
            .Add("decode_hex", "b", DecodeHex)
            .Add("encode_unsigned", "i", call => call.Integer(0).Sign >= 0
                ? Term.Binary(call.Integer(0).ToByteArray(isUnsigned: true, isBigEndian: true)) : throw call.Bad(0, "less than zero"))
            .Add("decode_unsigned", "b", call => new BigInteger(call.Bytes(0).Span, isUnsigned: true, isBigEndian: true));
    }

    /// <summary>Part of the first argument, where the place and length are those of other arguments.</summary>
    internal static Term Part(LibraryCall call, int start, int length)
    {
        return Part(call, call.Integer(start), call.Integer(length), start, length);
    }

    internal static Term Part(LibraryCall call, BigInteger start, BigInteger length, int startAt = 1, int lengthAt = 1)
    {
        var bytes = call.Bytes(0);
        if (start < 0 || start > bytes.Length)
            throw call.Bad(startAt, "out of range");
        if (start + length < 0 || start + length > bytes.Length)
            throw call.Bad(lengthAt, "out of range");
        var (from, count) = length < 0 ? ((int)(start + length), (int)-length) : ((int)start, (int)length);
        return Term.BinaryOver(bytes.Slice(from, count));
    }

    private static Term Copy(LibraryCall call)
    {
        if (call.Integer(1) < 0)
            throw call.Bad(1, "less than zero");
        if (call.Integer(1) * call.Bytes(0).Length > Limits.MaxBytes)
            throw call.TooLarge();
        var bytes = call.Bytes(0).Span;
        var copied = new byte[bytes.Length * call.Count(1)];
        for (var at = 0; at < copied.Length; at += bytes.Length)
            bytes.CopyTo(copied.AsSpan(at));
        return Term.BinaryOver(copied);
    }

    private static ReadOnlyMemory<byte> Pattern(LibraryCall call) =>
        call[1].TryGetBinary(out var pattern) && pattern.Length > 0 ? pattern : throw call.Bad(1, "not a valid pattern");

    private static IEnumerable<int> Places(LibraryCall call, bool all)
    {
        var (bytes, pattern) = (call.Bytes(0), Pattern(call));
        for (var at = 0; at <= bytes.Length;)
        {
            var found = bytes.Span[at..].IndexOf(pattern.Span);
            if (found < 0)
                yield break;
            yield return at + found;
            at += found + pattern.Length;
            if (!all)
                yield break;
        }
    }

    private static Term Matches(LibraryCall call)
    {
        var length = Pattern(call).Length;
        return Term.List([.. Places(call, all: true).Select(at => Term.Tuple(at, length))]);
    }

    private static Term Split(LibraryCall call, bool all)
    {
        var parts = new List<Term>();
        var from = 0;
        foreach (var at in Places(call, all))
        {
            parts.Add(Term.BinaryOver(call.Bytes(0)[from..at]));
            from = at + Pattern(call).Length;
        }
        parts.Add(Term.BinaryOver(call.Bytes(0)[from..]));
        return Term.List([.. parts]);
    }

    private static Term Replace(LibraryCall call, bool all)
    {
        var (bytes, pattern, by) = (call.Bytes(0), Pattern(call), call.Bytes(2));
        var places = Places(call, all).ToList();
        if (bytes.Length + ((long)places.Count * by.Length) > Limits.MaxBytes)
            throw call.TooLarge();
        var made = new List<byte>(bytes.Length);
        var from = 0;
        foreach (var at in places)
        {
            made.AddRange(bytes.Span[from..at]);
            made.AddRange(by.Span);
            from = at + pattern.Length;
        }
        made.AddRange(bytes.Span[from..]);
        return Term.BinaryOver(made.ToArray());
    }

    private static Term DecodeHex(LibraryCall call)
    {
        try
        {
            return Term.Binary(Convert.FromHexString(System.Text.Encoding.Latin1.GetString(call.Bytes(0).Span)));
        }
        catch (FormatException)
        {
            throw call.Bad(0, "must contain an even number of hexadecimal digits");
        }
    }
}
