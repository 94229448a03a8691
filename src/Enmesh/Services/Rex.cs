using System.Diagnostics;
using Enmesh.Processes;
using Enmesh.Telemetry;
using Enmesh.Terms;

namespace Enmesh.Services;

/// <summary>
/// The process <c>rex</c>: what the module <c>rpc</c> asks of a node beside <c>erpc</c>, and all that <c>erl_call</c>
/// does.
/// </summary>
/// <remarks>
/// <para>
/// Calls come as <c>$gen_call</c> or plainly, <c>{From, {call, M, F, A, GroupLeader}}</c>, answered by
/// <c>{rex, Result}</c>. Each runs in a process of its own; those that ask to block the server wait for each other, and
/// for nobody else.
/// </para>
/// </remarks>
internal sealed class Rex(ProcessRuntime runtime, FunctionRunner runner, CrashReports reports)
{
    internal static readonly Atom Name = new("rex");
    private static readonly Atom UserName = new("user");
    private static readonly Atom BadArg = new("badarg");
    private static readonly Atom NonexistingName = new("nonexisting_name");
    private static readonly Atom FeaturesReply = new("features_reply");
    private static readonly Term Features = Term.List(Erpc.Module);

    private Task _blocking = Task.CompletedTask;

    internal async Task RunAsync(ProcessContext context)
    {
        while (true)
        {
            var message = await context.ReceiveAsync().ConfigureAwait(false);
            if (CallRequest.TryRead(message, out var call))
                OnCall(context, call);
            else if (SystemRequest.TryRead(message, out var system))
                system.Answer(context, new Atom("rpc"), Term.EmptyTuple);
            else if (message.TupleElements is [{ Atom: { } tag }, var request] && tag == GenAtoms.GenCast)
                OnCast(request);
            else if (message.TupleElements is [{ Pid: { } from }, var plain])
                OnPlain(context, from, plain);
        }
    }

    private void OnCall(ProcessContext context, CallRequest call)
    {
        if (call.Request.TupleElements is [{ AtomText: "call" or "block_call" } kind, var module, var function,
            var arguments, var leader])
        {
            Run(context, new(leader, module, function, arguments), call.From, call.TagReference,
                kind.AtomText == "block_call", (caller, result) => caller.Reply(call, result));
            return;
        }
        // A BEAM lets such callers wait for ever.
        context.Reply(call, Outcome.Bad(Term.Tuple(BadArg, Term.Nil)));
    }

    private void OnPlain(ProcessContext context, Pid from, Term request)
    {
        if (request.IsAtom("features_request"))
        {
            context.Answer(from, Term.Tuple(FeaturesReply, context.Node.Atom, Features));
            return;
        }
        switch (request.TupleElements)
        {
            case [{ AtomText: "call" }, var module, var function, var arguments, var leader]:
                Run(context, new(leader, module, function, arguments), from, null, false,
                    (caller, result) => caller.Answer(from, Term.Tuple(Name, result)));
                break;
            case [{ AtomText: "sbcast" }, { Atom: { } name }, var message]:
                var isThere = Deliver(context, name, message);
                context.Answer(from, Term.Tuple(Name, context.Node.Atom, isThere ? context.Node.Atom : Nobody(name)));
                break;
            case [{ AtomText: "send" }, { Atom: { } name }, var message]:
                if (!Deliver(context, name, Term.Tuple(from, message)))
                    context.Answer(from, Term.Tuple(Name, context.Node.Atom, Nobody(name)));
                break;
        }
    }

    private void OnCast(Term request)
    {
        if (request.TupleElements is not [{ AtomText: "cast" }, var module, var function, var arguments, var leader])
            return;
        runtime.Spawn(
            async context =>
            {
                var outcome = await runner.ApplyAsync(context, module, function, arguments).ConfigureAwait(false);
                reports.End(context, outcome, outcome.ToCast());
            },
            new SpawnOptions { GroupLeader = LeaderOf(leader) });
    }

    /// <summary>
    /// Runs a function in a process of its own and gives its result to the caller, whatever becomes of the process. It is
    /// abandoned when the caller takes back its monitor of this one, or is out of reach.
    /// </summary>
    private void Run(
        ProcessContext rex, Wanted wanted, Pid caller, Reference? monitor, bool blocks,
        Action<ProcessContext, Term> reply)
    {
        var device = wanted.StartDevice(runtime, caller);
        var before = _blocking;
        var done = blocks ? new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously) : null;
        _blocking = done?.Task ?? before;
        var worker = runtime.Create(
            async context =>
            {
                try
                {
                    if (blocks)
                        await before.WaitAsync(context.Exiting).ConfigureAwait(false);
                    var trace = Traces.IsOn ? runtime.Traces.ContextOf(monitor) : default;
                    var result = await ResultAsync(context, wanted, trace).ConfigureAwait(false);
                    if (device is null)
                        reply(context, result);
                    else
                        context.TrySend(device, CallerDevice.EndMessage(result)); // behind what was printed
                }
                finally
                {
                    done?.SetResult();
                    if (monitor is not null)
                        rex.GetRelations().RemoveWorker(monitor);
                }
            },
            new SpawnOptions
            {
                GroupLeader = device ?? LeaderOf(wanted.Leader),
                IsSystem = !blocks && runner.IsService(wanted.Module, wanted.Function, wanted.Arguments),
            });
        worker.GetRelations().IsAwaitedBy(runtime.FindLink(caller.Node));
        if (monitor is not null)
            rex.GetRelations().AddWorker(monitor, worker.GetRelations());
        ProcessRuntime.Begin(worker);
    }

    private async ValueTask<Term> ResultAsync(ProcessContext context, Wanted wanted, ActivityContext trace)
    {
        try
        {
            var outcome = await runner.ApplyTracedAsync(
                context, wanted.Module, wanted.Function, wanted.Arguments, trace).ConfigureAwait(false);
            return outcome.ToRex();
        }
        catch (ProcessExitException e)
        {
            return Outcome.Bad(e.Reason);
        }
    }

    private Pid? LeaderOf(Term leader) => leader.Pid ?? runtime.WhereIs(UserName);

    private bool Deliver(ProcessContext context, Atom name, Term message)
    {
        if (runtime.Find(name) is not { } target)
            return false;
        context.TrySend(target.Self, message);
        return true;
    }

    private static Term Nobody(Atom name) => Term.Tuple(NonexistingName, name);

    /// <summary>What is to be run, and where its output goes.</summary>
    private readonly record struct Wanted(Term Leader, Term Module, Term Function, Term Arguments)
    {
        /// <summary>What prints for a call whose caller wants the output itself; null for any other.</summary>
        internal Pid? StartDevice(ProcessRuntime runtime, Pid caller)
        {
            var to = Leader.IsAtom("send_stdout_to_caller") ? caller
                : Leader.TupleElements is [{ AtomText: "send_stdout_to_caller" }, { Pid: { } other }] ? other : null;
            return to is null ? null : runtime.Spawn(new CallerDevice(to).RunAsync, SpawnOptions.Default).Self;
        }
    }
}

/// <summary>The group leader of a call whose caller wants its output: <c>erl_call -fetch_stdout</c>.</summary>
internal sealed class CallerDevice(Pid caller)
{
    private static readonly Atom End = new("$enmesh_end");
    private static readonly Atom RexStdout = new("rex_stdout");

    /// <summary>What the process of the call sends last: the result goes to the caller behind all output.</summary>
    internal static Term EndMessage(Term result) => Term.Tuple(End, result);

    internal async Task RunAsync(ProcessContext context)
    {
        var requests = new IoRequests(new(), static () => null);
        while (true)
        {
            var message = await context.ReceiveAsync().ConfigureAwait(false);
            if (message.TupleElements is [{ Atom: { } tag }, var result] && tag == End)
            {
                context.Answer(caller, Term.Tuple(Rex.Name, result));
                return;
            }
            if (!IoRequests.TryRead(message, out var from, out var replyAs, out var request))
                continue;
            var text = new System.Text.StringBuilder();
            var reply = requests.Handle(request, text);
            if (text.Length > 0)
                context.Answer(caller, Term.Tuple(RexStdout, Term.Binary(text.ToString())));
            context.Answer(from, IoRequests.Reply(replyAs, reply));
        }
    }
}
