using Enmesh.Processes;
using Enmesh.Terms;

namespace Enmesh.Behaviours;

/// <summary>A supervisor that starts and stops with its node.</summary>
internal sealed class SupervisorOfNode(SupervisorOptions options)
{
    private Supervisor? _supervisor;
    private volatile bool _isStopping;

    /// <summary>Completes with the exit reason.</summary>
    internal TaskCompletionSource<Term> Ended { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);

    /// <exception cref="ServerStartException">A child did not start.</exception>
    internal async Task StartAsync(ProcessRuntime runtime, CancellationToken cancellationToken)
    {
        var process = await ServerStart.StartSupervisorAsync(runtime, null, options, cancellationToken, reason =>
        {
            if (_supervisor is { } supervisor && !_isStopping && !runtime.IsEnding)
                runtime.Logger.SupervisorOfNodeEnded(options.Name ?? supervisor.Address, reason);
            Ended.TrySetResult(reason);
        }).ConfigureAwait(false);
        _supervisor = new(runtime, process);
    }

    internal async Task StopAsync()
    {
        _isStopping = true;
        try
        {
            await _supervisor!.StopAsync().ConfigureAwait(false);
        }
        catch (CallExitException)
        {
            // It has ended before, or otherwise; that was reported.
        }
    }
}
