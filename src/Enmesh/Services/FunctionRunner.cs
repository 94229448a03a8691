using System.Diagnostics;
using Enmesh.Processes;
using Enmesh.Services.BuiltIns;
using Enmesh.Telemetry;
using Enmesh.Terms;
using Microsoft.Extensions.Logging;

namespace Enmesh.Services;

/// <summary>
/// Runs what a peer calls by module, function and arguments: an exported function, or one of the built-in ones.
/// </summary>
internal sealed class FunctionRunner(ExportedFunctions exported, BuiltInTable builtIns, ILogger logger)
{
    private const string OwnFrame = "Enmesh.Services.FunctionRunner";

    /// <summary>What lies between us and a method of a module.</summary>
    private static readonly string[] Plumbing =
        ["Enmesh.Modules.ErlangModuleInfo", ".GeneratedCalls.", "Enmesh.Hosting.ErlangNodeBuilder"];

    private static readonly Atom Erlang = new("erlang");
    private static readonly Atom Apply = new("apply");
    private static readonly Atom BadArg = new("badarg");
    private static readonly Atom Undef = new("undef");
    private static readonly Atom NotSup = new("notsup");

    /// <summary>What BIFs of the module <c>erlang</c> say beside their arguments.</summary>
    private static readonly Term ErrorInfo = Term.List(Term.Tuple(
        new Atom("error_info"), Term.Map((new Atom("module"), new Atom("erl_erts_errors")))));

    /// <summary>The built-in functions.</summary>
    internal IEnumerable<(string Module, string Function, int Arity)> All =>
        builtIns.All.Select(builtIn => (builtIn.Module, builtIn.Function, builtIn.Arity));

    /// <summary>Whether a call runs on the node's own thread.</summary>
    internal bool IsService(Term module, Term function, Term arguments) => exported.IsService(module, function, arguments);

    /// <summary>Whether there is such a function, be it one that is refused.</summary>
    internal bool Exists(Atom module, Atom function, ListTerm arguments) =>
        exported.Find(module, function, arguments.Count) is not null
            || builtIns.Find(module, function, arguments.Count) is not null
            || Refusals.ReasonFor(module.Text, function.Text, arguments) is not null;

    /// <summary>
    /// Runs <c>apply(Module, Function, Arguments)</c>. Whatever it throws is the outcome, save the process's own end.
    /// </summary>
    /// <exception cref="ProcessExitException">The process was sent an exit signal.</exception>
    internal ValueTask<Outcome> ApplyAsync(ProcessContext context, Term module, Term function, Term arguments)
    {
        if (module.Atom is not { } m || function.Atom is not { } f || arguments.AsList is not { IsProper: true } list)
            return new(BadApply(module, function, arguments));
        if (m == Erlang && f == Apply && list.Count == 3)
            return ApplyNestedAsync(context, list);
        // apply/2 of an external fun, which is but a name.
        if (m == Erlang && f == Apply && list.Count == 2 && list[0].Fun is { Function: { } name } fun)
            return ApplyAsync(context, fun.Module, name, list[1]);
        if (exported.Find(m, f, list.Count) is { } body)
            return RunAsync(context, m, f, list, body);
        if (builtIns.Find(m, f, list.Count) is { } builtIn)
            return RunAsync(context, m, f, list, builtIn);
        if (Refusals.ReasonFor(m.Text, f.Text, list) is not { } refusal)
            return new(Outcome.Error(Undef, Term.List(Term.Tuple(m, f, list, Term.Nil))));
        logger.CallRefused(m.Text, f.Text, list.Count, refusal);
        return new(
            Outcome.Error(Term.Tuple(NotSup, Term.Binary(refusal)), Term.List(Term.Tuple(m, f, list, Term.Nil))));
    }

    /// <summary>The same with a span around what the program exports, while somebody listens.</summary>
    internal ValueTask<Outcome> ApplyTracedAsync(
        ProcessContext context, Term module, Term function, Term arguments, ActivityContext parent,
        ActivityKind kind = ActivityKind.Server)
    {
        if (!Traces.IsOn || module.Atom is not { } m || function.Atom is not { } f || arguments.AsList is not { } list
            || exported.Find(m, f, list.Count) is null || exported.IsService(module, function, arguments))
            return ApplyAsync(context, module, function, arguments);
        return ApplyInSpanAsync($"{m}:{f}/{list.Count}");

        async ValueTask<Outcome> ApplyInSpanAsync(string name)
        {
            using var span = Traces.StartHandling(name, parent, kind);
            var outcome = await ApplyAsync(context, module, function, arguments).ConfigureAwait(false);
            if (outcome.Kind != OutcomeKind.Return)
                span?.SetStatus(ActivityStatusCode.Error, outcome.Value.ToString());
            return outcome;
        }
    }

    // erlang:apply/3 called by name is a frame of its own.
    private async ValueTask<Outcome> ApplyNestedAsync(ProcessContext context, ListTerm arguments)
    {
        var outcome = await ApplyAsync(context, arguments[0], arguments[1], arguments[2]).ConfigureAwait(false);
        return outcome.Kind == OutcomeKind.Error && outcome.Stack.AsList is { } stack
            ? Outcome.Error(outcome.Value, Term.List([.. stack, Term.Tuple(Erlang, Apply, 3, Term.Nil)]))
            : outcome;
    }

    private async ValueTask<Outcome> RunAsync(
        ProcessContext context, Atom module, Atom function, ListTerm arguments, ExportedFunction body)
    {
        try
        {
            return Outcome.Return(await body(context, arguments).ConfigureAwait(false));
        }
        catch (ErlangException e)
        {
            if (e.InnerException is { } inner)
                logger.CallFailed(module.Text, function.Text, arguments.Count, inner);
            return e.Class switch
            {
                ErlangExceptionClass.Throw => Outcome.Throw(e.Reason),
                ErlangExceptionClass.Exit => Outcome.Exit(e.Reason),
                _ => Outcome.Error(e.Reason, e.Stack ?? StackOf(e, module, function, arguments)),
            };
        }
        catch (CallExitException e)
        {
            return Outcome.Exit(e.Reason); // as the exit of gen_server:call
        }
        catch (OperationCanceledException) when (!context.Exiting.IsCancellationRequested)
        {
            return Outcome.Exit(ExitReason.Shutdown);
        }
#pragma warning disable CA1031 // Whatever an exported function throws is its caller's to know, as in erpc.
        catch (Exception e) when (e is not ProcessExitException and not OperationCanceledException)
#pragma warning restore CA1031
        {
            logger.CallFailed(module.Text, function.Text, arguments.Count, e);
            var reason = Term.Tuple(
                new Atom("exception"), Term.Binary(e.GetType().FullName ?? e.GetType().Name), Term.Binary(e.Message));
            return Outcome.Error(reason, StackOf(e, module, function, arguments));
        }
    }

    // A BIF shows the arguments it was given; a function of our own its frames, the outermost of which is the function
    // called.
    private static Term StackOf(Exception error, Atom module, Atom function, ListTerm arguments)
    {
        if (error is ErlangException { Reason: var reason } && module == Erlang)
            return Term.List(Term.Tuple(module, function, arguments, reason.IsAtom(BadArg) ? ErrorInfo : Term.Nil));
        return StackTerms.Of(error, OwnFrame, Term.Tuple(module, function, arguments.Count, Term.Nil), Plumbing);
    }

    // apply/3 itself fails; where the arguments are a list, their number stands for the function that was meant.
    private static Outcome BadApply(Term module, Term function, Term arguments)
    {
        var frame = Term.Tuple(Erlang, Apply, Term.List(module, function, arguments), ErrorInfo);
        return Outcome.Error(BadArg, arguments.AsList is { IsProper: true } list
            ? Term.List(frame, Term.Tuple(module, function, list.Count, Term.Nil))
            : Term.List(frame));
    }
}
