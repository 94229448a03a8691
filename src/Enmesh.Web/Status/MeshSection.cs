namespace Enmesh.Web.Status;

/// <summary>Who sees whom: a matrix, and a picture of it.</summary>
internal static class MeshSection
{
    /// <summary>Rows and columns of the matrix at most.</summary>
    internal const int Most = 100;

    /// <summary>Up to so many nodes the picture has all their links; beyond it those of this node and those that are missing.</summary>
    private const int MostFullyDrawn = 24;

    private const double Middle = 200;
    private const double Radius = 165;

    /// <summary>What one node says of another.</summary>
    private enum Sight
    {
        Itself,
        Sees,
        SeesNot,
        Unknown,
    }

    internal static string Write(NodeStatus status)
    {
        var all = Nodes(status);
        var nodes = all.Take(Most).ToArray();
        var sights = Sights(status, nodes);
        var html = StatusPage.Begin("mesh", "Who sees whom").Raw(nodes.Length > MostFullyDrawn ? "<div class=\"mesh many\">" : "<div class=\"mesh\">");
        Picture(html, Array.IndexOf(nodes, status.Node.Name), nodes, sights);
        html.Raw("<div>");
        Matrix(html, status, nodes, sights);
        html.Raw("<p class=\"legend\"><span class=\"good\">✓</span> the row’s node sees the column’s, <span class=\"bad\">✗</span> it does not, ")
            .Raw("<span class=\"warn\">?</span> it has not said; · itself.");
        if (nodes.Length < all.Count)
            html.Raw(" The first ").Raw(nodes.Length).Raw(" of ").Raw(all.Count).Raw(" nodes are shown; the JSON has all.");
        if (nodes.Length > MostFullyDrawn)
            html.Raw(" The picture has this node’s links, and those that are missing.");
        return html.Raw("</p></div></div></section>").ToString();
    }

    /// <summary>This node, those that are or should be connected, and those that others see.</summary>
    private static List<string> Nodes(NodeStatus status)
    {
        var hidden = status.Links.Where(link => link.IsHidden).Select(link => link.Peer).ToHashSet(StringComparer.Ordinal);
        var known = status.Views.Select(view => view.Name).Concat(status.Members.Where(member => !member.IsHidden).Select(member => member.Name)).Where(name => !hidden.Contains(name))
            .Distinct(StringComparer.Ordinal).Order(StringComparer.Ordinal).ToList();
        var others = status.Views.SelectMany(view => view.Sees ?? []).Distinct(StringComparer.Ordinal).Except(known).Order(StringComparer.Ordinal).ToList();
        // Others do not see a hidden node, and should not.
        return [.. known.Where(name => !status.Node.IsHidden || name != status.Node.Name), .. others];
    }

    private static Sight[,] Sights(NodeStatus status, string[] nodes)
    {
        var views = new Dictionary<string, HashSet<string>>(StringComparer.Ordinal);
        foreach (var view in status.Views)
        {
            if (view.Sees is not null)
                views[view.Name] = view.Sees.ToHashSet(StringComparer.Ordinal);
        }
        var sights = new Sight[nodes.Length, nodes.Length];
        for (var row = 0; row < nodes.Length; row++)
        {
            var sees = views.GetValueOrDefault(nodes[row]);
            for (var column = 0; column < nodes.Length; column++)
            {
                sights[row, column] = row == column ? Sight.Itself : sees is null ? Sight.Unknown : sees.Contains(nodes[column]) ? Sight.Sees : Sight.SeesNot;
            }
        }
        return sights;
    }

    private static void Matrix(HtmlText html, NodeStatus status, string[] nodes, Sight[,] sights)
    {
        html.Raw("<div class=\"scroll\" role=\"region\" tabindex=\"0\" aria-label=\"Who sees whom\"><table class=\"matrix\"><thead><tr><th scope=\"col\">Node");
        for (var column = 0; column < nodes.Length; column++)
            html.Raw("<th scope=\"col\" title=\"").Text(nodes[column]).Raw("\">").Raw(column + 1);
        html.Raw("<tbody>");
        for (var row = 0; row < nodes.Length; row++)
        {
            html.Raw("<tr><th scope=\"row\"><i>").Raw(row + 1).Raw(nodes[row] == status.Node.Name ? "</i> <b>(this node)</b> " : "</i> ").Text(nodes[row]);
            for (var column = 0; column < nodes.Length; column++)
                html.Raw(sights[row, column] switch
                {
                    Sight.Itself => "<td>·",
                    Sight.Sees => "<td>✓",
                    Sight.SeesNot => "<td class=n>✗",
                    _ => "<td class=u>?",
                });
        }
        html.Raw("</table></div>");
    }

    private static void Picture(HtmlText html, int own, string[] nodes, Sight[,] sights)
    {
        var broken = new List<(int One, int Other)>();
        var whole = new List<(int One, int Other)>();
        for (var one = 0; one < nodes.Length; one++)
        {
            for (var other = one + 1; other < nodes.Length; other++)
            {
                var (there, back) = (sights[one, other], sights[other, one]);
                if (there == Sight.SeesNot || back == Sight.SeesNot)
                    broken.Add((one, other));
                else if ((there == Sight.Sees || back == Sight.Sees) && (nodes.Length <= MostFullyDrawn || one == own || other == own))
                    whole.Add((one, other));
            }
        }
        html.Raw("<svg viewBox=\"0 0 400 400\" role=\"img\" aria-label=\"Picture of the mesh: ").Raw(nodes.Length).Raw(nodes.Length == 1 ? " node, " : " nodes, ")
            .Raw(broken.Count).Raw(broken.Count == 1 ? " pair does" : " pairs do").Raw(" not see each other. The table says the same.\">");
        Lines(html, "whole", whole, nodes.Length);
        Lines(html, "broken", broken, nodes.Length);
        for (var index = 0; index < nodes.Length; index++)
            Dot(html, index, nodes, Answers(index, sights));
        html.Raw("</svg>");
    }

    private static bool Answers(int index, Sight[,] sights)
    {
        var count = sights.GetLength(0);
        return count == 1 || sights[index, index == 0 ? 1 : 0] != Sight.Unknown;
    }

    private static void Lines(HtmlText html, string kind, List<(int One, int Other)> pairs, int count)
    {
        if (pairs.Count == 0)
            return;
        html.Raw("<path class=\"").Raw(kind).Raw("\" d=\"");
        foreach (var (one, other) in pairs)
        {
            var ((fromX, fromY), (toX, toY)) = (Place(one, count), Place(other, count));
            html.Raw("M").Raw(fromX).Raw(" ").Raw(fromY).Raw("L").Raw(toX).Raw(" ").Raw(toY);
        }
        html.Raw("\"/>");
    }

    // One that does not answer is hollow: not by its colour alone.
    private static void Dot(HtmlText html, int index, string[] nodes, bool answers)
    {
        var (x, y) = Place(index, nodes.Length);
        html.Raw(answers ? "<g class=\"node\"><title>" : "<g class=\"node quiet\"><title>").Raw(index + 1).Raw(" ").Text(nodes[index]).Raw(answers ? "" : ", does not answer")
            .Raw("</title><circle cx=\"").Raw(x).Raw("\" cy=\"").Raw(y).Raw("\" r=\"").Raw(nodes.Length > MostFullyDrawn ? 8 : 15).Raw("\"/><text x=\"").Raw(x).Raw("\" y=\"").Raw(y)
            .Raw(nodes.Length > MostFullyDrawn ? "\" class=\"small\">" : "\">").Raw(index + 1).Raw("</text></g>");
    }

    private static (double X, double Y) Place(int index, int count)
    {
        if (count == 1)
            return (Middle, Middle);
        // Beginning at the top, clockwise, with room for many.
        var angle = 2 * Math.PI * index / count - Math.PI / 2;
        var radius = count > MostFullyDrawn ? Radius + 20 : Radius;
        return (Middle + radius * Math.Cos(angle), Middle + radius * Math.Sin(angle));
    }
}
