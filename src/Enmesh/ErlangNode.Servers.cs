using Enmesh.Behaviours;
using Enmesh.Processes;
using Enmesh.Terms;
using Enmesh.Terms.Serialization;

namespace Enmesh;

// Servers, and calls in the forms of OTP's behaviours.
public sealed partial class ErlangNode
{
    private static readonly Atom NotifyAtom = new("notify");
    private static readonly Atom SyncNotifyAtom = new("sync_notify");
    private static readonly Atom CallAtom = new("call");

    /// <summary>Starts a server that belongs to nobody: <c>gen_server:start</c>. It has begun when this completes.</summary>
    /// <param name="make">Makes the object for the process.</param>
    /// <param name="options">Its name and more.</param>
    /// <param name="cancellationToken">Gives up, and ends it.</param>
    /// <exception cref="ServerStartException">It did not start.</exception>
    /// <exception cref="TimeoutException">It did not start in time, and was ended.</exception>
    public ValueTask<Pid> StartServerAsync(Func<GenServer> make, ServerOptions? options = null, CancellationToken cancellationToken = default) =>
        ServerStart.StartAsync(Runtime, null, make, options, cancellationToken);

    /// <summary>Starts a supervisor that belongs to nobody. Its children have begun when this completes.</summary>
    /// <param name="options">Its children and more.</param>
    /// <param name="cancellationToken">Gives up, and ends it.</param>
    /// <exception cref="ArgumentException">The children do not go together; the message says which.</exception>
    /// <exception cref="ServerStartException">A child did not start, <c>{shutdown, {failed_to_start_child, Id, Reason}}</c>; those before it are stopped.</exception>
    public async ValueTask<Supervisor> StartSupervisorAsync(SupervisorOptions options, CancellationToken cancellationToken = default)
    {
        return SupervisorAt(await ServerStart.StartSupervisorAsync(Runtime, null, SupervisorOptions.Validated(options), cancellationToken).ConfigureAwait(false));
    }

    /// <summary>
    /// Has a supervisor started together with the node, before any peer can reach it: <see cref="StartAsync(CancellationToken)"/> fails when a child does
    /// not start. It stops before the node leaves its cluster.
    /// </summary>
    /// <remarks>A child whose shutdown time is <see cref="ChildShutdown.Infinity"/> and that never stops keeps the node from ending, as on the BEAM.</remarks>
    /// <param name="options">Its children and more.</param>
    /// <returns>Completes with the exit reason when the supervisor ends, by itself or with the node.</returns>
    /// <exception cref="ArgumentException">The children do not go together; the message says which.</exception>
    /// <exception cref="InvalidOperationException">The node has started; use <see cref="StartSupervisorAsync"/>.</exception>
    public Task<Term> SuperviseAtStart(SupervisorOptions options)
    {
        if (Volatile.Read(ref _started) != 0)
            throw new InvalidOperationException("The node has started; use StartSupervisorAsync.");
        var first = new SupervisorOfNode(SupervisorOptions.Validated(options));
        _supervisors.Add(first);
        return first.Ended.Task;
    }

    /// <summary>A supervisor of this node or any other, C# or Erlang, to be looked at and managed.</summary>
    /// <param name="address">Where it is; nothing is sent there yet.</param>
    public Supervisor SupervisorAt(ProcessAddress address) => new(Runtime, address);

    /// <summary>Calls with C# types, turned into terms and back by the serializer.</summary>
    /// <inheritdoc cref="ProcessContext.CallAsync"/>
    /// <exception cref="TermSerializationException">The reply is not of that type.</exception>
    public ValueTask<TReply> CallAsync<TRequest, TReply>(
        ProcessAddress to, TRequest request, TermTypeInfo<TRequest> requests, TermTypeInfo<TReply> replies, TimeSpan? timeout = null,
        CancellationToken cancellationToken = default) =>
        GenCalls.CallAsync(Runtime, null, to, request, requests, replies, timeout, cancellationToken);

    /// <summary>Casts a C# type.</summary>
    /// <inheritdoc cref="CastAsync(ProcessAddress, Term, CancellationToken)"/>
    public ValueTask CastAsync<TRequest>(
        ProcessAddress to, TRequest request, TermTypeInfo<TRequest> requests, CancellationToken cancellationToken = default) =>
        CastAsync(to, TermSerializer.ToTerm(request, requests), cancellationToken);

    /// <summary>Calls the servers of one name on many nodes at the same time: <c>gen_server:multi_call/4</c>.</summary>
    /// <param name="nodes">On which nodes; this one and all visible ones when null.</param>
    /// <param name="name">The name.</param>
    /// <param name="request">The request.</param>
    /// <param name="timeout">How long to wait for them all; 5 s when null.</param>
    /// <param name="cancellationToken">Gives up.</param>
    /// <returns>The replies, and the nodes from which there is none, with the reason.</returns>
    public Task<MultiCallResult> MultiCallAsync(
        IReadOnlyCollection<NodeName>? nodes, string name, Term request, TimeSpan? timeout = null, CancellationToken cancellationToken = default) =>
        GenCalls.MultiCallAsync(Runtime, nodes ?? WithThis(), new Atom(name), request, timeout, cancellationToken);

    /// <summary>Casts to the servers of one name on many nodes: <c>gen_server:abcast/3</c>.</summary>
    /// <inheritdoc cref="MultiCallAsync"/>
    public Task AbcastAsync(IReadOnlyCollection<NodeName>? nodes, string name, Term request, CancellationToken cancellationToken = default) =>
        GenCalls.AbcastAsync(Runtime, nodes ?? WithThis(), new Atom(name), request, cancellationToken);

    /// <summary>Tells the handlers of an event manager of an event, and does not wait for them: <c>gen_event:notify/2</c>.</summary>
    public ValueTask NotifyAsync(ProcessAddress manager, Term happened, CancellationToken cancellationToken = default) =>
        SendAsync(manager, Term.Tuple(NotifyAtom, happened), cancellationToken);

    /// <summary>Tells the handlers of an event manager of an event, and waits until all have handled it: <c>gen_event:sync_notify/2</c>.</summary>
    /// <param name="manager">The event manager.</param>
    /// <param name="happened">The event.</param>
    /// <param name="timeout">How long to wait; without end when null, as in Erlang.</param>
    /// <param name="cancellationToken">Stops the waiting.</param>
    /// <exception cref="TimeoutException">They have not handled it in time.</exception>
    /// <exception cref="CallExitException">The manager has ended, does not exist, or is out of reach.</exception>
    public async Task SyncNotifyAsync(ProcessAddress manager, Term happened, TimeSpan? timeout = null, CancellationToken cancellationToken = default) =>
        await Runtime.CallAsync(
            null, manager, Term.Tuple(SyncNotifyAtom, happened), timeout ?? Timeout.InfiniteTimeSpan, cancellationToken, CallForm.GenEvent).ConfigureAwait(false);

    /// <summary>Calls one handler of an event manager: <c>gen_event:call/4</c>.</summary>
    /// <param name="manager">The event manager.</param>
    /// <param name="handler">The handler: its module, or <c>{Module, Id}</c>.</param>
    /// <param name="request">The request.</param>
    /// <param name="timeout">How long to wait; 5 s when null.</param>
    /// <param name="cancellationToken">Stops the waiting.</param>
    /// <returns>Its reply; <c>{error, bad_module}</c> when there is no such handler, <c>{error, {'EXIT', Reason}}</c> when it crashed.</returns>
    /// <exception cref="TimeoutException">No reply came in time.</exception>
    /// <exception cref="CallExitException">The manager has ended, does not exist, or is out of reach.</exception>
    public ValueTask<Term> CallHandlerAsync(
        ProcessAddress manager, Term handler, Term request, TimeSpan? timeout = null, CancellationToken cancellationToken = default) =>
        Runtime.CallAsync(null, manager, Term.Tuple(CallAtom, handler, request), timeout, cancellationToken, CallForm.GenEvent);

    private NodeName[] WithThis() => [Name, .. Nodes()];

    // What {global, Name} and the like mean on this node.
    private IProcessRegistry FindRegistry(RegistryEntry entry) => entry.Kind switch
    {
        RegistryKind.Global => Global,
        RegistryKind.Group => FindPgScope(entry.Scope!)
            ?? throw new InvalidOperationException($"The node has no scope '{entry.Scope}' of pg for {entry.ToTerm()}; StartPgScope starts one."),
        _ => entry.Registry!,
    };
}
