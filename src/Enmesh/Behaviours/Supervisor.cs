using Enmesh.Processes;
using Enmesh.Terms;

namespace Enmesh.Behaviours;

/// <summary>A child as its supervisor tells of it: <c>supervisor:which_children/1</c>.</summary>
/// <param name="Id">
/// What it is known by; <c>undefined</c> below a <see cref="SupervisorStrategy.SimpleOneForOne"/> supervisor.
/// </param>
/// <param name="Pid">Its process; null when none runs.</param>
/// <param name="IsRestarting">Whether starting it again has failed and is tried again.</param>
/// <param name="Kind">What it is.</param>
/// <param name="Modules">Its callback modules, or <c>dynamic</c>.</param>
public sealed record SupervisedChild(ChildId Id, Pid? Pid, bool IsRestarting, ChildKind Kind, Term Modules);

/// <summary>How many children there are: <c>supervisor:count_children/1</c>.</summary>
/// <param name="Specs">Specifications.</param>
/// <param name="Active">Children whose process runs.</param>
/// <param name="Supervisors">Children that are supervisors, running or not.</param>
/// <param name="Workers">Children that are workers, running or not.</param>
public readonly record struct ChildCounts(int Specs, int Active, int Supervisors, int Workers);

/// <summary>A supervisor did not do what it was asked for.</summary>
public sealed class SupervisorException : EnmeshException
{
    internal SupervisorException(ProcessAddress supervisor, string request, Term reason)
        : base($"Supervisor {supervisor} refused {request}: {reason}.") => Reason = reason;

    /// <summary>
    /// Why, as OTP has it: <c>not_found</c>, <c>running</c>, <c>restarting</c>, <c>{already_started, Pid}</c>,
    /// <c>already_present</c>, <c>simple_one_for_one</c>, or <c>{Reason, Child}</c> for a child that did not start.
    /// </summary>
    public Term Reason { get; }
}

/// <summary>
/// A supervisor to be managed: one of this node, or of any other, in C# or Erlang. It stands for the address, and
/// survives what has it.
/// </summary>
/// <remarks>
/// May be used from any thread. Without a time-out the calls wait as long as the supervisor takes, as in Erlang.
/// </remarks>
public sealed class Supervisor
{
    private readonly ProcessRuntime _runtime;

    internal Supervisor(ProcessRuntime runtime, ProcessAddress address)
    {
        _runtime = runtime;
        Address = address;
    }

    /// <summary>Where it is.</summary>
    public ProcessAddress Address { get; }

    /// <summary>Its process, when it is known by that.</summary>
    public Pid? Pid => Address.Pid;

    /// <summary>Adds a child and starts it: <c>supervisor:start_child/2</c>.</summary>
    /// <returns>Its process; null for one that need not start (<see cref="InitResult.Ignore"/>).</returns>
    /// <exception cref="ArgumentException">
    /// The supervisor is on another node, which can only start what <see cref="ChildSpec.Function"/> names.
    /// </exception>
    /// <exception cref="SupervisorException">It was not added.</exception>
    /// <exception cref="CallExitException">There is no such supervisor, or it has ended.</exception>
    public async ValueTask<Pid?> StartChildAsync(ChildSpec child, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(child);
        if (_runtime.FindHere(Address)?.Traits?.Behaviour is not SupervisorServer server)
            return await StartAsync(ChildTerms.ToMap(child, child.Start.Arguments), cancellationToken)
                .ConfigureAwait(false);
        if (child.WhyWrong(server.AutoShutdown) is { } problem)
            throw new ArgumentException($"Child {child.Id}: {problem}", nameof(child));
        var offer = _runtime.MakeReference();
        server.Offer(offer, child);
        try
        {
            return await StartAsync(offer, cancellationToken).ConfigureAwait(false);
        }
        finally
        {
            server.TakeBack(offer);
        }
    }

    /// <summary>Starts one more child of a <see cref="SupervisorStrategy.SimpleOneForOne"/> supervisor.</summary>
    /// <param name="arguments">What it is made from.</param>
    /// <inheritdoc cref="StartChildAsync(ChildSpec, CancellationToken)"/>
    public ValueTask<Pid?> StartChildAsync(params IReadOnlyList<Term> arguments) =>
        StartAsync(Term.List([.. arguments]), CancellationToken.None);

    /// <summary>
    /// Stops a child: <c>supervisor:terminate_child/2</c>. Its specification stays, unless it is temporary.
    /// </summary>
    /// <exception cref="SupervisorException">There is none.</exception>
    /// <exception cref="CallExitException">There is no such supervisor, or it has ended.</exception>
    public async ValueTask TerminateChildAsync(ChildId id, CancellationToken cancellationToken = default) =>
        Read("terminate_child", await AskAsync("terminate_child", id.Term, cancellationToken).ConfigureAwait(false));

    /// <summary>Starts a child that is stopped: <c>supervisor:restart_child/2</c>.</summary>
    /// <returns>Its process; null for one that need not start.</returns>
    /// <exception cref="SupervisorException">There is none, it runs, or it did not start.</exception>
    /// <exception cref="CallExitException">There is no such supervisor, or it has ended.</exception>
    public async ValueTask<Pid?> RestartChildAsync(ChildId id, CancellationToken cancellationToken = default) =>
        Read("restart_child", await AskAsync("restart_child", id.Term, cancellationToken).ConfigureAwait(false)).Pid;

    /// <summary>Removes the specification of a child that is stopped: <c>supervisor:delete_child/2</c>.</summary>
    /// <exception cref="SupervisorException">There is none, or it runs.</exception>
    /// <exception cref="CallExitException">There is no such supervisor, or it has ended.</exception>
    public async ValueTask DeleteChildAsync(ChildId id, CancellationToken cancellationToken = default) =>
        Read("delete_child", await AskAsync("delete_child", id.Term, cancellationToken).ConfigureAwait(false));

    /// <summary>A child's specification as Erlang's map: <c>supervisor:get_childspec/2</c>.</summary>
    /// <exception cref="SupervisorException">There is none.</exception>
    /// <exception cref="CallExitException">There is no such supervisor, or it has ended.</exception>
    public async ValueTask<MapTerm> GetChildSpecAsync(ChildId id, CancellationToken cancellationToken = default) =>
        Read("get_childspec", await AskAsync("get_childspec", id.Term, cancellationToken).ConfigureAwait(false)).AsMap
            ?? throw Strange("get_childspec");

    /// <summary>
    /// The children, the one that was added last before the others: <c>supervisor:which_children/1</c>.
    /// </summary>
    /// <exception cref="CallExitException">There is no such supervisor, or it has ended.</exception>
    public async ValueTask<IReadOnlyList<SupervisedChild>> WhichChildrenAsync(
        CancellationToken cancellationToken = default)
    {
        const string Request = "which_children";
        var answer = await AskAsync(new Atom(Request), cancellationToken).ConfigureAwait(false);
        return answer.AsList is { IsProper: true } list ? [.. list.Select(ReadChild)] : throw Strange(Request);

        SupervisedChild ReadChild(Term child) => child.TupleElements is [var id, var pid, var kind, var modules]
            ? new(
                id, pid.Pid, pid.IsAtom(ChildTerms.Restarting),
                kind.IsAtom("supervisor") ? ChildKind.Supervisor : ChildKind.Worker, modules)
            : throw Strange(Request);
    }

    /// <summary>How many children there are: <c>supervisor:count_children/1</c>.</summary>
    /// <exception cref="CallExitException">There is no such supervisor, or it has ended.</exception>
    public async ValueTask<ChildCounts> CountChildrenAsync(CancellationToken cancellationToken = default)
    {
        const string Request = "count_children";
        var answer = await AskAsync(new Atom(Request), cancellationToken).ConfigureAwait(false);
        if (answer.AsList is not { IsProper: true } list)
            throw Strange(Request);
        return new(CountOf("specs"), CountOf("active"), CountOf("supervisors"), CountOf("workers"));

        int CountOf(string what)
        {
            foreach (var pair in list)
            {
                if (pair.TupleElements is [{ AtomText: { } key }, { Int32: { } count }] && key == what)
                    return count;
            }
            throw Strange(Request);
        }
    }

    /// <summary>
    /// Ends the supervisor after its children, and waits for it: <c>supervisor:stop</c> as Elixir has it, with reason
    /// <c>shutdown</c>.
    /// </summary>
    /// <exception cref="CallExitException">There is no such supervisor, or it ended otherwise.</exception>
    public async ValueTask StopAsync(CancellationToken cancellationToken = default)
    {
        var ended = new TaskCompletionSource<Term>(TaskCreationOptions.RunContinuationsAsynchronously);
        _runtime.Spawn(async context =>
        {
            try
            {
                var monitor = await context.MonitorAsync(Address, cancellationToken).ConfigureAwait(false);
                await context.SendAsync(
                    Address,
                    Term.Tuple(
                        new Atom("system"), Term.Tuple(context.Self, monitor),
                        Term.Tuple(new Atom("terminate"), ExitReason.Shutdown)),
                    cancellationToken).ConfigureAwait(false);
                var down = await context.ReceiveAsync(
                    message => message.TupleElements is [_, { Reference: { } reference }, _, _, _]
                        && reference == monitor,
                    cancellationToken).ConfigureAwait(false);
                ended.TrySetResult(down.TupleElements[4]);
            }
#pragma warning disable CA1031 // Whatever ends the waiting is for whoever waits.
            catch (Exception e)
#pragma warning restore CA1031
            {
                ended.TrySetException(e);
            }
        });
        var reason = await ended.Task.ConfigureAwait(false);
        if (reason != ExitReason.Shutdown)
            throw new CallExitException(Address, reason);
    }

    private async ValueTask<Pid?> StartAsync(Term what, CancellationToken cancellationToken) =>
        Read("start_child", await AskAsync("start_child", what, cancellationToken).ConfigureAwait(false)).Pid;

    private ValueTask<Term> AskAsync(string request, Term about, CancellationToken cancellationToken) =>
        AskAsync(Term.Tuple(new Atom(request), about), cancellationToken);

    private ValueTask<Term> AskAsync(Term request, CancellationToken cancellationToken) =>
        _runtime.CallAsync(null, Address, request, Timeout.InfiniteTimeSpan, cancellationToken);

    private Term Read(string request, Term answer) => answer.TupleElements switch
    {
        [{ AtomText: "ok" }, var value, ..] => value,
        [{ AtomText: "error" }, var reason] => throw new SupervisorException(Address, request, reason),
        _ => answer.IsAtom(Atoms.Ok) ? answer : throw Strange(request),
    };

    private DistributionProtocolException Strange(string request) =>
        new($"{Address} answers {request} as no supervisor does.");
}
