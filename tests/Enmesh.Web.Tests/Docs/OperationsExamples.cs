using Enmesh.Hosting;
using Enmesh.Hosting.Tests;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Diagnostics.HealthChecks;
using Xunit;

namespace Enmesh.Web.Tests.Docs;

/// <summary>What docs/operations.md shows, compiled.</summary>
[Trait("Ring", "loopback")]
public sealed class OperationsExamples
{
    [Fact]
    public async Task A_host_with_all_of_it()
    {
        await using var host = new TestHost();
        host.With("Enmesh", "node").Set(("Enmesh:Epmd", "off"), ("Enmesh:Listen", "false"), ("Enmesh:Web:Metrics", "127.0.0.1:0"), ("Enmesh:Web:Probes", "off"), ("Enmesh:Web:Page", "127.0.0.1:0"));
        var builder = host.Builder;

        builder.AddErlangNode();
        builder.AddErlangEndpoints();
        builder.AddErlangOtlp(); // to a collector of OpenTelemetry, where the environment names one
        builder.Services.AddHealthChecks().AddErlangNodes(); // the same readiness, among the host's own health checks

        await host.StartAsync();
        Assert.Equal(HealthStatus.Healthy, (await host.Services.GetRequiredService<HealthCheckService>().CheckHealthAsync()).Status);
        Assert.NotNull(host.Services.GetRequiredService<EndpointService>().Metrics);
        Assert.NotNull(host.Services.GetRequiredService<EndpointService>().Page);
    }

    [Fact]
    public async Task Hooks_that_run_before_the_end()
    {
        await using var host = new TestHost();
        host.With("Enmesh", "node").Set(("Enmesh:Epmd", "off"), ("Enmesh:Listen", "false"));
        var builder = host.Builder;
        var outbox = new Outbox();
        builder.Services.AddSingleton(outbox);

        builder.AddErlangNode()
            .AddDrainHook<HandOver>() // an IDrainHook with the services that it asks for
            .AddDrainHook("flush", async (services, cancellationToken) =>
                await services.GetRequiredService<Outbox>().FlushAsync(cancellationToken));

        await host.StartAsync();
        await host.StopAsync();
        Assert.Equal(["flushed", "handed over"], outbox.Done.Order(StringComparer.Ordinal));
    }

    private sealed class Outbox
    {
        internal System.Collections.Concurrent.ConcurrentQueue<string> Done { get; } = new();

        internal Task FlushAsync(CancellationToken cancellationToken)
        {
            cancellationToken.ThrowIfCancellationRequested();
            Done.Enqueue("flushed");
            return Task.CompletedTask;
        }
    }

    private sealed class HandOver(Outbox outbox) : IDrainHook
    {
        public Task DrainAsync(CancellationToken cancellationToken)
        {
            outbox.Done.Enqueue("handed over");
            return Task.CompletedTask;
        }
    }
}
