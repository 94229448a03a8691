using Enmesh.Processes;
using Enmesh.Terms;

namespace Enmesh.Services.BuiltIns;

/// <summary>
/// The process that the page Applications of <c>observer</c> starts on the node it looks at (<c>appmon_info</c>): it
/// names the applications, and draws the tree of the program's supervised processes.
/// </summary>
internal static class ApplicationMonitor
{
    private static readonly Atom Delivery = new("delivery");
    private static readonly Term NoTree = Term.Tuple(Term.Nil, Term.Nil, Term.Nil, Term.Nil);
    private static readonly Term NoLoad = Term.Tuple(0, 0);

    internal static BuiltInModule Module(NodeFacts facts) => new BuiltInModule("appmon_info")
        .Add("start_link2", 3, "`{ok, Pid}` of a process that tells the page Applications of observer which applications there are; that of the program has the tree of its supervisor.",
            (context, arguments) => new(Start(facts, context, arguments.PidAt(0), arguments.PidAt(1))));

    private static Term Start(NodeFacts facts, ProcessContext context, Pid starter, Pid client) =>
        Term.Tuple(Atoms.Ok, context.Spawn(child => RunAsync(facts, child, starter, client)));

    private static async Task RunAsync(NodeFacts facts, ProcessContext context, Pid starter, Pid client)
    {
        context.TrapExit = true;
        await context.LinkAsync(client).ConfigureAwait(false);
        while (true)
        {
            var message = await context.ReceiveAsync().ConfigureAwait(false);
            if (message.TupleElements is [{ AtomText: "EXIT" }, { Pid: { } ended }, _])
            {
                if (ended == client || ended == starter)
                    return;
            }
            // {'$gen_cast', {From, Command, Auxiliary, OnOff, Options}}
            else if (message.TupleElements is [{ Atom: { } tag },
            { TupleElements: [{ Pid: { } from }, { } command, var about, { AtomText: "true" }, _] }]
                && tag == GenAtoms.GenCast)
            {
                context.Answer(from, Term.Tuple(Delivery, context.Self, command, about, Answer(facts, command, about)));
            }
            else if (CallRequest.TryRead(message, out var call))
            {
                context.Reply(call, Atoms.Ok);
            }
        }
    }

    private static Term Answer(NodeFacts facts, Term command, Term about) => command.AtomText switch
    {
        "app_ctrl" => Term.List([.. NodeFacts.Applications.Select(app => Term.Tuple(
            Atoms.Undefined, new Atom(app.Name),
            Term.Tuple(new Atom(app.Name), Term.CharList(app.Description), Term.CharList(app.Version))))]),
        "load" => NoLoad,
        "app" when NameIn(about) == NodeFacts.Applications[^1].Name => TreeOf(facts),
        _ => NoTree,
    };

    // {Root, [{Pid, Name}], [{Parent, Child}], [{One, Other}]}, all but the pids by name: as on a BEAM, the links of the
    // program's supervisor and of those that are reached from there.
    private static Term TreeOf(NodeFacts facts)
    {
        if (facts.Runtime.AllProcesses.Where(IsSupervisor).MinBy(process => process.Self.Id) is not { } root)
            return NoTree;
        var seen = new HashSet<Pid> { root.Self };
        var (names, links) = (new List<Term>(), new List<Term>());
        var next = new Queue<ProcessContext>([root]);
        while (next.TryDequeue(out var process))
        {
            names.Add(Term.Tuple(process.Self, NameOf(process)));
            foreach (var child in process.LinkedPids.Where(pid => pid.Node == facts.Name.Atom).OrderBy(pid => pid.Id))
            {
                if (facts.Runtime.Find(child.Id, child.Serial, child.Creation) is not { } linked || !seen.Add(child))
                    continue;
                links.Add(Term.Tuple(NameOf(process), NameOf(linked)));
                next.Enqueue(linked);
            }
        }
        return Term.Tuple(NameOf(root), Term.List([.. names]), Term.List([.. links]), Term.Nil);
    }

    // An atom; its text in the time of appmon.
    private static string? NameIn(Term about) =>
        about.AtomText ?? (about.AsList is { } text && text.TryGetText(out var name) ? name : null);

    private static bool IsSupervisor(ProcessContext process) => process.CallbackModule?.Text == "supervisor";

    private static Term NameOf(ProcessContext process) => Term.CharList(
        process.Names is [var name, ..] ? name.Text : $"<0.{process.Self.Id}.{process.Self.Serial}>");
}
