using System.Runtime.CompilerServices;
using System.Security.Cryptography;
using System.Threading.Channels;
using Enmesh.Processes;
using Enmesh.Services;
using Enmesh.Terms;
using Microsoft.Extensions.Logging;

namespace Enmesh.Groups;

/// <summary>
/// Process groups that span the cluster: one scope of Erlang's <c>pg</c>. Processes of this node join, and
/// everybody sees the members on all connected nodes that have a scope of the same name.
/// </summary>
/// <remarks>
/// Membership is eventually consistent, as in <c>pg</c>: what joins or leaves here is seen here at once, and
/// elsewhere as soon as the news arrives. A member that ends leaves by itself; the members of a node that is lost
/// leave with it. Looking is cheap and asks nobody. Everything here may be used from any thread.
/// </remarks>
public sealed class ProcessGroups : IProcessRegistry
{
    /// <summary>The name of the default scope.</summary>
    public const string DefaultScope = "pg";

    private readonly ProcessRuntime _runtime;
    private readonly Atom _scope;
    private readonly PgTable _table = new();
    private readonly PgConflicts _conflicts = new();

    private ProcessGroups(ProcessRuntime runtime, Atom scope)
    {
        _runtime = runtime;
        _scope = scope;
    }

    /// <summary>The scope's name, which is also the registered name of its process.</summary>
    public string Scope => _scope.Text;

    /// <summary>The groups that have members, anywhere.</summary>
    public IReadOnlyList<Term> Groups => _table.Names();

    /// <summary>The groups that have members on this node.</summary>
    public IReadOnlyList<Term> LocalGroups => _table.LocalNames();

    /// <summary>Nodes that were found to break each other in this scope, with what to do about it.</summary>
    public IReadOnlyList<PgConflict> Conflicts => _conflicts.Found;

    /// <summary>
    /// All members of a group, in no order, each as often as it has joined; empty when there is no such group.
    /// </summary>
    public IReadOnlyList<Pid> Members(Term group) => _table.Members(group);

    /// <summary>The members of a group on this node.</summary>
    public IReadOnlyList<Pid> LocalMembers(Term group) => _table.LocalMembers(group);

    /// <summary>Has a process of this node join a group. One that joins several times is in several times.</summary>
    /// <remarks>One that has ended is out again at once.</remarks>
    /// <exception cref="ArgumentException">The process is not of this node.</exception>
    /// <exception cref="CallExitException">The node is stopping.</exception>
    public Task JoinAsync(Term group, Pid member, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(member);
        return JoinAsync(group, [member], cancellationToken);
    }

    /// <summary>Has processes of this node join a group at once, each as often as it is named.</summary>
    /// <inheritdoc cref="JoinAsync(Term, Pid, CancellationToken)"/>
    public Task JoinAsync(Term group, IReadOnlyCollection<Pid> members, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(members);
        return AskAsync(null, Term.Tuple(PgServer.JoinLocal, group, Own(members)), cancellationToken);
    }

    /// <summary>Has a process of this node leave a group once.</summary>
    /// <returns>False when it was not in.</returns>
    /// <inheritdoc cref="JoinAsync(Term, Pid, CancellationToken)" path="/exception"/>
    public Task<bool> LeaveAsync(Term group, Pid member, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(member);
        return LeaveAsync(group, [member], cancellationToken);
    }

    /// <summary>Has processes of this node leave a group, each as often as it is named.</summary>
    /// <returns>False when none of them was in.</returns>
    /// <inheritdoc cref="JoinAsync(Term, Pid, CancellationToken)" path="/exception"/>
    public async Task<bool> LeaveAsync(
        Term group, IReadOnlyCollection<Pid> members, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(members);
        var answer = await AskAsync(null, Term.Tuple(PgServer.LeaveLocal, group, Own(members)), cancellationToken)
            .ConfigureAwait(false);
        return answer.IsAtom(Atoms.Ok);
    }

    // As an address a group stands for one of its members: the nearest, as pg2:get_closest_pid/1 chose it.
    Pid? IProcessRegistry.WhereIs(Term group)
    {
        var members = LocalMembers(group);
        if (members.Count == 0)
            members = Members(group);
        return members.Count == 0 ? null : members[RandomNumberGenerator.GetInt32(members.Count)];
    }

    async ValueTask<bool> IProcessRegistry.RegisterAsync(Term group, Pid process, CancellationToken cancellationToken)
    {
        await JoinAsync(group, process, cancellationToken).ConfigureAwait(false);
        return true;
    }

    async ValueTask IProcessRegistry.UnregisterAsync(Term group, Pid process, CancellationToken cancellationToken) =>
        await LeaveAsync(group, process, cancellationToken).ConfigureAwait(false);

    /// <summary>Has a process sent a message at each change in a group: <c>pg:monitor/2</c>.</summary>
    /// <param name="subscriber">The process, calling this itself.</param>
    /// <param name="group">The group.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    /// <returns>
    /// The reference that the messages will carry (<see cref="GroupChange.TryRead"/>), and the members now.
    /// </returns>
    public async Task<GroupMonitor> MonitorAsync(
        ProcessContext subscriber, Term group, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(subscriber);
        var answer = await AskAsync(subscriber, Term.Tuple(PgServer.Monitor, group), cancellationToken)
            .ConfigureAwait(false);
        return new(answer.TupleElements[0].Reference!, PgMessages.ReadPids(answer.TupleElements[1])!);
    }

    /// <summary>Has a process sent a message at each change in any group: <c>pg:monitor_scope/1</c>.</summary>
    /// <param name="subscriber">The process, calling this itself.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    /// <returns>
    /// The reference that the messages will carry (<see cref="GroupChange.TryRead"/>), and all groups now.
    /// </returns>
    public async Task<ScopeMonitor> MonitorScopeAsync(
        ProcessContext subscriber, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(subscriber);
        var answer = await AskAsync(subscriber, PgServer.Monitor, cancellationToken).ConfigureAwait(false);
        var groups = answer.TupleElements[1].AsMap!;
        return new(
            answer.TupleElements[0].Reference!,
            groups.ToDictionary(pair => pair.Key, pair => PgMessages.ReadPids(pair.Value)!));
    }

    /// <summary>Ends such messages, and takes those that have come already out of the process's mailbox.</summary>
    /// <param name="subscriber">The process, calling this itself.</param>
    /// <param name="monitor">The reference of the monitor.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    /// <returns>False when there was no such monitor.</returns>
    public async Task<bool> DemonitorAsync(
        ProcessContext subscriber, Reference monitor, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(subscriber);
        ArgumentNullException.ThrowIfNull(monitor);
        var answer = await AskAsync(subscriber, Term.Tuple(PgServer.Demonitor, monitor), cancellationToken)
            .ConfigureAwait(false);
        if (!answer.IsAtom(Atoms.Ok))
            return false;
        bool IsNotice(Term message) => GroupChange.TryRead(message, monitor, out _);
        while (await subscriber.ReceiveAsync(
            IsNotice, TimeSpan.Zero, cancellationToken).ConfigureAwait(false) is not null)
        {
        }
        return true;
    }

    /// <summary>
    /// The changes of a group, or of all groups: first those who are in as joins, then every change in order, until the
    /// reading ends or the node does. Of a single group the first one always comes, also when nobody is in.
    /// </summary>
    /// <param name="group">The group; null for all.</param>
    /// <param name="cancellationToken">Ends the reading.</param>
    public async IAsyncEnumerable<GroupChange> WatchAsync(
        Term? group = null, [EnumeratorCancellation] CancellationToken cancellationToken = default)
    {
        // A slow reader makes its own process's mailbox long, and holds up nobody.
        var changes = Channel.CreateBounded<GroupChange>(
            new BoundedChannelOptions(1) { SingleReader = true, SingleWriter = true });
        using var done = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        _runtime.Spawn(context => FollowAsync(context, group, changes.Writer, done.Token));
        try
        {
            await foreach (var change in changes.Reader.ReadAllAsync(cancellationToken).ConfigureAwait(false))
                yield return change;
        }
        finally
        {
            await done.CancelAsync().ConfigureAwait(false);
        }
    }

    /// <summary>Starts a scope.</summary>
    /// <exception cref="InvalidOperationException">The name is taken.</exception>
    internal static ProcessGroups Start(ProcessRuntime runtime, Atom scope, ILogger logger)
    {
        var groups = new ProcessGroups(runtime, scope);
        Task RunAsync(ProcessContext context) =>
            new PgServer(runtime, scope, groups._table, groups._conflicts, logger).RunAsync(context);
        KeptService.Start(runtime, scope, RunAsync, logger);
        return groups;
    }

    private async Task FollowAsync(
        ProcessContext context, Term? group, ChannelWriter<GroupChange> changes, CancellationToken cancellationToken)
    {
        try
        {
            var (monitor, present) = await BeginAsync(context, group, cancellationToken).ConfigureAwait(false);
            foreach (var (name, members) in present)
                await changes.WriteAsync(new(name, HaveJoined: true, members), cancellationToken).ConfigureAwait(false);
            while (true)
            {
                var message = await context.ReceiveAsync(cancellationToken).ConfigureAwait(false);
                if (GroupChange.TryRead(message, monitor, out var change))
                    await changes.WriteAsync(change, cancellationToken).ConfigureAwait(false);
            }
        }
        finally
        {
            changes.TryComplete();
        }
    }

    private async Task<(Reference Monitor, IReadOnlyDictionary<Term, IReadOnlyList<Pid>> Present)> BeginAsync(
        ProcessContext context, Term? group, CancellationToken cancellationToken)
    {
        if (group is not { } one)
        {
            var all = await MonitorScopeAsync(context, cancellationToken).ConfigureAwait(false);
            return (all.Id, all.Groups);
        }
        var (id, members) = await MonitorAsync(context, one, cancellationToken).ConfigureAwait(false);
        return (id, new Dictionary<Term, IReadOnlyList<Pid>> { [one] = members });
    }

    private Task<Term> AskAsync(ProcessContext? caller, Term request, CancellationToken cancellationToken) =>
        _runtime.CallAsync(caller, _scope, request, Timeout.InfiniteTimeSpan, cancellationToken).AsTask();

    private Term Own(
        IReadOnlyCollection<Pid> members, [CallerArgumentExpression(nameof(members))] string? parameter = null)
    {
        foreach (var member in members)
        {
            if (member.Node != _runtime.Name.Atom)
                throw new ArgumentException(
                    $"{member} is not a process of this node; a process joins on its own node.", parameter);
        }
        return Term.List([.. members.Select(member => (Term)member)]);
    }
}
