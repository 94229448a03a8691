using System.Diagnostics;
using Enmesh.Terms;

namespace Enmesh.Wire;

// erl_dist_protocol, "Protocol between Connected Nodes", on fragments. See FragmentHeader for the layout.

/// <summary>
/// Puts the fragments of several messages together, each message in an array of its own. For one reader.
/// </summary>
/// <remarks>
/// For each fragment: <see cref="Reserve"/>, fill what it gives with the rest of the frame, <see cref="Commit"/>. What
/// is
/// set aside stays within the limits, and never far beyond what has really come, whatever number of fragments was
/// announced.
/// </remarks>
internal sealed class FragmentAssembler(InboundAtomCache cache, ControlReader control, FrameLimits limits)
{
    private readonly Dictionary<ulong, Unfinished> _unfinished = [];

    /// <summary>How many messages have begun and not ended.</summary>
    internal int UnfinishedMessages => _unfinished.Count;

    /// <summary>The memory that they take.</summary>
    internal long UnfinishedBytes { get; private set; }

    /// <summary>Gives the place for the rest of a fragment: all bytes of its frame behind the header.</summary>
    /// <param name="header">The fragment's header.</param>
    /// <param name="frameLength">The length of the frame, header included, without its length prefix.</param>
    /// <exception cref="DistributionProtocolException">The fragment is out of order, or exceeds a limit.</exception>
    internal Memory<byte> Reserve(FragmentHeader header, int frameLength)
    {
        var length = frameLength - FragmentHeader.Bytes;
        if (length < 0)
            throw new DistributionProtocolException(
                $"A fragment of {Counted.Bytes(frameLength)} ends within its header.");
        if (!_unfinished.TryGetValue(header.Sequence, out var message))
        {
            if (!header.IsFirst)
                throw Broken(header, "belongs to no message that has begun");
            if (_unfinished.Count >= limits.MaxUnfinishedMessages)
            {
                throw new DistributionProtocolException(
                    $"The peer has begun {limits.MaxUnfinishedMessages} fragmented messages without ending one.");
            }
            message = new Unfinished { Next = header.Number };
            _unfinished.Add(header.Sequence, message);
        }
        else if (header.IsFirst)
        {
            throw Broken(header, "begins a message that has begun already");
        }
        if (header.Number != message.Next)
            throw Broken(header, $"comes where number {message.Next} was expected");
        if (length > limits.MaxMessageBytes - message.Length)
        {
            throw new DistributionProtocolException(
                $"A fragmented message has more than {limits.MaxMessageBytes} bytes, which is the limit.");
        }
        Grow(message, length, header.Number);
        message.Reserved = length;
        return message.Array.AsMemory(message.Length, length);
    }

    /// <summary>Takes the fragment whose bytes have been filled in.</summary>
    /// <param name="header">The same as for <see cref="Reserve"/>.</param>
    /// <param name="message">The message, if this was its last fragment.</param>
    /// <param name="bytes">The array that holds it, which is nobody else's.</param>
    /// <returns>Whether the message is complete.</returns>
    /// <exception cref="DistributionProtocolException">The header or the control message are broken.</exception>
    internal bool Commit(FragmentHeader header, out InboundMessage message, out ReadOnlyMemory<byte> bytes)
    {
        var unfinished = _unfinished[header.Sequence];
        Debug.Assert(unfinished.Next == header.Number, "Commit follows the Reserve of the same fragment.");
        unfinished.Length += unfinished.Reserved;
        unfinished.Next--;
        if (header.IsFirst)
            ReadFirst(unfinished);
        if (header.Number > 1)
        {
            message = default;
            bytes = default;
            return false;
        }
        _unfinished.Remove(header.Sequence);
        UnfinishedBytes -= unfinished.Array.Length;
        message = new(unfinished.Control, unfinished.PayloadOffset, unfinished.References);
        bytes = unfinished.Array.AsMemory(0, unfinished.Length);
        return true;
    }

    private void ReadFirst(Unfinished message)
    {
        var data = message.Array.AsSpan(0, message.Length);
        var at = cache.Read(data);
        // Frames of other messages come in between, so the references cannot stay in the cache's own array.
        message.References = cache.References.AsSpan(0, cache.ReferenceCount).ToArray();
        try
        {
            message.Control = control.Read(data[at..], message.References, out var length);
            message.PayloadOffset = at + length;
        }
        catch (DistributionProtocolException e) when (message.Next > 0)
        {
            throw new DistributionProtocolException(
                "The first fragment of a message does not hold a whole control message: " + e.Message, e);
        }
    }

    private void Grow(Unfinished message, int length, ulong toCome)
    {
        var needed = message.Length + length;
        if (needed <= message.Array.Length)
            return;
        // All fragments but the last have the same length, as nodes cut them. A liar is believed only up to a multiple
        // of what it has sent, and not beyond the limit.
        var believed = Math.Min((long)needed * limits.TrustedMultiple, limits.MaxMessageBytes);
        var announced = toCome > (ulong)limits.MaxMessageBytes
            ? long.MaxValue
            : message.Length + ((long)toCome * length);
        var capacity = (int)Math.Max(needed, Math.Min(announced, believed));
        var more = (long)capacity - message.Array.Length;
        if (UnfinishedBytes + more > limits.MaxUnfinishedBytes)
        {
            capacity = needed;
            more = (long)capacity - message.Array.Length;
            if (UnfinishedBytes + more > limits.MaxUnfinishedBytes)
            {
                throw new DistributionProtocolException(
                    $"The peer has begun fragmented messages of more than {limits.MaxUnfinishedBytes} bytes in all "
                    + "without ending them.");
            }
        }
        var larger = GC.AllocateUninitializedArray<byte>(capacity);
        message.Array.AsSpan(0, message.Length).CopyTo(larger);
        message.Array = larger;
        UnfinishedBytes += more;
    }

    private static DistributionProtocolException Broken(FragmentHeader header, string what) =>
        new($"The fragment {header.Number} of message {header.Sequence:x} {what}.");

    private sealed class Unfinished
    {
        internal byte[] Array { get; set; } = [];

        /// <summary>How much of the array has come.</summary>
        internal int Length { get; set; }

        /// <summary>The length of the fragment at hand.</summary>
        internal int Reserved { get; set; }

        /// <summary>The number of the fragment to come.</summary>
        internal ulong Next { get; set; }

        internal Atom[] References { get; set; } = [];

        internal ControlMessage Control { get; set; }

        internal int PayloadOffset { get; set; }
    }
}
