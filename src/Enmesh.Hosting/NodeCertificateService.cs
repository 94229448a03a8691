using Enmesh.Kubernetes.Certificates;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace Enmesh.Hosting;

/// <summary>Has the first certificate there before any node starts, and renews it until the host has stopped.</summary>
internal sealed class NodeCertificateService(
    Func<NodeCertificateRenewal> make, IHostApplicationLifetime lifetime, ILogger<NodeCertificateService> logger)
    : IHostedLifecycleService, IDisposable
{
    private readonly CancellationTokenSource _stop = new();

    /// <summary>Completes when nobody renews any more.</summary>
    internal Task Renewing { get; private set; } = Task.CompletedTask;

    public async Task StartingAsync(CancellationToken cancellationToken)
    {
        var renewal = make();
        await renewal.EnsureAsync(cancellationToken).ConfigureAwait(false);
        Renewing = RenewAsync(renewal);
    }

    public Task StartAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StartedAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StoppingAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    // Last of all: nodes that drain still make connections.
    public async Task StoppedAsync(CancellationToken cancellationToken)
    {
        await _stop.CancelAsync().ConfigureAwait(false);
        await Renewing.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
    }

    public void Dispose()
    {
        // Where a later service did not start, nobody has said that it is over.
        _stop.Cancel();
        _stop.Dispose();
    }

    // Failures are its own affair, and it goes on after them. Should it end all the same, its certificate would run out in silence.
    private async Task RenewAsync(NodeCertificateRenewal renewal)
    {
        var stop = _stop.Token;
        try
        {
            await renewal.RunAsync(stop).ConfigureAwait(false);
        }
        catch (OperationCanceledException) when (stop.IsCancellationRequested)
        {
            // The host has stopped.
        }
        catch (Exception e)
        {
            // Whatever it was: whoever runs the host may start it anew.
            logger.CertificateRenewalEnded(e);
            await lifetime.FailAsync().WaitAsync(stop).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }
}
