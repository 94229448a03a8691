using System.Text.Json;
using System.Text.Json.Nodes;

namespace Enmesh.Kubernetes.Tests.KubeApi;

/// <summary>Objects as manifests have them.</summary>
internal static class KubeObjects
{
    internal const string Slices = "endpointslices.discovery.k8s.io";
    internal const string Leases = "leases.coordination.k8s.io";
    internal const string Requests = "certificaterequests.cert-manager.io";

    /// <summary>An EndpointSlice of a Service.</summary>
    internal static JsonObject Slice(string service, string family, params JsonObject[] endpoints) => new()
    {
        ["metadata"] = Labels(("kubernetes.io/service-name", service)),
        ["addressType"] = family,
        ["endpoints"] = endpoints.Length == 0 ? null : new JsonArray([.. endpoints]),
        ["ports"] = new JsonArray(Port("dist", 4370), Port("http", 8080)),
    };

    /// <summary>An endpoint with a pod behind it, whose uid is made of its name.</summary>
    internal static JsonObject Endpoint(
        string pod, string address, bool? ready = true, bool? serving = null, bool? terminating = null, string? hostname = null)
    {
        var conditions = new JsonObject();
        foreach (var (key, value) in (ReadOnlySpan<(string, bool?)>)[("ready", ready), ("serving", serving), ("terminating", terminating)])
        {
            if (value is { } known)
                conditions[key] = known;
        }
        var made = new JsonObject
        {
            ["addresses"] = new JsonArray(address),
            ["conditions"] = conditions,
            ["targetRef"] = Target(pod),
        };
        if (hostname is not null)
            made["hostname"] = hostname;
        return made;
    }

    internal static JsonObject Target(string pod) =>
        new() { ["kind"] = "Pod", ["namespace"] = "orders", ["name"] = pod, ["uid"] = $"uid-{pod}" };

    internal static JsonObject Port(string name, int port) => new() { ["name"] = name, ["port"] = port, ["protocol"] = "TCP" };

    internal static JsonObject Pod(string app, string phase, params string[] addresses) => new()
    {
        ["metadata"] = Labels(("app", app)),
        ["spec"] = new JsonObject
        {
            ["containers"] = new JsonArray(new JsonObject
            {
                ["name"] = "node",
                ["image"] = "orders:1",
                ["ports"] = new JsonArray(new JsonObject { ["name"] = "dist", ["containerPort"] = 4371 }),
            }),
        },
        ["status"] = new JsonObject
        {
            ["phase"] = phase,
            ["podIP"] = addresses.FirstOrDefault(),
            ["podIPs"] = new JsonArray([.. addresses.Select(address => new JsonObject { ["ip"] = address })]),
        },
    };

    internal static JsonObject Labels(params (string Key, string Value)[] labels)
    {
        var all = new JsonObject();
        foreach (var (key, value) in labels)
            all[key] = value;
        return new() { ["labels"] = all };
    }

    internal static JsonObject Read(string json) => (JsonObject)JsonNode.Parse(json, documentOptions: new JsonDocumentOptions())!;
}
