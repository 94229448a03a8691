using System.Diagnostics.CodeAnalysis;
using Enmesh.Discovery;
using Enmesh.Modules;
using Enmesh.Processes;
using Enmesh.Services;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;

namespace Enmesh.Hosting;

/// <summary>What is added to a node before it starts.</summary>
public sealed class ErlangNodeBuilder
{
    internal ErlangNodeBuilder(IServiceCollection services, string name)
    {
        Services = services;
        Name = name;
    }

    /// <summary>The host's services.</summary>
    public IServiceCollection Services { get; }

    /// <summary>The node's name among the host's nodes; empty for the only one.</summary>
    public string Name { get; }

    internal List<(string? Name, Func<IServiceProvider, ProcessContext, Task> Body)> Processes { get; } = [];

    internal List<Action<IServiceProvider, ExportedFunctions>> Exports { get; } = [];

    /// <summary>Starts a process together with the node, before any peer can reach it.</summary>
    /// <param name="name">The name it is registered under; null for none.</param>
    /// <param name="body">What it does.</param>
    public ErlangNodeBuilder AddProcess(string? name, Func<ProcessContext, Task> body)
    {
        ArgumentNullException.ThrowIfNull(body);
        return AddProcess(name, (_, context) => body(context));
    }

    /// <summary>Starts a process together with the node, before any peer can reach it.</summary>
    /// <param name="name">The name it is registered under; null for none.</param>
    /// <param name="body">What it does, with the host's services.</param>
    public ErlangNodeBuilder AddProcess(string? name, Func<IServiceProvider, ProcessContext, Task> body)
    {
        ArgumentNullException.ThrowIfNull(body);
        Processes.Add((name, body));
        return this;
    }

    /// <summary>Lets peers call functions.</summary>
    public ErlangNodeBuilder Export(Action<IServiceProvider, ExportedFunctions> export)
    {
        ArgumentNullException.ThrowIfNull(export);
        Exports.Add(export);
        return this;
    }

    /// <summary>
    /// Lets peers call the functions of a module, a class with <see cref="ErlangModuleAttribute"/>. Each call has a scope
    /// of the host's services, and gets the module from it.
    /// </summary>
    /// <remarks>
    /// The class is registered as a scoped service, unless it is a service already: register it as a singleton for one
    /// object that is called by several peers at a time.
    /// </remarks>
    /// <typeparam name="T">The class.</typeparam>
    public ErlangNodeBuilder AddErlangModule<
        [DynamicallyAccessedMembers(DynamicallyAccessedMemberTypes.PublicConstructors)] T>()
        where T : class, IErlangModule<T>
    {
        Services.TryAddScoped<T>();
        return Export(static (provider, functions) =>
        {
            var scopes = provider.GetRequiredService<IServiceScopeFactory>();
            functions.Export<T>(async (body, context, arguments) =>
            {
                var scope = scopes.CreateAsyncScope();
                await using (scope.ConfigureAwait(false))
                {
                    var module = scope.ServiceProvider.GetRequiredService<T>();
                    return await body(module, context, arguments).ConfigureAwait(false);
                }
            });
        });
    }

    /// <summary>Has the node find its cluster through a strategy of your own, beside those that the configuration names.</summary>
    /// <param name="name">The source's name in views, logs and metrics; distinct within the node.</param>
    /// <param name="discovery">Makes the strategy out of the host's services; called once, when the host starts.</param>
    /// <param name="polling">How it is asked; null for the defaults.</param>
    public ErlangNodeBuilder AddDiscovery(
        string name, Func<IServiceProvider, IPeerDiscovery> discovery, DiscoveryPolling? polling = null)
    {
        ArgumentException.ThrowIfNullOrWhiteSpace(name);
        ArgumentNullException.ThrowIfNull(discovery);
        Services.AddOptions<ErlangNodeOptions>(Name).PostConfigure<IServiceProvider>((options, provider) =>
            options.Discovery.Add(new DiscoverySource(name, discovery(provider), polling)));
        return this;
    }
}
