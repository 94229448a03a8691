using System.Text.Json.Nodes;
using System.Text.RegularExpressions;

namespace Enmesh.Kubernetes.Tests.KubeApi;

/// <summary>Label and field selectors, as the API takes them.</summary>
internal sealed partial class KubeSelector
{
    private readonly List<Func<JsonObject, bool>> _rules = [];

    /// <exception cref="FormatException">It is none.</exception>
    internal KubeSelector(string? labels, string? fields)
    {
        foreach (var rule in Split(labels))
            _rules.Add(LabelRule(rule));
        foreach (var rule in Split(fields))
            _rules.Add(FieldRule(rule));
    }

    internal bool Matches(JsonObject? candidate) => candidate is not null && _rules.TrueForAll(rule => rule(candidate));

    private static IEnumerable<string> Split(string? selector) =>
        string.IsNullOrEmpty(selector) ? [] : Comma().Split(selector).Select(rule => rule.Trim());

    private static Func<JsonObject, bool> LabelRule(string rule)
    {
        if (Set().Match(rule) is { Success: true } set)
        {
            var values = set.Groups["values"].Value.Split(',', StringSplitOptions.TrimEntries);
            var isIn = set.Groups["not"].Length == 0;
            return found => values.Contains(Label(found, set.Groups["key"].Value) ?? "\0") == isIn;
        }
        if (Equality().Match(rule) is { Success: true } equal)
        {
            var isEqual = equal.Groups["operator"].Value != "!=";
            return found => (Label(found, equal.Groups["key"].Value) == equal.Groups["value"].Value) == isEqual;
        }
        if (Existence().Match(rule) is { Success: true } there)
            return found => Label(found, there.Groups["key"].Value) is null == (there.Groups["not"].Length > 0);
        throw new FormatException($"unable to parse requirement: '{rule}'");
    }

    private static Func<JsonObject, bool> FieldRule(string rule)
    {
        var parts = rule.Split('=', 2);
        return parts is ["metadata.name" or "metadata.namespace", var value]
            ? found => found["metadata"]![parts[0]["metadata.".Length..]]?.GetValue<string>() == value.TrimStart('=')
            : throw new FormatException($"field label not supported: {rule}");
    }

    private static string? Label(JsonObject found, string key) => found["metadata"]?["labels"]?[key]?.GetValue<string>();

    [GeneratedRegex(@",(?![^(]*\))")]
    private static partial Regex Comma();

    [GeneratedRegex(@"^(?<key>[\w./-]+)\s+(?<not>not)?in\s+\((?<values>[^)]*)\)$")]
    private static partial Regex Set();

    [GeneratedRegex(@"^(?<key>[\w./-]+)\s*(?<operator>!=|==|=)\s*(?<value>[\w.-]*)$")]
    private static partial Regex Equality();

    [GeneratedRegex(@"^(?<not>!)?(?<key>[\w./-]+)$")]
    private static partial Regex Existence();
}
