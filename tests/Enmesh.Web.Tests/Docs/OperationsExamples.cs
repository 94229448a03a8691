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
        host.With("Enmesh", "node").Set(("Enmesh:Epmd", "off"), ("Enmesh:Listen", "false"), ("Enmesh:Web:Metrics", "127.0.0.1:0"), ("Enmesh:Web:Probes", "off"));
        var builder = host.Builder;

        builder.AddErlangNode();
        builder.AddErlangEndpoints();
        builder.Services.AddHealthChecks().AddErlangNodes(); // the same readiness, among the host's own health checks

        await host.StartAsync();
        Assert.Equal(HealthStatus.Healthy, (await host.Services.GetRequiredService<HealthCheckService>().CheckHealthAsync()).Status);
        Assert.NotNull(host.Services.GetRequiredService<EndpointService>().Metrics);
    }
}
