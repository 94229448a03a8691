using Enmesh.Processes;
using Enmesh.Terms;

namespace Enmesh.Shell.Library;

/// <summary>Processes as the shell's own process sees them: spawning, links, monitors, names, timers, its dictionary.</summary>
internal static class ErlangProcesses
{
    private static readonly Atom ProcessAtom = new("process");

    internal static void AddTo(LibraryModule erlang)
    {
        AddSelf(erlang);
        AddSpawning(erlang);
        AddSignals(erlang);
        AddTimers(erlang);
        erlang
            .AddWaiting("apply", "**", call => call.Evaluator.ApplyAsync(
                call[0], call[1].AsList is { IsProper: true } list ? [.. list] : throw call.Bad(1, "not a proper list")))
            .AddWaiting("apply", "***", call => call.Evaluator.ApplyAsync(
                call[0].Atom ?? throw call.Bad(0, "not an atom"), call[1].Atom ?? throw call.Bad(1, "not an atom"),
                call[2].AsList is { IsProper: true } list ? [.. list] : throw call.Bad(2, "not a proper list")))
            .Add("make_fun", "aai", call => new FunTerm(call.Atom(0), call.Atom(1), call.Count(2)))
            .Add("make_ref", "", call => call.Context.MakeReference());
    }

    private static void AddSelf(LibraryModule erlang) => erlang
        .Add("self", "", call => call.Context.Self)
        .Add("node", "", call => call.Context.Node.Atom)
        .Add("node", "*", call => call[0].Pid?.Node ?? call[0].Reference?.Node ?? call[0].Port?.Node ?? throw call.Bad(0, "not a pid, port, or reference"))
        .Add("group_leader", "", call => call.Context.GroupLeader)
        .Add("group_leader", "pp", call =>
        {
            call.Context.SetGroupLeader(call.Pid(1), call.Pid(0));
            return true;
        })
        .Add("process_flag", "a*", ProcessFlag)
        .Add("get", "", call => Term.List([.. call.Evaluator.Dictionary.Select(pair => Term.Tuple(pair.Key, pair.Value))]))
        .Add("get", "*", call => call.Evaluator.Dictionary.GetValueOrDefault(call[0], Atoms.Undefined))
        .Add("put", "**", call =>
        {
            var before = call.Evaluator.Dictionary.GetValueOrDefault(call[0], Atoms.Undefined);
            call.Evaluator.Dictionary[call[0]] = call[1];
            return before;
        })
        .Add("erase", "*", call => call.Evaluator.Dictionary.Remove(call[0], out var value) ? value : Atoms.Undefined)
        .Add("erase", "", call =>
        {
            var all = Term.List([.. call.Evaluator.Dictionary.Select(pair => Term.Tuple(pair.Key, pair.Value))]);
            call.Evaluator.Dictionary.Clear();
            return all;
        })
        .Add("register", "a*", Register)
        .Add("unregister", "a", call => call.Context.Runtime.Unregister(call.Atom(0)) ? true : throw call.Bad(0, "not a registered name"));

    private static void AddSpawning(LibraryModule erlang) => erlang
        .Add("spawn", "f", call => call.Context.Spawn(Body(call, call[0], [])))
        .Add("spawn_link", "f", call => call.Context.SpawnLink(Body(call, call[0], [])))
        .Add("spawn_monitor", "f", call => Both(call.Context.SpawnMonitor(Body(call, call[0], []))))
        .Add("spawn", "aal", call => call.Context.Spawn(Body(call, Named(call), [.. call.List(2)])))
        .Add("spawn_link", "aal", call => call.Context.SpawnLink(Body(call, Named(call), [.. call.List(2)])))
        .Add("spawn_monitor", "aal", call => Both(call.Context.SpawnMonitor(Body(call, Named(call), [.. call.List(2)]))))
        .AddWaiting("spawn", "aaal", call => SpawnElsewhereAsync(call, link: false))
        .AddWaiting("spawn_link", "aaal", call => SpawnElsewhereAsync(call, link: true));

    private static void AddSignals(LibraryModule erlang) => erlang
        .AddWaiting("send", "**", async call =>
        {
            await call.Evaluator.Environment.SendAsync(call.Context, "send", call[0], call[1]).ConfigureAwait(false);
            return call[1];
        })
        .AddWaiting("link", "p", async call =>
        {
            await call.Context.LinkAsync(call.Pid(0), call.Context.Exiting).ConfigureAwait(false);
            return true;
        })
        .Add("unlink", "p", call =>
        {
            call.Context.Unlink(call.Pid(0));
            return true;
        })
        .Add("exit", "p*", call =>
        {
            call.Context.SendExit(call.Pid(0), call[1]);
            return true;
        })
        .AddWaiting("monitor", "a*", MonitorAsync)
        .Add("demonitor", "r", call => Demonitor(call, flush: false))
        .Add("demonitor", "rl", call => Demonitor(call, flush: call.List(1).Any(option => option.IsAtom("flush"))))
        .Add("alias", "", call => call.Context.CreateAlias())
        .Add("unalias", "r", call => call.Context.Unalias(call[0].Reference!));

    private static void AddTimers(LibraryModule erlang) => erlang
        .Add("send_after", "i**", call => call.Context.SendAfter(Delay(call), OtherLibraries.Address(call, 1), call[2]))
        .Add("start_timer", "i**", call => call.Context.StartTimer(Delay(call), OtherLibraries.Address(call, 1), call[2]))
        .Add("cancel_timer", "r", call => Left(call.Context.CancelTimer(call[0].Reference!)))
        .Add("read_timer", "r", call => Left(call.Context.ReadTimer(call[0].Reference!)))
        .Add("system_time", "", call => Nanoseconds(call))
        .Add("system_time", "*", call => In(call, Nanoseconds(call)))
        .Add("monotonic_time", "", call => Monotonic(call))
        .Add("monotonic_time", "*", call => In(call, Monotonic(call)))
        .Add("unique_integer", "", call => (long)call.Context.MakeReference().Words01 & long.MaxValue)
        .Add("unique_integer", "l", call => (long)call.Context.MakeReference().Words01 & long.MaxValue)
        .Add("date", "", call => Now(call) is var now ? Term.Tuple(now.Year, now.Month, now.Day) : default)
        .Add("time", "", call => Now(call) is var now ? Term.Tuple(now.Hour, now.Minute, now.Second) : default)
        .Add("localtime", "", call => Stamp(Now(call)))
        .Add("universaltime", "", call => Stamp(call.Context.TimeProvider.GetUtcNow()));

    /// <summary>The body of a process that calls a fun.</summary>
    private static Func<ProcessContext, Task> Body(LibraryCall call, Term fun, Term[] arguments)
    {
        var environment = call.Evaluator.Environment;
        return context => environment.RunProcessAsync(context, fun, arguments);
    }

    private static Term Named(LibraryCall call) => new FunTerm(call.Atom(0), call.Atom(1), call.List(2).Count);

    private static Term Both((Pid Process, Reference Monitor) started) => Term.Tuple(started.Process, started.Monitor);

    private static async ValueTask<Term> SpawnElsewhereAsync(LibraryCall call, bool link)
    {
        if (!NodeName.TryParse(call.Atom(0).Text, out var node))
            throw call.Bad(0, "not a node name");
        try
        {
            var started = await call.Context.SpawnAsync(
                node, call.Atom(1).Text, call.Atom(2).Text, [.. call.List(3)], new() { Link = link }, call.Context.Exiting).ConfigureAwait(false);
            return started.Pid;
        }
        catch (SpawnException e)
        {
            throw Failures.Of(e.Reason.Atom ?? Failures.BadArg);
        }
    }

    private static async ValueTask<Term> MonitorAsync(LibraryCall call)
    {
        if (call[0] != ProcessAtom)
            throw call.Bad(0, "invalid monitor type");
        return await call.Context.MonitorAsync(OtherLibraries.Address(call, 1), call.Context.Exiting).ConfigureAwait(false);
    }

    private static Term Demonitor(LibraryCall call, bool flush)
    {
        call.Context.Demonitor(call[0].Reference!, flush);
        return true;
    }

    private static Term ProcessFlag(LibraryCall call)
    {
        if (!call[0].IsAtom("trap_exit"))
            throw call.Bad(0, "invalid process flag");
        var before = call.Context.TrapExit;
        call.Context.TrapExit = call[1].Boolean ?? throw call.Bad(1, "not a boolean");
        return before;
    }

    private static Term Register(LibraryCall call)
    {
        var pid = call[1].Pid ?? throw call.Bad(1, "not a pid or port");
        if (call.Context.Runtime.Find(pid.Id, pid.Serial, pid.Creation) is not { } process || pid.Node != call.Context.Node.Atom)
            throw call.Bad(1, "dead process");
        try
        {
            call.Context.Runtime.Register(call.Atom(0), process);
            return true;
        }
        catch (InvalidOperationException)
        {
            throw call.Bad(0, "name is in use");
        }
        catch (ArgumentException)
        {
            throw call.Bad(0, "'undefined' is not a valid name");
        }
    }

    private static TimeSpan Delay(LibraryCall call) => call.Integer(0) is var asked && asked >= 0 && asked <= uint.MaxValue - 1
        ? TimeSpan.FromMilliseconds((long)asked) : throw call.Bad(0, "out of range");

    private static Term Left(TimeSpan? left) => left is { } some ? (long)some.TotalMilliseconds : false;

    private static DateTimeOffset Now(LibraryCall call) => call.Context.TimeProvider.GetLocalNow();

    private static Term Stamp(DateTimeOffset at) =>
        Term.Tuple(Term.Tuple(at.Year, at.Month, at.Day), Term.Tuple(at.Hour, at.Minute, at.Second));

    private static long Nanoseconds(LibraryCall call) => (call.Context.TimeProvider.GetUtcNow() - DateTimeOffset.UnixEpoch).Ticks * 100;

    private static long Monotonic(LibraryCall call) =>
        (long)(call.Context.TimeProvider.GetTimestamp() * (1e9 / call.Context.TimeProvider.TimestampFrequency));

    private static Term In(LibraryCall call, long nanoseconds) => call[0].AtomText switch
    {
        "second" => nanoseconds / 1_000_000_000,
        "millisecond" => nanoseconds / 1_000_000,
        "microsecond" => nanoseconds / 1_000,
        "nanosecond" or "native" => nanoseconds,
        _ => call[0].Int64 is > 0 and var parts
            ? (long)((Int128)nanoseconds * parts / 1_000_000_000)
            : throw call.Bad(0, "invalid time unit"),
    };
}
