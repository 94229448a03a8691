using Enmesh.Processes;
using Enmesh.Terms;

namespace Enmesh.Services.BuiltIns;

/// <summary>
/// The processes of the node: <c>erlang:processes/0</c>, <c>process_info</c> and what goes with them.
/// </summary>
internal static class ProcessBuiltIns
{
    private static readonly string[] ShortList =
    [
        "current_function", "initial_call", "status", "message_queue_len", "links", "dictionary", "trap_exit",
        "error_handler", "priority",
        "group_leader", "total_heap_size", "heap_size", "stack_size", "reductions", "garbage_collection", "suspending",
    ];

    internal static IEnumerable<BuiltInModule> Of(NodeFacts facts) =>
    [
        new BuiltInModule("erlang")
            .Add("processes", 0, "The pids of all processes.", _ => Processes(facts))
            .Add("registered", 0, "The registered names.",
                _ => Term.List([.. facts.Runtime.RegisteredNames.Select(name => (Term)name)]))
            .Add("whereis", 1, "The process of a name, or `undefined`.",
                arguments => facts.Runtime.WhereIs(arguments.AtomAt(0)) is { } pid ? pid : Atoms.Undefined)
            .Add("is_process_alive", 1, "Whether a process of this node is alive.",
                arguments => facts.Runtime.IsAlive(OwnPid(facts, arguments)))
            .Add("process_info", 1, "What `process_info/2` knows, for a process that is alive; else `undefined`.",
                arguments => InfoOf(facts, OwnPid(facts, arguments), null))
            .Add("process_info", 2, "Name, links, monitors, mailbox length, group leader and more; heap sizes and reductions are 0, messages and dictionaries are not shown.",
                arguments => InfoOf(facts, OwnPid(facts, arguments), arguments[1]))
            .Add("self", 0, "The process that does the call.", (context, _) => new(context.Self))
            .Add("group_leader", 0, "The group leader of the process that does the call: the caller's.",
                (context, _) => new(context.GroupLeader))
            .Add("ports", 0, "`[]`: there are none.", _ => Term.Nil)
            .Add("port_info", 1, "`undefined`",
                arguments => arguments[0].Port is null ? throw ErlangException.BadArgument() : Atoms.Undefined)
            .Add("port_info", 2, "`undefined`",
                arguments => arguments[0].Port is null ? throw ErlangException.BadArgument() : Atoms.Undefined),
    ];

    internal static Term Processes(NodeFacts facts) =>
        Term.List([.. facts.Runtime.AllProcesses.Select(process => (Term)process.Self)]);

    /// <summary><c>erlang:process_info/1,2</c>; the items are an atom, a list, or null for the usual ones.</summary>
    internal static Term InfoOf(NodeFacts facts, Pid pid, Term? items)
    {
        var process = facts.Runtime.Find(pid.Id, pid.Serial, pid.Creation);
        if (items is { AsList: { IsProper: true } list })
        {
            var known = list.Select(
                item => (Item: item, Value: (Func<ProcessContext, Term>)(p => Item(p, item)))).ToArray();
            CheckItems(list);
            return process is null
                ? Atoms.Undefined
                : Term.List([.. known.Select(item => Term.Tuple(item.Item, item.Value(process)))]);
        }
        if (items is { } one)
        {
            CheckItems(Term.List(one).AsList!.Value);
            // A process without a name has no such pair at all, but an empty list.
            if (process is not null && one.IsAtom("registered_name") && process.Names.Count == 0)
                return Term.Nil;
            return process is null ? Atoms.Undefined : Term.Tuple(one, Item(process, one));
        }
        if (process is null)
            return Atoms.Undefined;
        var pairs = ShortList.Select(item => Term.Tuple(new Atom(item), Item(process, new Atom(item))));
        return Term.List(
            process.Names is [var name, ..] ? [Arguments.Pair("registered_name", name), .. pairs] : [.. pairs]);
    }

    private static Pid OwnPid(NodeFacts facts, IReadOnlyList<Term> arguments) =>
        arguments.PidAt(0) is var pid && pid.Node == facts.Name.Atom ? pid : throw ErlangException.BadArgument();

    private static void CheckItems(ListTerm items)
    {
        foreach (var item in items)
        {
            if (!IsKnown(item))
                throw ErlangException.BadArgument();
        }
    }

    private static bool IsKnown(Term item) => item.TupleElements is [{ AtomText: "dictionary" }, _] || item.AtomText is
        "current_function" or "current_location" or "current_stacktrace" or "initial_call" or "status"
            or "message_queue_len" or "links"
        or "monitors" or "monitored_by" or "dictionary" or "trap_exit" or "error_handler" or "priority"
            or "group_leader" or "total_heap_size"
        or "heap_size" or "stack_size" or "memory" or "reductions" or "garbage_collection" or "garbage_collection_info"
            or "suspending"
        or "registered_name" or "messages" or "message_queue_data" or "min_heap_size" or "min_bin_vheap_size"
            or "max_heap_size"
        or "binary" or "catchlevel" or "last_calls" or "sequential_trace_token" or "trace" or "fullsweep_after"
            or "parent" or "label";

    // What is not kept here is told as it is of a process that has none of it.
    private static Term Item(ProcessContext process, Term item) => item.AtomText switch
    {
        null => Atoms.Undefined, // {dictionary, Key}
        "registered_name" => process.Names is [var name, ..] ? name : Term.Nil,
        "current_function" => process.EntryPoint,
        "initial_call" => process.EntryPoint,
        "current_location" => Term.Tuple([.. process.EntryPoint.TupleElements, Term.Nil]),
        "status" => Arguments.Atom(process.Mailbox.IsWaiting ? "waiting" : "running"),
        "message_queue_len" => process.MessageCount,
        "links" => Term.List([.. process.LinkedPids.Select(pid => (Term)pid)]),
        "monitors" =>
            Term.List([.. process.MonitoredTargets.Select(target => Term.Tuple(Arguments.Atom("process"), target))]),
        "monitored_by" => Term.List([.. process.WatchingPids.Select(pid => (Term)pid)]),
        "trap_exit" => process.TrapExit,
        "group_leader" => process.GroupLeader,
        "priority" => Arguments.Atom("normal"),
        "error_handler" => Arguments.Atom("error_handler"),
        "message_queue_data" => Arguments.Atom("on_heap"),
        "last_calls" => false,
        "label" or "parent" => Atoms.Undefined,
        "total_heap_size" or "heap_size" or "stack_size" or "memory" or "reductions" or "min_heap_size"
            or "min_bin_vheap_size"
            or "max_heap_size" or "catchlevel" or "trace" or "fullsweep_after" => 0,
        _ => Term.Nil, // dictionary, messages, binary, suspending, garbage_collection…
    };
}
