using Microsoft.Extensions.Hosting;

namespace Enmesh.Hosting;

/// <summary>
/// Starts the node before the host's services start and has them wait until it has joined its cluster; drains it before
/// they stop, and ends it after they have ended.
/// </summary>
internal sealed class ErlangNodeService(
    Func<ErlangNode> node, Func<TimeSpan> drainDelay, HostedNodes all, IHostApplicationLifetime lifetime)
    : IHostedLifecycleService
{
    private ErlangNode? _node;

    public async Task StartingAsync(CancellationToken cancellationToken)
    {
        // Made here and not by the container before: a host with wrong settings reports them through its validation.
        _node = node();
        // A peer that may stop the node means the program.
        _ = StopWithAsync(_node);
        await _node.StartAsync(cancellationToken).ConfigureAwait(false);
        await all.HasStartedAsync(_node, drainDelay(), cancellationToken).ConfigureAwait(false);
    }

    public Task StartAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StartedAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StoppingAsync(CancellationToken cancellationToken) => all.DrainAsync(cancellationToken);

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
