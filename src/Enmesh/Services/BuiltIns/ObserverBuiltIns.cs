using Enmesh.Processes;
using Enmesh.Terms;

namespace Enmesh.Services.BuiltIns;

/// <summary>
/// The part of <c>observer_backend</c> that <c>observer</c> and <c>etop</c> call on the node they look at, for the
/// pages System, Load Charts, Processes, Ports and Tables.
/// </summary>
internal static class ObserverBuiltIns
{
    private const int BatchSize = 10_000;

    private static readonly string[] SystemItems =
    [
        "logical_processors", "logical_processors_online", "logical_processors_available", "schedulers",
        "schedulers_online",
    ];

    private static readonly string[] MoreSystemItems =
    [
        "otp_release", "version", "system_architecture", "kernel_poll", "smp_support", "threads", "thread_pool_size",
    ];

    private static readonly string[] Counts =
    [
        "process_count", "atom_limit", "atom_count", "process_limit", "process_count", "port_limit", "port_count",
        "ets_limit", "ets_count",
        "dist_buf_busy_limit",
    ];

    internal static IEnumerable<BuiltInModule> Of(NodeFacts facts) =>
    [
        new BuiltInModule("observer_backend")
            .Add("vsn", 0, "`{ok, Version}`", _ => Term.Tuple(Atoms.Ok, Term.CharList(NodeFacts.Version)))
            .Add("sys_info", 0, "What the page System shows, from `system_info`, `memory` and `statistics`.",
                _ => SystemInfo(facts))
            .Add("get_port_list", 0, "`[]`", _ => Term.Nil)
            .Add("get_socket_list", 0, "`[]`", _ => Term.Nil)
            .Add("socket_info", 0, "`[]`", _ => Term.Nil)
            .Add("get_table_list", 2, "`[]`", _ => Term.Nil)
            .Add("procs_info", 1, "Sends `{procs_info, self(), List}` to the pid given.",
                (context, arguments) => SendProcessesAsync(facts, context, arguments.PidAt(0)))
            .Add("etop_collect", 1, "Sends `{self(), Info}` to the pid given.",
                (context, arguments) => SendSummaryAsync(facts, context, arguments.PidAt(0)))
            .Add("fetch_stats", 2, "Sends `{stats, 1, SchedulerWallTime, Io, Memory}` to the pid given every so many milliseconds, until it gets a message or the pid ends.",
                (context, arguments) => SendStatisticsAsync(
                    facts, context, arguments.PidAt(0), arguments[1].Int32 ?? throw ErlangException.BadArgument())),
    ];

    private static Term SystemInfo(NodeFacts facts)
    {
        var io = SystemBuiltIns.Io().TupleElements;
        return Term.List(
        [
            Arguments.Pair("uptime", (long)facts.UpTime.TotalMilliseconds),
            Arguments.Pair("run_queue", ThreadPool.PendingWorkItemCount),
            Arguments.Pair("io_input", io[0].TupleElements[1]),
            Arguments.Pair("io_output", io[1].TupleElements[1]),
            .. SystemItems.Select(Info),
            Arguments.Pair("schedulers_available", Environment.ProcessorCount),
            .. MoreSystemItems.Select(Info),
            Arguments.Pair("wordsize_internal", IntPtr.Size),
            Arguments.Pair("wordsize_external", IntPtr.Size),
            Arguments.Pair("alloc_info", HeapAllocators.ToTerm()),
            .. Counts.Select(Info),
            .. SystemBuiltIns.Memory().Select(item => Arguments.Pair(item.Key, item.Bytes)),
        ]);

        Term Info(string item) => Arguments.Pair(item, SystemBuiltIns.Info(facts, new Atom(item))!.Value);
    }

    private static async ValueTask<Term> SendProcessesAsync(NodeFacts facts, ProcessContext context, Pid collector)
    {
        foreach (var batch in facts.Runtime.AllProcesses.Where(process => process != context).Chunk(BatchSize))
        {
            await context.SendAsync(
                collector, Term.Tuple(Arguments.Atom("procs_info"), context.Self, Term.List([.. batch.Select(Row)])))
                .ConfigureAwait(false);
        }
        return Atoms.Ok;
    }

    // #etop_info{now, n_procs, wall_clock, runtime, run_queue, alloc_areas, memi, procinfo}
    private static async ValueTask<Term> SendSummaryAsync(NodeFacts facts, ProcessContext context, Pid collector)
    {
        var rows = facts.Runtime.AllProcesses.Where(process => process != context).Select(Row).ToArray();
        var milliseconds = (long)(facts.Clock.GetUtcNow() - DateTimeOffset.UnixEpoch).TotalMilliseconds;
        var now = Term.Tuple(milliseconds / 1_000_000_000, milliseconds / 1000 % 1_000_000, milliseconds % 1000 * 1000);
        var memory = SystemBuiltIns.Memory().Where(
            item => item.Key is "total" or "processes" or "ets" or "atom" or "code" or "binary")
            .Select(item => Arguments.Pair(item.Key, item.Bytes));
        await context.SendAsync(collector, Term.Tuple(context.Self, Term.Tuple(
            Arguments.Atom("etop_info"), now, rows.Length, Atoms.Undefined, SystemBuiltIns.WallTime(facts),
            ThreadPool.PendingWorkItemCount, Term.Nil,
            Term.List([.. memory]), Term.List(rows)))).ConfigureAwait(false);
        return Atoms.Ok;
    }

    // #etop_proc_info{pid, mem, reds, name, runtime, cf, mq}
    private static Term Row(ProcessContext process) => Term.Tuple(
        Arguments.Atom("etop_proc_info"), process.Self, 0, 0,
        process.Names is [var name, ..] ? name : InitialCallOf(process), 0, process.EntryPoint,
        process.MessageCount);

    private static Term InitialCallOf(ProcessContext process) =>
        process.CallbackModule is { } module ? Term.Tuple(module, new Atom("init"), 1) : process.EntryPoint;

    private static async ValueTask<Term> SendStatisticsAsync(
        NodeFacts facts, ProcessContext context, Pid collector, int milliseconds)
    {
        if (milliseconds < 1)
            throw ErlangException.BadArgument();
        await context.MonitorAsync(collector).ConfigureAwait(false);
        while (await context.ReceiveAsync(TimeSpan.FromMilliseconds(milliseconds)).ConfigureAwait(false) is null)
        {
            var stats = Term.Tuple(Arguments.Atom("stats"), 1, SystemBuiltIns.WallTime(facts), SystemBuiltIns.Io(),
                SystemBuiltIns.MemoryList());
            await context.SendAsync(collector, stats).ConfigureAwait(false);
        }
        return Atoms.Ok;
    }
}
