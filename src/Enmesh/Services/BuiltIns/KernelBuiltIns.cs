using Enmesh.Processes;
using Enmesh.Terms;

namespace Enmesh.Services.BuiltIns;

/// <summary>OTP's own: <c>application</c>, <c>init</c>, <c>sys</c>, <c>supervisor</c>, <c>ets</c>.</summary>
internal static class KernelBuiltIns
{
    private static readonly TimeSpan SystemTimeout = TimeSpan.FromSeconds(5);
    private static readonly Atom System = new("system");

    internal static IEnumerable<BuiltInModule> Of(NodeFacts facts)
    {
        List<BuiltInModule> modules = [Application(), Init(), Sys(), Supervisor(), ProcLib(facts), Ets()];
        if (facts.Stop is { } stop)
            modules.Add(Stopping(stop));
        return modules;
    }

    private static BuiltInModule Application() => new BuiltInModule("application")
        .Add("which_applications", 0, "This library and the program, `[{enmesh, Description, Version}, …]`.",
            _ => Applications())
        .Add("which_applications", 1, "The same.", _ => Applications())
        .Add("loaded_applications", 0, "The same.", _ => Applications())
        .Add("get_application", 1, "`undefined`", _ => Atoms.Undefined)
        .Add("get_env", 2, "`undefined`", _ => Atoms.Undefined)
        .Add("get_env", 3, "The default given.", arguments => arguments[2])
        .Add("get_all_env", 1, "`[]`", _ => Term.Nil)
        .Add("get_key", 2, "`vsn` and `description` of this library and the program.",
            arguments => KeyOf(arguments.AtomAt(0), arguments.AtomAt(1)));

    private static BuiltInModule Init() => new BuiltInModule("init")
        .Add("get_status", 0, "`{started, started}`",
            _ => Term.Tuple(Arguments.Atom("started"), Arguments.Atom("started")))
        .Add("get_argument", 1, "`error`: there are no arguments of a BEAM.", _ => Atoms.Error)
        .Add("get_arguments", 0, "`[]`", _ => Term.Nil)
        .Add("get_plain_arguments", 0, "`[]`", _ => Term.Nil)
        .Add("script_id", 0, "`{\"Enmesh\", Version}`",
            _ => Term.Tuple(Term.CharList("Enmesh"), Term.CharList(NodeFacts.Version)));

    private static BuiltInModule Stopping(Action<ProcessContext, int> stop) => new BuiltInModule("init")
        .Add("stop", 0, "Ends the node in good order. Only with the option `StopByPeers`.",
            (context, _) => new(Stop(stop, context, 0)))
        .Add("stop", 1, "The same with an exit code. Only with the option `StopByPeers`.",
            (context, arguments) => new(Stop(stop, context, arguments[0].Int32 ?? 0)));

    private static BuiltInModule Sys() => new BuiltInModule("sys")
        .Add("get_state", 1,
            "The state of a process that answers system messages (`SystemRequest`); the node's own services do.",
            (context, arguments) => StateAsync(context, arguments, SystemTimeout))
        .Add("get_state", 2, "The same with a time-out.",
            (context, arguments) => StateAsync(context, arguments, TimeoutOf(arguments[1])))
        .Add("get_status", 1, "`{status, Pid, {module, M}, Items}` of such a process.",
            (context, arguments) => AskAsync(context, arguments, "get_status", SystemTimeout))
        .Add("get_status", 2, "The same with a time-out.",
            (context, arguments) => AskAsync(context, arguments, "get_status", TimeoutOf(arguments[1])));

    private static BuiltInModule Supervisor() => new BuiltInModule("supervisor")
        .Add("which_children", 1, "What the process answers when it is called with `which_children`.",
            (context, arguments) => CallAsync(context, arguments[0], "which_children"))
        .Add("count_children", 1, "What the process answers when it is called with `count_children`.",
            (context, arguments) => CallAsync(context, arguments[0], "count_children"));

    private static BuiltInModule ProcLib(NodeFacts facts) => new BuiltInModule("proc_lib")
        .Add("translate_initial_call", 1, "`{Class, init, 1}` of a server, and `{proc_lib, init_p, 5}` of any other process.", arguments =>
            arguments.PidAt(0) is var pid && facts.Runtime.Find(pid.Id, pid.Serial, pid.Creation)?.CallbackModule is { } module
                ? Term.Tuple(module, new Atom("init"), 1)
                : Term.Tuple(new Atom("proc_lib"), new Atom("init_p"), 5))
        .Add("get_label", 1, "`undefined`", _ => Atoms.Undefined);

    private static BuiltInModule Ets() => new BuiltInModule("ets")
        .Add("all", 0, "`[]`: there are no tables.", _ => Term.Nil)
        .Add("info", 1, "`undefined`", _ => Atoms.Undefined)
        .Add("info", 2, "`undefined`", _ => Atoms.Undefined);

    private static Term Applications() => Term.List(
        [.. NodeFacts.Applications.Select(
            app => Term.Tuple(new Atom(app.Name), Term.CharList(app.Description), Term.CharList(app.Version)))]);

    private static Term KeyOf(Atom application, Atom key)
    {
        foreach (var (name, description, version) in NodeFacts.Applications)
        {
            if (application.Text == name && key.Text is "vsn" or "description")
                return Term.Tuple(Atoms.Ok, Term.CharList(key.Text == "vsn" ? version : description));
        }
        return Atoms.Undefined;
    }

    private static Term Stop(Action<ProcessContext, int> stop, ProcessContext context, int code)
    {
        stop(context, code);
        return Atoms.Ok;
    }

    private static TimeSpan TimeoutOf(Term timeout) => timeout.IsAtom(Atoms.Infinity) ? Timeout.InfiniteTimeSpan
        : timeout.Int64 is >= 0 and <= uint.MaxValue - 1 and var milliseconds ? TimeSpan.FromMilliseconds(milliseconds)
        : throw ErlangException.BadArgument();

    private static async ValueTask<Term> StateAsync(
        ProcessContext context, IReadOnlyList<Term> arguments, TimeSpan timeout)
    {
        var answer = await AskAsync(context, arguments, "get_state", timeout).ConfigureAwait(false);
        return answer.TupleElements is [{ Atom: { } tag }, var state]
            ? tag == Atoms.Ok ? state : throw ErlangException.Error(state)
            : answer;
    }

    // A system message is answered as a call is: {Tag, Reply}.
    private static async ValueTask<Term> AskAsync(
        ProcessContext context, IReadOnlyList<Term> arguments, string request, TimeSpan timeout)
    {
        try
        {
            return await context.AskAsync(
                Local(arguments[0]),
                tag => Term.Tuple(System, Term.Tuple(context.Self, tag), new Atom(request)),
                static (message, tag) =>
                    message.TupleElements is [{ Reference: { } own }, var reply] && own == tag ? reply : (Term?)null,
                timeout).ConfigureAwait(false);
        }
        catch (CallExitException e)
        {
            throw ErlangException.Exit(
                Term.Tuple(e.Reason, Term.Tuple(new Atom("sys"), new Atom(request), Term.List([.. arguments]))));
        }
        catch (TimeoutException)
        {
            throw ErlangException.Exit(Term.Tuple(
                new Atom("timeout"), Term.Tuple(new Atom("sys"), new Atom(request), Term.List([.. arguments]))));
        }
    }

    private static async ValueTask<Term> CallAsync(ProcessContext context, Term server, string request)
    {
        try
        {
            return await context.CallAsync(
                Local(server), new Atom(request), Timeout.InfiniteTimeSpan).ConfigureAwait(false);
        }
        catch (CallExitException e)
        {
            throw ErlangException.Exit(Term.Tuple(e.Reason, Term.Tuple(
                new Atom("gen_server"), new Atom("call"), Term.List(server, new Atom(request), Atoms.Infinity))));
        }
    }

    // Only of this node: nobody is led on to a third one.
    private static ProcessAddress Local(Term server)
    {
        if (server.Pid is { } pid)
            return pid;
        return server.Atom is { } name ? name : throw ErlangException.BadArgument();
    }
}
