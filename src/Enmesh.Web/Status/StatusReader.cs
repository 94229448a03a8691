using System.Reflection;
using System.Runtime.InteropServices;
using Enmesh.Cluster;
using Enmesh.Hosting;
using Enmesh.Peers;

namespace Enmesh.Web.Status;

/// <summary>Looks at a node.</summary>
/// <param name="node">The node.</param>
/// <param name="startedAt">When it started.</param>
/// <param name="host">The nodes of the program.</param>
/// <param name="views">What the peers say of each other.</param>
/// <param name="time">The clock.</param>
internal sealed class StatusReader(ErlangNode node, DateTimeOffset startedAt, HostedNodes host, PeerViews views, TimeProvider time)
{
    /// <summary>Names that are told of one peer's view: beyond that it is no cluster any more.</summary>
    private const int MostNames = 1_000;

    /// <summary>Names and groups that are told.</summary>
    private const int MostShown = 200;

    private static readonly string Version = typeof(ErlangNode).Assembly.GetCustomAttribute<AssemblyInformationalVersionAttribute>()?.InformationalVersion.Split('+')[0] ?? "?";

    internal ErlangNode Node => node;

    /// <summary>Begins to ask the peers whom they see, where what they have said is old.</summary>
    internal Task Refresh() => views.Refresh();

    internal NodeStatus Read()
    {
        var now = time.GetUtcNow();
        var view = node.Cluster.View;
        var links = node.Links;
        var certificates = CertificateReader.Read(node.Certificates, now);
        var status = new NodeStatus
        {
            At = now,
            Node = About(view, now),
            Nodes = [.. host.Started.Select(one => one.Name.Text)],
            Drain = host.Draining is { } drain ? Drain(drain, now) : null,
            Troubles = [],
            Members = [.. view.Members.Select(Member)],
            Peers = new(view.Expected, view.Discovered, view.Connected),
            Views = Views(view, links, now),
            Parted = [.. view.Parted.Select(pair => new PairStatus(pair.One.Text, pair.Other.Text))],
            Links = [.. links.OrderBy(link => link.Peer).Select(link => Link(link, view))],
            Sources = [.. view.Sources.Select(source => Source(source, view))],
            Certificates = certificates,
            Names = Names(),
        };
        return status with { Troubles = Status.Troubles.Of(status) };
    }

    private NodeAbout About(ClusterView view, DateTimeOffset now) => new()
    {
        Name = node.Name.Text,
        Creation = node.Creation,
        State = view.IsDraining || host.Draining is not null ? "draining" : view.Join == JoinState.Waiting ? "joining" : "up",
        Join = view.Join.ToString(),
        IsHidden = !node.IsPublished,
        Port = node.Port,
        IsEncrypted = node.Certificates is not null,
        CertificatesProblem = node.CertificatesProblem,
        StartedAt = startedAt,
        UptimeSeconds = Seconds(now - startedAt),
        Enmesh = Version,
        Runtime = RuntimeInformation.FrameworkDescription,
        System = $"{RuntimeInformation.OSDescription} {RuntimeInformation.OSArchitecture}",
        ProcessId = Environment.ProcessId,
        Processors = Environment.ProcessorCount,
        MemoryBytes = Environment.WorkingSet,
        Processes = node.Runtime.ProcessCount,
        MailboxBytes = node.Runtime.MailboxBudget.Used,
        NetTickTimeSeconds = Seconds(node.NetTickTime),
        TickDelaySeconds = Seconds(node.TickDelay),
        PoolDelaySeconds = Seconds(node.PoolDelay),
    };

    private static DrainStatus Drain(DrainState drain, DateTimeOffset now) => new(
        drain.Phase switch
        {
            DrainPhase.Serving => "serving",
            DrainPhase.Hooks => "hooks",
            _ => "closing",
        },
        drain.Since, drain.Until, drain.Until is { } until ? Math.Max(0, Seconds(until - now)) : null, drain.Running, drain.IsHurried);

    private static MemberStatus Member(ClusterMember member) => new()
    {
        Name = member.Name.Text,
        State = member.State.ToString(),
        Since = member.Since,
        IsHidden = member.IsHidden,
        Sources = member.Sources,
        Address = member.Address is null && member.Port is null ? null : $"{member.Address ?? member.Name.Host}{(member.Port is { } port ? $":{port}" : "")}",
        Failures = member.Failures,
        RetryAt = member.RetryAt,
        LastFailure = member.LastFailure is { } failure ? new(failure.Stage.ToString(), failure.Message, failure.At) : null,
    };

    private List<ViewStatus> Views(ClusterView view, IReadOnlyCollection<PeerLink> links, DateTimeOffset now)
    {
        var own = node.Nodes();
        var told = new List<ViewStatus> { new(node.Name.Text, "own", now, [.. own.Select(name => name.Text)], null) };
        var visible = links.Where(link => link.PeerIsPublished).Select(link => link.Peer).ToHashSet();
        var known = views.Known;
        foreach (var name in visible.Union(view.Members.Where(member => member.State != MemberState.Up).Select(member => member.Name)).Order())
            told.Add(View(name, visible.Contains(name), known));
        return told;
    }

    private static ViewStatus View(NodeName name, bool isConnected, IReadOnlyDictionary<NodeName, PeerView> known) =>
        !isConnected ? new(name.Text, "unconnected", null, null, null)
        : !known.TryGetValue(name, out var peer) ? new(name.Text, "asking", null, null, null)
        : peer.Sees is null ? new(name.Text, "silent", null, null, peer.Problem)
        : new(name.Text, "answered", peer.At, [.. peer.Sees.Order().Take(MostNames).Select(seen => seen.Text)], null);

    private static LinkStatus Link(PeerLink link, ClusterView view)
    {
        // The transport's own words: "tcp 10.0.0.7:4370", "TLS 1.3 10.0.0.7:4370".
        var space = link.Transport.LastIndexOf(' ');
        return new()
        {
            Peer = link.Peer.Text,
            IsHidden = !link.PeerIsPublished,
            Transport = space < 0 ? link.Transport : link.Transport[..space],
            Address = link.Transport[(space + 1)..],
            Since = view.Members.FirstOrDefault(member => member.Name == link.Peer && member.State == MemberState.Up)?.Since,
            BytesReceived = link.BytesRead,
            BytesSent = link.BytesWritten,
            MessagesReceived = link.MessagesRead,
            MessagesSent = link.MessagesSent,
            BytesPending = link.PendingBytes,
            Tls = link.Security is { } tls ? Tls(tls) : null,
        };
    }

    private static LinkTlsStatus Tls(TlsLink tls) => new()
    {
        Version = tls.Version,
        CipherSuite = tls.CipherSuite,
        Since = tls.Since,
        NotAfter = tls.NotAfter,
        Peer = tls.Peer,
        PeerNotAfter = tls.PeerNotAfter,
        PeerSerialNumber = tls.PeerSerialNumber,
        OwnNotAfter = tls.OwnNotAfter,
    };

    private static SourceStatus Source(SourceHealth source, ClusterView view) => new()
    {
        Name = source.Name,
        State = source.State.ToString(),
        Peers = [.. view.Members.Where(member => member.Sources.Contains(source.Name)).Select(member => member.Name.Text)],
        Problem = source.Problem,
        LacksSelf = source.LacksSelf,
        Failures = source.Failures,
        LastComplete = source.LastComplete,
        LastDurationSeconds = Seconds(source.LastDuration),
    };

    private NamesStatus Names()
    {
        var registered = node.RegisteredNames.Select(name => name.ToString()).Order(StringComparer.Ordinal).ToList();
        var global = node.IsPublished ? node.Global.Names.Select(name => name.ToString()).Order(StringComparer.Ordinal).ToList() : [];
        var groups = node.PgScopes.OrderBy(scope => scope.Scope, StringComparer.Ordinal)
            .SelectMany(scope => scope.Groups.Select(group => (Scope: scope, Group: group))).ToList();
        return new(
            registered.Count, [.. registered.Take(MostShown)], global.Count, [.. global.Take(MostShown)], groups.Count,
            [.. groups.Take(MostShown).Select(one => new GroupStatus(
                one.Scope.Scope, one.Group.ToString(), one.Scope.Members(one.Group).Count, one.Scope.LocalMembers(one.Group).Count))]);
    }

    private static double Seconds(TimeSpan time) => Math.Round(time.TotalSeconds, 3);
}
