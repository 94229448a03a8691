using Enmesh.Processes;
using Enmesh.Terms;
using Enmesh.Terms.Text;

namespace Enmesh.Shell.Library;

/// <summary>A few functions each of <c>io_lib</c>, <c>proplists</c>, <c>timer</c> and <c>gen_server</c>.</summary>
internal static class OtherLibraries
{
    private static readonly Atom Infinity = new("infinity");

    internal static void AddTo(Func<string, LibraryModule> module)
    {
        module("io_lib")
            .Add("format", "**", call => Format(call, call[0], call[1]))
            .Add("fwrite", "**", call => Format(call, call[0], call[1]))
            .Add("write", "*", call => Format(call, Term.CharList("~w"), Term.List(call[0])))
            .Add("print", "*", call => Format(call, Term.CharList("~p"), Term.List(call[0])))
            .Add("nl", "", _ => Term.CharList("\n"));
        module("proplists")
            .Add("get_value", "*l", call => Value(call, Atoms.Undefined))
            .Add("get_value", "*l*", call => Value(call, call[2]))
            .Add("is_defined", "*l", call => call.List(1).Any(one => IsOf(one, call[0])))
            .Add("get_bool", "*l", call => Value(call, false).Boolean == true)
            .Add("get_all_values", "*l", call => Term.List([.. call.List(1).Where(one => IsOf(one, call[0])).Select(ValueOf)]))
            .Add("get_keys", "l", call => Term.List([.. call.List(0).Select(one => one.IsTuple ? one.TupleElements[0] : one).Distinct()]))
            .Add("delete", "*l", call => Term.List([.. call.List(1).Where(one => !IsOf(one, call[0]))]))
            .Add("to_map", "l", call => Construction.Map(call.List(0).Reverse().Where(one => one.Atom is not null || one.TupleElements.Length == 2)
                .GroupBy(one => one.IsTuple ? one.TupleElements[0] : one).ToDictionary(group => group.Key, group => ValueOf(group.Last()))));
        module("timer")
            .AddWaiting("sleep", "*", SleepAsync)
            .AddWaiting("tc", "f", call => TimeAsync(call, []))
            .AddWaiting("tc", "fl", call => TimeAsync(call, [.. call.List(1)]))
            .Add("seconds", "n", call => Arithmetic.Binary("*", 1000, call[0]))
            .Add("minutes", "n", call => Arithmetic.Binary("*", 60_000, call[0]))
            .Add("hours", "n", call => Arithmetic.Binary("*", 3_600_000, call[0]));
        module("gen_server")
            .AddWaiting("call", "**", call => CallAsync(call, TimeSpan.FromSeconds(5)))
            .AddWaiting("call", "***", call => CallAsync(call, Patience(call, 2)))
            .AddWaiting("cast", "**", async call =>
            {
                await call.Context.CastAsync(Address(call, 0), call[1], call.Context.Exiting).ConfigureAwait(false);
                return Atoms.Ok;
            });
    }

    /// <summary>Where a message or a call goes: a pid, a name, <c>{Name, Node}</c>, <c>{global, Name}</c>.</summary>
    internal static ProcessAddress Address(LibraryCall call, int index)
    {
        var to = call[index];
        if (to.Pid is { } pid)
            return pid;
        if (to.Reference is { } alias)
            return alias;
        if (to.Atom is { } name)
            return name;
        if (to.TupleElements is [{ AtomText: "global" }, var global])
            return ProcessAddress.Global(global);
        return to.TupleElements is [{ Atom: { } there }, { AtomText: { } node }] && NodeName.TryParse(node, out var parsed)
            ? (there, parsed)
            : throw call.Bad(index, "not a valid process");
    }

    private static Term Format(LibraryCall call, Term format, Term arguments)
    {
        try
        {
            var local = new LocalNode(call.Context.Node.Atom, call.Context.Self.Creation);
            return Term.CharList(ErlangText.Format(format, arguments, new() { LocalNode = local }));
        }
        catch (FormatException)
        {
            throw call.Bad();
        }
    }

    private static bool IsOf(Term one, Term key) => one == key || (one.TupleElements is [var first, ..] && first == key);

    private static Term ValueOf(Term one) => one.TupleElements switch
    {
        [_, var value] => value,
        [] => true,
        _ => Atoms.Undefined,
    };

    private static Term Value(LibraryCall call, Term otherwise)
    {
        foreach (var one in call.List(1))
        {
            if (IsOf(one, call[0]))
                return ValueOf(one);
        }
        return otherwise;
    }

    private static TimeSpan Patience(LibraryCall call, int index) => call[index].IsAtom(Infinity)
        ? Timeout.InfiniteTimeSpan
        : call[index].Int64 is >= 0 and <= uint.MaxValue - 1 and var milliseconds
            ? TimeSpan.FromMilliseconds(milliseconds) : throw call.Clause();

    private static async ValueTask<Term> SleepAsync(LibraryCall call)
    {
        await call.Context.ReceiveAsync(static _ => false, Patience(call, 0)).ConfigureAwait(false);
        return Atoms.Ok;
    }

    private static async ValueTask<Term> TimeAsync(LibraryCall call, Term[] arguments)
    {
        var started = call.Context.TimeProvider.GetTimestamp();
        var value = await call.CallAsync(0, arguments).ConfigureAwait(false);
        return Term.Tuple((long)call.Context.TimeProvider.GetElapsedTime(started).TotalMicroseconds, value);
    }

    private static async ValueTask<Term> CallAsync(LibraryCall call, TimeSpan patience)
    {
        try
        {
            return await call.Context.CallAsync(Address(call, 0), call[1], patience, call.Context.Exiting).ConfigureAwait(false);
        }
        catch (Exception e) when (e is CallExitException or TimeoutException)
        {
            var reason = e is CallExitException exit ? exit.Reason : new Atom("timeout");
            throw ErlangException.Exit(Term.Tuple(
                reason, Term.Tuple(new Atom("gen_server"), new Atom("call"), Term.List(call.Arguments))));
        }
    }
}
