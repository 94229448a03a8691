using System.Runtime.InteropServices;
using Enmesh.Processes;
using Enmesh.Terms;

namespace Enmesh.Services.BuiltIns;

/// <summary>
/// What the node runs on: <c>erlang:system_info/1</c>, <c>memory</c>, <c>statistics</c>, the clocks, <c>os</c> and
/// <c>inet</c>.
/// </summary>
internal static class SystemBuiltIns
{
    private const long NanosecondsPerTick = 100;

    internal static IEnumerable<BuiltInModule> Of(NodeFacts facts) => [Erlang(facts), Clocks(facts), Os(facts), Inet()];

    /// <summary><c>erlang:system_info/1</c>; null for an item that is not known here.</summary>
    internal static Term? Info(NodeFacts facts, Term item) => item.TupleElements switch
    {
        [{ AtomText: "wordsize" }, { AtomText: "internal" or "external" }] => IntPtr.Size,
        [{ AtomText: "allocator_sizes" or "allocator" }, _] => Term.Nil,
        _ => Info(facts, item.AtomText),
    };

    /// <summary><c>erlang:memory/0</c>: what .NET knows of, by the names tools ask for.</summary>
    internal static IReadOnlyList<(string Key, long Bytes)> Memory()
    {
        var managed = GC.GetTotalMemory(forceFullCollection: false);
        var total = Math.Max(managed, Environment.WorkingSet);
        return
        [
            ("total", total), ("processes", managed), ("processes_used", managed), ("system", total - managed),
            ("atom", 0), ("atom_used", 0), ("binary", 0), ("code", 0), ("ets", 0),
        ];
    }

    internal static Term MemoryList() => Term.List([.. Memory().Select(item => Arguments.Pair(item.Key, item.Bytes))]);

    /// <summary><c>erlang:statistics(io)</c></summary>
    internal static Term Io() =>
        Term.Tuple(Arguments.Pair("input", 0), Arguments.Pair("output", 0)); // nobody counts the bytes

    private static Term? Info(NodeFacts facts, string? item) => item switch
    {
        "otp_release" => Term.CharList(NodeFacts.OtpRelease),
        "version" => Term.CharList(NodeFacts.Version),
        "system_version" => Term.CharList(
            $"Enmesh {NodeFacts.Version} ({RuntimeInformation.FrameworkDescription}) [{IntPtr.Size * 8}-bit] [smp:{Environment.ProcessorCount}:{Environment.ProcessorCount}]\n"),
        "machine" => Term.CharList("Enmesh"),
        "system_architecture" => Term.CharList(NodeFacts.Architecture),
        "wordsize" => IntPtr.Size,
        "schedulers" or "schedulers_online" or "logical_processors" or "logical_processors_online"
            or "logical_processors_available" =>
            Environment.ProcessorCount,
        "dirty_cpu_schedulers" or "dirty_cpu_schedulers_online" or "dirty_io_schedulers" => 0,
        "thread_pool_size" => ThreadPool.ThreadCount,
        "multi_scheduling" => Arguments.Atom("enabled"),
        "smp_support" or "threads" or "kernel_poll" => true,
        "process_count" => facts.Runtime.ProcessCount,
        "process_limit" => ProcessRuntime.ProcessLimit,
        "port_count" or "ets_count" => 0,
        // There are neither, and as many as a BEAM would have room for: observer divides by these.
        "port_limit" => 65_536,
        "ets_limit" => 8_192,
        "atom_count" => facts.Runtime.RegisteredNames.Count,
        "atom_limit" => facts.AtomBudget,
        "creation" => facts.Runtime.Creation,
        "dist_buf_busy_limit" => facts.SendBufferBytes,
        "dist_ctrl" or "alloc_util_allocators" => Term.Nil,
        "start_time" => -(long)facts.UpTime.Ticks * NanosecondsPerTick,
        "os_monotonic_time_source" or "os_system_time_source" => Term.Nil,
        "time_correction" => true,
        "time_warp_mode" => Arguments.Atom("no_time_warp"),
        "time_offset" => Arguments.Atom("final"),
        "tolerant_timeofday" => Arguments.Atom("enabled"),
        "emu_flavor" => Arguments.Atom("jit"),
        "emu_type" or "build_type" => Arguments.Atom("opt"),
        "heap_type" => Arguments.Atom("shared"),
        "endian" => Arguments.Atom(BitConverter.IsLittleEndian ? "little" : "big"),
        "delayed_node_table_gc" => Atoms.Infinity,
        "dynamic_trace" => Arguments.Atom("none"),
        "debug_compiled" or "driver_version" or "nif_version" => false,
        _ => (Term?)null,
    };

    private static BuiltInModule Erlang(NodeFacts facts) => new BuiltInModule("erlang")
        .Add("system_info", 1, "Release 27, version, processors, limits and counts as far as they mean something here; other items are `badarg`.",
            arguments => Info(facts, arguments[0]) ?? throw ErlangException.BadArgument())
        .Add("memory", 0, "`total` is the working set, `processes` the managed heap, `system` the rest; there are no figures for the other kinds.", _ => MemoryList())
        .Add("memory", 1, "One or several kinds of memory.", arguments => MemoryOf(arguments[0]))
        .Add("statistics", 1, "`wall_clock`, `runtime`, `reductions` (0), `run_queue`, `io`, `garbage_collection`, `context_switches`, `scheduler_wall_time` and what goes with them; `io` is not counted.",
            arguments => Statistics(facts, arguments[0]) ?? throw ErlangException.BadArgument());

    private static BuiltInModule Clocks(NodeFacts facts) => new BuiltInModule("erlang")
        .Add("system_time", 0, "Nanoseconds since 1970.", _ => SystemNanoseconds(facts))
        .Add("system_time", 1, "The same in the unit given.",
            arguments => InUnit(SystemNanoseconds(facts), arguments[0]))
        .Add("monotonic_time", 0, "Nanoseconds since the node started.", _ => MonotonicNanoseconds(facts))
        .Add("monotonic_time", 1, "The same in the unit given.",
            arguments => InUnit(MonotonicNanoseconds(facts), arguments[0]))
        .Add("time_offset", 0, "System time minus monotonic time.",
            _ => SystemNanoseconds(facts) - MonotonicNanoseconds(facts))
        .Add("time_offset", 1, "The same in the unit given.",
            arguments => InUnit(SystemNanoseconds(facts) - MonotonicNanoseconds(facts), arguments[0]))
        .Add("timestamp", 0, "`{MegaSecs, Secs, MicroSecs}`", _ => Timestamp(facts))
        .Add("now", 0, "The same.", _ => Timestamp(facts))
        .Add("date", 0, "The local date.", _ => Date(facts.Clock.GetLocalNow()))
        .Add("time", 0, "The local time of day.", _ => TimeOfDay(facts.Clock.GetLocalNow()))
        .Add("localtime", 0, "Local date and time.", _ => DateAndTime(facts.Clock.GetLocalNow()))
        .Add("universaltime", 0, "Date and time in UTC.", _ => DateAndTime(facts.Clock.GetUtcNow()));

    private static BuiltInModule Os(NodeFacts facts) => new BuiltInModule("os")
        .Add("type", 0, "`{unix, linux}` and the like.", _ => Term.Tuple(
            Arguments.Atom(OperatingSystem.IsWindows() ? "win32" : "unix"),
            Arguments.Atom(OperatingSystem.IsWindows() ? "nt" : OperatingSystem.IsMacOS() ? "darwin" : "linux")))
        .Add("version", 0, "The operating system's version.", _ => Environment.OSVersion.Version is var v
            ? Term.Tuple(v.Major, v.Minor, Math.Max(0, v.Build)) : default)
        .Add("getpid", 0, "The process id in the operating system, as a string.", _ =>
            Term.CharList(Environment.ProcessId.ToString(System.Globalization.CultureInfo.InvariantCulture)))
        .Add("timestamp", 0, "`{MegaSecs, Secs, MicroSecs}`", _ => Timestamp(facts))
        .Add("system_time", 0, "Nanoseconds since 1970.", _ => SystemNanoseconds(facts))
        .Add("system_time", 1, "The same in the unit given.",
            arguments => InUnit(SystemNanoseconds(facts), arguments[0]));

    private static BuiltInModule Inet() => new BuiltInModule("inet")
        .Add("gethostname", 0, "`{ok, Name}`, the host's short name.",
            _ => Term.Tuple(Atoms.Ok, Term.CharList(Environment.MachineName.Split('.')[0])));

    private static Term MemoryOf(Term kinds)
    {
        var memory = Memory();
        if (kinds.AsList is { IsProper: true } list)
            return Term.List([.. list.Select(kind => Arguments.Pair(kind.AtomText ?? "", Bytes(kind)))]);
        return Bytes(kinds);

        Term Bytes(Term kind)
        {
            foreach (var (key, bytes) in memory)
            {
                if (kind.IsAtom(key))
                    return bytes;
            }
            throw ErlangException.BadArgument();
        }
    }

    private static Term? Statistics(NodeFacts facts, Term item) => item.AtomText switch
    {
        "wall_clock" => Term.Tuple((long)facts.UpTime.TotalMilliseconds, 0),
        "runtime" => Term.Tuple((long)Environment.CpuUsage.TotalTime.TotalMilliseconds, 0),
        "reductions" or "exact_reductions" => Term.Tuple(0, 0), // nobody counts them
        "run_queue" or "total_run_queue_lengths" or "total_run_queue_lengths_all" => ThreadPool.PendingWorkItemCount,
        "run_queue_lengths" or "run_queue_lengths_all" => Term.List(ThreadPool.PendingWorkItemCount),
        "active_tasks" or "active_tasks_all" => Term.List(ThreadPool.PendingWorkItemCount),
        "total_active_tasks" or "total_active_tasks_all" => ThreadPool.PendingWorkItemCount,
        "io" => Io(),
        "garbage_collection" => Term.Tuple(GC.CollectionCount(0), GC.GetTotalAllocatedBytes() / IntPtr.Size, 0),
        "context_switches" => Term.Tuple(ThreadPool.CompletedWorkItemCount, 0),
        "scheduler_wall_time" or "scheduler_wall_time_all" => WallTime(facts),
        "microstate_accounting" => Atoms.Undefined, // not switched on
        _ => (Term?)null,
    };

    /// <summary>
    /// <c>erlang:statistics(scheduler_wall_time)</c>: what the process has used of each processor, as if it used all
    /// alike.
    /// </summary>
    internal static Term WallTime(NodeFacts facts)
    {
        var total = MonotonicNanoseconds(facts);
        var active = Environment.CpuUsage.TotalTime.Ticks * NanosecondsPerTick / Environment.ProcessorCount;
        return Term.List([.. Enumerable.Range(
            1, Environment.ProcessorCount).Select(processor => Term.Tuple(processor, active, total))]);
    }

    private static long SystemNanoseconds(NodeFacts facts) =>
        (facts.Clock.GetUtcNow() - DateTimeOffset.UnixEpoch).Ticks * NanosecondsPerTick;

    private static long MonotonicNanoseconds(NodeFacts facts) => facts.UpTime.Ticks * NanosecondsPerTick;

    // The parts per second of a unit; old names of units are still taken.
    private static Term InUnit(long nanoseconds, Term unit)
    {
        var partsPerSecond = unit.AtomText switch
        {
            "second" or "seconds" => 1L,
            "millisecond" or "milli_seconds" => 1000,
            "microsecond" or "micro_seconds" => 1_000_000,
            "nanosecond" or "nano_seconds" or "native" or "perf_counter" => 1_000_000_000,
            _ => unit.Int64 is { } given and > 0 ? given : throw ErlangException.BadArgument(),
        };
        return (System.Numerics.BigInteger)Math.Floor((decimal)nanoseconds * partsPerSecond / 1_000_000_000);
    }

    private static Term Timestamp(NodeFacts facts)
    {
        var microseconds = SystemNanoseconds(facts) / 1000;
        return Term.Tuple(
            microseconds / 1_000_000_000_000, microseconds / 1_000_000 % 1_000_000, microseconds % 1_000_000);
    }

    private static Term Date(DateTimeOffset at) => Term.Tuple(at.Year, at.Month, at.Day);

    private static Term TimeOfDay(DateTimeOffset at) => Term.Tuple(at.Hour, at.Minute, at.Second);

    private static Term DateAndTime(DateTimeOffset at) => Term.Tuple(Date(at), TimeOfDay(at));
}
