using Microsoft.Extensions.Hosting;
using Xunit;

namespace Enmesh.Hosting.Tests;

/// <summary>When a host that has failed is stopped.</summary>
[Trait("Ring", "pure")]
[Collection(TestHost.OwnsExitCode)]
public sealed class HostFailureTests
{
    [Fact]
    public async Task A_host_that_is_still_starting_is_stopped_as_soon_as_it_has_started()
    {
        using var host = new Lifetime();
        try
        {
            var failing = host.FailAsync();
            Assert.False(failing.IsCompleted || host.IsStopped);
            await host.Started.CancelAsync();
            await failing.WaitAsync(TimeSpan.FromSeconds(60));
            Assert.Equal((true, 1), (host.IsStopped, Environment.ExitCode));
        }
        finally
        {
            Environment.ExitCode = 0;
        }
    }

    [Fact]
    public async Task A_host_that_stops_anyway_is_left_alone()
    {
        using var host = new Lifetime();
        var failing = host.FailAsync();
        await host.Stopping.CancelAsync();
        await failing.WaitAsync(TimeSpan.FromSeconds(60));
        Assert.False(host.IsStopped);
    }

    private sealed class Lifetime : IHostApplicationLifetime, IDisposable
    {
        internal CancellationTokenSource Started { get; } = new();

        internal CancellationTokenSource Stopping { get; } = new();

        internal bool IsStopped { get; private set; }

        public CancellationToken ApplicationStarted => Started.Token;

        public CancellationToken ApplicationStopping => Stopping.Token;

        public CancellationToken ApplicationStopped => CancellationToken.None;

        public void StopApplication() => IsStopped = true;

        public void Dispose()
        {
            Started.Dispose();
            Stopping.Dispose();
        }
    }
}
