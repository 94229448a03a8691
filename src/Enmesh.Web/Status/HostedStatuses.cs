using System.Collections.Concurrent;
using Enmesh.Hosting;

namespace Enmesh.Web.Status;

/// <summary>Whose status there is to show.</summary>
internal interface IStatuses : IAsyncDisposable
{
    /// <summary>The status of a node of this program.</summary>
    /// <param name="node">Its name; null for the first one.</param>
    /// <returns>Null when there is none, or none has started yet.</returns>
    NodeStatus? Find(string? node);

    /// <summary>The certificates of the same node, in PEM; never a key.</summary>
    string? FindCertificates(string? node);

    /// <summary>Begins to ask the node's peers whom they see, where what they have said is old.</summary>
    Task RefreshAsync(string? node);
}

/// <summary>The nodes of a host.</summary>
internal sealed class HostedStatuses(HostedNodes nodes, TimeProvider time) : IStatuses
{
    /// <summary>More than a cluster has; a peer that names more says nothing that is of use.</summary>
    private const int MostNames = 10_000;

    private readonly ConcurrentDictionary<ErlangNode, (StatusReader Reader, PeerViews Views)> _readers = new();

    public NodeStatus? Find(string? node) => Reader(node)?.Read();

    public string? FindCertificates(string? node) => Reader(node) is { } reader
        ? CertificateReader.ToPem(reader.Node.Name.Text, reader.Node.Certificates, time.GetUtcNow())
        : null;

    public Task RefreshAsync(string? node) => Reader(node)?.Refresh() ?? Task.CompletedTask;

    public async ValueTask DisposeAsync()
    {
        foreach (var (_, views) in _readers.Values)
            await views.DisposeAsync().ConfigureAwait(false);
    }

    private StatusReader? Reader(string? name)
    {
        foreach (var (node, at) in nodes.StartedAt)
        {
            if (name is null || node.Name.Text == name)
                return _readers.GetOrAdd(node, static (node, of) => Make(node, of.at, of.nodes, of.time), (at, nodes, time)).Reader;
        }
        return null;
    }

    private static (StatusReader, PeerViews) Make(ErlangNode node, DateTimeOffset at, HostedNodes nodes, TimeProvider time)
    {
        var views = new PeerViews(
            () => [.. node.Links.Where(link => link.PeerIsPublished).Select(link => link.Peer)],
            (peer, token) => node.AskVisibleAsync(peer, MostNames, PeerViews.Patience, token), time);
        return (new(node, at, nodes, views, time), views);
    }
}
