using System.Text.Json.Nodes;

namespace Enmesh.Deploy;

/// <summary>Label selectors, as the API server reads them.</summary>
internal static class Selectors
{
    /// <summary>Whether labels are meant. An empty selector means all of them.</summary>
    internal static bool Matches(JsonNode? selector, IReadOnlyDictionary<string, string> labels) =>
        Covers(selector.Labels("matchLabels"), labels) && selector.Objects("matchExpressions").All(one => Holds(one, labels));

    /// <summary>The short form that Services have; without any label it selects nobody.</summary>
    internal static bool Selects(IReadOnlyDictionary<string, string> wanted, IReadOnlyDictionary<string, string> labels) =>
        wanted.Count > 0 && Covers(wanted, labels);

    private static bool Covers(IReadOnlyDictionary<string, string> wanted, IReadOnlyDictionary<string, string> labels) =>
        wanted.All(pair => labels.TryGetValue(pair.Key, out var value) && value == pair.Value);

    private static bool Holds(JsonObject expression, IReadOnlyDictionary<string, string> labels)
    {
        var has = labels.TryGetValue(expression.Text("key") ?? "", out var value);
        var values = expression.Texts("values");
        return expression.Text("operator") switch
        {
            "In" => has && values.Contains(value),
            "NotIn" => !has || !values.Contains(value),
            "Exists" => has,
            _ => !has,
        };
    }
}
