namespace Enmesh.Architecture.Tests.Layers;

/// <summary>
/// The rooms of the house and what each may use: the one place that says so. A room is a namespace with those below it
/// that are not rooms themselves; a new namespace of the assembly Enmesh needs a line here.
/// </summary>
internal static class House
{
    /// <summary>The facade over all rooms shares the root namespace with the vocabulary that all rooms share.</summary>
    internal const string Facade = "Enmesh (facade)";

    /// <summary>Types of the root namespace that belong to the facade.</summary>
    internal static readonly string[] FacadeTypes = ["ErlangNode", "ErlangNodeOptions", "LocalShellHost", "NodePlan", "CookieFile", "LiveCookies", "CookieLog", "LinkRenewal", "PeerConnector", "ShellOutput"];

    private static readonly string[] Terms = ["Enmesh.Terms"];
    private static readonly string[] Vocabulary = [.. Terms, "Enmesh", "Enmesh.Telemetry"];
    private static readonly string[] Wire = [.. Vocabulary, "Enmesh.Wire"];
    private static readonly string[] Handshake = [.. Wire, "Enmesh.Handshake"];
    private static readonly string[] Files = ["Enmesh.Files"];
    private static readonly string[] Certificates = ["Enmesh", "Enmesh.Certificates"];
    private static readonly string[] Transport = [.. Certificates, "Enmesh.Telemetry", .. Files, "Enmesh.Transport"];
    private static readonly string[] Epmd = [.. Transport, "Enmesh.Epmd"];
    private static readonly string[] Tls = [.. Terms, .. Transport, "Enmesh.Tls"];
    private static readonly string[] Peers = [.. Handshake, .. Transport, "Enmesh.Peers"];
    private static readonly string[] Processes = [.. Peers, "Enmesh.Processes"];
    private static readonly string[] Services = [.. Processes, "Enmesh.Services"];
    private static readonly string[] Modules = [.. Services, "Enmesh.Modules", "Enmesh.Terms.Serialization"];
    private static readonly string[] Global = [.. Services, "Enmesh.Global"];
    private static readonly string[] Groups = [.. Services, "Enmesh.Groups"];
    private static readonly string[] Behaviours = [.. Services, "Enmesh.Behaviours", "Enmesh.Terms.Serialization"];
    private static readonly string[] Shell = [.. Processes, "Enmesh.Shell"];
    private static readonly string[] Consoles = [.. Services, .. Shell, "Enmesh.Consoles"];
    private static readonly string[] Resolver = ["Enmesh", "Enmesh.Telemetry", "Enmesh.Resolver"];
    private static readonly string[] Discovery = [.. Terms, .. Epmd, .. Resolver, "Enmesh.Discovery"];
    private static readonly string[] Cluster = [.. Services, .. Discovery, "Enmesh.Cluster"];
    private static readonly string[] Node = [.. Cluster, .. Tls, .. Shell, .. Consoles, .. Global, .. Groups, .. Behaviours, .. Modules, Facade];
    private static readonly string[] KubernetesApi =
        ["Enmesh", "Enmesh.Telemetry", "Enmesh.Kubernetes.Models", "Enmesh.Kubernetes.Api"];
    private static readonly string[] KubernetesCertificates = [.. Certificates, .. KubernetesApi, "Enmesh.Kubernetes.Certificates"];
    private static readonly string[] Kubernetes =
        [.. Node, .. KubernetesApi, "Enmesh.Kubernetes.Leases", "Enmesh.Kubernetes.Certificates", "Enmesh.Kubernetes"];
    private static readonly string[] Hosting = [.. Kubernetes, "Enmesh.Hosting"];
    private static readonly string[] Web = [.. Hosting, "Enmesh.Web.Metrics", "Enmesh.Web.Otlp", "Enmesh.Web.Status", "Enmesh.Web"];

    /// <summary>Each room with the rooms it may use, itself among them.</summary>
    internal static readonly IReadOnlyDictionary<string, string[]> MayUse = new Dictionary<string, string[]>
    {
        ["Enmesh.Terms"] = Terms,
        ["Enmesh.Terms.Serialization"] = [.. Terms, "Enmesh.Terms.Serialization"],
        ["Enmesh"] = [.. Terms, "Enmesh"],
        ["Enmesh.Telemetry"] = Vocabulary,
        ["Enmesh.Wire"] = Wire,
        ["Enmesh.Handshake"] = Handshake,
        ["Enmesh.Files"] = Files,
        ["Enmesh.Certificates"] = Certificates,
        ["Enmesh.Transport"] = Transport,
        ["Enmesh.Epmd"] = Epmd,
        ["Enmesh.Tls"] = Tls,
        ["Enmesh.Peers"] = Peers,
        ["Enmesh.Processes"] = Processes,
        ["Enmesh.Services"] = Services,
        ["Enmesh.Modules"] = Modules,
        ["Enmesh.Global"] = Global,
        ["Enmesh.Groups"] = Groups,
        ["Enmesh.Behaviours"] = Behaviours,
        ["Enmesh.Shell"] = Shell,
        ["Enmesh.Consoles"] = Consoles,
        ["Enmesh.Resolver"] = Resolver,
        ["Enmesh.Discovery"] = Discovery,
        ["Enmesh.Cluster"] = Cluster,
        [Facade] = Node,
        ["Enmesh.Kubernetes.Models"] = ["Enmesh.Kubernetes.Models"],
        ["Enmesh.Kubernetes.Api"] = KubernetesApi,
        ["Enmesh.Kubernetes.Leases"] = [.. KubernetesApi, "Enmesh.Kubernetes.Leases"],
        ["Enmesh.Kubernetes.Certificates"] = KubernetesCertificates,
        ["Enmesh.Kubernetes"] = Kubernetes,
        ["Enmesh.Hosting"] = Hosting,
        ["Enmesh.Testing"] = [.. Node, "Enmesh.Testing"],
        ["Enmesh.Web.Metrics"] = ["Enmesh.Web.Metrics"],
        ["Enmesh.Web.Otlp"] = ["Enmesh.Web.Otlp"],
        ["Enmesh.Web.Status"] = [.. Hosting, "Enmesh.Web.Status"],
        ["Enmesh.Web"] = Web,
        ["Enmesh.Cli"] = [.. Web, "Enmesh.Cli"],
    };

    /// <summary>What is not used in a room: namespaces, types or members, by the beginning of their names.</summary>
    internal static readonly IReadOnlyDictionary<string, string[]> MustNotUse = new Dictionary<string, string[]>
    {
        ["Enmesh.Terms"] = ["System.Net.", "System.Threading.Tasks.", "System.IO.File", "Microsoft."],
        ["Enmesh.Wire"] = ["System.Net.Sockets.", "System.Threading.Tasks.", "System.IO.", "System.TimeProvider", "Microsoft."],
        ["Enmesh.Handshake"] =
            ["System.Net.Sockets.", "System.Threading.Tasks.", "System.IO.", "System.TimeProvider", "Microsoft."],
    };

    /// <summary>
    /// What is used nowhere in src: time comes from TimeProvider, secrets from RandomNumberGenerator.
    /// </summary>
    internal static readonly string[] NobodyUses =
    [
        "System.DateTime.get_Now", "System.DateTime.get_UtcNow", "System.DateTimeOffset.get_Now",
        "System.DateTimeOffset.get_UtcNow",
        "System.Environment.get_TickCount", "System.Diagnostics.Stopwatch", "System.Random.",
        "System.Threading.Thread.Sleep",
    ];

    /// <summary>Who uses it all the same.</summary>
    internal static readonly string[] NobodyBut =
    [
        // A thread that must not depend on the pool has no timers; it measures only while the clock is the system's.
        "Enmesh.Peers.Pulse -> System.Environment.get_TickCount64",
    ];

    /// <summary>The room of a type of ours; null for everybody else's.</summary>
    internal static string? RoomOf(TypeName type)
    {
        if (type.Namespace != "Enmesh" && !type.Namespace.StartsWith("Enmesh.", StringComparison.Ordinal))
            return null;
        if (type.Namespace == "Enmesh" && FacadeTypes.Contains(type.Name))
            return Facade;
        for (var name = type.Namespace; name.Contains('.', StringComparison.Ordinal); name = name[..name.LastIndexOf('.')])
        {
            if (MayUse.ContainsKey(name))
                return name;
        }

        return type.Namespace == "Enmesh" ? "Enmesh" : type.Namespace;
    }
}
