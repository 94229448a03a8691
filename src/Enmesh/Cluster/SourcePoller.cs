using System.Security.Cryptography;
using System.Threading.Channels;
using Enmesh.Discovery;

namespace Enmesh.Cluster;

/// <summary>Asks one source again and again, for as long as the cluster runs.</summary>
internal sealed class SourcePoller(
    int index, DiscoverySource source, NodeName self, ChannelWriter<ReconcilerEvent> events, TimeProvider time)
{
    private Task<PeerSnapshot>? _asking;

    internal async Task RunAsync(CancellationToken cancellationToken)
    {
        try
        {
            while (true)
            {
                var start = time.GetTimestamp();
                var answer = await AskAsync(cancellationToken).ConfigureAwait(false);
                await events.WriteAsync(
                    new ReconcilerEvent.Snapshot(index, answer, time.GetElapsedTime(start)),
                    cancellationToken).ConfigureAwait(false);
                await Task.Delay(Pause(), time, cancellationToken).ConfigureAwait(false);
            }
        }
        catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
        {
            // The cluster ends.
        }
    }

    private async Task<PeerSnapshot> AskAsync(CancellationToken cancellationToken)
    {
        if (_asking is { IsCompleted: false })
            return Failed($"it was told to stop after {Seconds(source.Timeout)}, and has not stopped yet");
        using var cancel = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        var token = cancel.Token;
        // On the pool, since a strategy may block before its first await; nobody but this source is to wait for it
        // then.
        _asking = Task.Run(() => source.Discovery.DiscoverAsync(self, token).AsTask(), CancellationToken.None);
        try
        {
            return Checked(await _asking.WaitAsync(source.Timeout, time, cancellationToken).ConfigureAwait(false));
        }
        catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
        {
            Forget(_asking);
            throw;
        }
        catch (TimeoutException) when (!_asking.IsCompleted)
        {
            await cancel.CancelAsync().ConfigureAwait(false);
            Forget(_asking);
            return Failed($"it did not answer within {Seconds(source.Timeout)}");
        }
        catch (Exception e)
        {
            // A strategy may be anybody's code. Whatever it throws is its failure, and costs no peer anything.
            return new PeerSnapshot.Unavailable(e);
        }
    }

    // The collections of others may change under our hands or lie; what goes on from here is a copy of ours.
    private static PeerSnapshot Checked(PeerSnapshot? answer) => answer switch
    {
        PeerSnapshot.Complete { Peers: { } peers } => new PeerSnapshot.Complete(Copy(peers)),
        PeerSnapshot.Incomplete { Peers: { } peers } incomplete =>
            new PeerSnapshot.Incomplete(Copy(peers), incomplete.Reason ?? "no reason given"),
        PeerSnapshot.Unavailable { Cause: not null } => answer,
        _ => Failed("its answer is null, or has null in the place of the peers or the cause"),
    };

    private static DiscoveredPeer[] Copy(IReadOnlyCollection<DiscoveredPeer> peers)
    {
        var copy = peers.ToArray();
        return Array.Exists(copy, peer => peer?.Name is null)
            ? throw new InvalidOperationException("There is a peer without a name in the answer.")
            : copy;
    }

    private static PeerSnapshot.Unavailable Failed(string problem) => new(new DiscoveryException(problem));

    private static string Seconds(TimeSpan time) => FormattableString.Invariant($"{time.TotalSeconds:0.###} s");

    // Its exception, should there be one, is nobody's business any more.
    private static void Forget(Task asking) =>
        _ = asking.ContinueWith(
            static ended => _ = ended.Exception, CancellationToken.None, TaskContinuationOptions.ExecuteSynchronously,
            TaskScheduler.Default);

    private TimeSpan Pause()
    {
        var swing = 2.0 * RandomNumberGenerator.GetInt32(1_000_001) / 1_000_000 - 1;
        return source.Interval * (1 + source.Jitter * swing);
    }
}
