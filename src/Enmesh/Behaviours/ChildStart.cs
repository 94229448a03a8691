using System.Reflection;
using Enmesh.Processes;
using Enmesh.Services;
using Enmesh.Terms;

namespace Enmesh.Behaviours;

/// <summary>What came of starting a child.</summary>
/// <param name="Pid">The process; null when there is none, which is in order unless there is an error.</param>
/// <param name="Info">What the start function tells besides.</param>
/// <param name="Error">Why it was not started.</param>
internal readonly record struct ChildOutcome(Pid? Pid, Term? Info = null, Term? Error = null)
{
    internal static ChildOutcome Failed(Term reason) => new(null, null, reason);

    /// <summary>Reads what a start function gives.</summary>
    internal static ChildOutcome From(Term result) => result.TupleElements switch
    {
        [{ AtomText: "ok" }, { Pid: { } pid }] => new(pid),
        [{ AtomText: "ok" }, { Pid: { } pid }, var info] => new(pid, info),
        [{ AtomText: "error" }, var reason] => Failed(reason),
        _ => result.IsAtom(ServerLoop.IgnoreAtom) ? default : Failed(result),
    };
}

/// <summary>
/// How a child is started: the function and arguments that stand for it in what peers see, and what is done.
/// </summary>
/// <param name="Module">The module.</param>
/// <param name="Function">The function.</param>
/// <param name="Arguments">The arguments.</param>
/// <param name="Run">Starts it, in its supervisor's process; the arguments are those given when it was added.</param>
internal sealed record ChildStart(
    Atom Module, Atom Function, Term Arguments, Func<ProcessContext, IReadOnlyList<Term>, ValueTask<ChildOutcome>> Run)
{
    private static readonly Atom StartLink = new("start_link");
    private static readonly Atom SpawnLink = new("spawn_link");
    private static readonly Atom Erlang = new("erlang");
    private static readonly Atom ErpcAtom = new("erpc");
    private static readonly Atom CallAtom = new("call");
    private static readonly Atom EnmeshAtom = new("enmesh");
    private static readonly Atom SupervisorAtom = new("supervisor");
    private static readonly Atom ExitTag = new("EXIT");
    private static readonly Atom Undef = new("undef");

    internal static ChildStart Server(Type type, Func<IReadOnlyList<Term>, GenServer> make, ServerOptions? options) =>
        new(
        NameOf(type.Name), StartLink, Term.Nil, (context, arguments) => StartServerAsync(
            () => ServerStart.StartAsync(context.Runtime, context, () => make(arguments), options, context.Exiting)));

    internal static ChildStart Supervisor(SupervisorOptions options) => new(
        SupervisorAtom, StartLink, Term.Nil, (context, _) => StartServerAsync(
            () => ServerStart.StartSupervisorAsync(context.Runtime, context, options, context.Exiting)));

    internal static ChildStart Process(
        MethodInfo method, Func<ProcessContext, IReadOnlyList<Term>, Task> body, SpawnOptions? options) => new(
        NameOf(method.DeclaringType?.Name), NameOf(method.Name), Term.Nil, (context, arguments) =>
        {
            try
            {
                return new(new ChildOutcome(context.SpawnLink(process => body(process, arguments), options)));
            }
            catch (InvalidOperationException)
                when (options?.Name is { } name && context.Runtime.WhereIs(name) is { } other)
            {
                return new(ChildOutcome.Failed(ServerStart.Taken(other)));
            }
        });

    internal static ChildStart RemoteProcess(
        NodeName node, Atom module, Atom function, IReadOnlyList<Term> arguments) => new(
        Erlang, SpawnLink, Term.List(node.Atom, module, function, Term.List([.. arguments])), async (context, more) =>
        {
            try
            {
                var process = await context.SpawnAsync(
                    node, module.Text, function.Text, [.. arguments, .. more], new() { Link = true },
                    context.Exiting).ConfigureAwait(false);
                return new(process.Pid);
            }
            catch (SpawnException e)
            {
                return ChildOutcome.Failed(e.Reason);
            }
        });

    internal static ChildStart RemoteServer(NodeName node, Atom module, Atom function, IReadOnlyList<Term> arguments) =>
        new(
        ErpcAtom, CallAtom, Term.List(node.Atom, module, function, Term.List([.. arguments])),
        (context, more) => RunAsync(() => StartThereAsync(
            context, node, new(module, function, Term.List([.. arguments, .. more]).AsList!.Value))));

    private static async Task<ChildOutcome> StartThereAsync(ProcessContext context, NodeName node, SpawnTarget start)
    {
        // Not given up with the supervisor: what has begun there meanwhile would be left to itself.
        var starting = context.Runtime.CallFunction(node, start, CancellationToken.None);
        try
        {
            var outcome = ChildOutcome.From(await starting.WaitAsync(context.Exiting).ConfigureAwait(false));
            if (outcome.Pid is not { } started)
                return outcome;
            // Should it have ended meanwhile, its end comes as any other's.
            await context.LinkAsync(started, context.Exiting).ConfigureAwait(false);
            if (!context.Runtime.IsAlive(context.Self))
                context.SendExit(started, ExitReason.Kill); // killed before the link was made, it has told nobody
            return outcome;
        }
        catch (OperationCanceledException) when (context.Exiting.IsCancellationRequested)
        {
            _ = EndLateAsync(context, starting);
            throw;
        }
    }

    /// <summary>Ends a server that has begun for a supervisor which is no more.</summary>
    private static async Task EndLateAsync(ProcessContext context, Task<Term> starting)
    {
        try
        {
            if (ChildOutcome.From(await starting.ConfigureAwait(false)).Pid is { } started)
                context.SendExit(started, ExitReason.Kill);
        }
        catch (Exception e) when (e is EnmeshException or TimeoutException or OperationCanceledException)
        {
            // It has not begun, or is out of reach.
        }
    }

    internal static ChildStart Exported(Atom module, Atom function, Term arguments) =>
        new(module, function, arguments, (context, more) =>
    {
        var all = Term.List([.. arguments.AsList!.Value, .. more]);
        if (context.Runtime.FindFunction(new(module, function, all.AsList!.Value)) is not { } body)
        {
            context.Runtime.Logger.ChildFunctionMissing(
                context.DisplayName, module.Text, function.Text, all.AsList.Value.Count);
            return new(
                ChildOutcome.Failed(Exit(Term.Tuple(Undef, Term.List(Term.Tuple(module, function, all, Term.Nil))))));
        }
        return RunAsync(async () => ChildOutcome.From(await body(context).ConfigureAwait(false)));
    });

    internal static ChildStart Custom(Func<ProcessContext, IReadOnlyList<Term>, ValueTask<Term>> start) => new(
        NameOf(start.Method.DeclaringType?.Name), NameOf(start.Method.Name), Term.Nil,
        (context, arguments) =>
            RunAsync(async () => ChildOutcome.From(await start(context, arguments).ConfigureAwait(false))));

    private static async ValueTask<ChildOutcome> StartServerAsync(Func<ValueTask<Pid>> start)
    {
        try
        {
            return new(await start().ConfigureAwait(false));
        }
        catch (ServerStartException e)
        {
            return OfServer(e);
        }
        catch (TimeoutException)
        {
            return ChildOutcome.Failed(GenAtoms.Timeout);
        }
    }

    private static ChildOutcome OfServer(ServerStartException failure) =>
        failure.Reason.IsAtom(ServerLoop.IgnoreAtom) ? default : ChildOutcome.Failed(failure.Reason);

    // What a start function throws is the start's failure and not the supervisor's: catch apply(M, F, A).
    private static async ValueTask<ChildOutcome> RunAsync(Func<Task<ChildOutcome>> start)
    {
        try
        {
            return await start().ConfigureAwait(false);
        }
        catch (ServerStartException e)
        {
            return OfServer(e);
        }
        catch (ErlangException e) when (e.Class == ErlangExceptionClass.Throw)
        {
            return ChildOutcome.From(e.Reason);
        }
        catch (RpcException e)
        {
            return e.Class == ErlangExceptionClass.Throw ? ChildOutcome.From(e.Reason)
                : ChildOutcome.Failed(
                    Exit(e.Class == ErlangExceptionClass.Exit ? e.Reason : Term.Tuple(e.Reason, e.Stack)));
        }
        catch (CallExitException e)
        {
            return ChildOutcome.Failed(e.Reason);
        }
        catch (TimeoutException)
        {
            return ChildOutcome.Failed(GenAtoms.Timeout);
        }
#pragma warning disable CA1031 // Whatever it throws, the supervisor lives on; only its own end is not to be caught.
        catch (Exception e) when (e is not ProcessExitException and not OperationCanceledException)
#pragma warning restore CA1031
        {
            return ChildOutcome.Failed(Exit(ExitReason.FromException(e)));
        }
    }

    private static Term Exit(Term reason) => Term.Tuple(ExitTag, reason);

    private static Atom NameOf(string? name) =>
        name is null || name.Length > Atom.MaxCharacters ? EnmeshAtom : new Atom(name);
}
