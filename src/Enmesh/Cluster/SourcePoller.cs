using System.Security.Cryptography;
using System.Threading.Channels;
using Enmesh.Discovery;
using Microsoft.Extensions.Logging;

namespace Enmesh.Cluster;

/// <summary>
/// Asks one source again and again, for as long as the cluster runs: at its interval, and when it says that something
/// has changed.
/// </summary>
internal sealed class SourcePoller(
    int index, DiscoverySource source, NodeName self, ChannelWriter<ReconcilerEvent> events, TimeSpan remindEvery,
    TimeProvider time, ILogger logger)
{
    // Notices that come in a burst, as when a deployment rolls, are one question.
    private static readonly TimeSpan MinGap = TimeSpan.FromMilliseconds(200);

    // Before a watch that ended is begun anew, however rarely the source is asked.
    private static readonly TimeSpan MaxRest = TimeSpan.FromSeconds(30);

    // At most one is kept: what came before a question began is answered by it.
    private readonly Channel<bool> _due =
        Channel.CreateBounded<bool>(new BoundedChannelOptions(1) { FullMode = BoundedChannelFullMode.DropWrite });

    // A watch that does not hear that it is to end does not hold up the node.
    private static readonly TimeSpan WatchEnd = TimeSpan.FromSeconds(2);

    // As long as a name of DNS may be.
    private const int MaxAddress = 255;

    // Far more than a full mesh can have; beyond it each step would be work for a whole core.
    private const int MaxPeers = 10_000;

    private Task<PeerSnapshot>? _asking;

    internal async Task RunAsync(CancellationToken cancellationToken)
    {
        var watching = source.Discovery is IWatchedPeerDiscovery watched
            ? WatchAsync(watched, cancellationToken)
            : Task.CompletedTask;
        await AskAgainAndAgainAsync(cancellationToken).ConfigureAwait(false);
        try
        {
            await watching.WaitAsync(WatchEnd, time, CancellationToken.None).ConfigureAwait(false);
        }
        catch (TimeoutException)
        {
            // It does not hear that it is to end; the node ends without it.
        }
    }

    private async Task AskAgainAndAgainAsync(CancellationToken cancellationToken)
    {
        try
        {
            while (true)
            {
                _due.Reader.TryRead(out _);
                var start = time.GetTimestamp();
                var answer = await AskAsync(cancellationToken).ConfigureAwait(false);
                await events.WriteAsync(
                    new ReconcilerEvent.Snapshot(index, answer, time.GetElapsedTime(start)),
                    cancellationToken).ConfigureAwait(false);
                await WaitAsync(start, cancellationToken).ConfigureAwait(false);
            }
        }
        catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
        {
            // The cluster ends.
        }
    }

    /// <summary>Waits for the end of the interval or a notice, whichever is first.</summary>
    private async Task WaitAsync(long lastQuestion, CancellationToken cancellationToken)
    {
        var interval = time.CreateTimer(_ => Due(), null, Pause(), Timeout.InfiniteTimeSpan);
        await using (interval.ConfigureAwait(false))
            await _due.Reader.ReadAsync(cancellationToken).ConfigureAwait(false);
        var early = MinGap - time.GetElapsedTime(lastQuestion);
        if (early > TimeSpan.Zero)
            await Task.Delay(early, time, cancellationToken).ConfigureAwait(false);
    }

    private void Due() => _due.Writer.TryWrite(true);

    private async Task WatchAsync(IWatchedPeerDiscovery watched, CancellationToken cancellationToken)
    {
        var report = Report.None;
        try
        {
            while (true)
            {
                try
                {
                    // On the pool, as the questions are.
                    await Task.Run(() => watched.WatchAsync(self, Due, cancellationToken), cancellationToken)
                        .ConfigureAwait(false);
                }
                catch (Exception e) when (!cancellationToken.IsCancellationRequested)
                {
                    // Whatever it is, the source is asked all the same, only less soon.
                    report = report.Next(1, time.GetElapsedTime(0), TimeSpan.Zero, remindEvery, out var say);
                    if (say)
                        Tell(e);
                }
                var pause = Pause();
                await Task.Delay(pause < MaxRest ? pause : MaxRest, time, cancellationToken).ConfigureAwait(false);
            }
        }
        catch (Exception) when (cancellationToken.IsCancellationRequested)
        {
            // The cluster ends, and whatever a strategy throws at its end is nobody's business any more.
        }
    }

    private void Tell(Exception e)
    {
        try
        {
            logger.SourceNotWatched(source.Name, e.Message, source.Interval.TotalSeconds);
        }
        catch (Exception)
        {
            // A logger may be anybody's code, too; the watch goes on.
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
            await CancelAsync(cancel).ConfigureAwait(false);
            Forget(_asking);
            return Failed($"it did not answer within {Seconds(source.Timeout)}");
        }
        catch (Exception e)
        {
            // A strategy may be anybody's code. Whatever it throws is its failure, and costs no peer anything.
            return new PeerSnapshot.Unavailable(e);
        }
    }

    // Whoever has a callback on the token, a strategy, may throw.
    private static async Task CancelAsync(CancellationTokenSource source)
    {
        try
        {
            await source.CancelAsync().ConfigureAwait(false);
        }
        catch (AggregateException)
        {
            // It is cancelled all the same.
        }
    }

    // The collections of others may change under our hands or lie; what goes on from here is a copy of ours.
    private static PeerSnapshot Checked(PeerSnapshot? answer) => answer switch
    {
        PeerSnapshot.Complete { Peers: { Count: > MaxPeers } peers } => new PeerSnapshot.Incomplete(
            Copy([.. peers.Take(MaxPeers)]), FormattableString.Invariant($"it names {peers.Count} peers; more than {MaxPeers} are not taken")),
        PeerSnapshot.Incomplete { Peers: { Count: > MaxPeers } peers } incomplete =>
            new PeerSnapshot.Incomplete(Copy([.. peers.Take(MaxPeers)]), incomplete.Reason ?? "no reason given"),
        PeerSnapshot.Complete { Peers: { } peers } => new PeerSnapshot.Complete(Copy(peers)),
        PeerSnapshot.Incomplete { Peers: { } peers } incomplete =>
            new PeerSnapshot.Incomplete(Copy(peers), incomplete.Reason ?? "no reason given"),
        PeerSnapshot.Unavailable { Cause: not null } => answer,
        _ => Failed("its answer is null, or has null in the place of the peers or the cause"),
    };

    private static DiscoveredPeer[] Copy(IReadOnlyCollection<DiscoveredPeer> peers)
    {
        var copy = peers.ToArray();
        if (Array.Exists(copy, peer => peer?.Name is null))
            throw new InvalidOperationException("There is a peer without a name in the answer.");
        if (Array.Find(copy, peer => peer.Port is < 1 or > ushort.MaxValue) is { } noPort)
            throw new InvalidOperationException(FormattableString.Invariant($"The port of {noPort.Name}, {noPort.Port}, is none."));
        if (Array.Find(copy, peer => peer.Address is { Length: 0 or > MaxAddress }) is { } noAddress)
            throw new InvalidOperationException($"The address of {noAddress.Name} is none: it is empty, or longer than {MaxAddress} characters.");
        return copy;
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
