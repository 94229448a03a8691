using System.Globalization;

namespace Enmesh.Web.Status;

/// <summary>The peers, and the links to them.</summary>
internal static class PeerSections
{
    /// <summary>Rows that are shown; the JSON has all.</summary>
    private const int Most = 200;

    internal static string Members(NodeStatus status)
    {
        var html = StatusPage.Begin("members", "Members");
        if (status.Members.Count == 0)
            return html.Raw("<p>No peer is wanted or connected.</p></section>").ToString();
        html.BeginTable("Members", "Peer", "State", "Since", "Named by", "Last error");
        // Who is missing is what one looks for.
        foreach (var member in status.Members.OrderBy(member => member.State == "Up" ? 1 : 0).Take(Most))
        {
            html.Raw("<tr><th scope=\"row\">").Text(member.Name).Raw("<td>");
            State(html, member, status.At);
            html.Raw("<td>").Since(member.Since, status.At).Raw("<td>");
            if (member.Sources.Count == 0)
                html.Raw("nobody");
            else
                html.Text(string.Join(", ", member.Sources));
            html.Raw("<td class=\"wide\">");
            if (member.LastFailure is { } failure)
                html.Text(failure.Stage).Raw(": ").Text(failure.Message).Raw(" <small>(").Since(failure.At, status.At).Raw(" ago)</small>");
        }
        return Cut(html.EndTable(), status.Members.Count).Raw("</section>").ToString();
    }

    internal static string Links(NodeStatus status)
    {
        var html = StatusPage.Begin("links", "Links");
        if (status.Links.Count == 0)
            return html.Raw("<p>No link is up.</p></section>").ToString();
        html.BeginTable("Links", "Peer", "Address", "Transport", "Cipher suite", "Certificates end in", "Received", "Sent", "Waiting", "Since");
        foreach (var link in status.Links.Take(Most))
        {
            html.Raw("<tr><th scope=\"row\">").Text(link.Peer).Raw(link.IsHidden ? " <small>(hidden)</small>" : "").Raw("<td>").Text(link.Address).Raw("<td>").Text(link.Transport).Raw("<td>");
            if (link.Tls is { } tls)
                html.Text(tls.CipherSuite).Raw("<td>").Left(tls.NotAfter, status.At);
            else
                html.Raw("none<td>");
            Flow(html, link.BytesReceived, link.MessagesReceived);
            Flow(html, link.BytesSent, link.MessagesSent);
            html.Raw("<td>").Raw(Ago.Bytes(link.BytesPending)).Raw("<td>").Since(link.Since, status.At);
        }
        return Cut(html.EndTable(), status.Links.Count).Raw("</section>").ToString();
    }

    private static void State(HtmlText html, MemberStatus member, DateTimeOffset now)
    {
        if (member.State == "Up")
        {
            html.State("good", "✓", member.IsHidden ? "up, hidden" : "up");
            return;
        }
        html.State("bad", "✗", member.State switch
        {
            "Dialing" => "is dialled",
            "Backoff" => "failed",
            _ => "waits to be dialled",
        });
        if (member.Failures > 0)
            html.Raw(" <small>").Raw(member.Failures).Raw(member.Failures == 1 ? " attempt" : " attempts");
        if (member.Failures > 0 && member.RetryAt is { } at && at > now)
            html.Raw(", next in ").Raw(Ago.Text(Math.Ceiling((at - now).TotalSeconds)));
        if (member.Failures > 0)
            html.Raw("</small>");
    }

    private static void Flow(HtmlText html, long bytes, long messages) =>
        html.Raw("<td>").Raw(Ago.Bytes(bytes)).Raw(" <small>").Raw(Ago.Number(messages)).Raw(messages == 1 ? " message</small>" : " messages</small>");

    private static HtmlText Cut(HtmlText html, int count) => count > Most
        ? html.Raw(string.Create(CultureInfo.InvariantCulture, $"<p>The first {Most} of {count} are shown; the JSON has all.</p>"))
        : html;
}
