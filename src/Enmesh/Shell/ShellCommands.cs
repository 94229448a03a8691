using System.Globalization;
using System.Text;
using Enmesh.Processes;
using Enmesh.Shell.Syntax;
using Enmesh.Terms;

namespace Enmesh.Shell;

/// <summary>The shell's own commands, and those of Erlang's module <c>c</c> that mean something here.</summary>
internal sealed class ShellCommands(ShellSession session) : IShellCommands
{
    private const string NoCode = "This node runs no Erlang code; it can be neither compiled nor loaded here.";

    /// <summary>What there is, for completion.</summary>
    internal static IReadOnlyList<string> Names { get; } = ["b", "e", "f", "flush", "h", "help", "i", "pid", "q", "regs", "uptime", "v"];

    private const string Help =
        """
        ** shell commands **
        b()        -- display all variable bindings
        e(N)       -- repeat the expression in query <N>
        f()        -- forget all variable bindings
        f(X)       -- forget the binding of variable X
        flush()    -- take and display all messages sent to the shell
        h()        -- history
        help()     -- this text
        i()        -- the processes of the node
        i(X,Y,Z)   -- information about pid <X.Y.Z>
        nodes()    -- the visible nodes that are connected
        pid(X,Y,Z) -- convert X,Y,Z to a pid
        q()        -- leave the shell; the node goes on
        regs()     -- the registered processes
        uptime()   -- how long the node has been up
        v(N)       -- use the value of query <N>

        """;

    public async ValueTask<Term?> TryRunAsync(Evaluator evaluator, string name, Expression[] arguments, Bindings bindings)
    {
        switch (name, arguments)
        {
            case ("f", []):
                foreach (var variable in bindings.All.ToArray())
                    bindings.Forget(variable);
                return Atoms.Ok;
            case ("f", [Variable variable]):
                bindings.Forget(variable.Name);
                return Atoms.Ok;
            case ("b", []):
                return await PrintAsync(evaluator, BindingsText(bindings)).ConfigureAwait(false);
            case ("h", []):
                return await PrintAsync(evaluator, HistoryText()).ConfigureAwait(false);
            case ("v", [var which]):
                return session.History.ValueOf(await evaluator.EvaluateAsync(which, bindings).ConfigureAwait(false)) ?? Atoms.Undefined;
            case ("help", []):
                await PrintAsync(evaluator, Help).ConfigureAwait(false);
                return true;
            case ("flush", []):
                return await FlushAsync(evaluator).ConfigureAwait(false);
            case ("i", []):
                return await PrintAsync(evaluator, await new ProcessTables(evaluator, session.Printer).ProcessesAsync().ConfigureAwait(false)).ConfigureAwait(false);
            case ("regs", []):
                return await PrintAsync(evaluator, await new ProcessTables(evaluator, session.Printer).NamesAsync().ConfigureAwait(false)).ConfigureAwait(false);
            case ("pid" or "i", [_, _, _]):
                return await PidAsync(evaluator, name, arguments, bindings).ConfigureAwait(false);
            case ("uptime", []):
                return await UptimeAsync(evaluator).ConfigureAwait(false);
            case ("q", []):
                session.Leave();
                return Atoms.Ok;
            case ("c" or "l" or "nl" or "nc" or "lc" or "ls" or "cd" or "pwd" or "lm" or "m" or "mm" or "xm" or "y", _):
                throw ErlangException.Error(Term.Tuple(new Atom("notsup"), Term.Binary(NoCode)), Term.Nil);
            default:
                return null;
        }
    }

    private static async ValueTask<Term> PrintAsync(Evaluator evaluator, string text)
    {
        await evaluator.Environment.Host.CallAsync(
            evaluator.Context, new Atom("io"), new Atom("put_chars"), [Term.Binary(text)]).ConfigureAwait(false);
        return Atoms.Ok;
    }

    private async ValueTask<Term> FlushAsync(Evaluator evaluator)
    {
        while (await evaluator.Context.ReceiveAsync(TimeSpan.Zero).ConfigureAwait(false) is { } message)
        {
            const string Got = "Shell got ";
            await PrintAsync(evaluator, $"{Got}{session.Printer.PrintWhole(message, Got.Length + 1)}\n").ConfigureAwait(false);
        }
        return Atoms.Ok;
    }

    private string BindingsText(Bindings bindings)
    {
        var text = new StringBuilder();
        foreach (var name in bindings.All.Order(StringComparer.Ordinal))
        {
            if (bindings.TryGet(name, out var value))
                text.Append(CultureInfo.InvariantCulture, $"{name} = {session.Printer.Print(value, name.Length + 4)}\n");
        }
        return text.ToString();
    }

    private string HistoryText()
    {
        var text = new StringBuilder();
        foreach (var entry in session.History.Entries)
        {
            text.Append(CultureInfo.InvariantCulture, $"{entry.Number}: {entry.Source.TrimEnd('.', ' ', '\n')}\n");
            if (entry.Value is { } value)
                text.Append(CultureInfo.InvariantCulture, $"-> {session.Printer.Print(value, 4)}\n");
        }
        return text.ToString();
    }

    private async ValueTask<Term> PidAsync(Evaluator evaluator, string name, Expression[] arguments, Bindings bindings)
    {
        var numbers = new Term[3];
        for (var i = 0; i < numbers.Length; i++)
            numbers[i] = await evaluator.EvaluateAsync(arguments[i], bindings).ConfigureAwait(false);
        if (numbers is not [{ Int32: 0 }, { Int64: >= 0 and <= uint.MaxValue and var id }, { Int64: >= 0 and <= uint.MaxValue and var serial }])
            throw Failures.OfCall(Failures.BadArg, "c", name, numbers);
        var pid = new Pid(session.Runtime.Name.Atom, (uint)id, (uint)serial, session.Runtime.Creation);
        return name == "pid"
            ? pid
            : await evaluator.ApplyAsync(new Atom("erlang"), new Atom("process_info"), [pid]).ConfigureAwait(false);
    }

    private static async ValueTask<Term> UptimeAsync(Evaluator evaluator)
    {
        var answer = await evaluator.ApplyAsync(new Atom("erlang"), new Atom("statistics"), [new Atom("wall_clock")]).ConfigureAwait(false);
        var total = answer.TupleElements is [{ Int64: { } milliseconds }, _] ? TimeSpan.FromMilliseconds(milliseconds) : default;
        return await PrintAsync(
            evaluator, $"{total.Days} days, {total.Hours} hours, {total.Minutes} minutes and {total.Seconds} seconds\n").ConfigureAwait(false);
    }
}
