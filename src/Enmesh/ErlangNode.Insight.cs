using Enmesh.Peers;
using Enmesh.Tls;

namespace Enmesh;

// What those see who show the node to an operator.
public sealed partial class ErlangNode
{
    /// <summary>The links that are up.</summary>
    internal IReadOnlyCollection<PeerLink> Links => Peers.Links;

    /// <summary>What the node shows and trusts in handshakes that begin now; null without TLS.</summary>
    internal TlsState? Certificates => Running.Tls?.Current;

    /// <summary>Why what the files of certificates hold now is not used; null when it is, and without TLS.</summary>
    internal string? CertificatesProblem => Running.Tls?.Problem;

    /// <summary>How long work waits for a thread of the pool.</summary>
    internal TimeSpan PoolDelay => Peers.PoolDelay;

    /// <summary>How late the last tick was.</summary>
    internal TimeSpan TickDelay => Peers.TickDelay;

    /// <summary>Asks a peer that is connected whom it sees: its <c>nodes()</c>. Nobody is dialled for it.</summary>
    /// <exception cref="EnmeshException">It does not say, or names more than <paramref name="max"/>.</exception>
    /// <exception cref="TimeoutException">No answer came in time.</exception>
    internal async Task<IReadOnlyCollection<NodeName>> AskVisibleAsync(NodeName peer, int max, TimeSpan patience, CancellationToken cancellationToken) =>
        PeerConnector.ReadNodes(
            peer, await Rpc.CallConnectedAsync(peer, "erlang", "nodes", [], patience, cancellationToken).ConfigureAwait(false), max);
}
