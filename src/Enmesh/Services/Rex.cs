using Enmesh.Processes;
using Enmesh.Terms;

namespace Enmesh.Services;

/// <summary>The process <c>rex</c>: runs exported functions for <c>erl_call</c> and for nodes that call by it.</summary>
/// <remarks>
/// <c>{Pid, {call, M, F, A, GroupLeader}}</c> is answered with <c>{rex, Result}</c>; the same request in a <c>$gen_call</c>
/// with the result alone. A failure is <c>{badrpc, {'EXIT', Reason}}</c>.
/// </remarks>
internal sealed class Rex(ProcessRuntime runtime, ExportedFunctions functions)
{
    internal static readonly Atom Name = new("rex");
    private static readonly Atom Call = new("call");
    private static readonly Atom BlockCall = new("block_call");
    private static readonly Atom Cast = new("cast");
    private static readonly Atom BadRpc = new("badrpc");
    private static readonly Atom ExitAtom = new("EXIT");
    private static readonly Atom Undef = new("undef");
    private static readonly Atom BadArg = new("badarg");
    private static readonly Atom FeaturesRequest = new("features_request");
    private static readonly Atom FeaturesReply = new("features_reply");

    internal async Task RunAsync(ProcessContext context)
    {
        while (true)
        {
            var message = await context.ReceiveAsync().ConfigureAwait(false);
            if (CallRequest.TryRead(message, out var call))
                OnCall(context, call);
            else if (message.TupleElements is [{ Atom: { } tag }, var request] && tag == GenAtoms.GenCast)
                Run(request, Cast, null);
            else if (message.TupleElements is [{ Pid: { } from }, var plain])
                await OnPlainAsync(context, from, plain).ConfigureAwait(false);
        }
    }

    private void OnCall(ProcessContext context, CallRequest call)
    {
        if (!Run(call.Request, Call, (caller, result) => caller.Reply(call, result))
            && !Run(call.Request, BlockCall, (caller, result) => caller.Reply(call, result)))
        {
            context.Reply(call, Bad(Term.Tuple(BadArg, Term.Nil)));
        }
    }

    private async ValueTask OnPlainAsync(ProcessContext context, Pid from, Term request)
    {
        if (request.IsAtom(FeaturesRequest))
        {
            // What we can do for rpc besides rex; erpc needs SPAWN, which we do not claim.
            await context.SendAsync(from, Term.Tuple(FeaturesReply, context.Node.Atom, Term.Nil)).ConfigureAwait(false);
            return;
        }
        if (!Run(request, Call, (caller, result) => caller.TrySend(from, Term.Tuple(Name, result))))
            context.TrySend(from, Term.Tuple(Name, Bad(Term.Tuple(BadArg, Term.Nil))));
    }

    /// <summary>Runs <c>{Kind, M, F, Args, GroupLeader}</c> in a process of its own, so that a slow one holds up nobody.</summary>
    /// <returns>False when the request is something else.</returns>
    private bool Run(Term request, Atom kind, Action<ProcessContext, Term>? reply)
    {
        if (request.TupleElements is not [{ Atom: { } tag }, { Atom: { } module }, { Atom: { } function }, { AsList: { IsProper: true } arguments }, _]
            || tag != kind)
        {
            return false;
        }
        runtime.Spawn(async context =>
        {
            var result = await ApplyAsync(context, module, function, arguments).ConfigureAwait(false);
            reply?.Invoke(context, result);
        });
        return true;
    }

    private async ValueTask<Term> ApplyAsync(ProcessContext context, Atom module, Atom function, ListTerm arguments)
    {
        if (functions.Find(module, function, arguments.Count) is not { } body)
            return Bad(Term.Tuple(Undef, Term.List(Term.Tuple(module, function, arguments, Term.Nil))));
        try
        {
            return await body(context, [.. arguments]).ConfigureAwait(false);
        }
#pragma warning disable CA1031 // Whatever an exported function throws is its caller's to know, as in rpc.
        catch (Exception e) when (e is not ProcessExitException)
#pragma warning restore CA1031
        {
            return Bad(ExitReason.FromException(e));
        }
    }

    private static Term Bad(Term reason) => Term.Tuple(BadRpc, Term.Tuple(ExitAtom, reason));
}
