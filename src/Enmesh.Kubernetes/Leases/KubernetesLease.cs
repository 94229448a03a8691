using Microsoft.Extensions.Logging;

namespace Enmesh.Kubernetes.Leases;

/// <summary>A lease that we hold, renewed until it is disposed of or lost.</summary>
public sealed class KubernetesLease : IAsyncDisposable
{
    private readonly LeaseClaim _claim;
    private readonly LeaderElectorOptions _options;
    private readonly TimeProvider _time;
    private readonly ILogger _logger;
    private readonly Action _ended;
    private readonly CancellationTokenSource _lost = new();
    private readonly CancellationTokenSource _stop = new();
    private readonly ITimer _deadline;
    private readonly Task _renewing;
    private int _isOver;

    internal KubernetesLease(
        LeaseClaim claim, LeaderElectorOptions options, long begun, TimeProvider time, ILogger logger, Action ended)
    {
        _claim = claim;
        _options = options;
        _time = time;
        _logger = logger;
        _ended = ended;
        // Taken once: a token outlives its source.
        Lost = _lost.Token;
        // The deadline has a timer of its own, whatever becomes of the requests.
        _deadline = time.CreateTimer(
            _ => Lose(FormattableString.Invariant($"it could not be renewed for {options.RenewDeadline.TotalSeconds:0.###} s")),
            null, Left(begun), Timeout.InfiniteTimeSpan);
        _renewing = RenewAsync();
    }

    /// <summary>
    /// Cancelled when the lease is lost, or given up: from then on another one may lead. Not before it is cancelled,
    /// given clocks that run about equally fast.
    /// </summary>
    public CancellationToken Lost { get; }

    /// <summary>Why it was lost; null while it is held, and when it was given up.</summary>
    public string? Why { get; private set; }

    /// <summary>Ends the work by <see cref="Lost"/>, and gives the lease up so that another one may lead at
    /// once.</summary>
    public async ValueTask DisposeAsync()
    {
        if (Interlocked.Exchange(ref _isOver, 2) is not (var before and not 2))
            return;
        try
        {
            await _stop.CancelAsync().ConfigureAwait(false);
            await _deadline.DisposeAsync().ConfigureAwait(false);
            await _renewing.ConfigureAwait(false);
            // What callbacks of the user throw is theirs to hear, after the lease is free.
            await _lost.CancelAsync().ConfigureAwait(false);
        }
        finally
        {
            if (before == 0)
                await ReleaseAsync().ConfigureAwait(false);
            _stop.Dispose();
            _ended();
        }
    }

    private TimeSpan Left(long begun)
    {
        var left = _options.RenewDeadline - _time.GetElapsedTime(begun);
        return left > TimeSpan.Zero ? left : TimeSpan.Zero;
    }

    private async Task RenewAsync()
    {
        var stop = _stop.Token;
        try
        {
            while (true)
            {
                await Task.Delay(_options.RetryPeriod, _time, stop).ConfigureAwait(false);
                var begun = _time.GetTimestamp();
                switch (await TryAsync(stop).ConfigureAwait(false))
                {
                    case ClaimOutcome.Held:
                        // From when it was asked: when it was granted is not known to us.
                        _deadline.Change(Left(begun), Timeout.InfiniteTimeSpan);
                        break;
                    case ClaimOutcome.Others:
                        Lose($"{_claim.Holder} has it");
                        return;
                }
            }
        }
        catch (OperationCanceledException) when (stop.IsCancellationRequested)
        {
            // It is given up, or lost.
        }
    }

    private async Task<ClaimOutcome> TryAsync(CancellationToken stop)
    {
        // One request that hangs must not cost the others their turn. The next one may go out on the same connection over HTTP/2: pings find
        // out within this time that it is dead, see ApiTransport.
        using var patience = new CancellationTokenSource(_options.RenewDeadline / 2, _time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(patience.Token, stop);
        try
        {
            return await _claim.TryAsync(either.Token).ConfigureAwait(false);
        }
        catch (OperationCanceledException) when (!stop.IsCancellationRequested)
        {
            _logger.LeaseAttemptFailed(_options.Name, "there was no answer in time");
        }
        catch (Exception e) when (e is not OperationCanceledException)
        {
            // While there is time even a denial may pass; and whatever it was, the deadline decides and not an exception that nobody sees.
            _logger.LeaseAttemptFailed(_options.Name, e.Message);
        }
        return ClaimOutcome.Beaten;
    }

    private void Lose(string why)
    {
        if (Interlocked.CompareExchange(ref _isOver, 1, 0) != 0)
            return;
        Why = why;
        _logger.LeaseLost(_options.Name, why);
        // Callbacks of the user run elsewhere, and what they throw is kept in the task.
        _ = _lost.CancelAsync();
        _ = _stop.CancelAsync();
    }

    private async Task ReleaseAsync()
    {
        using var patience = new CancellationTokenSource(_options.RenewDeadline / 2, _time);
        try
        {
            await _claim.ReleaseAsync(patience.Token).ConfigureAwait(false);
            _logger.LeaseReleased(_options.Name);
        }
        catch (Exception e)
        {
            // Whatever it was, it expires by itself; the others wait for that.
            _logger.LeaseNotReleased(_options.Name, e.Message);
        }
    }
}
