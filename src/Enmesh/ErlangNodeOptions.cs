using System.Net;
using Enmesh.Certificates;
using Enmesh.Cluster;
using Enmesh.Discovery;
using Enmesh.Tls;

namespace Enmesh;

/// <summary>The settings of a node. Copied when it starts; later changes have no effect.</summary>
public sealed class ErlangNodeOptions
{
    /// <summary>The fixed distribution port that all nodes share when EPMD is off.</summary>
    public const int DefaultPort = 4370;

    /// <summary>
    /// The name: <c>alive@host</c>, or the part before the <c>@</c> alone. The host is then <c>NODE_HOST</c> or
    /// <c>POD_IP</c> from the environment, else the host's own fully qualified name (its short name with
    /// <see cref="ShortNames"/>).
    /// </summary>
    public string Name { get; set; } = "";

    /// <summary>
    /// Where a name server says what the host part of this node's name is: <c>srv:_dist._tcp.orders-headless</c> takes
    /// the target of the SRV record whose address is this node's, <c>ptr</c> the name behind this node's address, which
    /// is <c>POD_IP</c> where that is set. <see cref="Name"/> is the part before the <c>@</c> alone then. Default: none.
    /// </summary>
    public string? HostFrom { get; set; }

    /// <summary>
    /// How long <see cref="HostFrom"/> is asked again until the answer has this node in it; the records of a pod come
    /// seconds after it started. Default 60 s; 0 to 1 h.
    /// </summary>
    /// <exception cref="ArgumentOutOfRangeException">The value is out of bounds.</exception>
    public TimeSpan HostFromTimeout
    {
        get;
        set => field = Bounds.Within(value, TimeSpan.Zero, TimeSpan.FromHours(1));
    } = TimeSpan.FromSeconds(60);

    /// <summary>
    /// The node that gives this one its name, <c>alive@host</c>: a dynamic node, as <c>erl -name undefined</c>. It is
    /// connected to that node from the start, listens nowhere, and <see cref="Name"/> is left empty or says the host
    /// part alone, <c>@host</c>.
    /// </summary>
    public string? NameFrom { get; set; }

    /// <summary>
    /// Whether the node has a short name, as after <c>erl -sname</c>. Such nodes only meet their like. Default false.
    /// </summary>
    public bool ShortNames { get; set; }

    /// <summary>
    /// The file with the cookie, which is read again whenever it changes. Default: what <c>ENMESH_COOKIE_FILE</c> names, else <c>~/.erlang.cookie</c>.
    /// </summary>
    public string? CookieFile { get; set; }

    /// <summary>
    /// How long a cookie is accepted that has left the file while the node runs. Default 10 minutes; 0 to 7 days.
    /// </summary>
    /// <exception cref="ArgumentOutOfRangeException">The value is out of bounds.</exception>
    public TimeSpan PreviousCookieFor
    {
        get;
        set => field = Bounds.Within(value, TimeSpan.Zero, TimeSpan.FromDays(7));
    } = TimeSpan.FromMinutes(10);

    /// <summary>Whether weak and well-known cookies are taken. Default false.</summary>
    public bool Insecure { get; set; }

    /// <summary>
    /// The distribution port to listen on. Default: what <c>ERL_DIST_PORT</c> says, else 4370; 0 lets the system
    /// choose, which only makes sense with EPMD.
    /// </summary>
    /// <exception cref="ArgumentOutOfRangeException">The value is no port.</exception>
    public int? Port
    {
        get;
        set { CheckPort(value ?? 0); field = value; }
    }

    /// <summary>
    /// The port on which peers are dialled while EPMD is off. Default: <see cref="Port"/>, as all nodes have the same.
    /// </summary>
    /// <exception cref="ArgumentOutOfRangeException">The value is no port.</exception>
    public int? PeerPort
    {
        get;
        set { CheckPort(value ?? 0); field = value; }
    }

    /// <summary>The port of EPMD. Default: what <c>ERL_EPMD_PORT</c> says, else 4369.</summary>
    /// <exception cref="ArgumentOutOfRangeException">The value is no port.</exception>
    public int? EpmdPort
    {
        get;
        set { CheckPort(value ?? 0); field = value; }
    }

    /// <summary>
    /// The last port of a range, of which the first free one is taken. Default 0: <see cref="Port"/> alone.
    /// </summary>
    /// <exception cref="ArgumentOutOfRangeException">The value is no port.</exception>
    public int LastPort
    {
        get;
        set { CheckPort(value); field = value; }
    }

    /// <summary>
    /// The addresses to listen on. Default: loopback, or every address in a Kubernetes pod. <c>::</c> takes IPv4 as
    /// well.
    /// </summary>
    public IList<IPAddress> ListenAddresses { get; private set; } = [];

    /// <summary>Whether calls are taken at all. Default true; a tool that only dials needs no port.</summary>
    public bool Listen { get; set; } = true;

    /// <summary>TLS between nodes. Without it a node listens beyond loopback only if told so: <see cref="TlsMode.Off"/>.</summary>
    public TlsOptions Tls { get; set; } = new();

    /// <summary>How the node deals with EPMD. Default <see cref="EpmdMode.Off"/>.</summary>
    public EpmdMode Epmd { get; set; }

    /// <summary>
    /// Silence after which a peer counts as lost. Default 60 s; at least 4 s. Give every node of a cluster the same.
    /// </summary>
    /// <exception cref="ArgumentOutOfRangeException">The value is below 4 s or above an hour.</exception>
    public TimeSpan NetTickTime
    {
        get;
        set => field = Bounds.Within(value, TimeSpan.FromSeconds(4), TimeSpan.FromHours(1));
    } = TimeSpan.FromSeconds(60);

    /// <summary>How often a tick is due within <see cref="NetTickTime"/>. Default 4; 4 to 1000.</summary>
    /// <exception cref="ArgumentOutOfRangeException">The value is out of bounds.</exception>
    public int NetTickIntensity
    {
        get;
        set => field = Bounds.Within(value, 4, 1000);
    } = 4;

    /// <summary>
    /// The longest pause between two steps of a handshake. Default 7 s, as on the BEAM; 1 s to 2 minutes.
    /// </summary>
    /// <exception cref="ArgumentOutOfRangeException">The value is out of bounds.</exception>
    public TimeSpan SetupTime
    {
        get;
        set => field = Bounds.Within(value, TimeSpan.FromSeconds(1), TimeSpan.FromMinutes(2));
    } = TimeSpan.FromSeconds(7);

    /// <summary>Bytes that may wait on one link before its senders do. Default 1 MiB; at least 64 KiB.</summary>
    /// <exception cref="ArgumentOutOfRangeException">The value is below 64 KiB.</exception>
    public long SendBufferBytes
    {
        get;
        set { ArgumentOutOfRangeException.ThrowIfLessThan(value, 64 << 10); field = value; }
    } = 1 << 20;

    /// <summary>The longest message sent or taken, in bytes. Default 256 MiB; at least 64 KiB.</summary>
    /// <exception cref="ArgumentOutOfRangeException">The value is below 64 KiB.</exception>
    public int MaxMessageBytes
    {
        get;
        set { ArgumentOutOfRangeException.ThrowIfLessThan(value, 64 << 10); field = value; }
    } = 256 << 20;

    /// <summary>
    /// Whether the node is hidden, as after <c>erl -hidden</c>: it is connected to whom it calls or is called by, and
    /// takes no part in the cluster's mesh, <c>global</c> and <c>pg</c>. Default false.
    /// </summary>
    public bool Hidden { get; set; }

    /// <summary>
    /// The nodes, as <c>orders@10.0.0.7</c>, and hosts, as <c>10.0.0.7</c>, that may be connected, whoever dials.
    /// Default: none is named, and all may that know the cookie.
    /// </summary>
    public IList<string> AllowedNodes { get; private set; } = [];

    /// <summary>
    /// Whether peers may have this node connect to others and disconnect them, and change its allow list and its
    /// net_ticktime, as they may on a BEAM: <c>erlang:disconnect_node/1</c>, <c>net_kernel:connect_node/1</c>,
    /// <c>allow/1</c>, <c>set_net_ticktime/1,2</c>. Default false.
    /// </summary>
    public bool ManagedByPeers { get; set; }

    /// <summary>
    /// Whether a published node that loses another parts it from all the rest, and parts from those that others have
    /// lost, so that never two nodes that see each other see different clusters: the kernel parameter
    /// <c>prevent_overlapping_partitions</c>. It must be the same on all nodes. Default true, as from OTP 25 on.
    /// </summary>
    public bool PreventOverlappingPartitions { get; set; } = true;

    /// <summary>Whether a published node has the default scope of <c>pg</c>. Default true.</summary>
    public bool StartPg { get; set; } = true;

    /// <summary>Further scopes of <c>pg</c> to start with. Default: none; a scope may be started at any time.</summary>
    public IList<string> PgScopes { get; private set; } = [];

    /// <summary>
    /// Where the node prints what it is asked to print, the output of <c>io:format</c> and the like. Default: the
    /// console.
    /// </summary>
    public UserOutput UserOutput { get; set; }

    /// <summary>
    /// Whether a peer may stop the node, <c>init:stop/0,1</c>: it leaves the cluster, and
    /// <see cref="ErlangNode.StopRequested"/> tells the program. Default false.
    /// </summary>
    public bool StopByPeers { get; set; }

    /// <summary>
    /// The bytes of peers' messages that may wait in all mailboxes together, roughly. Beyond it the process that holds
    /// the most ends with reason <c>{mailbox_bytes, MaxMailboxBytes}</c>. Default: a quarter of the memory that the
    /// process may use; at least 1 MiB.
    /// </summary>
    /// <exception cref="ArgumentOutOfRangeException">The value is below 1 MiB.</exception>
    public long MaxMailboxBytes
    {
        get;
        set { ArgumentOutOfRangeException.ThrowIfLessThan(value, 1 << 20); field = value; }
    } = Math.Max(64 << 20, GC.GetGCMemoryInfo().TotalAvailableMemoryBytes / 4);

    /// <summary>How many atoms of peers are remembered; those beyond cost more to compare. Default 100,000.</summary>
    /// <exception cref="ArgumentOutOfRangeException">The value is negative.</exception>
    public int AtomBudget
    {
        get;
        set { ArgumentOutOfRangeException.ThrowIfNegative(value); field = value; }
    } = Terms.AtomTable.DefaultBudget;

    /// <summary>
    /// How long a node of a host that is told to stop stays in the cluster before the host's services are stopped: it
    /// dials nobody, and everything else goes on, until load balancers and discovery have forgotten it. Default 0,
    /// but 20 s for the nodes of a host in a Kubernetes pod. Up to an hour; it ends with the host's <c>ShutdownTimeout</c>, 30 s unless told otherwise,
    /// which has to leave time for the rest as well.
    /// </summary>
    /// <exception cref="ArgumentOutOfRangeException">The value is negative or above an hour.</exception>
    public TimeSpan DrainDelay
    {
        get;
        set => field = Bounds.Within(value, TimeSpan.Zero, TimeSpan.FromHours(1));
    }

    /// <summary>
    /// Where the members of the cluster are found. Default: nowhere; peers are met when they call or are called.
    /// </summary>
    public IList<DiscoverySource> Discovery { get; private set; } = [];

    /// <summary>How the node keeps itself connected to the peers that discovery names.</summary>
    public ClusterOptions Cluster { get; set; } = new();

    /// <summary>Says what is wrong between the settings, each problem beginning with its key.</summary>
    /// <returns>Empty when all is well.</returns>
    public IReadOnlyList<string> Validate()
    {
        var problems = new List<string>();
        if (NameFrom is not null && !NodeName.TryParse(NameFrom, out _))
            problems.Add($"{nameof(NameFrom)}: '{NameFrom}' is no node name, as in orders@10.0.0.7.");
        if (NameFrom is not null && Name.Length > 0 && !Name.StartsWith('@'))
            problems.Add($"{nameof(Name)}: a node that is given its name by {NameFrom} has none of its own; leave it empty, or say @host.");
        if (NameFrom is null && OwnName.Problem(Name, ShortNames) is { } name)
            problems.Add($"{nameof(Name)}: {name}");
        if (HostFrom is not null)
            problems.AddRange(HostFromProblems());
        if (LastPort != 0 && LastPort < (Port ?? DefaultPort))
            problems.Add(
                $"{nameof(LastPort)}: the range ends at {LastPort}, before it begins at {Port ?? DefaultPort}.");
        if (Listen && Port == 0 && Epmd == EpmdMode.Off)
            problems.Add($"{nameof(Port)}: 0 takes a port that peers can only learn from EPMD; set {nameof(Epmd)} to Register or Embedded.");
        problems.AddRange(Tls.Validate().Select(problem => $"{nameof(Tls)}:{problem}"));
        problems.AddRange(AllowedNodes.Select(Services.AllowList.Problem).OfType<string>().Select(
            problem => $"{nameof(AllowedNodes)}: {problem}."));
        if (PgScopes.Any(scope => string.IsNullOrEmpty(scope) || scope.Length > Terms.Atom.MaxCharacters))
            problems.Add($"{nameof(PgScopes)}: a scope's name has 1 to {Terms.Atom.MaxCharacters} characters.");
        if (Cluster.Removal == PeerRemoval.Immediate && !Hidden && !Cluster.AcceptEvictions)
        {
            problems.Add(
                $"{nameof(Cluster)}:{nameof(Cluster.Removal)}: Immediate cuts the link to a peer as soon as discovery "
                + "lacks it, and nodes of OTP 25 and later that still see both ends then part from both. Choose After "
                + $"with a {nameof(Cluster.RemovalGrace)}, or say {nameof(Cluster)}:{nameof(Cluster.AcceptEvictions)}: true.");
        }
        problems.AddRange(Cluster.Validate().Select(problem => $"{nameof(Cluster)}:{problem}"));
        var twice = Discovery.GroupBy(source => source.Name, StringComparer.Ordinal).Where(group => group.Count() > 1);
        problems.AddRange(twice.Select(group => $"{nameof(Discovery)}: two sources have the name '{group.Key}'."));
        return problems;
    }

    /// <summary>
    /// Says what is wrong with what the settings lead to on this host: the files for TLS, which are read, and
    /// listening beyond loopback without TLS. Each problem begins with its key.
    /// </summary>
    /// <returns>Empty when all is well, and when <see cref="Validate"/> has something to say of TLS.</returns>
    public IReadOnlyList<string> ValidateSurroundings()
    {
        if (Tls.Validate().Count > 0)
            return [];
        try
        {
            var tls = TlsSetup.From(Tls);
            tls?.Check(TimeProvider.System);
            if (tls is not null && ForeignCertificate(tls.Files.Server.CertificateFile) is { } foreign)
                return [$"{nameof(Tls)}: {foreign}"];
            return NodePlan.PlainTcpProblem(this, Environment.GetEnvironmentVariable) is { } problem ? [problem] : [];
        }
        catch (TlsSettingsException e)
        {
            return [$"{nameof(Tls)}: {e.Message}"];
        }
    }

    // Whoever dials a node wants its certificate to name the host it was dialled by. Whose names are settled later, or may
    // be others by agreement, is not looked at.
    private string? ForeignCertificate(string file)
    {
        if (!Listen || Tls.AllowedNames.Count > 0 || NameFrom is not null || HostFrom is not null)
            return null;
        var host = Name.Split('@') is [_, var named] ? named
            : ShortNames ? null
            : Environment.GetEnvironmentVariable(OwnName.NodeHostVariable) ?? Environment.GetEnvironmentVariable(OwnName.PodIpVariable);
        if (string.IsNullOrWhiteSpace(host))
            return null;
        try
        {
            using var pair = StoredPair.Parse(File.ReadAllText(file), file);
            return CertificateLayout.CheckFile(file, pair.Names, host.Trim()).FirstOrDefault(finding => finding.IsFatal)?.Text;
        }
        catch (Exception e) when (e is CertificateException or IOException or UnauthorizedAccessException)
        {
            // It was good a moment ago; what is wrong now is told when the node starts.
            return null;
        }
    }

    private IEnumerable<string> HostFromProblems()
    {
        if (!OwnHostSource.TryParse(HostFrom!, out _, out var problem))
            yield return $"{nameof(HostFrom)}: {problem}";
        if (NameFrom is not null)
            yield return $"{nameof(HostFrom)}: {NameFrom} gives the node its whole name; leave one of the two away.";
        if (Name.Contains('@', StringComparison.Ordinal))
            yield return $"{nameof(HostFrom)}: the name '{Name}' has a host part of its own; leave one of the two away.";
    }

    /// <summary>A copy that later changes do not reach.</summary>
    internal ErlangNodeOptions Copy()
    {
        var copy = (ErlangNodeOptions)MemberwiseClone();
        copy.ListenAddresses = [.. ListenAddresses];
        copy.Tls = Tls.Copy();
        copy.Cluster = Cluster.Copy();
        copy.Discovery = [.. Discovery];
        copy.PgScopes = [.. PgScopes];
        copy.AllowedNodes = [.. AllowedNodes];
        return copy;
    }

    private static void CheckPort(int value)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(value, nameof(value));
        ArgumentOutOfRangeException.ThrowIfGreaterThan(value, IPEndPoint.MaxPort, nameof(value));
    }
}
