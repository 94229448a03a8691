using System.Reflection;
using System.Text.RegularExpressions;
using Enmesh.TestSupport;
using Microsoft.Extensions.Logging;

namespace Enmesh.Architecture.Tests.Reference;

/// <summary>A log event, as a row of docs/log-events.md has it.</summary>
internal sealed record LogEvent(int Id, string Level, string Category, string Message)
{
    internal string Row => $"| {Id} | {Level} | `{Category}` | {Message.Replace("|", @"\|", StringComparison.Ordinal)} |";
}

/// <summary>The log events of all assemblies, out of their attributes.</summary>
internal static partial class LogEvents
{
    private const BindingFlags Every = BindingFlags.Static | BindingFlags.Instance | BindingFlags.Public | BindingFlags.NonPublic | BindingFlags.DeclaredOnly;

    private static readonly string[] Assemblies = ["Enmesh", "Enmesh.Kubernetes", "Enmesh.Hosting", "Enmesh.Web", "Enmesh.Cli"];

    // Whoever writes them decides: what is quite usual at one time is not at another.
    private static readonly Dictionary<int, string> Varying = new()
    {
        [1001] = "information, warning",
        [1101] = "warning, debug",
        [1402] = "warning, information",
        [1408] = "information, warning",
    };

    // The one that has no text of its own.
    private static readonly LogEvent FromPeers = new(1705, "the peer's", "Enmesh.RemoteLog", "what a process of another node logs here, in its words");

    // The loggers are made where a node or a host is put together, and are not in the attributes.
    private static readonly Dictionary<string, string> Categories = new(StringComparer.Ordinal)
    {
        ["PeerLog"] = "Enmesh.Peers",
        ["CookieLog"] = "Enmesh.Peers",
        ["EpmdLog"] = "Enmesh.Peers",
        ["TransportLog"] = "Enmesh.Peers",
        ["TlsLog"] = "Enmesh.Peers",
        ["ClusterLog"] = "Enmesh.Cluster",
        ["ProcessLog"] = "Enmesh.Processes",
        ["ServerLog"] = "Enmesh.Processes",
        ["SupervisorLog"] = "Enmesh.Processes",
        ["FunctionLog"] = "Enmesh.Services",
        ["ServiceLog"] = "Enmesh.Services",
        ["PgLog"] = "Enmesh.Groups",
        ["GlobalLog"] = "Enmesh.Global",
        ["ConsoleLog"] = "Enmesh.Consoles",
        ["KubernetesLog"] = "Enmesh.Kubernetes.KubernetesDiscovery",
        ["LeaseLog"] = "Enmesh.Kubernetes.Leases.LeaderElector",
        ["CertificateLog"] = "Enmesh.Kubernetes.Certificates.NodeCertificateRenewal",
        ["HostingLog"] = "Enmesh.Hosting.HostDrain",
        ["SshLog"] = "Enmesh.Ssh",
        // Single ones that go elsewhere than their neighbours.
        ["FunctionLog.UserPrinted"] = "Enmesh.User",
        ["ProcessLog.SpawnedUndefined"] = "Enmesh.Services",
        ["HostingLog.CertificateRenewalEnded"] = "Enmesh.Hosting.NodeCertificateService",
    };

    /// <summary>All of them, by number.</summary>
    internal static IReadOnlyList<LogEvent> All { get; } =
    [
        .. Assemblies.SelectMany(name => Assembly.Load(name).GetTypes()).SelectMany(type => type.GetMethods(Every))
            .Select(method => (Method: method, Attribute: method.GetCustomAttribute<LoggerMessageAttribute>()))
            .Where(found => found.Attribute is not null)
            .Select(found => Of(found.Method, found.Attribute!)).Append(FromPeers).OrderBy(one => one.Id),
    ];

    /// <summary>The numbers that have been given out, those without a text among them.</summary>
    internal static IReadOnlyList<int> Numbers { get; } =
    [
        .. Assembly.Load("Enmesh").GetType("Enmesh.Telemetry.EventIds", throwOnError: true)!.GetFields(Every)
            .Select(field => (int)field.GetRawConstantValue()!).Order(),
    ];

    /// <summary>The categories that loggers are made for, out of the source.</summary>
    internal static IReadOnlySet<string> MadeCategories()
    {
        HashSet<string> made = new(StringComparer.Ordinal);
        foreach (var file in Directory.EnumerateFiles(Repository.PathTo("src"), "*.cs", SearchOption.AllDirectories))
        {
            foreach (Match match in Made().Matches(File.ReadAllText(file)))
                made.Add(match.Groups["text"].Success ? match.Groups["text"].Value : FullName(match.Groups["type"].Value));
        }
        return made;
    }

    internal static IEnumerable<string> UsedCategories => All.Select(one => one.Category).Distinct();

    private static LogEvent Of(MethodInfo method, LoggerMessageAttribute attribute)
    {
        var type = method.DeclaringType!.Name;
        var category = Categories.GetValueOrDefault($"{type}.{method.Name}") ?? Categories.GetValueOrDefault(type)
            ?? throw new InvalidOperationException($"Say in {nameof(LogEvents)}.{nameof(Categories)} where {type} logs.");
        var level = attribute.Level == LogLevel.None
            ? Varying.GetValueOrDefault(attribute.EventId) ?? throw new InvalidOperationException($"Say in {nameof(Varying)} which levels {attribute.EventId} may have.")
            : attribute.Level.ToString().ToLowerInvariant();
        return new LogEvent(attribute.EventId, level, category, attribute.Message ?? "");
    }

    private static string FullName(string type) =>
        Assemblies.SelectMany(name => Assembly.Load(name).GetTypes()).SingleOrDefault(one => one.Name == type)?.FullName ?? type;

    [GeneratedRegex("""CreateLogger\("(?<text>[A-Za-z.]+)"\)|CreateLogger<(?<type>\w+)>|ILogger<(?<type>\w+)>""")]
    private static partial Regex Made();
}
