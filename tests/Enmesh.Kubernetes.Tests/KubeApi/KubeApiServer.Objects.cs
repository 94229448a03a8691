using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using Microsoft.AspNetCore.Http;

namespace Enmesh.Kubernetes.Tests.KubeApi;

/// <summary>Lists and single objects.</summary>
internal sealed partial class KubeApiServer
{
    private async Task AnswerAsync(HttpContext context, KubeRequest request)
    {
        var body = request.Verb is "create" or "patch" or "delete" ? await BodyAsync(context) : null;
        var (code, answer) = request.Verb switch
        {
            "list" => (200, List(request)),
            "get" => (200, Shown(request, Store.Find(Key(request)) ?? throw KubeRefusal.NotFound(request.Kind.Resource, request.Name!))),
            "create" => (201, Create(request, body!)),
            "patch" => (200, Patch(request, body!, context.Request.ContentType ?? "")),
            _ => (200, Delete(request, body)),
        };
        await WriteAsync(context, code, answer);
    }

    private static async Task<JsonObject?> BodyAsync(HttpContext context)
    {
        using var reader = new StreamReader(context.Request.Body);
        var text = await reader.ReadToEndAsync(context.RequestAborted);
        try
        {
            return text.Length == 0 ? null : JsonNode.Parse(text) as JsonObject ?? throw KubeRefusal.BadRequest("the body is no object");
        }
        catch (JsonException e)
        {
            throw KubeRefusal.BadRequest($"the body is no JSON: {e.Message}");
        }
    }

    private static KubeKey Key(KubeRequest request) => new(request.Kind.Resource, request.Namespace ?? "", request.Name ?? "");

    private static JsonObject Shown(KubeRequest request, JsonObject stored)
    {
        var shown = new JsonObject { ["kind"] = request.Kind.Name, ["apiVersion"] = request.Kind.ApiVersion };
        foreach (var (key, value) in stored.Where(member => member.Key is not ("kind" or "apiVersion")))
            shown[key] = value?.DeepClone();
        return shown;
    }

    private static KubeSelector Selector(KubeRequest request)
    {
        try
        {
            return new(request.Query["labelSelector"], request.Query["fieldSelector"]);
        }
        catch (FormatException e)
        {
            throw KubeRefusal.BadRequest(e.Message);
        }
    }

    private JsonObject List(KubeRequest request)
    {
        var selector = Selector(request);
        var (revision, objects) = Store.Snapshot();
        var from = "";
        var version = request.Query["resourceVersion"].ToString();
        if (request.Query["continue"].ToString() is { Length: > 0 } token)
        {
            if (version.Length > 0)
                throw KubeRefusal.BadRequest("specifying resource version is not allowed when using continue");
            var parts = Encoding.UTF8.GetString(Convert.FromBase64String(token)).Split('|', 2);
            revision = long.Parse(parts[0], CultureInfo.InvariantCulture);
            from = parts[1];
            objects = Store.SnapshotAt(revision) ?? throw KubeRefusal.Expired("The provided continue parameter is too old");
        }
        var matching = objects
            .Where(pair => pair.Key.Resource == request.Kind.Resource && (request.Namespace ?? pair.Key.Namespace) == pair.Key.Namespace)
            .Where(pair => string.CompareOrdinal(pair.Key.ToString(), from) > 0 && selector.Matches(pair.Value))
            .ToList();
        // A list from the cache, as version 0 asks for, knows no pages.
        var limit = version != "0" && int.TryParse(request.Query["limit"], CultureInfo.InvariantCulture, out var given) && given > 0
            ? given
            : int.MaxValue;
        var page = matching.Take(limit).ToList();
        var metadata = new JsonObject { ["resourceVersion"] = revision.ToString(CultureInfo.InvariantCulture) };
        if (page.Count < matching.Count)
        {
            metadata["continue"] = Convert.ToBase64String(
                Encoding.UTF8.GetBytes(FormattableString.Invariant($"{revision}|{page[^1].Key}")));
            metadata["remainingItemCount"] = matching.Count - page.Count;
        }
        // Without any the API says null, as Go writes a slice that was never made.
        var items = page.Count == 0 ? null : new JsonArray([.. page.Select(pair => pair.Value.DeepClone())]);
        return new()
        {
            ["kind"] = $"{request.Kind.Name}List",
            ["apiVersion"] = request.Kind.ApiVersion,
            ["metadata"] = metadata,
            ["items"] = items,
        };
    }

    private JsonObject Create(KubeRequest request, JsonObject body)
    {
        if ((string?)body["kind"] != request.Kind.Name || (string?)body["apiVersion"] != request.Kind.ApiVersion)
            throw KubeRefusal.BadRequest($"the object provided is unrecognized: kind {body["kind"]}, apiVersion {body["apiVersion"]}");
        if (body["metadata"]?["resourceVersion"] is not null)
            throw KubeRefusal.BadRequest("resourceVersion should not be set on objects to be created");
        if (Admission?.Invoke(request, body) is { } refused)
            throw refused;
        var name = (string?)body["metadata"]?["name"];
        if (name is null && (string?)body["metadata"]?["generateName"] is { } prefix)
            name = prefix + RandomNumberGenerator.GetHexString(5, lowercase: true);
        if (name is null || !DnsName().IsMatch(name))
            throw KubeRefusal.Invalid(request.Kind.Name, name ?? "", "metadata.name", "must be a lowercase RFC 1123 subdomain");
        var key = Key(request) with { Name = name };
        return Shown(request, Store.Change(key, there => there is null
            ? body
            : throw new KubeRefusal(409, "AlreadyExists", $"{request.Kind.Resource} \"{name}\" already exists"))!);
    }

    private JsonObject Patch(KubeRequest request, JsonObject patch, string mediaType)
    {
        var applies = mediaType.StartsWith("application/apply-patch+yaml", StringComparison.Ordinal);
        if (!applies && !mediaType.StartsWith("application/merge-patch+json", StringComparison.Ordinal))
            throw new KubeRefusal(415, "UnsupportedMediaType", $"the body of the request was in an unknown format: {mediaType}");
        var manager = request.Query["fieldManager"].ToString();
        if (applies && manager.Length == 0)
            throw KubeRefusal.BadRequest("fieldManager is required for apply patch");
        var key = Key(request);
        return Shown(request, Store.Change(key, there =>
        {
            if (there is null && !applies)
                throw KubeRefusal.NotFound(request.Kind.Resource, request.Name!);
            if (patch["metadata"]?["resourceVersion"] is { } wanted && (string?)wanted != (string?)there?["metadata"]?["resourceVersion"])
                throw KubeRefusal.Conflict(request.Kind.Resource, request.Name!, "the object has been modified; please apply your changes to the latest version");
            if (applies)
                Manage(key, patch, manager, request.Query["force"] == "true");
            var merged = there ?? [];
            Merge(merged, patch);
            return merged;
        })!);
    }

    // Who applies a field owns it, until another one takes it by force.
    private void Manage(KubeKey key, JsonObject patch, string manager, bool force)
    {
        lock (_gate)
        {
            var leaves = Leaves(patch, "").Where(path => path.StartsWith(".spec", StringComparison.Ordinal)).ToList();
            var foreign = leaves.Find(path => _managers.GetValueOrDefault((key, path), manager) != manager);
            if (foreign is not null && !force)
                throw new KubeRefusal(409, "Conflict", $"Apply failed with 1 conflict: conflict with \"{_managers[(key, foreign)]}\": {foreign}");
            foreach (var path in leaves)
                _managers[(key, path)] = manager;
        }
    }

    private static IEnumerable<string> Leaves(JsonNode? node, string path) => node is JsonObject inner
        ? inner.SelectMany(member => Leaves(member.Value, $"{path}.{member.Key}"))
        : [path];

    // RFC 7396
    private static void Merge(JsonObject into, JsonObject patch)
    {
        foreach (var (key, value) in patch)
        {
            if (value is null)
                into.Remove(key);
            else if (value is JsonObject inner)
            {
                if (into[key] is not JsonObject)
                    into[key] = new JsonObject();
                Merge((JsonObject)into[key]!, inner);
            }
            else
                into[key] = value.DeepClone();
        }
    }

    private JsonObject Delete(KubeRequest request, JsonObject? body)
    {
        var preconditions = body?["preconditions"];
        var gone = Store.Change(Key(request), there =>
        {
            if (there is null)
                throw KubeRefusal.NotFound(request.Kind.Resource, request.Name!);
            foreach (var field in (ReadOnlySpan<string>)["uid", "resourceVersion"])
            {
                if (preconditions?[field] is { } wanted && (string?)wanted != (string?)there["metadata"]![field])
                    throw KubeRefusal.Conflict(request.Kind.Resource, request.Name!, $"Precondition failed: {field} in precondition: {wanted}");
            }
            return null;
        });
        return Shown(request, gone!);
    }

    [GeneratedRegex(@"^[a-z0-9]([-a-z0-9.]*[a-z0-9])?$")]
    private static partial Regex DnsName();
}
