using System.Diagnostics.CodeAnalysis;
using System.Text;

namespace Enmesh.Resolver;

/// <summary>
/// Domain names on the wire and as text (RFC 1035 sections 3.1, 4.1.4 and 5.1): labels of 1 to 63 bytes, 255 bytes in
/// all. As text a dot or backslash within a label is escaped by a backslash, everything unprintable as <c>\DDD</c>, and
/// there is no dot at the end; the root is the empty text.
/// </summary>
internal static class DnsName
{
    internal const int MaxWireBytes = 255;
    private const int MaxLabelBytes = 63;
    private const byte PointerMark = 0xC0;

    /// <summary>Whether the two name the same: ASCII letters count alike in both cases (RFC 4343).</summary>
    internal static bool Same(string left, string right) =>
        string.Equals(left, right, StringComparison.OrdinalIgnoreCase);

    /// <summary>What keeps a name typed by a person from being asked for; null when nothing does.</summary>
    internal static string? Problem(string name)
    {
        if (name.Length == 0)
            return "The name is empty.";
        foreach (var c in name)
        {
            if (c > '~')
                return $"'{name}' has a character outside ASCII; write an international name in its xn-- form.";
            if (c is <= ' ' or '\\' or '@' or '/' or ':')
                return $"'{name}' has a character ('{c}', U+{(int)c:X4}) that no host name has.";
        }
        var bytes = 1;
        foreach (var label in (name[^1] == '.' ? name[..^1] : name).Split('.'))
        {
            if (label.Length == 0)
                return $"'{name}' has an empty label: two dots side by side, or one at the start.";
            if (label.Length > MaxLabelBytes)
                return $"'{name}' has a label of {label.Length} characters; at most {MaxLabelBytes} are allowed.";
            bytes += 1 + label.Length;
        }
        return bytes > MaxWireBytes ? $"'{name}' takes {bytes} bytes; a name has at most {MaxWireBytes}." : null;
    }

    /// <summary>Writes a name that <see cref="Problem"/> found none in, uncompressed.</summary>
    /// <returns>The bytes written.</returns>
    internal static int Write(Span<byte> destination, string name)
    {
        var written = 0;
        foreach (var range in name.AsSpan().TrimEnd('.').Split('.'))
        {
            var label = name.AsSpan()[range];
            if (label.IsEmpty)
                continue;
            destination[written++] = (byte)label.Length;
            written += Encoding.ASCII.GetBytes(label, destination[written..]);
        }
        destination[written++] = 0;
        return written;
    }

    /// <summary>
    /// Gives every letter a case by one bit each. A server repeats the question letter for letter, so a forger has to
    /// guess the bits too (draft-vixie-dnsext-dns0x20).
    /// </summary>
    internal static string MixCase(string name, ReadOnlySpan<byte> bits)
    {
        var mixed = name.ToCharArray();
        for (var i = 0; i < mixed.Length; i++)
        {
            if (char.IsAsciiLetter(mixed[i]))
                mixed[i] = (bits[i / 8 % bits.Length] >> (i % 8) & 1) == 0
                    ? char.ToLowerInvariant(mixed[i])
                    : char.ToUpperInvariant(mixed[i]);
        }
        return new string(mixed);
    }

    /// <summary>Reads the name at <paramref name="position"/> and moves behind it.</summary>
    /// <remarks>
    /// A pointer must lead to before the run of labels it ends. Each jump so goes further back than the one before, and
    /// neither a loop nor a long walk can be built.
    /// </remarks>
    internal static string Read(ReadOnlySpan<byte> message, ref int position)
    {
        Span<char> text = stackalloc char[MaxWireBytes * 4];
        var length = 0;
        var wireBytes = 1;
        var runStart = position;
        var at = position;
        var jumped = false;
        while (true)
        {
            var labelBytes = ByteAt(message, at);
            if (labelBytes == 0)
            {
                if (!jumped)
                    position = at + 1;
                return new string(text[..length]);
            }
            if ((labelBytes & PointerMark) == PointerMark)
            {
                var target = (labelBytes & ~PointerMark) << 8 | ByteAt(message, at + 1);
                if (target >= runStart)
                    DnsFormatException.Throw($"A compressed name points to byte {target}, which is not before it", at);
                if (!jumped)
                    position = at + 2;
                jumped = true;
                at = runStart = target;
                continue;
            }
            if (labelBytes > MaxLabelBytes)
                DnsFormatException.Throw(
                    $"A label begins with 0x{labelBytes:X2}, which is neither a length nor a pointer", at);
            wireBytes += 1 + labelBytes;
            if (wireBytes > MaxWireBytes)
                DnsFormatException.Throw($"A name is longer than {MaxWireBytes} bytes", at);
            if (at + 1 + labelBytes > message.Length)
                ThrowCutOff(message.Length);
            if (length > 0)
                text[length++] = '.';
            length += Escape(message.Slice(at + 1, labelBytes), text[length..]);
            at += 1 + labelBytes;
        }
    }

    private static byte ByteAt(ReadOnlySpan<byte> message, int position)
    {
        if (position >= message.Length)
            ThrowCutOff(message.Length);
        return message[position];
    }

    private static int Escape(ReadOnlySpan<byte> label, Span<char> text)
    {
        var length = 0;
        foreach (var b in label)
        {
            if (b is <= (byte)' ' or > (byte)'~')
            {
                text[length] = '\\';
                text[length + 1] = (char)('0' + b / 100);
                text[length + 2] = (char)('0' + b / 10 % 10);
                text[length + 3] = (char)('0' + b % 10);
                length += 4;
                continue;
            }
            if (b is (byte)'.' or (byte)'\\')
                text[length++] = '\\';
            text[length++] = (char)b;
        }
        return length;
    }

    [DoesNotReturn]
    private static void ThrowCutOff(int offset) => DnsFormatException.Throw("The message ends within a name", offset);
}
