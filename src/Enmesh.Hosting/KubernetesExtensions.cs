using Enmesh.Kubernetes.Api;
using Enmesh.Kubernetes.Leases;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Logging;

namespace Enmesh.Hosting;

/// <summary>The Kubernetes API among a host's services.</summary>
public static class KubernetesExtensions
{
    /// <summary>
    /// Adds an <see cref="IKubernetesClient"/>, which discovery shares. It is made when it is first needed.
    /// </summary>
    /// <param name="services">The host's services.</param>
    /// <param name="access">
    /// Where the API is; null for the service account in a pod and the kubeconfig elsewhere, as
    /// <see cref="KubernetesAccess.Find"/> has it. One that is said replaces a client that is there already, whoever has added it; without one
    /// that client stays.
    /// </param>
    public static IServiceCollection AddKubernetesClient(this IServiceCollection services, Func<KubernetesAccess>? access = null)
    {
        ArgumentNullException.ThrowIfNull(services);
        var client = ServiceDescriptor.Singleton<IKubernetesClient>(provider =>
            new KubernetesClient(access?.Invoke() ?? KubernetesAccess.Find(), provider.GetService<TimeProvider>()));
        if (access is not null)
            services.RemoveAll<IKubernetesClient>();
        services.TryAdd(client);
        return services;
    }

    /// <summary>
    /// Adds a candidate for a Lease; inject it as <see cref="LeaderElector"/> with <c>[FromKeyedServices(NAME)]</c>, by
    /// the name of the Lease. <see cref="AddKubernetesClient"/> is included.
    /// </summary>
    /// <param name="services">The host's services.</param>
    /// <param name="name">The name of the Lease.</param>
    /// <param name="configure">Changes the options.</param>
    public static IServiceCollection AddLeaderElector(
        this IServiceCollection services, string name, Action<LeaderElectorOptions>? configure = null)
    {
        ArgumentException.ThrowIfNullOrWhiteSpace(name);
        services.AddKubernetesClient();
        services.AddKeyedSingleton(name, (provider, _) =>
        {
            var options = new LeaderElectorOptions { Name = name };
            configure?.Invoke(options);
            return new LeaderElector(
                provider.GetRequiredService<IKubernetesClient>(), options, provider.GetService<TimeProvider>(),
                provider.GetService<ILoggerFactory>()?.CreateLogger<LeaderElector>());
        });
        return services;
    }
}
