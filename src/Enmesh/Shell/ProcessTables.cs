using System.Globalization;
using System.Text;
using Enmesh.Processes;
using Enmesh.Terms;
using Enmesh.Terms.Text;

namespace Enmesh.Shell;

/// <summary>The tables of <c>i()</c> and <c>regs()</c>.</summary>
internal static class ProcessTables
{
    // A page or two; whoever wants more asks erlang:processes().
    private const int MostProcesses = 200;

    internal static string Processes(ProcessRuntime runtime, ValuePrinter printer)
    {
        var all = runtime.AllProcesses.OrderBy(process => process.Self.Serial).ThenBy(process => process.Self.Id).ToList();
        var text = Header("Pid", "Initial Call", "Msgs", "Registered or Current Function");
        foreach (var process in all.Take(MostProcesses))
            Append(text, printer, process, process.Names is [var name, ..] ? Show(name) : Call(process));
        if (all.Count > MostProcesses)
            text.Append(CultureInfo.InvariantCulture, $"... and {all.Count - MostProcesses} more\n");
        text.Append(CultureInfo.InvariantCulture, $"Total: {all.Count} processes, {all.Sum(process => (long)process.MessageCount)} messages\n");
        return text.ToString();
    }

    internal static string Names(ProcessRuntime runtime, ValuePrinter printer)
    {
        var text = new StringBuilder("** Registered procs on node ").Append(Show(runtime.Name.Atom)).Append(" **\n")
            .Append(Row("Name", "Pid", "Initial Call", "Msgs"));
        foreach (var name in runtime.RegisteredNames.OrderBy(name => name.Text, StringComparer.Ordinal))
        {
            if (runtime.Find(name) is { } process)
            {
                text.Append(Row(
                    Show(name), printer.Print(process.Self), Call(process), process.MessageCount.ToString(CultureInfo.InvariantCulture)));
            }
        }
        return text.ToString();
    }

    private static StringBuilder Header(string pid, string call, string messages, string name) =>
        new StringBuilder().Append(Row(pid, call, messages, name));

    private static void Append(StringBuilder text, ValuePrinter printer, ProcessContext process, string name) => text.Append(Row(
        printer.Print(process.Self), Call(process), process.MessageCount.ToString(CultureInfo.InvariantCulture), name));

    private static string Row(string first, string second, string third, string last) =>
        $"{first,-22} {second,-40} {third,6} {last}".TrimEnd() + "\n";

    private static string Call(ProcessContext process) => process.EntryPoint.TupleElements is [{ Atom: { } module }, { Atom: { } function }, var arity]
        ? $"{Show(module)}:{Show(function)}/{arity}" : "";

    private static string Show(Atom atom) => ErlangText.Print(atom, ErlangPrintOptions.WriteUnicode);
}
