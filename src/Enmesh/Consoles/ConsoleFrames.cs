using System.Buffers.Binary;
using Enmesh.Terms;
using Enmesh.Terms.External;

namespace Enmesh.Consoles;

/// <summary>
/// What a console and its node say to each other over a local socket: <c>u32 Length | Term</c>, the term in the external
/// term format.
/// </summary>
/// <remarks>
/// From the console: <c>{eval, Text}</c>, <c>interrupt</c>, <c>{complete, Text}</c>, <c>{columns, N}</c>, <c>trace</c>; before all else, where
/// visits are recorded, <c>{visitor, Address, Fingerprint, Key, Certificate, IsInteractive}</c>. From the node:
/// <c>{hello, Node, Version, Line}</c> first, then <c>{output, Text}</c> at any time, <c>{answer, Text, Failed, Leaves,
/// Line}</c> and <c>{completions, Length, [Word]}</c>; after <c>trace</c> also <c>{trace, Call, Incoming, Peer, Step, Text, Milliseconds}</c> for each
/// step of each call from then on. Text is a binary in UTF-8.
/// </remarks>
internal static class ConsoleFrames
{
    private const int PrefixBytes = 4;

    // A line that somebody types, a value that is printed.
    private const int MaxBytes = 16 << 20;

    /// <summary>Writes one message.</summary>
    internal static async ValueTask WriteAsync(Stream stream, Term message, CancellationToken cancellationToken)
    {
        var term = ExternalTermFormat.Encode(message);
        var frame = new byte[PrefixBytes + term.Length];
        BinaryPrimitives.WriteUInt32BigEndian(frame, (uint)term.Length);
        term.CopyTo(frame.AsSpan(PrefixBytes));
        await stream.WriteAsync(frame, cancellationToken).ConfigureAwait(false);
        await stream.FlushAsync(cancellationToken).ConfigureAwait(false);
    }

    /// <summary>Reads one message; null when there are no more.</summary>
    /// <exception cref="IOException">What came is no message.</exception>
    internal static async ValueTask<Term?> ReadAsync(Stream stream, CancellationToken cancellationToken)
    {
        var prefix = new byte[PrefixBytes];
        var read = await stream.ReadAtLeastAsync(prefix, PrefixBytes, throwOnEndOfStream: false, cancellationToken).ConfigureAwait(false);
        if (read < PrefixBytes)
            return null;
        var length = BinaryPrimitives.ReadUInt32BigEndian(prefix);
        if (length > MaxBytes)
            throw new IOException($"A message of {length} bytes is longer than one may be.");
        var term = new byte[length];
        await stream.ReadExactlyAsync(term, cancellationToken).ConfigureAwait(false);
        try
        {
            return ExternalTermFormat.Decode(term);
        }
        catch (TermFormatException e)
        {
            throw new IOException("What came is no term.", e);
        }
    }

    /// <summary>Who somebody says he is.</summary>
    internal static Term Of(ConsoleVisitor visitor) => Term.Tuple(
        new Atom("visitor"), Term.Binary(visitor.Address), Term.Binary(visitor.Fingerprint), Term.Binary(visitor.Key), Term.Binary(visitor.Certificate),
        visitor.IsInteractive);

    /// <summary>Who that is; null when the message says something else.</summary>
    internal static ConsoleVisitor? VisitorOf(Term message) =>
        message.TupleElements is [{ AtomText: "visitor" }, var address, var fingerprint, var key, var certificate, { Boolean: { } isInteractive }]
            ? new(TextOf(address), TextOf(fingerprint), TextOf(key), TextOf(certificate), isInteractive)
            : null;

    /// <summary>The text of a binary in a message.</summary>
    internal static string TextOf(Term term) =>
        term.TryGetBinary(out var bytes) ? System.Text.Encoding.UTF8.GetString(bytes.Span) : "";
}
