using Enmesh.Cluster;
using Enmesh.Hosting;
using Microsoft.Extensions.Diagnostics.HealthChecks;
using Microsoft.Extensions.Hosting;

namespace Enmesh.Web;

/// <summary>
/// Whether the host's nodes may be given work: from the moment when all have joined their clusters and the host's services have started, until it stops.
/// </summary>
/// <remarks>
/// Lost peers, an outage of the Kubernetes API and certificates that end soon change nothing: taking all members out of service at
/// once is what would make an outage of it.
/// </remarks>
internal sealed class Readiness(HostedNodes nodes, IHostApplicationLifetime lifetime) : IHealthCheck
{
    /// <summary>Why not; null when they may.</summary>
    internal string? Problem
    {
        get
        {
            if (lifetime.ApplicationStopping.IsCancellationRequested || nodes.Started.Any(node => node.Cluster.View.IsDraining))
                return "draining: this program is about to stop";
            if (!nodes.HaveJoined)
                return $"joining: {string.Join("; ", Joining())}";
            return lifetime.ApplicationStarted.IsCancellationRequested ? null : "starting: services of this program have not started yet";
        }
    }

    public Task<HealthCheckResult> CheckHealthAsync(HealthCheckContext context, CancellationToken cancellationToken = default) =>
        Task.FromResult(Problem is { } problem
            ? new HealthCheckResult(context.Registration.FailureStatus, problem)
            : HealthCheckResult.Healthy());

    private IEnumerable<string> Joining()
    {
        var missing = nodes.Expected;
        foreach (var node in nodes.Started)
        {
            missing--;
            var view = node.Cluster.View;
            if (view.Join == JoinState.Waiting)
                yield return $"{node.Name} is connected to {view.Connected} of {view.Expected} peers";
        }
        if (missing > 0)
            yield return missing == 1 ? "a node is starting" : $"{missing} nodes are starting";
    }
}
