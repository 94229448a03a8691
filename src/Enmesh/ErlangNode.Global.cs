using Enmesh.Global;
using Enmesh.Peers;
using Enmesh.Processes;
using Enmesh.Services;
using Enmesh.Terms;

namespace Enmesh;

// The names that hold on all nodes of the cluster.
public sealed partial class ErlangNode
{
    /// <summary>Names and locks that hold on all published nodes of the cluster: Erlang's <c>global</c>.</summary>
    /// <exception cref="InvalidOperationException">The node is hidden and takes no part; or it has not started.</exception>
    public GlobalNames Global => new(Running.Global
        ?? throw new InvalidOperationException("A hidden node takes no part in global names; clear ErlangNodeOptions.Hidden."));

    private GlobalServer StartGlobal(NodePlan plan, ProcessRuntime runtime, PeerTable peers)
    {
        var logger = _logs.CreateLogger("Enmesh.Global");
        var server = new GlobalServer(runtime, peers, plan.PreventOverlappingPartitions, logger);
        var names = new GlobalNames(server);
        // What peers ask of the node on which one of two processes with the same name lives.
        ExportGlobal("resolve_it", 4, (context, arguments) => arguments is [var method, var name, { Pid: { } theirs }, { Pid: { } ours }]
            ? server.Methods.DecideAsync(runtime, context, method, new NameConflict(name, theirs, ours))
            : throw ErlangException.BadArgument());
        ExportGlobal("whereis_name", 1, (_, arguments) => new(names.WhereIs(arguments[0]) is { } pid ? pid : (Term)Atoms.Undefined));
        ExportGlobal("registered_names", 0, (_, _) => new(Term.List([.. names.Names])));
        KeptService.Start(runtime, GlobalServer.Name, server.RunAsync, logger);
        return server;
    }

    // The program's own function of that name, should it have one, takes its place.
    private void ExportGlobal(string function, int arity, ExportedFunction body)
    {
        if (Functions.Find(GlobalAtoms.Global, new Atom(function), arity) is null)
            Functions.ExportService("global", function, arity, body);
    }
}
