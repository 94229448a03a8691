using System.Buffers.Binary;
using Enmesh.Terms;

namespace Enmesh.Wire;

/// <summary>
/// Writes what stands before the terms of a frame, its length included. For one link, under its lock.
/// </summary>
/// <remarks>
/// The terms have been encoded before, without a lock: the control tuple and the payload one behind the other, and with
/// a version byte between them where <see cref="UsesHeader"/> is false. <see cref="FrameReader"/> shows the layout.
/// </remarks>
internal sealed class FrameWriter(DistributionFlags negotiated)
{
    /// <summary>The length before each frame.</summary>
    internal const int LengthBytes = 4;

    /// <summary>What <see cref="WriteNextFragment"/> writes.</summary>
    internal const int NextFragmentBytes = LengthBytes + FragmentHeader.Bytes;

    private readonly OutboundAtomCache _cache = new();

    /// <summary>Whether frames have a header; if not, a version byte stands before each term.</summary>
    internal bool UsesHeader { get; } = negotiated.UsesHeader();

    /// <summary>Whether the atoms of a message are gathered for its header; if not, they stand in its terms.</summary>
    internal bool GathersAtoms { get; } = negotiated.Has(DistributionFlags.DistHdrAtomCache);

    /// <summary>Whether a message of more than <see cref="FragmentHeader.DataBytes"/> goes in fragments.</summary>
    internal bool CutsMessages { get; } = negotiated.Has(DistributionFlags.Fragments);

    /// <summary>The most bytes that <see cref="WriteOpening"/> and <see cref="WriteFirstFragment"/> write.</summary>
    internal static int MaxOpeningBytes(ReadOnlySpan<Atom> atoms) =>
        LengthBytes + FragmentHeader.Bytes + OutboundAtomCache.MaxBytes(atoms);

    /// <summary>In how many fragments a message goes, its control tuple and payload taken together.</summary>
    internal static ulong FragmentCount(long dataBytes) =>
        (ulong)((dataBytes + FragmentHeader.DataBytes - 1) / FragmentHeader.DataBytes);

    /// <summary>Opens a frame with a whole message.</summary>
    /// <param name="destination">At least <see cref="MaxOpeningBytes"/>.</param>
    /// <param name="dataBytes">The length of what follows.</param>
    /// <param name="atoms">The atoms gathered; none unless <see cref="GathersAtoms"/>.</param>
    /// <returns>How many bytes were written.</returns>
    internal int WriteOpening(Span<byte> destination, int dataBytes, ReadOnlySpan<Atom> atoms)
    {
        const int Opening = LengthBytes + 2;
        if (!UsesHeader)
        {
            destination[LengthBytes] = FrameTag.PassThrough;
            destination[LengthBytes + 1] = FrameTag.Version;
            return Finish(destination, Opening, dataBytes);
        }
        destination[LengthBytes] = FrameTag.Version;
        destination[LengthBytes + 1] = FrameTag.Header;
        return Finish(destination, Opening + _cache.Write(destination[Opening..], atoms), dataBytes);
    }

    /// <summary>Opens the first fragment of a message. The whole control tuple must stand in it.</summary>
    /// <param name="destination">At least <see cref="MaxOpeningBytes"/>.</param>
    /// <param name="dataBytes">The length of what follows in this fragment.</param>
    /// <param name="sequence">Which message; no other that is under way on this link has the same.</param>
    /// <param name="count">How many fragments the message has.</param>
    /// <param name="atoms">The atoms gathered.</param>
    /// <returns>How many bytes were written.</returns>
    internal int WriteFirstFragment(
        Span<byte> destination, int dataBytes, ulong sequence, ulong count, ReadOnlySpan<Atom> atoms)
    {
        new FragmentHeader(IsFirst: true, sequence, count).Write(destination[LengthBytes..]);
        return Finish(
            destination, NextFragmentBytes + _cache.Write(destination[NextFragmentBytes..], atoms), dataBytes);
    }

    /// <summary>Opens a further fragment of a message. Other frames may have been written in between.</summary>
    /// <param name="destination">At least <see cref="NextFragmentBytes"/>.</param>
    /// <param name="dataBytes">The length of what follows in this fragment.</param>
    /// <param name="sequence">Which message.</param>
    /// <param name="number">How many fragments of it are to come, with this one; the last has 1.</param>
    /// <returns>How many bytes were written: <see cref="NextFragmentBytes"/>.</returns>
    internal static int WriteNextFragment(Span<byte> destination, int dataBytes, ulong sequence, ulong number)
    {
        new FragmentHeader(IsFirst: false, sequence, number).Write(destination[LengthBytes..]);
        return Finish(destination, NextFragmentBytes, dataBytes);
    }

    private static int Finish(Span<byte> destination, int written, int dataBytes)
    {
        BinaryPrimitives.WriteUInt32BigEndian(destination, (uint)(written - LengthBytes + dataBytes));
        return written;
    }
}
