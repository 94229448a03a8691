using System.Collections.Immutable;
using System.Security.Cryptography;
using System.Threading.Channels;

namespace Enmesh.Cluster;

/// <summary>
/// Asks the members, every now and then, whom they see, and compares: in a mesh everybody sees everybody. That a node
/// has no link to another is known to these two alone, so it takes a third to notice that they should have one.
/// </summary>
internal sealed class ViewComparison(
    IPeerConnector connector, TimeSpan interval, ChannelWriter<ReconcilerEvent> events, TimeProvider time)
{
    /// <summary>
    /// How many are asked each time: of a large cluster some, since all others ask as well, and first of all those who
    /// were suspected the last time.
    /// </summary>
    private const int MaxQuestions = 16;

    /// <summary>More than a cluster has; a member that names more says nothing that is of use.</summary>
    internal const int MaxNames = 10_000;

    /// <summary>The pairs that are kept at most: beyond it what matters is that there are so many.</summary>
    internal const int MaxPairs = 1_000;

    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(10);
    private ImmutableSortedSet<PartedPair> _suspected = [];

    internal async Task RunAsync(CancellationToken cancellationToken)
    {
        if (interval == TimeSpan.Zero)
            return;
        try
        {
            while (true)
            {
                // Not in step with the others.
                var swing = 0.8 + 0.4 * RandomNumberGenerator.GetInt32(1_000_001) / 1_000_000;
                await Task.Delay(interval * swing, time, cancellationToken).ConfigureAwait(false);
                var views = await AskAsync(cancellationToken).ConfigureAwait(false);
                _suspected = Compare(views).Union(StillSuspected(views));
                await events.WriteAsync(
                    new ReconcilerEvent.Compared(_suspected), cancellationToken).ConfigureAwait(false);
            }
        }
        catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
        {
            // The cluster ends.
        }
    }

    /// <summary>The pairs of which one does not see the other although somebody does.</summary>
    /// <param name="views">Whom each node sees that has told.</param>
    internal static ImmutableSortedSet<PartedPair> Compare(
        IReadOnlyDictionary<NodeName, IReadOnlyCollection<NodeName>> views)
    {
        var everybody = views.Keys.Concat(views.Values.SelectMany(view => view)).ToHashSet();
        var pairs = ImmutableSortedSet.CreateBuilder<PartedPair>();
        foreach (var (viewer, view) in views)
        {
            var seen = view.ToHashSet();
            foreach (var node in everybody)
            {
                if (pairs.Count == MaxPairs)
                    return pairs.ToImmutable();
                if (node != viewer && !seen.Contains(node))
                    pairs.Add(viewer < node ? new(viewer, node) : new(node, viewer));
            }
        }
        return pairs.ToImmutable();
    }

    /// <summary>Of the pairs suspected before, those of which nobody has told this time who could have.</summary>
    private IEnumerable<PartedPair> StillSuspected(IReadOnlyDictionary<NodeName, IReadOnlyCollection<NodeName>> views)
    {
        var silent = connector.Visible.Except(views.Keys).ToHashSet();
        return _suspected.Where(pair => !views.ContainsKey(pair.One) && !views.ContainsKey(pair.Other)
            && (silent.Contains(pair.One) || silent.Contains(pair.Other)));
    }

    private async Task<Dictionary<NodeName, IReadOnlyCollection<NodeName>>> AskAsync(
        CancellationToken cancellationToken)
    {
        var views = new Dictionary<NodeName, IReadOnlyCollection<NodeName>>();
        NodeName[] peers = [.. connector.Visible];
        RandomNumberGenerator.Shuffle<NodeName>(peers);
        var suspects = _suspected.SelectMany(pair => new[] { pair.One, pair.Other }).ToHashSet();
        var asked = peers.OrderBy(peer => suspects.Contains(peer) ? 0 : 1).Take(MaxQuestions);
        var answers = asked.Select(async peer => (peer, await AskAsync(peer, cancellationToken).ConfigureAwait(false)));
        foreach (var (peer, view) in await Task.WhenAll(answers).ConfigureAwait(false))
        {
            if (view is not null)
                views[peer] = view;
        }
        // Who is gone by now has not told anything; and this node's own view is that of the end, too.
        var visible = connector.Visible;
        foreach (var gone in views.Keys.Except(visible).ToArray())
            views.Remove(gone);
        if (views.Count > 0)
            views[connector.Self] = visible;
        return views;
    }

    private async Task<IReadOnlyCollection<NodeName>?> AskAsync(NodeName peer, CancellationToken cancellationToken)
    {
        try
        {
            return await connector.AskVisibleAsync(peer, MaxNames, cancellationToken)
                .WaitAsync(Patience, time, cancellationToken).ConfigureAwait(false);
        }
        catch (Exception) when (!cancellationToken.IsCancellationRequested)
        {
            // Whatever it is, this member has said nothing about anybody; if it is gone, its link will tell.
            return null;
        }
    }
}
