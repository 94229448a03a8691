using Enmesh.Consoles;
using Microsoft.Extensions.Hosting;

namespace Enmesh.Cli.Consoles;

/// <summary>The console of <c>enmesh node</c>: there as soon as the node is up, and until it has drained. Operators may watch it leave.</summary>
/// <param name="node">The node, once it is there.</param>
/// <param name="place">Where the option wants it.</param>
internal sealed class NodeConsole(Func<ErlangNode> node, string place) : IHostedLifecycleService, IAsyncDisposable
{
    private IAsyncDisposable? _listener;

    public Task StartingAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StartAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    // A node does its work without a console, too.
    public Task StartedAsync(CancellationToken cancellationToken)
    {
        try
        {
            _listener = place == ConsolePath.Off ? null : node().ListenForConsoles(place == ConsolePath.Usual ? null : place);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            CommandLine.Complain($"There is no console: {e.Message}");
        }
        return Task.CompletedTask;
    }

    public Task StoppingAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    // Before the node ends, which was added first and goes last.
    public Task StoppedAsync(CancellationToken cancellationToken) => DisposeAsync().AsTask();

    public ValueTask DisposeAsync() => _listener?.DisposeAsync() ?? default;
}
