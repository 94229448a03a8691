using System.Globalization;
using System.Text;
using Enmesh.Terms;
using Enmesh.Terms.Text;

namespace Enmesh.Shell;

/// <summary>The tables of <c>i()</c> and <c>regs()</c>, made of what the node answers that the shell is one of.</summary>
internal sealed class ProcessTables(Evaluator evaluator, ValuePrinter printer)
{
    // A page or two; whoever wants more asks erlang:processes().
    private const int MostProcesses = 200;

    private static readonly Atom Erlang = new("erlang");
    private static readonly Atom Name = new("registered_name");
    private static readonly Atom InitialCall = new("initial_call");
    private static readonly Atom Messages = new("message_queue_len");

    internal async ValueTask<string> ProcessesAsync()
    {
        var all = (await AskAsync("processes").ConfigureAwait(false)).AsList ?? default;
        var text = new StringBuilder(Row("Pid", "Initial Call", "Msgs", "Registered"));
        foreach (var pid in all.Take(MostProcesses))
            text.Append(await RowOfAsync(pid, name: null).ConfigureAwait(false));
        if (all.Count > MostProcesses)
            text.Append(CultureInfo.InvariantCulture, $"... and {all.Count - MostProcesses} more\n");
        return text.Append(CultureInfo.InvariantCulture, $"Total: {all.Count} processes\n").ToString();
    }

    internal async ValueTask<string> NamesAsync()
    {
        var names = ((await AskAsync("registered").ConfigureAwait(false)).AsList ?? default)
            .Select(name => name.Atom).OfType<Atom>().OrderBy(name => name.Text, StringComparer.Ordinal);
        var text = new StringBuilder(Row("Name", "Initial Call", "Msgs", "Pid"));
        foreach (var name in names)
            text.Append(await RowOfAsync(await AskAsync("whereis", name).ConfigureAwait(false), name).ConfigureAwait(false));
        return text.ToString();
    }

    private async ValueTask<string> RowOfAsync(Term pid, Atom? name)
    {
        if (pid.Pid is null)
            return "";
        var info = await AskAsync("process_info", pid, Term.List(InitialCall, Messages, Name)).ConfigureAwait(false);
        if (info.AsList is not { } items)
            return ""; // it has ended meanwhile
        Term Of(Atom key) => items.FirstOrDefault(item => item.TupleElements is [var tag, _] && tag == key) is { TupleElements: [_, var value] } ? value : default;
        var call = Of(InitialCall).TupleElements is [{ Atom: { } module }, { Atom: { } function }, { Int32: { } arity }]
            ? $"{Show(module)}:{Show(function)}/{arity}" : "";
        var self = printer.Print(pid);
        var registered = Of(Name).Atom is { } first ? Show(first) : "";
        return Row(name is null ? self : Show(name), call, Of(Messages).ToString(), name is null ? registered : self);
    }

    private ValueTask<Term> AskAsync(string function, params Term[] arguments) =>
        evaluator.ApplyAsync(Erlang, new Atom(function), arguments);

    private static string Row(string first, string call, string messages, string last) =>
        $"{first,-22} {call,-40} {messages,6} {last}".TrimEnd() + "\n";

    private static string Show(Atom atom) => ErlangText.Print(atom, ErlangPrintOptions.WriteUnicode);
}
