using System.Numerics;
using Enmesh.Terms.External;

namespace Enmesh.Wire;

// erl_dist_protocol, "Distribution Handshake": the 64 bits with which a node says what it can receive.

/// <summary>What a node can receive, as it says in its handshake.</summary>
[Flags]
internal enum DistributionFlags : ulong
{
    /// <summary>Nothing.</summary>
    None = 0,

    /// <summary>The node is seen in <c>nodes()</c> and takes part in what nodes do among themselves.</summary>
    Published = 1UL << 0,
    ExtendedReferences = 1UL << 2,
    DistMonitor = 1UL << 3,
    FunTags = 1UL << 4,
    DistMonitorName = 1UL << 5,
    NewFunTags = 1UL << 7,
    ExtendedPidsPorts = 1UL << 8,
    ExportPtrTag = 1UL << 9,
    BitBinaries = 1UL << 10,
    NewFloats = 1UL << 11,
    UnicodeIo = 1UL << 12,

    /// <summary>Frames begin with a header of atoms, kept in a cache from frame to frame.</summary>
    DistHdrAtomCache = 1UL << 13,
    SmallAtomTags = 1UL << 14,
    Utf8Atoms = 1UL << 16,
    MapTag = 1UL << 17,
    BigCreation = 1UL << 18,

    /// <summary>Sends to a pid may carry the sender (22 instead of 2).</summary>
    SendSender = 1UL << 19,
    BigSeqTraceLabels = 1UL << 20,

    /// <summary>Exit reasons may travel as a payload (24, 26, 28 instead of 3, 8, 21).</summary>
    ExitPayload = 1UL << 22,

    /// <summary>Large messages may come in fragments.</summary>
    Fragments = 1UL << 23,

    /// <summary>The handshake of OTP 23, with <c>N</c> messages.</summary>
    Handshake23 = 1UL << 24,

    /// <summary>Links are ended by 35, and that is acknowledged by 36. 4 is no longer understood.</summary>
    UnlinkId = 1UL << 25,

    /// <summary>Stands for all the flags that OTP 25 demands, whether they are set or not.</summary>
    Mandatory25Digest = 1UL << 26,
    Spawn = 1UL << 32,

    /// <summary>A node without a name asks for one; in an answer: it is given.</summary>
    NameMe = 1UL << 33,

    /// <summary>Pids, ports and references use all the bits of their format.</summary>
    V4Nc = 1UL << 34,
    Alias = 1UL << 35,

    /// <summary>37 is understood, which carries priority messages and every send to an alias.</summary>
    AltActSig = 1UL << 37,
    NativeRecords = 1UL << 38,
}

/// <summary>Sets of flags, their names, and what two nodes have in common.</summary>
internal static class DistributionFlagSets
{
    /// <summary>
    /// What a peer must have. Only what we write without asking: every node from OTP 23 on has it, and its C nodes,
    /// <c>erl_call</c> among them.
    /// </summary>
    internal const DistributionFlags Demanded =
        DistributionFlags.ExtendedReferences | DistributionFlags.NewFunTags | DistributionFlags.ExtendedPidsPorts
        | DistributionFlags.ExportPtrTag | DistributionFlags.BitBinaries | DistributionFlags.NewFloats
        | DistributionFlags.Utf8Atoms | DistributionFlags.MapTag | DistributionFlags.BigCreation;

    /// <summary>
    /// What we say of ourselves while we are hidden. A bit stands here only when its receiving side works.
    /// </summary>
    internal const DistributionFlags Hidden =
        Demanded | DistributionFlags.DistMonitor | DistributionFlags.FunTags | DistributionFlags.DistMonitorName
        | DistributionFlags.UnicodeIo | DistributionFlags.DistHdrAtomCache | DistributionFlags.SmallAtomTags
        | DistributionFlags.SendSender | DistributionFlags.BigSeqTraceLabels | DistributionFlags.ExitPayload
        | DistributionFlags.Fragments | DistributionFlags.Handshake23 | DistributionFlags.UnlinkId
        | DistributionFlags.Mandatory25Digest | DistributionFlags.Spawn | DistributionFlags.V4Nc | DistributionFlags.Alias
        | DistributionFlags.AltActSig | DistributionFlags.NativeRecords;

    /// <summary>What we say of ourselves as one of the cluster's visible nodes.</summary>
    internal const DistributionFlags Published = Hidden | DistributionFlags.Published;

    /// <summary>What OTP 25 demands, and what <see cref="DistributionFlags.Mandatory25Digest"/> stands for.</summary>
    internal const DistributionFlags Mandatory25 =
        DistributionFlags.ExtendedReferences | DistributionFlags.FunTags | DistributionFlags.NewFunTags
        | DistributionFlags.ExtendedPidsPorts | DistributionFlags.ExportPtrTag | DistributionFlags.BitBinaries
        | DistributionFlags.NewFloats | DistributionFlags.Utf8Atoms | DistributionFlags.MapTag
        | DistributionFlags.BigCreation | DistributionFlags.Handshake23;

    private static readonly Dictionary<int, string> Names = new()
    {
        [0] = "PUBLISHED",
        [1] = "ATOM_CACHE",
        [2] = "EXTENDED_REFERENCES",
        [3] = "DIST_MONITOR",
        [4] = "FUN_TAGS",
        [5] = "DIST_MONITOR_NAME",
        [6] = "HIDDEN_ATOM_CACHE",
        [7] = "NEW_FUN_TAGS",
        [8] = "EXTENDED_PIDS_PORTS",
        [9] = "EXPORT_PTR_TAG",
        [10] = "BIT_BINARIES",
        [11] = "NEW_FLOATS",
        [12] = "UNICODE_IO",
        [13] = "DIST_HDR_ATOM_CACHE",
        [14] = "SMALL_ATOM_TAGS",
        [16] = "UTF8_ATOMS",
        [17] = "MAP_TAG",
        [18] = "BIG_CREATION",
        [19] = "SEND_SENDER",
        [20] = "BIG_SEQTRACE_LABELS",
        [22] = "EXIT_PAYLOAD",
        [23] = "FRAGMENTS",
        [24] = "HANDSHAKE_23",
        [25] = "UNLINK_ID",
        [26] = "MANDATORY_25_DIGEST",
        [32] = "SPAWN",
        [33] = "NAME_ME",
        [34] = "V4_NC",
        [35] = "ALIAS",
        [37] = "ALTACT_SIG",
        [38] = "NATIVE_RECORDS",
    };

    /// <summary>Whether all the given flags are set.</summary>
    internal static bool Has(this DistributionFlags flags, DistributionFlags wanted) => (flags & wanted) == wanted;

    /// <summary>The flags with those that <see cref="DistributionFlags.Mandatory25Digest"/> stands for.</summary>
    internal static DistributionFlags Expand(this DistributionFlags flags) =>
        flags.Has(DistributionFlags.Mandatory25Digest) ? flags | Mandatory25 : flags;

    /// <summary>What may be used between two nodes: what both said.</summary>
    internal static DistributionFlags Negotiate(DistributionFlags ours, DistributionFlags theirs) =>
        ours.Expand() & theirs.Expand();

    /// <summary>Which of the demanded flags are missing.</summary>
    internal static DistributionFlags Missing(this DistributionFlags flags, DistributionFlags demanded) =>
        demanded & ~flags.Expand();

    /// <summary>
    /// Whether frames begin with a distribution header; otherwise they are passed through as they are.
    /// </summary>
    internal static bool UsesHeader(this DistributionFlags negotiated) =>
        (negotiated & (DistributionFlags.DistHdrAtomCache | DistributionFlags.Fragments)) != DistributionFlags.None;

    /// <summary>Which terms the peer understands beyond those that every release does.</summary>
    internal static TermDialect Dialect(this DistributionFlags negotiated) =>
        (negotiated.Has(DistributionFlags.V4Nc) ? TermDialect.WideIdentifiers : TermDialect.Narrow)
        | (negotiated.Has(DistributionFlags.NativeRecords) ? TermDialect.NativeRecords : TermDialect.Narrow);

    /// <summary>How many flags are set.</summary>
    internal static int Count(this DistributionFlags flags) => BitOperations.PopCount((ulong)flags);

    /// <summary>The lowest of the set flags.</summary>
    internal static DistributionFlags First(this DistributionFlags flags, int count)
    {
        var rest = (ulong)flags;
        for (var i = 0; i < count; i++)
            rest &= rest - 1; // without its lowest bit
        return flags & ~(DistributionFlags)rest;
    }

    /// <summary>
    /// The names of the set flags as the protocol's description spells them: <c>"BIG_CREATION, UTF8_ATOMS"</c>.
    /// </summary>
    internal static string Describe(this DistributionFlags flags)
    {
        var names = new List<string>();
        for (var bit = 0; bit < 64; bit++)
        {
            if (((ulong)flags >> bit & 1) != 0)
                names.Add(Names.TryGetValue(bit, out var name) ? name : $"bit {bit}");
        }
        return names.Count == 0 ? "none" : string.Join(", ", names);
    }
}
