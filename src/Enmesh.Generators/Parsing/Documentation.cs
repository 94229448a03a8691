using System.Text;
using System.Xml;
using System.Xml.Linq;
using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp;

namespace Enmesh.Generators.Parsing;

/// <summary>What is said of a class or a method: its <c>[Description]</c>, else its documentation comment.</summary>
/// <remarks>
/// The comment is taken from the source: a compiler that makes no documentation file does not know it as one.
/// </remarks>
internal static class Documentation
{
    /// <summary>
    /// Paragraphs with an empty line between them: the summary, then parameters and result; null for none.
    /// </summary>
    internal static string? Of(ISymbol symbol, CancellationToken cancellation)
    {
        var description = symbol.GetAttributes().FirstOrDefault(attribute =>
            attribute.AttributeClass?.ToDisplayString() == "System.ComponentModel.DescriptionAttribute");
        if (description.First() is string text)
            return string.IsNullOrWhiteSpace(text) ? null : text.Trim();
        foreach (var reference in symbol.DeclaringSyntaxReferences)
        {
            if (FromComment(CommentOf(reference.GetSyntax(cancellation))) is { } comment)
                return comment;
        }
        return FromComment(symbol.GetDocumentationCommentXml(cancellationToken: cancellation));
    }

    private static string CommentOf(SyntaxNode node)
    {
        var comment = new StringBuilder();
        foreach (var trivia in node.GetLeadingTrivia())
        {
            if (!trivia.IsKind(SyntaxKind.SingleLineCommentTrivia)
                && !trivia.IsKind(SyntaxKind.SingleLineDocumentationCommentTrivia))
            {
                continue;
            }
            foreach (var line in trivia.ToFullString().Split('\n').Select(line => line.Trim()))
            {
                if (line.StartsWith("///", StringComparison.Ordinal))
                    comment.AppendLine(line.Substring(3));
            }
        }
        return comment.ToString();
    }

    private static string? FromComment(string? xml)
    {
        if (string.IsNullOrWhiteSpace(xml))
            return null;
        XElement root;
        try
        {
            root = XElement.Parse($"<doc>{xml}</doc>");
        }
        catch (XmlException)
        {
            return null; // the compiler complains of it, if anybody wants that
        }
        if (root.Element("member") is { } member)
            root = member;
        var paragraphs = root.Elements("summary").SelectMany(ParagraphsOf)
            .Concat(root.Elements("param").Select(Parameter))
            .Concat(root.Elements("returns").Select(returns => $"Returns: {TextOf(returns)}"))
            .Where(paragraph => paragraph.Length > 0)
            .ToList();
        return paragraphs.Count == 0 ? null : string.Join("\n\n", paragraphs);
    }

    private static string Parameter(XElement parameter) =>
        TextOf(parameter) is { Length: > 0 } text
            ? $"{Names.Variable(parameter.Attribute("name")?.Value ?? "")}: {text}"
            : "";

    private static IEnumerable<string> ParagraphsOf(XElement summary)
    {
        var outside = new XElement(summary);
        outside.Elements("para").Remove();
        return new[] { TextOf(outside) }.Concat(summary.Elements("para").Select(TextOf));
    }

    private static string TextOf(XElement element)
    {
        var text = new StringBuilder();
        Append(text, element);
        return string.Join(" ", text.ToString().Split(
            [' ', '\t', '\r', '\n'], StringSplitOptions.RemoveEmptyEntries));
    }

    private static void Append(StringBuilder text, XElement element)
    {
        foreach (var node in element.Nodes())
        {
            if (node is XText plain)
                text.Append(plain.Value);
            else if (node is XElement { HasElements: true } or XElement { Value.Length: > 0 })
                Append(text, (XElement)node);
            else if (node is XElement reference)
                text.Append(ReferenceIn(reference));
        }
    }

    // <see cref="T:Shop.Order"/>, <see langword="null"/>, <paramref name="price"/>
    private static string ReferenceIn(XElement reference)
    {
        if (reference.Name.LocalName == "paramref")
            return Names.Variable(reference.Attribute("name")?.Value ?? "");
        var target = reference.Attribute("cref")?.Value ?? reference.Attribute("langword")?.Value
            ?? reference.Attribute("href")?.Value ?? reference.Attribute("name")?.Value ?? "";
        var end = target.IndexOf('(');
        var name = end < 0 ? target : target.Substring(0, end);
        return reference.Attribute("cref") is null ? name : name.Substring(name.LastIndexOfAny(['.', ':']) + 1);
    }
}
