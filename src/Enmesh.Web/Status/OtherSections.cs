namespace Enmesh.Web.Status;

/// <summary>Discovery, certificates, names.</summary>
internal static class OtherSections
{
    private const int MostPeers = 10;

    internal static string Sources(NodeStatus status)
    {
        var html = StatusPage.Begin("sources", "Discovery");
        if (status.Sources.Count == 0)
            return html.Raw("<p>There is no source of discovery: peers are met when they call or are called.</p></section>").ToString();
        html.BeginTable("Discovery", "Source", "State", "Last whole answer", "Took", "Names", "What is wrong");
        foreach (var source in status.Sources)
        {
            html.Raw("<tr><th scope=\"row\">").Text(source.Name).Raw("<td>");
            _ = source.State switch
            {
                "Healthy" => html.State("good", "✓", "whole"),
                "Partial" => html.State("warn", "!", "in part"),
                "Starting" => html.State("warn", "…", "has not answered yet"),
                _ => html.State("bad", "✗", $"no answer, {source.Failures} in a row"),
            };
            html.Raw("<td>");
            if (source.LastComplete is { } at)
                html.Since(at, status.At).Raw(" ago");
            else
                html.Raw("never");
            html.Raw("<td>").Raw(Ago.Text(source.LastDurationSeconds)).Raw("<td class=\"wide\">").Raw(source.Peers.Count).Raw(source.Peers.Count == 1 ? " peer" : " peers");
            if (source.Peers.Count > 0)
            {
                html.Raw(": ").Text(string.Join(", ", source.Peers.Take(MostPeers)));
                if (source.Peers.Count > MostPeers)
                    html.Raw(" and ").Raw(source.Peers.Count - MostPeers).Raw(" more");
            }
            html.Raw("<td class=\"wide\">").Text(source.Problem).Text(source.LacksSelf ? " It does not name this node." : "");
        }
        return html.EndTable().Raw("</section>").ToString();
    }

    internal static string Certificates(NodeStatus status)
    {
        var html = StatusPage.Begin("certificates", "Certificates");
        if (status.Certificates.Count == 0)
            return html.Raw("<p>This node does not use TLS.</p></section>").ToString();
        html.BeginTable("Certificates", "What", "Names", "Ends in", "Subject", "Issuer", "Key", "Serial number");
        foreach (var one in status.Certificates)
        {
            html.Raw("<tr><th scope=\"row\">").Raw(CertificateReader.Kinds(one)).Raw("<td>").Text(one.Names).Raw("<td>").Left(one.NotAfter, status.At)
                .Raw("<td>").Text(one.Subject).Raw("<td>").Text(one.Issuer).Raw("<td>").Text(one.Key).Raw("<td class=\"code\">").Text(one.SerialNumber);
        }
        return html.EndTable().Raw("</section>").ToString();
    }

    internal static string Names(NodeStatus status)
    {
        var names = status.Names;
        var html = StatusPage.Begin("names", "Names and groups").Raw("<h3>Registered here</h3>");
        List(html, names.Registered, names.RegisteredCount);
        html.Raw("<h3>Global</h3>");
        List(html, names.Global, names.GlobalCount);
        html.Raw("<h3>Groups</h3>");
        if (names.Groups.Count == 0)
            return html.Raw("<p>None.</p></section>").ToString();
        html.BeginTable("Groups", "Group", "Scope", "Members", "Of these here");
        foreach (var group in names.Groups)
        {
            html.Raw("<tr><th scope=\"row\">").Text(group.Group).Raw("<td>").Text(group.Scope).Raw("<td>").Raw(group.Members).Raw("<td>").Raw(group.LocalMembers);
        }
        html.EndTable();
        return Rest(html, names.Groups.Count, names.GroupCount).Raw("</section>").ToString();
    }

    private static void List(HtmlText html, IReadOnlyList<string> names, int count)
    {
        if (names.Count == 0)
        {
            html.Raw("<p>None.</p>");
            return;
        }
        html.Raw("<ul class=\"names\">");
        foreach (var name in names)
            html.Raw("<li>").Text(name);
        Rest(html.Raw("</ul>"), names.Count, count);
    }

    private static HtmlText Rest(HtmlText html, int shown, int count) =>
        shown < count ? html.Raw("<p>and ").Raw(count - shown).Raw(" more</p>") : html;
}
