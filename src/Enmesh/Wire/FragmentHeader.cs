using System.Buffers.Binary;
using Enmesh.Terms;

namespace Enmesh.Wire;

// erl_dist_protocol, "Protocol between Connected Nodes" / erl_ext_dist, "Distribution Header for fragmented messages":
//   first      131 69 Seq:64 Id:64 references... control, and the beginning of the payload
//   following  131 70 Seq:64 Id:64 more of the payload
// Id counts down to 1. The fragments of several messages may be mixed, each with a Seq of its own.

/// <summary>The bytes with which frames open.</summary>
internal static class FrameTag
{
    /// <summary>Before each term in the external format, and before a distribution header.</summary>
    internal const byte Version = 131;

    /// <summary>Behind <see cref="Version"/>: the references to atoms of a whole message.</summary>
    internal const byte Header = 68;

    /// <summary>Behind <see cref="Version"/>: a fragment, and the references to atoms of its message.</summary>
    internal const byte FirstFragment = 69;

    /// <summary>Behind <see cref="Version"/>: a further fragment.</summary>
    internal const byte NextFragment = 70;

    /// <summary>The frame of a connection without distribution headers.</summary>
    internal const byte PassThrough = 112;
}

/// <summary>The opening of a fragment.</summary>
/// <param name="IsFirst">
/// Whether this is the message's first fragment, with the references to atoms and the control message.
/// </param>
/// <param name="Sequence">Which message it belongs to, <c>Seq</c>.</param>
/// <param name="Number">How many fragments of the message are to come, this one among them; <c>Id</c>.</param>
internal readonly record struct FragmentHeader(bool IsFirst, ulong Sequence, ulong Number)
{
    /// <summary>The bytes up to and with <c>Id</c>.</summary>
    internal const int Bytes = 18;

    /// <summary>How much data of a message one of our fragments carries, as on the BEAM.</summary>
    internal const int DataBytes = 64 * 1024;

    /// <summary>Whether these bytes, at least the first two of a frame, open a fragment.</summary>
    internal static bool IsFragment(ReadOnlySpan<byte> frame) =>
        frame is [FrameTag.Version, FrameTag.FirstFragment or FrameTag.NextFragment, ..];

    /// <summary>Reads the header of a frame for which <see cref="IsFragment"/> holds.</summary>
    /// <exception cref="DistributionProtocolException">The frame is shorter, or counts from 0.</exception>
    internal static FragmentHeader Read(ReadOnlySpan<byte> frame)
    {
        if (frame.Length < Bytes)
            throw new DistributionProtocolException(
                $"A fragment of {Counted.Bytes(frame.Length)} ends within its header.");
        var number = BinaryPrimitives.ReadUInt64BigEndian(frame[10..]);
        return number == 0
            ? throw new DistributionProtocolException("A fragment has the number 0; the last one has 1.")
            : new(frame[1] == FrameTag.FirstFragment, BinaryPrimitives.ReadUInt64BigEndian(frame[2..]), number);
    }

    /// <summary>Writes the header. Behind that of a first fragment come the references to atoms.</summary>
    internal void Write(Span<byte> destination)
    {
        BinaryPrimitives.WriteUInt64BigEndian(destination[10..], Number);
        BinaryPrimitives.WriteUInt64BigEndian(destination[2..], Sequence);
        destination[1] = IsFirst ? FrameTag.FirstFragment : FrameTag.NextFragment;
        destination[0] = FrameTag.Version;
    }
}
