namespace Enmesh.Cluster;

/// <summary>What becomes of the link to a peer that discovery no longer names. It is not dialled any more in any case.</summary>
public enum PeerRemoval
{
    /// <summary>
    /// The link is left alone, and ends when the peer does: who leaves discovery may still be finishing its work.
    /// </summary>
    Ignore,

    /// <summary>
    /// The link is cut when discovery has not named the peer for <see cref="ClusterOptions.RemovalGrace"/>.
    /// </summary>
    After,

    /// <summary>
    /// The link is cut at once. Nodes of OTP 25 and later that still see both ends then part from both, unless all of
    /// them cut it at the same time, so a node that is not hidden has to accept that:
    /// <see cref="ClusterOptions.AcceptEvictions"/>.
    /// </summary>
    Immediate,
}
