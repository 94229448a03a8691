using YamlDotNet.Core;
using YamlDotNet.Core.Events;

namespace Enmesh.Kubernetes.Api;

/// <summary>
/// A YAML document as maps (<see cref="Dictionary{TKey,TValue}"/>), lists and texts. Only the parser of YamlDotNet is
/// used, whose events need no reflection.
/// </summary>
internal static class YamlTree
{
    // Deep enough for any settings of people.
    private const int MaxDepth = 64;

    /// <returns>Null for an empty document.</returns>
    /// <exception cref="YamlException">It is no YAML, or has what settings do not need: anchors, several documents, two
    /// equal keys.</exception>
    internal static object? Read(string text)
    {
        var parser = new Parser(new StringReader(text));
        parser.Consume<StreamStart>();
        if (parser.TryConsume<StreamEnd>(out _))
            return null;
        parser.Consume<DocumentStart>();
        var tree = Node(parser, 0);
        parser.Consume<DocumentEnd>();
        if (!parser.TryConsume<StreamEnd>(out _))
            throw new YamlException(parser.Current!.Start, parser.Current.End, "There is more than one document.");
        return tree;
    }

    private static object? Node(Parser parser, int depth)
    {
        var at = parser.Current ?? throw new YamlException("The document ends too early.");
        if (depth > MaxDepth)
            throw new YamlException(at.Start, at.End, $"It is more than {MaxDepth} levels deep.");
        if (parser.TryConsume<Scalar>(out var scalar))
            return scalar.Style == ScalarStyle.Plain && scalar.Value is "" or "~" or "null" ? null : scalar.Value;
        if (parser.TryConsume<SequenceStart>(out _))
        {
            var list = new List<object?>();
            while (!parser.TryConsume<SequenceEnd>(out _))
                list.Add(Node(parser, depth + 1));
            return list;
        }
        if (!parser.TryConsume<MappingStart>(out _))
            throw new YamlException(at.Start, at.End, "Anchors and aliases are not read here.");
        var map = new Dictionary<string, object?>(StringComparer.Ordinal);
        while (!parser.TryConsume<MappingEnd>(out _))
        {
            var key = parser.Consume<Scalar>();
            if (!map.TryAdd(key.Value, Node(parser, depth + 1)))
                throw new YamlException(key.Start, key.End, $"'{key.Value}' is there twice.");
        }
        return map;
    }
}
