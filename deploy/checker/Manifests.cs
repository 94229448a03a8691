using System.Globalization;
using System.Text.Json.Nodes;
using YamlDotNet.Core;
using YamlDotNet.Core.Events;

namespace Enmesh.Deploy;

/// <summary>One object of a rendering.</summary>
internal sealed record Manifest(JsonObject Body)
{
    internal string Kind => Body.Text("kind") ?? "";

    internal string ApiVersion => Body.Text("apiVersion") ?? "";

    internal string Name => Body.Text("metadata", "name") ?? "";

    internal string? Namespace => Body.Text("metadata", "namespace");

    public override string ToString() => $"{Kind} {Name}";
}

/// <summary>The pods that an object makes.</summary>
internal sealed record PodTemplate(Manifest Owner, JsonObject Body)
{
    internal IReadOnlyDictionary<string, string> Labels => Body.Labels("metadata", "labels");

    internal JsonObject Spec => Body["spec"] as JsonObject ?? [];

    internal IEnumerable<JsonObject> Containers => Spec.Objects("containers");

    internal IEnumerable<JsonObject> AllContainers => Spec.Objects("initContainers").Concat(Containers);

    /// <summary>Whether these are nodes: pods that run until they are told to stop.</summary>
    internal bool AreNodes => Owner.Kind is "Deployment" or "StatefulSet";

    /// <summary>The container that runs our node; null in pods of others.</summary>
    internal JsonObject? Node => Containers.FirstOrDefault(container => container.Texts("args").FirstOrDefault() == "node");
}

/// <summary>All objects of an overlay, as they would be applied.</summary>
internal sealed record Rendering(string Name, IReadOnlyList<Manifest> Objects)
{
    internal IEnumerable<Manifest> Of(string kind) => Objects.Where(one => one.Kind == kind);

    internal Manifest? Find(string kind, string? name) => Objects.FirstOrDefault(one => one.Kind == kind && one.Name == name);

    internal IEnumerable<PodTemplate> Pods =>
        from one in Objects
        let template = one.Kind switch
        {
            "Deployment" or "StatefulSet" or "DaemonSet" or "Job" => one.Body.Object("spec", "template"),
            "CronJob" => one.Body.Object("spec", "jobTemplate", "spec", "template"),
            _ => null,
        }
        where template is not null
        select new PodTemplate(one, template);

    internal static Rendering Parse(string name, string yaml) =>
        new(name, [.. Yaml.Documents(yaml).OfType<JsonObject>().Select(body => new Manifest(body))]);
}

/// <summary>Ways into trees of which nothing is known for sure.</summary>
internal static class Trees
{
    internal static JsonNode? At(this JsonNode? node, params ReadOnlySpan<string> path)
    {
        foreach (var step in path)
            node = (node as JsonObject)?[step];
        return node;
    }

    internal static JsonObject? Object(this JsonNode? node, params ReadOnlySpan<string> path) => node.At(path) as JsonObject;

    internal static string? Text(this JsonNode? node, params ReadOnlySpan<string> path) => (node.At(path) as JsonValue)?.ToString();

    internal static bool? Flag(this JsonNode? node, params ReadOnlySpan<string> path) => bool.TryParse(node.Text(path), out var flag) ? flag : null;

    internal static int? Number(this JsonNode? node, params ReadOnlySpan<string> path) =>
        int.TryParse(node.Text(path), NumberStyles.Integer, CultureInfo.InvariantCulture, out var number) ? number : null;

    internal static IEnumerable<JsonObject> Objects(this JsonNode? node, params ReadOnlySpan<string> path) =>
        (node.At(path) as JsonArray)?.OfType<JsonObject>() ?? [];

    internal static IEnumerable<string> Texts(this JsonNode? node, params ReadOnlySpan<string> path) =>
        (node.At(path) as JsonArray)?.Select(item => item?.ToString() ?? "") ?? [];

    internal static IReadOnlyDictionary<string, string> Labels(this JsonNode? node, params ReadOnlySpan<string> path) =>
        (node.At(path) as JsonObject ?? []).ToDictionary(pair => pair.Key, pair => pair.Value?.ToString() ?? "", StringComparer.Ordinal);
}

/// <summary>YAML as JSON, with the types that kubectl gives to plain scalars.</summary>
internal static class Yaml
{
    internal static IEnumerable<JsonNode?> Documents(string text)
    {
        var parser = new Parser(new StringReader(text));
        parser.Consume<StreamStart>();
        while (parser.TryConsume<DocumentStart>(out _))
        {
            yield return Node(parser);
            parser.Consume<DocumentEnd>();
        }
    }

    private static JsonNode? Node(Parser parser)
    {
        if (parser.TryConsume<Scalar>(out var scalar))
            return Value(scalar);
        if (parser.TryConsume<SequenceStart>(out _))
        {
            var list = new JsonArray();
            while (!parser.TryConsume<SequenceEnd>(out _))
                list.Add(Node(parser));
            return list;
        }
        var start = parser.Consume<MappingStart>();
        var map = new JsonObject();
        while (!parser.TryConsume<MappingEnd>(out _))
        {
            var key = parser.Consume<Scalar>();
            if (map.ContainsKey(key.Value))
                throw new YamlException(start.Start, key.End, $"'{key.Value}' is there twice.");
            map[key.Value] = Node(parser);
        }
        return map;
    }

    private static JsonValue? Value(Scalar scalar)
    {
        var text = scalar.Value;
        if (scalar.Style != ScalarStyle.Plain)
            return JsonValue.Create(text);
        if (text is "" or "~" or "null")
            return null;
        if (text is "true" or "false")
            return JsonValue.Create(text == "true");
        if (long.TryParse(text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var whole))
            return JsonValue.Create(whole);
        return double.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out var number) && char.IsAsciiDigit(text[^1])
            ? JsonValue.Create(number)
            : JsonValue.Create(text);
    }
}
