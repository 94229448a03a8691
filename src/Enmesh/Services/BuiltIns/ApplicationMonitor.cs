using Enmesh.Processes;
using Enmesh.Terms;

namespace Enmesh.Services.BuiltIns;

/// <summary>
/// The process that the page Applications of <c>observer</c> starts on the node it looks at (<c>appmon_info</c>): it
/// names the applications, which have no trees of processes here.
/// </summary>
internal static class ApplicationMonitor
{
    private static readonly Atom Delivery = new("delivery");
    private static readonly Term NoTree = Term.Tuple(Term.Nil, Term.Nil, Term.Nil, Term.Nil);
    private static readonly Term NoLoad = Term.Tuple(0, 0);

    internal static BuiltInModule Module() => new BuiltInModule("appmon_info")
        .Add("start_link2", 3, "`{ok, Pid}` of a process that tells the page Applications of observer which applications there are; none has a tree.",
            (context, arguments) => new(Start(context, arguments.PidAt(0), arguments.PidAt(1))));

    private static Term Start(ProcessContext context, Pid starter, Pid client) =>
        Term.Tuple(Atoms.Ok, context.Spawn(child => RunAsync(child, starter, client)));

    private static async Task RunAsync(ProcessContext context, Pid starter, Pid client)
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
                context.Answer(from, Term.Tuple(Delivery, context.Self, command, about, Answer(command)));
            }
            else if (CallRequest.TryRead(message, out var call))
            {
                context.Reply(call, Atoms.Ok);
            }
        }
    }

    private static Term Answer(Term command) => command.AtomText switch
    {
        "app_ctrl" => Term.List([.. NodeFacts.Applications.Select(app => Term.Tuple(
            Atoms.Undefined, new Atom(app.Name),
            Term.Tuple(new Atom(app.Name), Term.CharList(app.Description), Term.CharList(app.Version))))]),
        "load" => NoLoad,
        _ => NoTree,
    };
}
