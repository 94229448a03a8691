using Enmesh.Processes;
using Enmesh.Terms;

namespace Enmesh.Global;

/// <summary>
/// Names and locks that hold on all published nodes of the cluster: Erlang's module <c>global</c>, with real nodes and
/// those of this library taking part alike.
/// </summary>
/// <remarks>
/// <para>
/// Every node has all names: looking one up asks nobody. Changing one locks the names of all nodes; it waits while
/// nodes are joining. A name is gone when its process has ended or its node is lost.
/// </para>
/// <para>
/// When two halves of a cluster meet again, a name that both have is settled by its <see cref="ConflictMethod"/>. Nodes
/// that lose some of the others are parted from all of them (<c>prevent_overlapping_partitions</c>), so that never two
/// nodes that see each other see different clusters.
/// </para>
/// </remarks>
public sealed class GlobalNames : IProcessRegistry
{
    private readonly GlobalServer _server;

    internal GlobalNames(GlobalServer server) => _server = server;

    /// <summary>The names that are registered.</summary>
    public IReadOnlyCollection<Term> Names => _server.Names?.Names ?? [];

    /// <summary>Gives a process a name: <c>global:register_name/3</c>.</summary>
    /// <param name="name">The name.</param>
    /// <param name="process">The process, of any node of the cluster.</param>
    /// <param name="method">How a conflict is settled; <see cref="ConflictMethod.RandomExit"/> when null.</param>
    /// <param name="cancellationToken">Stops the waiting; the name may be registered all the same.</param>
    /// <returns>
    /// False when the name is taken, or the process has a global name already. When true, every node knows it.
    /// </returns>
    /// <exception cref="ArgumentException">The method is a delegate and the process of another node.</exception>
    /// <exception cref="InvalidOperationException">The node ends.</exception>
    public async Task<bool> RegisterAsync(
        GlobalName name, Pid process, ConflictMethod? method = null, CancellationToken cancellationToken = default) =>
        await ChangeAsync(
            process, method, fun => new GlobalCommand.Register(name.Term, process, fun), cancellationToken)
            .ConfigureAwait(false);

    /// <summary>Gives a process a name, whoever had it: <c>global:re_register_name/3</c>.</summary>
    /// <inheritdoc cref="RegisterAsync"/>
    /// <returns>A task that ends when every node knows it.</returns>
    public Task ReRegisterAsync(
        GlobalName name, Pid process, ConflictMethod? method = null, CancellationToken cancellationToken = default) =>
        ChangeAsync(process, method, fun => new GlobalCommand.ReRegister(name.Term, process, fun), cancellationToken);

    /// <summary>
    /// Gives a name to a process of a node that takes no part, for example a C node:
    /// <c>global:register_name_external/3</c>. This node speaks for it, and is linked to it.
    /// </summary>
    /// <inheritdoc cref="RegisterAsync"/>
    /// <returns>False when the name is taken.</returns>
    public Task<bool> RegisterExternalAsync(
        GlobalName name, Pid process, ConflictMethod? method = null, CancellationToken cancellationToken = default) =>
        ChangeAsync(
            process, method, fun => new GlobalCommand.RegisterExternal(name.Term, process, fun), cancellationToken);

    /// <summary>Takes a name away: <c>global:unregister_name/1</c>. No such name is no error.</summary>
    /// <exception cref="InvalidOperationException">The node ends.</exception>
    public async Task UnregisterAsync(GlobalName name, CancellationToken cancellationToken = default)
    {
        if (_server.Names?.Find(name.Term) is not null)
            await _server.DoAsync(new GlobalCommand.Unregister(name.Term), cancellationToken).ConfigureAwait(false);
    }

    /// <summary>The process that has a name; null when none has: <c>global:whereis_name/1</c>. Asks nobody.</summary>
    public Pid? WhereIs(GlobalName name)
    {
        var pid = _server.Names?.Find(name.Term)?.Pid;
        return pid is null || pid.Node != _server.Runtime.Name.Atom || _server.Runtime.IsAlive(pid) ? pid : null;
    }

    Pid? IProcessRegistry.WhereIs(Term name) => WhereIs(name);

    async ValueTask<bool> IProcessRegistry.RegisterAsync(Term name, Pid process, CancellationToken cancellationToken) =>
        await RegisterAsync(name, process, null, cancellationToken).ConfigureAwait(false);

    async ValueTask IProcessRegistry.UnregisterAsync(Term name, Pid process, CancellationToken cancellationToken)
    {
        if (WhereIs(name) == process)
            await UnregisterAsync(name, cancellationToken).ConfigureAwait(false);
    }

    /// <summary>Sends a message to the process that has a name: <c>global:send/2</c>.</summary>
    /// <returns>False when none has; <c>global:send/2</c> exits then.</returns>
    public async ValueTask<bool> SendAsync(GlobalName name, Term message, CancellationToken cancellationToken = default)
    {
        if (WhereIs(name) is not { } process)
            return false;
        await _server.Runtime.SendAsync(null, process, message, cancellationToken).ConfigureAwait(false);
        return true;
    }

    /// <summary>Sets a lock on nodes, or on none of them: <c>global:set_lock/3</c>.</summary>
    /// <param name="id">What is locked, and for whom. A requester that has it can set it again.</param>
    /// <param name="nodes">On which nodes; this one and all connected published ones when null.</param>
    /// <param name="retries">How often to try again when another requester has it; for ever when null.</param>
    /// <param name="holder">
    /// The process with whose end the lock is free again; when null it is held until it is deleted or the node ends.
    /// </param>
    /// <param name="cancellationToken">Gives up.</param>
    /// <returns>False when it could not be had.</returns>
    /// <exception cref="OperationCanceledException">The token was cancelled; the lock is not set.</exception>
    public Task<bool> SetLockAsync(
        GlobalLockId id, IReadOnlyCollection<NodeName>? nodes = null, int? retries = null,
        ProcessContext? holder = null, CancellationToken cancellationToken = default) =>
        new GlobalLocking(_server.Runtime, holder).SetAsync(id, nodes ?? AllNodes(), retries, cancellationToken);

    /// <summary>Deletes a lock: <c>global:del_lock/2</c>. Only its holder can.</summary>
    /// <param name="id">The lock.</param>
    /// <param name="nodes">Where it was set; this node and all connected published ones when null.</param>
    /// <param name="holder">Who holds it, as it was set.</param>
    /// <param name="cancellationToken">Stops the waiting.</param>
    public Task DeleteLockAsync(
        GlobalLockId id, IReadOnlyCollection<NodeName>? nodes = null, ProcessContext? holder = null,
        CancellationToken cancellationToken = default) =>
        new GlobalLocking(_server.Runtime, holder).DeleteAsync(id, nodes ?? AllNodes(), cancellationToken);

    /// <summary>Does something while a lock is set: <c>global:trans/4</c>.</summary>
    /// <param name="id">The lock.</param>
    /// <param name="body">What is done; the lock is deleted however it ends.</param>
    /// <param name="nodes">As for <see cref="SetLockAsync"/>.</param>
    /// <param name="retries">As for <see cref="SetLockAsync"/>.</param>
    /// <param name="holder">As for <see cref="SetLockAsync"/>.</param>
    /// <param name="cancellationToken">Gives up waiting for the lock, and is handed to the body.</param>
    /// <returns>False when the lock could not be had, and nothing was done.</returns>
    public async Task<bool> TransAsync(
        GlobalLockId id, Func<CancellationToken, Task> body, IReadOnlyCollection<NodeName>? nodes = null,
        int? retries = null, ProcessContext? holder = null,
        CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(body);
        nodes ??= AllNodes();
        if (!await SetLockAsync(id, nodes, retries, holder, cancellationToken).ConfigureAwait(false))
            return false;
        try
        {
            await body(cancellationToken).ConfigureAwait(false);
            return true;
        }
        finally
        {
            await DeleteLockAsync(id, nodes, holder, CancellationToken.None).ConfigureAwait(false);
        }
    }

    /// <summary>Waits until the names are the same here and on other nodes: <c>global:sync/1</c>.</summary>
    /// <param name="nodes">
    /// Which; all connected published ones when null. One that is not connected, or goes away, is not waited for.
    /// </param>
    /// <param name="cancellationToken">Stops the waiting.</param>
    /// <exception cref="InvalidOperationException">The node ends.</exception>
    public Task SyncAsync(IReadOnlyCollection<NodeName>? nodes = null, CancellationToken cancellationToken = default) =>
        _server.DoAsync(
            new GlobalCommand.Sync(nodes is null ? null : [.. nodes.Select(node => node.Atom)]), cancellationToken);

    /// <summary>
    /// Leaves the cluster without breaking it: disconnects from all published nodes at once, and the others stay
    /// together, which disconnecting from one or some does not give: <c>global:disconnect/0</c>. Discovery and traffic
    /// may connect the node again.
    /// </summary>
    /// <returns>The nodes that were connected.</returns>
    /// <exception cref="InvalidOperationException">The node ends.</exception>
    public async Task<IReadOnlyCollection<NodeName>> DisconnectAsync(CancellationToken cancellationToken = default)
    {
        var nodes = await _server.DoAsync(new GlobalCommand.Disconnect(), cancellationToken).ConfigureAwait(false);
        return [.. nodes.AsList!.Value.Select(node => NodeName.Parse(node.AtomText!))];
    }

    private NodeName[] AllNodes() => [_server.Runtime.Name, .. _server.Published.Select(link => link.Peer)];

    private async Task<bool> ChangeAsync(
        Pid process, ConflictMethod? method, Func<Term, GlobalCommand> command, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(process);
        method ??= ConflictMethod.RandomExit;
        if (method.Delegate is not null && process.Node != _server.Runtime.Name.Atom)
            throw new ArgumentException(
                "A delegate can only decide about a process of this node: it runs where the process is.",
                nameof(method));
        var fun = _server.Methods.ToTerm(method);
        var done = await _server.DoAsync(command(fun), cancellationToken).ConfigureAwait(false);
        if (done.IsAtom(GlobalAtoms.Yes))
            return true;
        _server.Methods.Forget(fun);
        return false;
    }
}

/// <summary>A global name: any term, most often an atom; text becomes one.</summary>
public readonly record struct GlobalName
{
    private GlobalName(Term term) => Term = term;

    /// <summary>The name.</summary>
    public Term Term { get; }

    /// <summary>The atom with this text.</summary>
    public static implicit operator GlobalName(string text) => FromString(text);

    /// <summary>An atom.</summary>
    public static implicit operator GlobalName(Atom name) => new(name);

    /// <summary>Any term.</summary>
    public static implicit operator GlobalName(Term name) => FromTerm(name);

    /// <summary>The atom with this text.</summary>
    public static GlobalName FromString(string text) => new(new Atom(text));

    /// <summary>Any term.</summary>
    public static GlobalName FromTerm(Term name) => new(name);

    /// <summary>The name as Erlang would write it.</summary>
    public override string ToString() => Term.ToString()!;
}

/// <summary>A lock: what is locked, and for whom. Whoever sets it with the same requester has it, too.</summary>
/// <param name="Resource">What is locked: any term.</param>
/// <param name="Requester">For whom: any term, for example a pid.</param>
public readonly record struct GlobalLockId(Term Resource, Term Requester);
