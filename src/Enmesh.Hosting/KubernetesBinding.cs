using Enmesh.Discovery;
using Enmesh.Kubernetes;
using Enmesh.Kubernetes.Api;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace Enmesh.Hosting;

/// <summary>Reads the settings of a source that asks the Kubernetes API.</summary>
internal static class KubernetesBinding
{
    internal static void Bind(string name, SettingKeys keys, IList<DiscoverySource> sources, IServiceProvider services)
    {
        var options = new KubernetesDiscoveryOptions();
        keys.Choice<KubernetesLookup>(nameof(options.Lookup), value => options.Lookup = value);
        keys.Choice<KubernetesNaming>(nameof(options.Naming), value => options.Naming = value);
        keys.Text(nameof(options.Service), value => options.Service = value);
        keys.Text(nameof(options.Selector), value => options.Selector = value);
        keys.Texts(nameof(options.Namespaces), options.Namespaces);
        keys.Text(nameof(options.Alive), value => options.Alive = value);
        keys.Text(nameof(options.ClusterDomain), value => options.ClusterDomain = value);
        keys.Choice<KubernetesFamily>(nameof(options.Family), value => options.Family = value);
        keys.Text(nameof(options.PortName), value => options.PortName = value);
        keys.Number(nameof(options.Port), value => options.Port = value);
        keys.Flag(nameof(options.Watch), value => options.Watch = value);
        keys.Flag(nameof(options.UseCachedResources), value => options.UseCachedResources = value);
        keys.Text(nameof(options.KubeConfig), value => options.KubeConfig = value);
        keys.Text(nameof(options.Context), value => options.Context = value);
        keys.Text(nameof(options.PodName), value => options.PodName = value);
        keys.Number(nameof(options.EmptyConfirmations), value => options.EmptyConfirmations = value);
        keys.Duration(nameof(options.EmptyAge), value => options.EmptyAge = value);
        StrategyBinding.BindPolling(keys, options);
        if (!keys.Accept(options.Validate()))
            return;
        // A client of the host's is used, unless the settings lead to another server.
        var client = options.KubeConfig is null && options.Context is null
            ? services.GetService<IKubernetesClient>()
            : null;
        var logger = services.GetService<ILoggerFactory>()?.CreateLogger<KubernetesDiscovery>();
        var discovery = new KubernetesDiscovery(options, client, services.GetService<TimeProvider>(), logger);
        services.GetService<OwnedSources>()?.Add(discovery);
        sources.Add(new DiscoverySource(name, discovery, options));
    }
}
