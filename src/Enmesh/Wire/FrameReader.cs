using System.Diagnostics.CodeAnalysis;
using Enmesh.Terms;
using Enmesh.Terms.External;

namespace Enmesh.Wire;

// erl_dist_protocol, "Protocol between Connected Nodes". Behind the frame's length (u32; 0 is a tick) stands
//   without headers   112, 131 control, and 131 payload if there is one
//   with headers      131 68, references (see OutboundAtomCache), control, and the payload if there is one; or a
// fragment

/// <summary>A control message, and where its payload is.</summary>
/// <param name="Control">The control message.</param>
/// <param name="PayloadOffset">Where the payload begins in the frame, or in the array of a fragmented message.</param>
/// <param name="References">
/// What <c>82 i</c> stands for in the payload. Of a whole frame: until the next one is read.
/// </param>
internal readonly record struct InboundMessage(
    ControlMessage Control, int PayloadOffset, ReadOnlyMemory<Atom> References);

/// <summary>Reads the frames of one connection. For one reader at a time, in the order in which they come.</summary>
internal sealed class FrameReader
{
    private readonly bool _usesHeader;
    private readonly InboundAtomCache _cache;
    private readonly ControlReader _control;
    private readonly FragmentAssembler _fragments;

    /// <summary>Makes a reader for a connection that has just been established.</summary>
    /// <param name="negotiated">What the two nodes have agreed upon.</param>
    /// <param name="ownNode">Our node's name.</param>
    /// <param name="options">Limits for terms, and the node's atoms.</param>
    /// <param name="limits">Limits for frames.</param>
    /// <param name="withSenders">Whether the senders of messages are wanted, which costs an allocation each.</param>
    internal FrameReader(
        DistributionFlags negotiated,
        Atom ownNode,
        TermDecodeOptions options,
        FrameLimits limits,
        bool withSenders = false)
    {
        _usesHeader = negotiated.UsesHeader();
        _cache = new InboundAtomCache(options.Atoms ?? new AtomTable());
        _control = new ControlReader(ownNode, options, withSenders);
        _fragments = new FragmentAssembler(_cache, _control, limits);
        Limits = limits;
    }

    internal FrameLimits Limits { get; }

    /// <summary>Messages that have begun and not ended, and the memory they take.</summary>
    internal (int Messages, long Bytes) Unfinished => (_fragments.UnfinishedMessages, _fragments.UnfinishedBytes);

    /// <summary>Checks the length of a frame before anything is set aside for it.</summary>
    /// <returns>The length; 0 is a tick.</returns>
    /// <exception cref="DistributionProtocolException">It is above the limit.</exception>
    internal int CheckLength(uint announced)
    {
        if (announced > (uint)Limits.MaxMessageBytes)
            ThrowTooLong(announced);
        return (int)announced;
    }

    /// <summary>
    /// Whether a frame is a fragment, which goes to <see cref="Reserve"/> and <see cref="Commit"/> instead of
    /// <see cref="Read"/>. Needs the frame's first <see cref="FragmentHeader.Bytes"/>, or all of a shorter frame.
    /// </summary>
    /// <exception cref="DistributionProtocolException">It is a fragment, and ends within its header.</exception>
    internal bool TryReadFragmentHeader(ReadOnlySpan<byte> beginning, out FragmentHeader header)
    {
        header = default;
        if (!_usesHeader || !FragmentHeader.IsFragment(beginning))
            return false;
        header = FragmentHeader.Read(beginning);
        return true;
    }

    /// <summary>Reads a whole frame that is neither a tick nor a fragment.</summary>
    /// <param name="frame">The frame without its length.</param>
    /// <exception cref="DistributionProtocolException">It is not as agreed upon, or broken.</exception>
    internal InboundMessage Read(ReadOnlySpan<byte> frame) =>
        _usesHeader ? ReadWithHeader(frame) : ReadPassThrough(frame);

    /// <inheritdoc cref="FragmentAssembler.Reserve"/>
    internal Memory<byte> Reserve(FragmentHeader header, int frameLength) => _fragments.Reserve(header, frameLength);

    /// <inheritdoc cref="FragmentAssembler.Commit"/>
    internal bool Commit(FragmentHeader header, out InboundMessage message, out ReadOnlyMemory<byte> bytes) =>
        _fragments.Commit(header, out message, out bytes);

    private InboundMessage ReadWithHeader(ReadOnlySpan<byte> frame)
    {
        if (frame is not [FrameTag.Version, FrameTag.Header, ..])
            throw Unexpected(frame, "131 68, a distribution header");
        var at = 2 + _cache.Read(frame[2..]);
        var references = _cache.References.AsMemory(0, _cache.ReferenceCount);
        var control = _control.Read(frame[at..], references.Span, out var length);
        return new(control, at + length, references);
    }

    private InboundMessage ReadPassThrough(ReadOnlySpan<byte> frame)
    {
        if (frame is not [FrameTag.PassThrough, FrameTag.Version, .. var terms])
            throw Unexpected(frame, "112 131, a frame without distribution header");
        var control = _control.Read(terms, default, out var length);
        var at = 2 + length;
        if (at < frame.Length && control.HasPayload)
        {
            if (frame[at] != FrameTag.Version)
            {
                throw new DistributionProtocolException(
                    $"The payload of a message {control.Operation.Name()} does not begin with the version byte 131.");
            }
            at++;
        }
        return new(control, at, default);
    }

    private static DistributionProtocolException Unexpected(ReadOnlySpan<byte> frame, string expected)
    {
        var opening = string.Join(' ', frame[..Math.Min(frame.Length, 4)].ToArray());
        return new($"A frame begins with the bytes {opening}; agreed upon was {expected}.");
    }

    [DoesNotReturn]
    private void ThrowTooLong(uint announced) => throw new DistributionProtocolException(
        $"The peer announced a frame of {announced} bytes; the limit is {Limits.MaxMessageBytes}.");
}
