using System.Text;
using System.Text.Unicode;

namespace Enmesh.Terms.Serialization;

/// <summary>Text. All three forms are read alike where they cannot be mistaken for one another.</summary>
internal sealed class StringInfo : TermTypeInfo<string>
{
    private readonly TermFormat _format;
    private readonly bool _readsAtoms;
    private readonly string _expected;

    private StringInfo(TermFormat format, bool isKey = false)
    {
        _format = format;
        _readsAtoms = isKey || format == TermFormat.Atom;
        _expected = isKey ? "a key: a binary in UTF-8, an atom or a charlist"
            : _readsAtoms ? "an atom"
            : "text: a binary in UTF-8 or a charlist";
    }

    internal static StringInfo Binary { get; } = new(TermFormat.Binary);

    internal static StringInfo Charlist { get; } = new(TermFormat.Charlist);

    internal static StringInfo Atom { get; } = new(TermFormat.Atom);

    internal static StringInfo BinaryKey { get; } = new(TermFormat.Binary, isKey: true);

    internal static StringInfo AtomKey { get; } = new(TermFormat.Atom, isKey: true);

    internal override bool IsInjective => true;

    public override void Write(ref TermOutput output, string value)
    {
        if (value is null)
            throw TermOutput.Null("string");
        if (_format == TermFormat.Binary)
            output.WriteString(value);
        else if (_format == TermFormat.Charlist)
            output.WriteCharList(value);
        else
            output.WriteAtom(ToAtom(value));
    }

    public override string Read(ref TermInput input)
    {
        if (input.TryReadBinary(out ReadOnlySpan<byte> bytes))
            return Utf8.IsValid(bytes) ? Encoding.UTF8.GetString(bytes) : throw NotUtf8(Term.Binary(bytes));
        if (_readsAtoms && input.TryReadAtom(out var atom))
            return atom.Text;
        var isList = this != Atom && input.Peek() is TermKind.List or TermKind.Nil;
        return isList ? ReadCharlist(ref input) : throw input.Unexpected(_expected);
    }

    private string ReadCharlist(ref TermInput input)
    {
        if (input.TryReadByteList(out var bytes))
            return Encoding.Latin1.GetString(bytes);
        var list = input.ReadList(_expected);
        var text = new StringBuilder(list.Capacity);
        Span<char> utf16 = stackalloc char[2];
        while (list.Next(ref input))
        {
            if (!input.TryReadInt64(out var point) || point is < 0 or > 0x10FFFF || !Rune.IsValid((int)point))
                throw TermInput.Unexpected(_expected, list.Whole(ref input));
            text.Append(utf16[..new Rune((int)point).EncodeToUtf16(utf16)]);
        }
        return text.ToString();
    }

    private TermSerializationException NotUtf8(Term binary) =>
        new($"expected {_expected}, found the binary {TermInput.PrintNumbers(binary)}, which is not UTF-8");

    private static Atom ToAtom(string text)
    {
        try
        {
            return new Atom(text);
        }
        catch (ArgumentException e)
        {
            throw new TermSerializationException($"the text is no atom: {e.Message}", e);
        }
    }
}

internal sealed class ByteArrayInfo : TermTypeInfo<byte[]>
{
    public override void Write(ref TermOutput output, byte[] value)
    {
        if (value is null)
            throw TermOutput.Null("byte[]");
        output.WriteBinary(value);
    }

    public override byte[] Read(ref TermInput input)
    {
        if (input.TryReadBinary(out ReadOnlySpan<byte> bytes) || input.TryReadByteList(out bytes))
            return bytes.ToArray();
        return MemoryInfo.ReadList(ref input);
    }
}

internal sealed class MemoryInfo : TermTypeInfo<ReadOnlyMemory<byte>>
{
    private const string Expected = "a binary or a list of bytes";

    public override void Write(ref TermOutput output, ReadOnlyMemory<byte> value) => output.WriteBinary(value.Span);

    public override ReadOnlyMemory<byte> Read(ref TermInput input)
    {
        if (input.TryReadBinary(out ReadOnlyMemory<byte> bytes))
            return bytes;
        return input.TryReadByteList(out var list) ? list.ToArray() : ReadList(ref input);
    }

    /// <summary>Reads a list of bytes that was not sent as such: one of more than 65,535.</summary>
    internal static byte[] ReadList(ref TermInput input)
    {
        var list = input.ReadList(Expected);
        var bytes = new List<byte>(list.Capacity);
        while (list.Next(ref input))
        {
            if (!input.TryReadInt64(out var number) || number is < byte.MinValue or > byte.MaxValue)
                throw NoBytes(list.Whole(ref input));
            bytes.Add((byte)number);
        }
        return [.. bytes];
    }

    private static TermSerializationException NoBytes(Term list) =>
        new($"expected {Expected}, found the list {TermInput.PrintNumbers(list)}");
}

internal sealed class GuidInfo(TermFormat format) : TermTypeInfo<Guid>
{
    private const string Expected = "a GUID: a binary of 36 characters or of 16 bytes";

    internal override bool IsInjective => true;

    public override void Write(ref TermOutput output, Guid value)
    {
        if (format == TermFormat.Bytes)
        {
            Span<byte> bytes = stackalloc byte[16];
            value.TryWriteBytes(bytes, bigEndian: true, out _);
            output.WriteBinary(bytes);
            return;
        }
        Span<byte> text = stackalloc byte[36];
        value.TryFormat(text, out _);
        output.WriteBinary(text);
    }

    public override Guid Read(ref TermInput input)
    {
        var start = input.Position;
        if (!input.TryReadBinary(out ReadOnlySpan<byte> bytes))
            throw input.Unexpected(Expected);
        if (bytes.Length == 16)
            return new Guid(bytes, bigEndian: true);
        Span<char> text = stackalloc char[36];
        return bytes.Length == 36 && Ascii.ToUtf16(bytes, text, out _) == System.Buffers.OperationStatus.Done
            && Guid.TryParseExact(text, "D", out var value) ? value : throw input.Unexpected(Expected, start);
    }
}
