using Enmesh.Kubernetes.Leases;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Xunit;

// Every C# block of docs/kubernetes-discovery.md stands in this file.
namespace Enmesh.Hosting.Tests.Docs;

public sealed class Migrations([FromKeyedServices("orders-leader")] LeaderElector elector) : BackgroundService
{
    protected override Task ExecuteAsync(CancellationToken stoppingToken) => elector.RunAsync(MigrateAsync, stoppingToken);

    private static Task MigrateAsync(CancellationToken lost) => Task.Delay(Timeout.Infinite, lost);
}

/// <summary>What docs/kubernetes-discovery.md shows, compiled.</summary>
[Trait("Ring", "loopback")]
public sealed class KubernetesExamples
{
    [Fact]
    public async Task A_service_of_which_one_does_its_work()
    {
        await using var host = new TestHost();
        var builder = host.Builder;
        var config = host.WriteCookie(
            "kubeconfig",
            """{"current-context":"c","contexts":[{"name":"c","context":{"cluster":"k"}}],"clusters":[{"name":"k","cluster":{"server":"https://k:1"}}]}""");
        builder.Services.AddKubernetesClient(() => Enmesh.Kubernetes.Api.KubernetesAccess.FromKubeConfig(config));
        builder.Services.AddLeaderElector("orders-leader");
        builder.Services.AddHostedService<Migrations>();

        await using var services = builder.Services.BuildServiceProvider();
        Assert.Contains(services.GetServices<IHostedService>(), service => service is Migrations);
    }
}
