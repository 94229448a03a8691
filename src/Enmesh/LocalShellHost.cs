using Enmesh.Processes;
using Enmesh.Services;
using Enmesh.Shell;
using Enmesh.Terms;

namespace Enmesh;

/// <summary>A shell's way to the functions of its own node, and through it to those of other nodes.</summary>
internal class LocalShellHost(ErlangNode node) : IShellHost
{
    private static readonly Atom Pang = new("pang");
    private static readonly Atom Pong = new("pong");

    public virtual bool Overrides(Atom module, Atom function, int arity) =>
        node.Functions.IsOfProgram(module, function, arity);

    public virtual IEnumerable<(string Module, string Function, int Arity)> Functions => node.FunctionRunner.All
        .Concat(node.Functions.Modules.SelectMany(module =>
            node.Functions.FunctionsOf(module).Select(function => (module.Text, function.Name.Text, function.Arity))));

    public virtual ProcessAddress? Resolve(Atom name) => node.Runtime.WhereIs(name) is { } pid ? ProcessAddress.FromPid(pid) : (ProcessAddress?)null;

    public virtual ValueTask<Term> CallAsync(ProcessContext context, Atom module, Atom function, Term[] arguments) =>
        (module.Text, function.Text, arguments) switch
        {
            ("net_adm", "ping", [{ Atom: { } peer }]) => PingAsync(context, peer),
            ("net_kernel", "connect_node", [{ Atom: { } peer }]) => ConnectAsync(context, peer),
            ("erpc" or "rpc", "call", [{ Atom: { } peer }, { Atom: { } m }, { Atom: { } f }, { AsList: { IsProper: true } list }, .. var patience])
                when patience.Length <= 1 => CallElsewhereAsync(context, module.Text == "rpc", peer, m, f, list, patience),
            _ => CallHereAsync(context, module, function, arguments),
        };

    /// <summary>Calls a function of this node: one that is exported, or a built-in.</summary>
    protected async ValueTask<Term> CallHereAsync(ProcessContext context, Atom module, Atom function, Term[] arguments)
    {
        var running = node.FunctionRunner.ApplyAsync(context, module, function, Term.List(arguments));
        // What it awaits is given up when somebody ends the process.
        var outcome = running.IsCompleted
            ? await running.ConfigureAwait(false)
            : await running.AsTask().WaitAsync(context.Exiting).ConfigureAwait(false);
        return outcome.Kind switch
        {
            OutcomeKind.Return => outcome.Value,
            OutcomeKind.Throw => throw ErlangException.Throw(outcome.Value),
            OutcomeKind.Exit => throw ErlangException.Exit(outcome.Value),
            // A built-in is no code of ours to whoever calls it: only the call itself is of interest.
            _ when !node.Functions.IsOfProgram(module, function, arguments.Length) && !outcome.Value.IsAtom("undef") =>
                throw ErlangException.Error(
                    outcome.Value, Term.List(Term.Tuple(module, function, Term.List(arguments), Term.Nil))),
            _ => throw ErlangException.Error(outcome.Value, outcome.Stack),
        };
    }

    /// <summary>Calls a function of another node by <c>erpc</c>; its exceptions are raised here.</summary>
    protected async ValueTask<Term> CallPeerAsync(
        ProcessContext context, NodeName peer, Atom module, Atom function, IReadOnlyList<Term> arguments, TimeSpan patience)
    {
        try
        {
            return await node.Rpc.CallPrintingAsync(
                peer, new SpawnTarget(module, function, Term.List([.. arguments]).AsList!.Value), context.GroupLeader, patience, context.Exiting)
                .ConfigureAwait(false);
        }
        catch (RpcException e)
        {
            throw e.Class switch
            {
                ErlangExceptionClass.Throw => ErlangException.Throw(e.Reason),
                ErlangExceptionClass.Exit => ErlangException.Exit(e.Reason),
                _ => ErlangException.Error(e.Reason, e.Stack),
            };
        }
        catch (Exception e) when (e is TimeoutException or CallExitException)
        {
            var reason = e is CallExitException exit ? exit.Reason : new Atom("timeout");
            throw ErlangException.Error(Term.Tuple(new Atom("erpc"), reason), Term.Nil);
        }
    }

    private async ValueTask<Term> CallElsewhereAsync(
        ProcessContext context, bool isRpc, Atom peer, Atom module, Atom function, ListTerm list, Term[] patience)
    {
        if (!NodeName.TryParse(peer.Text, out var name))
            return isRpc ? Bad(new Atom("nodedown")) : throw ErlangException.Error(Term.Tuple(new Atom("erpc"), new Atom("noconnection")), Term.Nil);
        var time = patience is [{ Int64: >= 0 and <= int.MaxValue and var milliseconds }]
            ? TimeSpan.FromMilliseconds(milliseconds) : Timeout.InfiniteTimeSpan;
        try
        {
            return await CallPeerAsync(context, name, module, function, [.. list], time).ConfigureAwait(false);
        }
        catch (ErlangException e) when (isRpc && e.Class != ErlangExceptionClass.Throw)
        {
            if (e.Reason.TupleElements is [{ AtomText: "erpc" }, { AtomText: "noconnection" }])
                return Bad(new Atom("nodedown"));
            return Bad(e.Class == ErlangExceptionClass.Exit || e.Reason.TupleElements is [{ AtomText: "erpc" }, _]
                ? Term.Tuple(new Atom("EXIT"), e.Reason)
                : Term.Tuple(new Atom("EXIT"), Term.Tuple(e.Reason, e.Stack ?? Term.Nil)));
        }
        catch (ErlangException e) when (isRpc)
        {
            return e.Reason;
        }
    }

    private static Term Bad(Term reason) => Term.Tuple(new Atom("badrpc"), reason);

    private async ValueTask<Term> PingAsync(ProcessContext context, Atom peer)
    {
        try
        {
            if (!NodeName.TryParse(peer.Text, out var name))
                return Pang;
            await node.PingAsync(name, cancellationToken: context.Exiting).ConfigureAwait(false);
            return Pong;
        }
        catch (Exception e) when (e is EnmeshException or TimeoutException)
        {
            return Pang;
        }
    }

    private async ValueTask<Term> ConnectAsync(ProcessContext context, Atom peer)
    {
        try
        {
            if (!NodeName.TryParse(peer.Text, out var name))
                return false;
            if (name != node.Name)
                await node.ConnectAsync(name, context.Exiting).ConfigureAwait(false);
            return true;
        }
        catch (EnmeshException)
        {
            return false;
        }
    }
}
