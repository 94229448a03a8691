using System.Text.Json.Nodes;

namespace Enmesh.Kubernetes.Tests.KubeApi;

/// <summary>How the API refuses: a <c>v1.Status</c>.</summary>
internal sealed class KubeRefusal(int code, string reason, string message, JsonObject? details = null) : Exception(message)
{
    internal int Code => code;

    internal int? RetryAfter { get; init; }

    internal JsonObject Body => new()
    {
        ["kind"] = "Status",
        ["apiVersion"] = "v1",
        ["metadata"] = new JsonObject(),
        ["status"] = "Failure",
        ["message"] = Message,
        ["reason"] = reason,
        ["details"] = details?.DeepClone(),
        ["code"] = code,
    };

    internal static KubeRefusal NotFound(string resource, string name) =>
        new(404, "NotFound", $"{resource} \"{name}\" not found", new() { ["name"] = name, ["kind"] = resource });

    internal static KubeRefusal Expired(string what) => new(410, "Expired", what);

    internal static KubeRefusal Conflict(string resource, string name, string why) =>
        new(409, "Conflict", $"Operation cannot be fulfilled on {resource} \"{name}\": {why}");

    internal static KubeRefusal Invalid(string kind, string name, string field, string why) =>
        new(422, "Invalid", $"{kind} \"{name}\" is invalid: {field}: {why}", new()
        {
            ["name"] = name,
            ["kind"] = kind,
            ["causes"] = new JsonArray(new JsonObject { ["reason"] = "FieldValueInvalid", ["field"] = field, ["message"] = why }),
        });

    internal static KubeRefusal BadRequest(string why) => new(400, "BadRequest", why);
}

/// <summary>The kinds of objects that the server has, and its description of itself, which <c>kubectl</c> reads
/// first.</summary>
internal static class KubeKinds
{
    internal sealed record Kind(string Group, string Version, string Plural, string Name, string[] ShortNames)
    {
        internal string Resource => Group.Length == 0 ? Plural : $"{Plural}.{Group}";

        internal string ApiVersion => Group.Length == 0 ? Version : $"{Group}/{Version}";
    }

    internal static readonly Kind[] All =
    [
        new("", "v1", "pods", "Pod", ["po"]),
        new("", "v1", "endpoints", "Endpoints", ["ep"]),
        new("discovery.k8s.io", "v1", "endpointslices", "EndpointSlice", []),
        new("coordination.k8s.io", "v1", "leases", "Lease", []),
        new("cert-manager.io", "v1", "certificaterequests", "CertificateRequest", ["cr"]),
        new("", "v1", "services", "Service", ["svc"]),
        new("", "v1", "configmaps", "ConfigMap", ["cm"]),
        new("", "v1", "secrets", "Secret", []),
        new("trust.cert-manager.io", "v1alpha1", "bundles", "Bundle", []),
    ];

    internal static Kind Of(string resource) => All.Single(kind => kind.Resource == resource);

    internal static JsonObject? Describe(string path) => path.Trim('/').Split('/') switch
    {
        ["version"] => new() { ["major"] = "1", ["minor"] = "32", ["gitVersion"] = "v1.32.0", ["platform"] = "linux/amd64" },
        ["api"] => new() { ["kind"] = "APIVersions", ["versions"] = new JsonArray("v1") },
        ["apis"] => new()
        {
            ["kind"] = "APIGroupList",
            ["apiVersion"] = "v1",
            ["groups"] = new JsonArray([.. All.Where(kind => kind.Group.Length > 0).Select(Group)]),
        },
        ["api", "v1"] => Resources("", "v1"),
        // kubectl looks whether it is there before it believes that an object in it is not.
        ["api", "v1", "namespaces", var space] => new()
        {
            ["kind"] = "Namespace",
            ["apiVersion"] = "v1",
            ["metadata"] = new JsonObject { ["name"] = space },
        },
        ["apis", var group, var version] => Resources(group, version),
        _ => null,
    };

    private static JsonObject Group(Kind kind)
    {
        JsonObject Version() => new() { ["groupVersion"] = kind.ApiVersion, ["version"] = kind.Version };
        return new() { ["name"] = kind.Group, ["versions"] = new JsonArray(Version()), ["preferredVersion"] = Version() };
    }

    private static JsonObject? Resources(string group, string version)
    {
        var kinds = All.Where(kind => kind.Group == group && kind.Version == version).ToArray();
        return kinds.Length == 0 ? null : new()
        {
            ["kind"] = "APIResourceList",
            ["apiVersion"] = "v1",
            ["groupVersion"] = kinds[0].ApiVersion,
            ["resources"] = new JsonArray([.. kinds.Select(kind => new JsonObject
            {
                ["name"] = kind.Plural,
                ["singularName"] = kind.Plural.TrimEnd('s'),
                ["namespaced"] = true,
                ["kind"] = kind.Name,
                ["verbs"] = new JsonArray("create", "delete", "get", "list", "patch", "watch"),
                ["shortNames"] = new JsonArray([.. kind.ShortNames.Select(name => JsonValue.Create(name))]),
            })]),
        };
    }
}
