using System.Globalization;

namespace Enmesh.Web.Status;

/// <summary>The page: sections, each of which can be put in the place of an older one.</summary>
/// <remarks>
/// Everything is in the markup as text and in its structure: signs beside colours, headings for rows and columns, captions. End tags that HTML lets one leave
/// out are left out where there are very many.
/// </remarks>
internal static class StatusPage
{
    /// <summary>The whole page.</summary>
    internal static string Whole(NodeStatus status)
    {
        var html = new HtmlText();
        html.Raw("<!doctype html>\n<html lang=\"en\"><head><meta charset=\"utf-8\"><meta name=\"viewport\" content=\"width=device-width,initial-scale=1\">")
            .Raw("<meta name=\"color-scheme\" content=\"light dark\"><meta name=\"robots\" content=\"noindex\"><title>").Text(status.Node.Name).Raw(" – Enmesh</title>")
            .Raw("<link rel=\"icon\" href=\"/icon.svg\" type=\"image/svg+xml\"><link rel=\"stylesheet\" href=\"/page.css\"><script src=\"/page.js\" defer></script>")
            // Without scripts the page is fetched anew.
            .Raw("<noscript><meta http-equiv=\"refresh\" content=\"5\"></noscript></head>\n<body data-node=\"").Text(status.Node.Name).Raw("\">")
            .Raw("<header><p class=\"brand\">Enmesh</p><h1>").Text(status.Node.Name).Raw("</h1>");
        if (status.Nodes.Count > 1)
            Others(html, status);
        html.Raw("<p id=\"live\" role=\"status\">As of ").Raw(Moment(status.At)).Raw("</p></header>\n<main>");
        foreach (var (_, section) in Sections(status))
            html.Raw(section).Raw("\n");
        html.Raw("</main>\n<footer><p><a href=\"/api?node=").Text(Uri.EscapeDataString(status.Node.Name)).Raw("\">All of this as JSON</a> · <a href=\"/cert?node=")
            .Text(Uri.EscapeDataString(status.Node.Name)).Raw("\">Certificates as PEM</a></p></footer></body></html>\n");
        return html.ToString();
    }

    /// <summary>The sections by their ids, in order.</summary>
    internal static IReadOnlyList<(string Id, string Html)> Sections(NodeStatus status) =>
    [
        ("summary", SummarySection.Write(status)),
        ("mesh", MeshSection.Write(status)),
        ("members", PeerSections.Members(status)),
        ("links", PeerSections.Links(status)),
        ("sources", OtherSections.Sources(status)),
        ("certificates", OtherSections.Certificates(status)),
        ("names", OtherSections.Names(status)),
    ];

    /// <summary>Begins a section with a heading.</summary>
    internal static HtmlText Begin(string id, string heading) => new HtmlText()
        .Raw("<section id=\"").Raw(id).Raw("\" aria-labelledby=\"").Raw(id).Raw("-h\"><h2 id=\"").Raw(id).Raw("-h\">").Raw(heading).Raw("</h2>");

    /// <summary>Begins a table that scrolls by itself where it is too wide, with the keyboard as well.</summary>
    internal static HtmlText BeginTable(this HtmlText html, string label, params ReadOnlySpan<string> columns)
    {
        html.Raw("<div class=\"scroll\" role=\"region\" tabindex=\"0\" aria-label=\"").Raw(label).Raw("\"><table><thead><tr>");
        foreach (var column in columns)
            html.Raw("<th scope=\"col\">").Raw(column);
        return html.Raw("<tbody>");
    }

    internal static HtmlText EndTable(this HtmlText html) => html.Raw("</table></div>");

    /// <summary>A state with its sign: the class is only its colour.</summary>
    internal static HtmlText State(this HtmlText html, string kind, string sign, string text) =>
        html.Raw("<span class=\"").Raw(kind).Raw("\">").Raw(sign).Raw(" ").Text(text).Raw("</span>");

    /// <summary>How long ago something was.</summary>
    internal static HtmlText Since(this HtmlText html, DateTimeOffset? at, DateTimeOffset now) => at is { } time
        ? html.Raw("<time datetime=\"").Raw(Iso(time)).Raw("\" title=\"").Raw(Moment(time)).Raw("\">").Raw(Ago.Text((now - time).TotalSeconds)).Raw("</time>")
        : html;

    /// <summary>How long something still lasts, with a sign when that is not long.</summary>
    internal static HtmlText Left(this HtmlText html, DateTimeOffset end, DateTimeOffset now)
    {
        var seconds = (end - now).TotalSeconds;
        var (kind, sign) = seconds <= 0 ? ("bad", "✗ ") : seconds < Troubles.EndsSoon.TotalSeconds ? ("warn", "! ") : ("", "");
        return html.Raw("<time datetime=\"").Raw(Iso(end)).Raw("\" title=\"").Raw(Moment(end)).Raw("\" class=\"").Raw(kind).Raw("\">").Raw(sign)
            .Raw(seconds <= 0 ? $"expired {Ago.Text(-seconds)} ago" : Ago.Text(seconds)).Raw("</time>");
    }

    internal static string Moment(DateTimeOffset time) => time.ToUniversalTime().ToString("yyyy-MM-dd HH:mm:ss 'UTC'", CultureInfo.InvariantCulture);

    private static string Iso(DateTimeOffset time) => time.ToUniversalTime().ToString("yyyy-MM-dd'T'HH:mm:ss'Z'", CultureInfo.InvariantCulture);

    private static void Others(HtmlText html, NodeStatus status)
    {
        html.Raw("<nav aria-label=\"Nodes of this program\"><ul>");
        foreach (var name in status.Nodes)
        {
            html.Raw("<li><a href=\"/?node=").Text(Uri.EscapeDataString(name)).Raw(name == status.Node.Name ? "\" aria-current=\"page\">" : "\">").Text(name).Raw("</a>");
        }
        html.Raw("</ul></nav>");
    }
}
