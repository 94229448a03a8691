using Microsoft.Extensions.Hosting;

namespace Enmesh.Hosting;

/// <summary>
/// Starts the node before the host's services start and has them wait until it has joined its cluster; drains it before
/// they stop, and ends it after they have ended.
/// </summary>
internal sealed class ErlangNodeService(
    Func<ErlangNode> node, Func<TimeSpan> drainDelay, TimeProvider time, IHostApplicationLifetime lifetime)
    : IHostedLifecycleService
{
    private ErlangNode? _node;
    private bool _isUp;

    public async Task StartingAsync(CancellationToken cancellationToken)
    {
        // Made here and not by the container before: a host with wrong settings reports them through its validation.
        _node = node();
        // A peer that may stop the node means the program.
        _ = StopWithAsync(_node);
        await _node.StartAsync(cancellationToken).ConfigureAwait(false);
        try
        {
            await _node.Cluster.JoinAsync(cancellationToken).ConfigureAwait(false);
            _isUp = true;
        }
        catch
        {
            // The host does not stop what did not start.
            await _node.DisposeAsync().ConfigureAwait(false);
            throw;
        }
    }

    public Task StartAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StartedAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public async Task StoppingAsync(CancellationToken cancellationToken)
    {
        if (!_isUp)
            return;
        _node!.Drain();
        // Should the host's patience end before, there is nothing left to wait for.
        await Task.Delay(drainDelay(), time, cancellationToken)
            .ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
    }

    public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public async Task StoppedAsync(CancellationToken cancellationToken)
    {
        if (_node is not null)
            await _node.DisposeAsync().ConfigureAwait(false);
    }

    // Ends with the process when nobody ever asks.
    private async Task StopWithAsync(ErlangNode started)
    {
        Environment.ExitCode = await started.StopRequested.ConfigureAwait(false);
        lifetime.StopApplication();
    }
}
