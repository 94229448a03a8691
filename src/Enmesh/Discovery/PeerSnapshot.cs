namespace Enmesh.Discovery;

/// <summary>
/// A member as a strategy found it: its name, and where to dial it when the name alone does not say so.
/// </summary>
/// <param name="Name">The name. A handshake with whoever answers must prove it.</param>
/// <param name="Address">The host name or address to dial; null for the host part of the name.</param>
/// <param name="Port">The distribution port; null for the node's own way: what EPMD says where EPMD is in use, else the
/// fixed port.</param>
public sealed record DiscoveredPeer(NodeName Name, string? Address = null, int? Port = null);

/// <summary>What one question to one source brought to light, and how far it may be trusted.</summary>
public abstract record PeerSnapshot
{
    private PeerSnapshot()
    {
    }

    /// <summary>
    /// These are the members, and there are no others. Who was known before and is not here has vanished.
    /// </summary>
    /// <param name="Peers">The members; the asking node itself may be among them.</param>
    public sealed record Complete(IReadOnlyCollection<DiscoveredPeer> Peers) : PeerSnapshot;

    /// <summary>
    /// These are members, but there may be others: a part of the question failed, or the answer is doubtful.
    /// </summary>
    /// <param name="Peers">The members found.</param>
    /// <param name="Reason">What is missing and why, as a sentence for the operator.</param>
    public sealed record Incomplete(IReadOnlyCollection<DiscoveredPeer> Peers, string Reason) : PeerSnapshot;

    /// <summary>The source gave no answer. This says nothing about the members.</summary>
    /// <param name="Cause">Why.</param>
    public sealed record Unavailable(Exception Cause) : PeerSnapshot;
}
