using System.Globalization;

namespace Enmesh.Web.Status;

/// <summary>What one wants to know first: how the node is, what is wrong, and how long it still serves.</summary>
internal static class SummarySection
{
    internal static string Write(NodeStatus status)
    {
        var html = StatusPage.Begin("summary", "State");
        html.Raw("<p class=\"state\">");
        State(html, status);
        html.Raw("</p>");
        if (status.Drain is { } drain)
            Drain(html, drain, status.At);
        Troubles(html, status);
        Facts(html, status);
        return html.Raw("</section>").ToString();
    }

    private static void State(HtmlText html, NodeStatus status)
    {
        if (status.Node.State == "draining")
            html.State("warn", "↓", "Draining");
        else if (status.Node.State == "joining")
            html.State("warn", "…", "Joining: waits for its cluster");
        else if (status.Troubles.Count > 0)
            html.State("warn", "!", "Up, with something to look at");
        else
            html.State("good", "✓", "Up");
    }

    private static void Drain(HtmlText html, DrainStatus drain, DateTimeOffset now)
    {
        html.Raw("<p class=\"drain\"><strong>").Raw(drain.Phase switch
        {
            "serving" => "Phase 1 of 3: serving on",
            "hooks" => "Phase 2 of 3: hooks of the program",
            _ => "Phase 3 of 3: closing",
        }).Raw("</strong> – ").Raw(drain.Phase switch
        {
            "serving" => "not ready any more, dials nobody; load balancers and discovery forget it meanwhile.",
            "hooks" => "what the program has still to do.",
            _ => "services stop, then all links close at once.",
        });
        if (drain.SecondsLeft is { } left)
            html.Raw(" <span class=\"left\">").Raw(Ago.Text(Math.Ceiling(left))).Raw(" left at most.</span>");
        html.Raw(" Told to stop ").Since(drain.Since, now).Raw(" ago.");
        if (drain.Hooks.Count > 0)
            html.Raw(" Still running: ").Text(string.Join(", ", drain.Hooks)).Raw(".");
        if (drain.IsHurried)
            html.Raw(" A second signal has come: nothing is waited for.");
        html.Raw("</p>");
    }

    private static void Troubles(HtmlText html, NodeStatus status)
    {
        if (status.Troubles.Count == 0)
        {
            html.Raw("<p class=\"fine\">Nothing is wrong that this node knows of.</p>");
            return;
        }
        html.Raw("<ul class=\"troubles\">");
        foreach (var trouble in status.Troubles)
            html.Raw("<li>").Text(trouble);
        html.Raw("</ul>");
    }

    private static void Facts(HtmlText html, NodeStatus status)
    {
        var (node, peers) = (status.Node, status.Peers);
        html.Raw("<dl>");
        Fact(html, "Peers", $"{peers.Connected} of {peers.Expected} connected", $"{peers.Discovered} discovered");
        Fact(html, "Up for", Ago.Text(node.UptimeSeconds), StatusPage.Moment(node.StartedAt));
        Fact(html, "Processes", Count(node.Processes), $"{Ago.Bytes(node.MailboxBytes)} in mailboxes");
        Fact(html, "Names", Count(status.Names.RegisteredCount), $"{Count(status.Names.GlobalCount)} global, {Count(status.Names.GroupCount)} groups");
        Fact(html, "Kind", node.IsHidden ? "hidden" : "published", node.Join switch
        {
            "Waiting" => "has not joined yet",
            "First" => "joined as the first",
            "TimedOut" => "went on alone",
            _ => "joined",
        });
        Fact(html, "Listens on", node.Port is { } port ? $"port {port.ToString(CultureInfo.InvariantCulture)}" : "nothing", node.IsEncrypted ? "TLS" : "not encrypted");
        Fact(html, "Late", $"tick {Ago.Text(node.TickDelaySeconds)}", $"pool {Ago.Text(node.PoolDelaySeconds)}; net tick time {Ago.Text(node.NetTickTimeSeconds)}");
        Fact(html, "Memory", Ago.Bytes(node.MemoryBytes), $"{Count(node.Processors)} processors");
        Fact(html, "Version", $"Enmesh {node.Enmesh}", node.Runtime);
        Fact(html, "Process", Count(node.ProcessId), node.System);
        Fact(html, "Creation", node.Creation.ToString(CultureInfo.InvariantCulture), "this start of the node");
        html.Raw("</dl>");
    }

    private static void Fact(HtmlText html, string name, string value, string detail) =>
        html.Raw("<div><dt>").Raw(name).Raw("</dt><dd>").Text(value).Raw("<small>").Text(detail).Raw("</small></dd></div>");

    private static string Count(int number) => number.ToString(CultureInfo.InvariantCulture);
}
