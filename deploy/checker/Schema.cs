using System.Globalization;
using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;

namespace Enmesh.Deploy;

/// <summary>Whether objects have the fields that the API server knows, with values of the right form: kinds.yml says which.</summary>
internal sealed partial class Schema
{
    private readonly JsonObject _types;
    private readonly JsonObject _kinds;

    private Schema(JsonNode root)
    {
        _types = root.Object("types")!;
        _kinds = root.Object("kinds")!;
    }

    internal static Schema Load()
    {
        using var stream = typeof(Schema).Assembly.GetManifestResourceStream("kinds.yml")!;
        using var reader = new StreamReader(stream);
        return new(Yaml.Documents(reader.ReadToEnd()).Single()!);
    }

    internal IEnumerable<string> Check(Manifest one)
    {
        var kind = $"{one.ApiVersion}/{one.Kind}";
        if (_kinds.Object(kind) is not { } fields)
            return [$"{one}: {kind} is no kind that we ship"];
        var rest = (JsonObject)one.Body.DeepClone();
        rest.Remove("apiVersion");
        rest.Remove("kind");
        return Fields(fields, rest, one.ToString());
    }

    private IEnumerable<string> Fields(JsonObject fields, JsonObject found, string place)
    {
        if (fields.TryGetPropertyValue("*", out var all))
            return found.SelectMany(pair => Node(all!, pair.Value, $"{place}.{pair.Key}"));
        return Known(fields, found, place);
    }

    private IEnumerable<string> Known(JsonObject fields, JsonObject found, string place)
    {
        foreach (var (key, type) in fields)
        {
            var name = key.TrimEnd('!');
            if (found.TryGetPropertyValue(name, out var value))
            {
                foreach (var problem in Node(type!, value, $"{place}.{name}"))
                    yield return problem;
            }
            else if (key.EndsWith('!'))
            {
                yield return $"{place}.{name} is missing";
            }
        }
        foreach (var (key, _) in found)
        {
            if (!fields.ContainsKey(key) && !fields.ContainsKey(key + "!"))
                yield return $"{place}.{key}: there is no such field";
        }
    }

    private IEnumerable<string> Node(JsonNode type, JsonNode? found, string place)
    {
        switch (type)
        {
            case JsonArray list:
                return found is JsonArray items
                    ? items.SelectMany((item, at) => Node(list[0]!, item, $"{place}[{at}]"))
                    : [$"{place} is no list"];
            case JsonObject fields:
                return found is JsonObject map ? Fields(fields, map, place) : [$"{place} is no object"];
            default:
                var name = type.ToString();
                return _types[name] is { } named ? Node(named, found, place) : Scalar(name, found, place);
        }
    }

    private static IEnumerable<string> Scalar(string type, JsonNode? found, string place)
    {
        if (type == "any")
            return [];
        if (type == "labels")
        {
            return found is JsonObject map
                ? map.Where(pair => !Label().IsMatch(pair.Key) || pair.Value is not JsonValue value || !LabelValue().IsMatch(value.ToString()) || !IsText(value))
                    .Select(pair => $"{place}: '{pair.Key}: {pair.Value}' is no label")
                : [$"{place} is no object"];
        }
        return found is JsonValue single && IsOf(type, single) ? [] : [$"{place}: '{found}' is no {type}"];
    }

    private static bool IsOf(string type, JsonValue found)
    {
        var text = found.ToString();
        var isWhole = found.GetValueKind() == JsonValueKind.Number && long.TryParse(text, CultureInfo.InvariantCulture, out _);
        return type switch
        {
            "str" => IsText(found),
            "int" => isWhole,
            "port" => isWhole && int.Parse(text, CultureInfo.InvariantCulture) is > 0 and < 65536,
            "intstr" => isWhole || IsText(found),
            "bool" => found.GetValueKind() is JsonValueKind.True or JsonValueKind.False,
            "quantity" => (IsText(found) || isWhole) && Quantity().IsMatch(text),
            "duration" => IsText(found) && Duration().IsMatch(text),
            "name" => IsText(found) && text.Length <= 253 && Name().IsMatch(text),
            "portname" => IsText(found) && text.Length <= 15 && PortName().IsMatch(text),
            _ => IsText(found) && type.Split('|').Contains(text),
        };
    }

    private static bool IsText(JsonValue found) => found.GetValueKind() == JsonValueKind.String;

    [GeneratedRegex(@"^([a-z0-9]([-a-z0-9.]*[a-z0-9])?/)?[A-Za-z0-9]([-A-Za-z0-9_.]{0,61}[A-Za-z0-9])?$")]
    private static partial Regex Label();

    [GeneratedRegex(@"^([A-Za-z0-9]([-A-Za-z0-9_.]{0,61}[A-Za-z0-9])?)?$")]
    private static partial Regex LabelValue();

    [GeneratedRegex(@"^[0-9]+(\.[0-9]+)?(m|k|Ki|M|Mi|G|Gi|T|Ti)?$")]
    private static partial Regex Quantity();

    [GeneratedRegex(@"^([0-9]+(h|m|s|ms))+$")]
    private static partial Regex Duration();

    [GeneratedRegex(@"^[a-z0-9]([-a-z0-9.]*[a-z0-9])?$")]
    private static partial Regex Name();

    [GeneratedRegex(@"^(?=.*[a-z])[a-z0-9]([-a-z0-9]*[a-z0-9])?$")]
    private static partial Regex PortName();
}
