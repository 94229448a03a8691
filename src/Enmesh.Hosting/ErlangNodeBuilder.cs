using System.Diagnostics.CodeAnalysis;
using Enmesh.Behaviours;
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

    internal List<(ChildId Id, Func<IServiceProvider, ChildSpec> Make)> Children { get; } = [];

    internal Func<SupervisorOptions, SupervisorOptions> Supervision { get; private set; } = static options => options;

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

    /// <summary>
    /// Adds a server that starts with the node, before any peer can reach it, is started again when it crashes, and stops before the node leaves its cluster.
    /// </summary>
    /// <remarks>
    /// The container makes it: each start has a scope of its own, which is disposed when the process has ended. The host does not start when it does not.
    /// See <see cref="Supervise"/> for what happens when it crashes too often.
    /// </remarks>
    /// <param name="name">The name it is registered under, and known by to its supervisor.</param>
    /// <param name="configure">Changes its specification: restart, shutdown time.</param>
    /// <typeparam name="T">The server; the type itself need not be registered with the container.</typeparam>
    /// <exception cref="ArgumentException">There is a child of that name.</exception>
    public ErlangNodeBuilder AddGenServer<[DynamicallyAccessedMembers(DynamicallyAccessedMemberTypes.PublicConstructors)] T>(
        string name, Func<ChildSpec, ChildSpec>? configure = null)
        where T : GenServer
    {
        ArgumentException.ThrowIfNullOrWhiteSpace(name);
        return AddChild(name, services =>
        {
            var child = services.ServerChild<T>(name, new ServerOptions { Name = name });
            return configure?.Invoke(child) ?? child;
        });
    }

    /// <summary>Adds a supervisor with children of its own, which starts and stops as <see cref="AddGenServer{T}"/> says.</summary>
    /// <param name="name">The name it is registered under, and known by to the supervisor above it.</param>
    /// <param name="options">Its children and more, with the host's services; see <see cref="ServerChildExtensions.ServerChild{T}"/>.</param>
    /// <exception cref="ArgumentException">There is a child of that name.</exception>
    public ErlangNodeBuilder AddSupervisor(string name, Func<IServiceProvider, SupervisorOptions> options)
    {
        ArgumentException.ThrowIfNullOrWhiteSpace(name);
        ArgumentNullException.ThrowIfNull(options);
        return AddChild(name, services => ChildSpec.Supervisor(name, options(services) with { Name = name }));
    }

    /// <summary>Adds a child of any kind, which starts and stops as <see cref="AddGenServer{T}"/> says.</summary>
    /// <param name="id">What it is known by.</param>
    /// <param name="child">Its specification, with the host's services.</param>
    /// <exception cref="ArgumentException">There is a child of that id.</exception>
    public ErlangNodeBuilder AddChild(ChildId id, Func<IServiceProvider, ChildSpec> child)
    {
        ArgumentNullException.ThrowIfNull(child);
        if (Children.Exists(other => other.Id == id))
            throw new ArgumentException($"The node has a child {id} already.", nameof(id));
        Children.Add((id, child));
        return this;
    }

    /// <summary>
    /// Changes the supervisor above everything that was added with <see cref="AddGenServer{T}"/>, <see cref="AddSupervisor"/> and <see cref="AddChild"/>. By
    /// default it is registered as <c>enmesh_sup</c>, one for one, with one restart in 5 s.
    /// </summary>
    /// <remarks>When it gives up, the host stops with exit code 1, as a permanent application takes its node along.</remarks>
    public ErlangNodeBuilder Supervise(Func<SupervisorOptions, SupervisorOptions> configure)
    {
        ArgumentNullException.ThrowIfNull(configure);
        var before = Supervision;
        Supervision = options => configure(before(options));
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

    /// <summary>Has a hook run when the host is told to stop.</summary>
    /// <remarks>
    /// The order of a host's end: it is not ready any more and dials nobody; it serves on for <see cref="ErlangNodeOptions.DrainDelay"/>; all hooks run, side
    /// by side, while everything still works; its services stop; its nodes close all links at once. Hooks have what the delay leaves of the host's
    /// <c>ShutdownTimeout</c> (30 s unless told otherwise), less five seconds for what comes after them. A second signal ends the delay and the hooks. A hook
    /// that fails is logged, and stops nobody. Hooks are the host's: it does not matter at which of its nodes they are added.
    /// </remarks>
    /// <typeparam name="T">The hook. It comes from a scope of its own; registered as a singleton unless it is a service already.</typeparam>
    public ErlangNodeBuilder AddDrainHook<[DynamicallyAccessedMembers(DynamicallyAccessedMemberTypes.PublicConstructors)] T>()
        where T : class, IDrainHook
    {
        Services.TryAddSingleton<T>();
        return AddDrainHook(typeof(T).Name, static (provider, token) => provider.GetRequiredService<T>().DrainAsync(token));
    }

    /// <inheritdoc cref="AddDrainHook{T}"/>
    /// <param name="name">What it is called in the log and on the status page.</param>
    /// <param name="hook">What it does, with services of a scope of its own, until its token is cancelled.</param>
    public ErlangNodeBuilder AddDrainHook(string name, Func<IServiceProvider, CancellationToken, Task> hook)
    {
        ArgumentException.ThrowIfNullOrWhiteSpace(name);
        ArgumentNullException.ThrowIfNull(hook);
        Services.AddSingleton(new DrainHook(name, hook));
        return this;
    }
}
