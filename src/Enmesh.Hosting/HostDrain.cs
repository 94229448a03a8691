using System.Runtime.InteropServices;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;

namespace Enmesh.Hosting;

/// <summary>The parts of a host's end, in their order.</summary>
internal enum DrainPhase
{
    /// <summary>Not ready any more, and everything else goes on until others have forgotten it.</summary>
    Serving,

    /// <summary>The program's own hooks run.</summary>
    Hooks,

    /// <summary>Services stop, and the nodes close all their links at once.</summary>
    Closing,
}

/// <summary>How far a host is on its way out.</summary>
/// <param name="Phase">Which part.</param>
/// <param name="Since">When it was told to stop.</param>
/// <param name="Until">When the part ends at latest; null for the last one, which ends when it is done.</param>
/// <param name="Running">The hooks that are not done yet.</param>
/// <param name="IsHurried">Whether a second signal has come.</param>
internal sealed record DrainState(DrainPhase Phase, DateTimeOffset Since, DateTimeOffset? Until, IReadOnlyList<string> Running, bool IsHurried);

/// <summary>
/// What lies between the signal to stop and the stopping: a while in which load balancers and discovery forget the host, then the program's own hooks.
/// All of it ends early enough for the host to close in good order, and at once when a second signal comes.
/// </summary>
internal sealed class HostDrain(
    IEnumerable<DrainHook> hooks, IServiceScopeFactory scopes, IOptions<HostOptions> options, TimeProvider time, ILogger<HostDrain> logger)
{
    private static readonly TimeSpan MostReserve = TimeSpan.FromSeconds(5);

    private readonly Lock _gate = new();
    private readonly DrainHook[] _hooks = [.. hooks];
    private volatile DrainState? _state;

    /// <summary>How far it is; null while nobody has told the host to stop.</summary>
    internal DrainState? State => _state;

    /// <summary>What is left of the host's patience for this: the rest is for services and links, which end in good order.</summary>
    internal TimeSpan Limit
    {
        get
        {
            var patience = options.Value.ShutdownTimeout;
            if (patience == Timeout.InfiniteTimeSpan)
                return patience;
            var reserve = patience / 6;
            return patience - (reserve < MostReserve ? reserve : MostReserve);
        }
    }

    /// <summary>Waits, then runs the hooks.</summary>
    internal async Task RunAsync(TimeSpan delay, CancellationToken cancellationToken)
    {
        var (begun, limit) = (time.GetUtcNow(), Limit);
        var isBounded = limit != Timeout.InfiniteTimeSpan;
        if (isBounded && delay > limit)
        {
            logger.DrainDelayCut(delay.TotalSeconds, limit.TotalSeconds, options.Value.ShutdownTimeout.TotalSeconds);
            delay = limit;
        }
        _state = new(DrainPhase.Serving, begun, begun + delay, [], IsHurried: false);
        // Not disposed of: a signal that comes at the very end still finds it.
        var hurry = new CancellationTokenSource();
        // The signal that began this is being handled already: what comes from here on is a further one.
        using var signals = new Signals(() => Hurry(hurry));
        using var deadline = new CancellationTokenSource(limit, time);
        using var end = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, hurry.Token, deadline.Token);
        await Task.Delay(delay, time, end.Token).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        if (_hooks.Length > 0 && !end.IsCancellationRequested)
        {
            Change(state => state with { Phase = DrainPhase.Hooks, Until = isBounded ? begun + limit : null, Running = [.. _hooks.Select(hook => hook.Name)] });
            await Task.WhenAll(_hooks.Select(hook => RunAsync(hook, end.Token))).ConfigureAwait(false);
        }
        Change(state => state with { Phase = DrainPhase.Closing, Until = null, Running = [] });
    }

    private void Change(Func<DrainState, DrainState> change)
    {
        lock (_gate)
            _state = change(_state!);
    }

    private void Hurry(CancellationTokenSource hurry)
    {
        logger.DrainHurried();
        Change(state => state with { IsHurried = true });
        hurry.Cancel();
    }

    private async Task RunAsync(DrainHook hook, CancellationToken cancellationToken)
    {
        // Off the thread that stops the host, and side by side with the others, whatever it does there.
        await Task.Yield();
        var begun = time.GetTimestamp();
        try
        {
            // One that does not heed its token is not waited for.
            await RunInScopeAsync(hook, cancellationToken).WaitAsync(cancellationToken).ConfigureAwait(false);
            var taken = time.GetElapsedTime(begun);
            logger.DrainHookDone(hook.Name, taken.TotalSeconds);
        }
        catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
        {
            var given = time.GetElapsedTime(begun);
            logger.DrainHookCut(hook.Name, given.TotalSeconds);
        }
#pragma warning disable CA1031 // It is the program's own code: whatever is wrong with it, the host still stops in good order.
        catch (Exception e)
#pragma warning restore CA1031
        {
            logger.DrainHookFailed(e, hook.Name);
        }
        Change(state => state with { Running = [.. state.Running.Where(name => name != hook.Name)] });
    }

    private async Task RunInScopeAsync(DrainHook hook, CancellationToken cancellationToken)
    {
        var scope = scopes.CreateAsyncScope();
        await using (scope.ConfigureAwait(false))
            await hook.RunAsync(scope.ServiceProvider, cancellationToken).ConfigureAwait(false);
    }

    /// <summary>The signals that mean that somebody is impatient.</summary>
    private sealed class Signals : IDisposable
    {
        private readonly PosixSignalRegistration[] _registrations;

        internal Signals(Action come)
        {
            _registrations = [.. new[] { PosixSignal.SIGTERM, PosixSignal.SIGINT, PosixSignal.SIGQUIT }.Select(
                signal => PosixSignalRegistration.Create(signal, context =>
                {
                    context.Cancel = true;
                    come();
                }))];
        }

        public void Dispose()
        {
            foreach (var registration in _registrations)
                registration.Dispose();
        }
    }
}
