using System.Diagnostics.Metrics;
using Enmesh.Terms;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;

namespace Enmesh.Hosting;

/// <summary>Adds Erlang nodes to a host.</summary>
public static class ErlangNodeExtensions
{
    /// <summary>The section of the configuration that the unnamed node reads; named ones read <c>Enmesh:Nodes:NAME</c>.</summary>
    public const string Section = "Enmesh";

    /// <summary>The name of the supervisor above all servers of a node; <see cref="ErlangNodeBuilder.Supervise"/> may change it.</summary>
    public const string SupervisorName = "enmesh_sup";

    internal const string NodesSection = $"{Section}:Nodes";

    /// <summary>
    /// Adds a node that starts and ends with the host. Its settings come from the section <c>Enmesh</c> of the configuration, then
    /// from <paramref name="configure"/>. Inject it as <see cref="ErlangNode"/>.
    /// </summary>
    /// <remarks>
    /// The node starts before the host's other services do. All that is wrong with its settings is said at once, by key, when the
    /// host starts.
    /// </remarks>
    public static ErlangNodeBuilder AddErlangNode(this IHostApplicationBuilder builder, Action<ErlangNodeOptions>? configure = null) =>
        Add(builder, Options.DefaultName, Section, configure);

    /// <summary>
    /// Adds one of several nodes. Its settings come from the section <c>Enmesh:Nodes:NAME</c>, then from
    /// <paramref name="configure"/>. Inject it with <c>[FromKeyedServices(NAME)]</c>.
    /// </summary>
    /// <inheritdoc cref="AddErlangNode(IHostApplicationBuilder, Action{ErlangNodeOptions})" path="/remarks"/>
    public static ErlangNodeBuilder AddErlangNode(
        this IHostApplicationBuilder builder, string name, Action<ErlangNodeOptions>? configure = null)
    {
        ArgumentException.ThrowIfNullOrWhiteSpace(name);
        return Add(builder, name, $"{NodesSection}:{name}", configure);
    }

    private static ErlangNodeBuilder Add(IHostApplicationBuilder builder, string name, string section, Action<ErlangNodeOptions>? configure)
    {
        ArgumentNullException.ThrowIfNull(builder);
        var services = builder.Services;
        if (services.Any(service => service.ServiceType == typeof(ErlangNode) && Equals(service.ServiceKey ?? Options.DefaultName, name)))
            throw new InvalidOperationException($"There is a node {(name.Length == 0 ? "without a name" : $"named '{name}'")} already; name the others.");

        var names = NamesIn(services);
        names.Add(name);
        var bound = new ErlangNodeBinding(section);
        services.AddOptions<ErlangNodeOptions>(name)
            .Configure(static options => options.DrainDelay = OperatorAddress.IsInPod ? DrainDelayInPod : TimeSpan.Zero)
            .Configure<IConfiguration>((options, configuration) => bound.Bind(configuration.GetSection(section), options))
            .Configure(options => configure?.Invoke(options))
            .PostConfigure<IConfiguration, IServiceProvider>((options, configuration, provider) =>
                bound.BindDiscovery(configuration.GetSection(section), options, provider))
            .ValidateOnStart();
        services.AddSingleton<IValidateOptions<ErlangNodeOptions>>(provider =>
            new ErlangNodeValidation(name, section, bound, provider.GetRequiredService<IServiceProviderIsService>()));

        var node = new ErlangNodeBuilder(services, name);
        services.AddKeyedSingleton(name, (provider, _) => Make(provider, name, node));
        if (name.Length == 0)
            services.AddSingleton(provider => provider.GetRequiredKeyedService<ErlangNode>(name));
        var hosted = ServiceDescriptor.Singleton<IHostedService>(provider => new ErlangNodeService(
            () => provider.GetRequiredKeyedService<ErlangNode>(name),
            () => provider.GetRequiredService<IOptionsMonitor<ErlangNodeOptions>>().Get(name).DrainDelay,
            provider.GetRequiredService<HostedNodes>(),
            provider.GetRequiredService<IHostApplicationLifetime>()));
        services.Add(hosted);
        names.FirstHosted ??= hosted;
        services.TryAddSingleton(TimeProvider.System);
        return node;
    }

    // There, others go on sending work for a while; elsewhere somebody waits for the prompt.
    private static readonly TimeSpan DrainDelayInPod = TimeSpan.FromSeconds(20);

    private static NodeNames NamesIn(IServiceCollection services)
    {
        if (services.FirstOrDefault(service => service.ServiceType == typeof(NodeNames)) is { } known)
            return (NodeNames)known.ImplementationInstance!;
        var names = new NodeNames();
        services.AddSingleton(names);
        services.AddSingleton<HostDrain>();
        services.AddSingleton<HostedNodes>();
        services.AddSingleton<OwnedSources>();
        services.AddSingleton<IValidateOptions<ErlangNodeOptions>, UnclaimedSections>();
        services.AddSingleton<IValidateOptions<ErlangNodeOptions>, OrderedStart>();
        return names;
    }

    // What the servers were for is not done any more: the host stops, and whoever runs it may start it anew. Ends with the node.
    private static async Task StopWithAsync(ErlangNode node, Task<Term> ended, IHostApplicationLifetime lifetime)
    {
        await ended.ConfigureAwait(false);
        // A host that is disposed of without having been stopped, as tests do, has not failed.
        if (node.IsEnding)
            return;
        await lifetime.FailAsync().ConfigureAwait(false);
    }

    private static ErlangNode Make(IServiceProvider provider, string name, ErlangNodeBuilder built)
    {
        var node = new ErlangNode(
            provider.GetRequiredService<IOptionsMonitor<ErlangNodeOptions>>().Get(name),
            provider.GetService<ILoggerFactory>(),
            provider.GetService<TimeProvider>(),
            provider.GetService<IMeterFactory>());
        foreach (var (process, body) in built.Processes)
            node.SpawnAtStart(context => body(provider, context), process);
        foreach (var export in built.Exports)
            export(provider, node.Functions);
        if (built.Children.Count > 0)
        {
            var children = built.Children.Select(child => child.Make(provider) with { Id = child.Id });
            var ended = node.SuperviseAtStart(built.Supervision(new() { Name = SupervisorName }) with { Children = [.. children] });
            _ = StopWithAsync(node, ended, provider.GetRequiredService<IHostApplicationLifetime>());
        }
        return node;
    }
}
