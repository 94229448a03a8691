using System.Globalization;
using System.Text;
using Enmesh.Processes;
using Enmesh.Terms;

namespace Enmesh.Testing;

/// <summary>What a cluster looks like when an expectation is not met, in words.</summary>
internal static class Situation
{
    private const int MostMessages = 20;
    private const int MostProcesses = 50;
    private const int MostCharacters = 2000;

    /// <summary>An expectation of a probe was not met.</summary>
    internal static string NotMet(TestProbe probe, string expected, string happened, IReadOnlyList<Term> messages)
    {
        var text = new StringBuilder();
        text.Append(CultureInfo.InvariantCulture, $"Expected {expected}, but {happened}.").AppendLine();
        AppendMailbox(text, probe, messages);
        AppendCluster(text, probe.Node.Cluster);
        return text.ToString().TrimEnd();
    }

    /// <summary>The processes go on and on.</summary>
    internal static string NotAtRest(TestCluster cluster)
    {
        var text = new StringBuilder();
        text.Append(
            CultureInfo.InvariantCulture,
            $"The processes did not come to rest within {cluster.Options.Guard.TotalSeconds:0.###} s of real time " +
            $"(TestClusterOptions.Guard).").AppendLine();
        if (cluster.Thread.Current is Mailbox { Owner: var owner })
        {
            text.AppendLine(
                CultureInfo.InvariantCulture,
                $"At this moment {NameOf(owner)} of {owner.Node} has the thread; does it block, " +
                $"or wait for another process without await?");
        }
        else
        {
            text.AppendLine(
                "Do they send each other messages for ever, or does a process await something that never comes?");
        }
        AppendCluster(text, cluster);
        return text.ToString().TrimEnd();
    }

    internal static string NameOf(ProcessContext process)
    {
        var names = string.Join(", ", process.Names.Select(static name => name.Text));
        var label = process.Label is { } kind ? $" ({kind})" : "";
        return $"{Print(process.Self)}{(names.Length > 0 ? " " : "")}{names}{label}";
    }

    internal static string Print(Term term)
    {
        var text = term.ToString()!;
        return text.Length <= MostCharacters ? text : $"{text[..MostCharacters]}… ({text.Length} characters)";
    }

    private static void AppendMailbox(StringBuilder text, TestProbe probe, IReadOnlyList<Term> messages)
    {
        text.Append(
            CultureInfo.InvariantCulture,
            $"Mailbox of the probe {probe}: {(messages.Count == 0 ? "empty" : "")}").AppendLine();
        foreach (var message in messages.Take(MostMessages))
            text.Append("  ").AppendLine(Print(message));
        if (messages.Count > MostMessages)
            text.AppendLine(CultureInfo.InvariantCulture, $"  … and {messages.Count - MostMessages} more");
    }

    private static void AppendCluster(StringBuilder text, TestCluster cluster)
    {
        text.AppendLine(cluster.NextTimer is { } left
            ? $"The clock stands at {Seconds(cluster.Elapsed)}; " +
                $"the next timer of the program is due in {Seconds(left)}."
            : $"The clock stands at {Seconds(cluster.Elapsed)}; no timer of the program is armed.");
        foreach (var fault in cluster.Network.Faults)
            text.AppendLine(CultureInfo.InvariantCulture, $"Network: {fault}.");
        foreach (var node in cluster.Nodes)
            AppendNode(text, node);
        foreach (var line in cluster.Log.Lines.Prepend("Logged:").Where((_, i) => i > 0 || cluster.Log.Lines.Count > 0))
            text.Append(line == "Logged:" ? "" : "  ").AppendLine(line);
    }

    private static void AppendNode(StringBuilder text, TestNode node)
    {
        if (!node.Node.HasStarted)
            return;
        var connected = node.Node.ConnectedNodes;
        text.AppendLine(
            CultureInfo.InvariantCulture,
            $"{node.Name}, connected with {(connected.Count == 0 ? "nobody" : string.Join(", ", connected.Order()))}:");
        var processes = node.Processes.OrderBy(static process => process.Self.Serial)
            .ThenBy(static process => process.Self.Id).ToList();
        foreach (var process in processes.Take(MostProcesses))
            text.Append("  ").Append(NameOf(process)).Append(": ").AppendLine(StateOf(process));
        if (processes.Count > MostProcesses)
            text.AppendLine(CultureInfo.InvariantCulture, $"  … and {processes.Count - MostProcesses} more");
        if (processes.Count == 0)
            text.AppendLine("  no processes of the program");
        foreach (var (at, process, reason) in node.History.Lines)
            text.AppendLine(CultureInfo.InvariantCulture, $"  ended at {Seconds(at)}: {process}: {Print(reason)}");
    }

    private static string StateOf(ProcessContext process)
    {
        var state = process.Mailbox.IsWaiting ? "awaits a message" : "runs, or awaits something other than a message";
        var links = process.LinkedPids;
        var count = process.MessageCount;
        return state
            + (count == 0 ? "" : $"; {count} {(count == 1 ? "message" : "messages")} that it does not take")
            + (links.Count == 0 ? "" : $"; linked with {string.Join(", ", links.Select(static pid => Print(pid)))}");
    }

    private static string Seconds(TimeSpan time) =>
        string.Create(CultureInfo.InvariantCulture, $"{time.TotalSeconds:0.###} s");
}
