using Enmesh.Kubernetes.Certificates;
using Microsoft.Extensions.Hosting;

namespace Enmesh.Hosting;

/// <summary>Has the first certificate there before any node starts, and renews it until the host has stopped.</summary>
internal sealed class NodeCertificateService(Func<NodeCertificateRenewal> make) : IHostedLifecycleService, IDisposable
{
    private readonly CancellationTokenSource _stop = new();
    private Task _renewing = Task.CompletedTask;

    public async Task StartingAsync(CancellationToken cancellationToken)
    {
        var renewal = make();
        await renewal.EnsureAsync(cancellationToken).ConfigureAwait(false);
        _renewing = renewal.RunAsync(_stop.Token);
    }

    public Task StartAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StartedAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StoppingAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    // Last of all: nodes that drain still make connections.
    public async Task StoppedAsync(CancellationToken cancellationToken)
    {
        await _stop.CancelAsync().ConfigureAwait(false);
        await _renewing.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
    }

    public void Dispose() => _stop.Dispose();
}
