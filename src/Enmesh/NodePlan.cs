using System.Globalization;
using System.Net;
using Enmesh.Cluster;
using Enmesh.Discovery;
using Enmesh.Epmd;
using Enmesh.Groups;
using Enmesh.Handshake;
using Enmesh.Peers;
using Enmesh.Processes;
using Enmesh.Resolver;
using Enmesh.Services;
using Enmesh.Terms;
using Enmesh.Tls;
using Enmesh.Transport;
using Enmesh.Wire;
using Microsoft.Extensions.Logging;

namespace Enmesh;

/// <summary>What a node is made of, once its options are checked and what they leave open is looked up.</summary>
internal sealed record NodePlan
{
    private const string PortVariable = "ERL_DIST_PORT";

    internal required NodeName Name { get; init; }

    /// <summary>The node that gives this one its name; the one in <see cref="Name"/> only says the host then.</summary>
    internal NodeName? NameFrom { get; init; }

    internal required Func<NodeName, PeerCookies> Cookies { get; init; }

    /// <summary>The file that they come from, which is watched; null when they come from elsewhere.</summary>
    internal CookieFile? CookieFile { get; init; }

    internal Func<TimeProvider, ILogger, ITransport> Transport { get; init; } =
        static (time, logger) => new TcpTransport(time, logger) { OwnThreads = true };

    /// <summary>TLS over that transport; null for none.</summary>
    internal TlsSetup? Tls { get; init; }

    /// <summary>What EPMD is spoken to over: connections that sit idle, and may be many.</summary>
    internal Func<TimeProvider, ILogger, ITransport> EpmdTransport { get; init; } = static (time, logger) => new TcpTransport(time, logger);

    /// <summary>Where calls are taken; null for a node that only dials.</summary>
    internal ListenAddress? Listen { get; init; }

    internal EpmdMode Epmd { get; init; }

    internal EpmdSettings EpmdSettings { get; init; } = new(EpmdSettings.DefaultPort, []);

    /// <summary>Finds out where a peer listens, with the EPMD client where EPMD is in use.</summary>
    internal required Func<EpmdClient, PeerLocator> Locate { get; init; }

    internal HandshakeLimits Handshake { get; init; } = HandshakeLimits.Default;

    internal PeerLinkOptions Link { get; init; } = new();

    /// <summary>Whether the node is one of the cluster's visible ones.</summary>
    internal bool IsPublished { get; init; }

    /// <summary>Whether a lost link to one node parts both from all others.</summary>
    internal bool PreventOverlappingPartitions { get; init; } = true;

    /// <summary>The nodes and hosts that may be connected; empty for all.</summary>
    internal IReadOnlyList<string> AllowedNodes { get; init; } = [];

    /// <summary>Whether peers may have this node connect, disconnect, change its allow list and its net_ticktime.</summary>
    internal bool ManagedByPeers { get; init; }

    /// <summary>The scopes of <c>pg</c> to start with.</summary>
    internal IReadOnlyList<string> PgScopes { get; init; } = [];

    /// <summary>Whether the node has a short name.</summary>
    internal bool ShortNames { get; init; }

    /// <summary>Whether <c>init:stop/0</c> of a peer ends the node.</summary>
    internal bool StopByPeers { get; init; }

    /// <summary>Where the process <c>user</c> prints.</summary>
    internal Func<ILoggerFactory, IUserDevice> UserDevice { get; init; } = static _ => new NullDevice();

    internal long MaxMailboxBytes { get; init; } = long.MaxValue;

    /// <summary>What the node does not say that it can, as if it were an older one: for tests of what peers lack.</summary>
    internal DistributionFlags Unclaimed { get; init; }

    /// <inheritdoc cref="ProcessSettings.CallTimeout"/>
    internal TimeSpan CallTimeout { get; init; } = TimeSpan.FromSeconds(5);

    internal int AtomBudget { get; init; } = Terms.AtomTable.DefaultBudget;

    internal IReadOnlyList<DiscoverySource> Discovery { get; init; } = [];

    internal ClusterOptions Cluster { get; init; } = new();

    /// <inheritdoc cref="ProcessSettings.Thread"/>
    internal TurnThread? Thread { get; init; }

    /// <inheritdoc cref="ProcessSettings.ProcessBegins"/>
    internal Action<ProcessContext>? ProcessBegins { get; init; }

    /// <inheritdoc cref="ProcessSettings.ProcessEnded"/>
    internal Action<ProcessContext, Term>? ProcessEnded { get; init; }

    /// <summary>Looks up what the options leave open: the name's host, the cookie, the addresses.</summary>
    /// <exception cref="ArgumentException">There is no name to be had; the message says what to set.</exception>
    /// <exception cref="CookieException">There is no good cookie; the message says where it was looked for.</exception>
    /// <exception cref="FormatException">A port or address in the environment is none; the message names the variable.</exception>
    /// <exception cref="DiscoveryException">No name server knows this node's host name; the message says what it knows.</exception>
    internal static async Task<NodePlan> FromAsync(
        ErlangNodeOptions options, Func<string, string?> environment, TimeProvider time, CancellationToken cancellationToken)
    {
        var granter = options.NameFrom is { } from ? NodeName.Parse(from) : null;
        var name = await NameAsync(options, environment, time, cancellationToken).ConfigureAwait(false);
        var epmd = EpmdSettings.FromEnvironment(environment);
        if (options.EpmdPort is { } epmdPort)
            epmd = epmd with { Port = epmdPort };
        var port = options.Port ?? PortFrom(environment) ?? ErlangNodeOptions.DefaultPort;
        if (PlainTcpProblem(options, environment) is { } plainTcp)
            throw new ArgumentException(plainTcp, nameof(options));
        var cookieFile = new CookieFile(
            CookieSource.Locate(options.CookieFile, environment), options.Insecure, options.PreviousCookieFor);
        var cookies = cookieFile.Read();
        var plan = Of(
            options, name, new PeerCookies(cookies[0], cookies.AsSpan(1)),
            client => options.Epmd == EpmdMode.Off
                ? FixedPort(options.PeerPort ?? (port == 0 ? ErlangNodeOptions.DefaultPort : port))
                : AskEpmd(client));
        plan = plan with
        {
            CookieFile = cookieFile,
            Listen = options.Listen && granter is null ? new ListenAddress(Addresses(options, environment), port, Math.Max(port, options.LastPort)) : null,
            Tls = TlsSetup.From(options.Tls),
            Epmd = options.Epmd,
            EpmdSettings = epmd,
        };
        // A node that is given its name is hidden, whatever it wants.
        return granter is null ? plan : plan with { NameFrom = granter, IsPublished = false, PgScopes = [.. options.PgScopes] };
    }

    /// <summary>What is wrong with listening without TLS; null when nothing is.</summary>
    internal static string? PlainTcpProblem(ErlangNodeOptions options, Func<string, string?> environment)
    {
        if (!options.Listen || options.NameFrom is not null || options.Tls.IsOn || options.Tls.Mode == TlsMode.Off)
            return null;
        return Addresses(options, environment).FirstOrDefault(address => !IPAddress.IsLoopback(address)) is { } open
            ? $"{nameof(options.Tls)}: the node would listen on {open} without TLS: whoever reads along has every message, and whoever knows the cookie is let in. "
                + $"Set {nameof(options.Tls)}:{nameof(TlsOptions.CertificateFile)} and {nameof(options.Tls)}:{nameof(TlsOptions.CaFile)}, or say {nameof(options.Tls)}: off."
            : null;
    }

    /// <summary>The node's own name; of one that is given its name, the host part alone is meant.</summary>
    /// <exception cref="ArgumentException">There is no name to be had; the message says what to set.</exception>
    /// <exception cref="DiscoveryException">No name server knows this node's host name; the message says what it knows.</exception>
    internal static async Task<NodeName> NameAsync(
        ErlangNodeOptions options, Func<string, string?> environment, TimeProvider time, CancellationToken cancellationToken)
    {
        var asked = options.NameFrom is null ? options.Name : "undefined" + options.Name;
        if (options.HostFrom is not null && OwnHostSource.TryParse(options.HostFrom, out var source, out _))
            asked = $"{options.Name}@{await HostFromAsync(source, options, environment, time, cancellationToken).ConfigureAwait(false)}";
        var inputs = await OwnName.ReadEnvironmentAsync(asked, options.ShortNames, environment, cancellationToken).ConfigureAwait(false);
        return OwnName.TryResolve(inputs, out var name, out var problem) ? name : throw new ArgumentException(problem, nameof(options));
    }

    private static Task<string> HostFromAsync(
        OwnHostSource source, ErlangNodeOptions options, Func<string, string?> environment, TimeProvider time, CancellationToken cancellationToken)
    {
        var port = options.Port ?? PortFrom(environment) ?? ErlangNodeOptions.DefaultPort;
        var finder = new OwnHost(
            new DnsResolver(time), OwnHost.AddressesOf(environment(OwnName.PodIpVariable)), port == 0 ? null : port, time);
        return finder.FindAsync(source, options.HostFromTimeout, cancellationToken);
    }

    /// <summary>What the options alone say; the node listens nowhere.</summary>
    internal static NodePlan Of(ErlangNodeOptions options, NodeName name, PeerCookies cookies, Func<EpmdClient, PeerLocator> locate) => new()
    {
        Name = name,
        Cookies = _ => cookies,
        Locate = locate,
        Handshake = new(options.SetupTime, options.SetupTime * 4),
        Link = new()
        {
            SendBufferBytes = options.SendBufferBytes,
            NetTickTime = options.NetTickTime,
            NetTickIntensity = options.NetTickIntensity,
            Limits = new() { MaxMessageBytes = options.MaxMessageBytes },
        },
        IsPublished = !options.Hidden,
        AllowedNodes = [.. options.AllowedNodes],
        ManagedByPeers = options.ManagedByPeers,
        PreventOverlappingPartitions = options.PreventOverlappingPartitions,
        PgScopes = options.StartPg && !options.Hidden ? [ProcessGroups.DefaultScope, .. options.PgScopes] : [.. options.PgScopes],
        ShortNames = options.ShortNames,
        StopByPeers = options.StopByPeers,
        UserDevice = UserDeviceOf(options.UserOutput),
        MaxMailboxBytes = options.MaxMailboxBytes,
        AtomBudget = options.AtomBudget,
        Discovery = [.. options.Discovery],
        Cluster = options.Cluster,
    };

    private static Func<ILoggerFactory, IUserDevice> UserDeviceOf(UserOutput output) => logs => output switch
    {
        UserOutput.Log => new LogDevice(logs.CreateLogger("Enmesh.User")),
        UserOutput.None => new NullDevice(),
        _ => new WriterDevice(null),
    };

    private static PeerLocator FixedPort(int port) => (_, host, _) => new(new PeerEndPoint(host, port));

    private static PeerLocator AskEpmd(EpmdClient client) => async (name, host, token) =>
        new PeerEndPoint(host, (await client.LookUpAsync(name, host, token).ConfigureAwait(false)).Port);

    private static int? PortFrom(Func<string, string?> environment)
    {
        if (environment(PortVariable) is not { Length: > 0 } text)
            return null;
        return int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var port) && port is > 0 and <= IPEndPoint.MaxPort
            ? port
            : throw new FormatException($"{PortVariable} is '{text}'; it must be a port from 1 to 65535.");
    }

    // A pod's address is dialled by the others; anywhere else nobody is let in who was not meant to be.
    internal static IReadOnlyList<IPAddress> Addresses(ErlangNodeOptions options, Func<string, string?> environment) =>
        options.ListenAddresses.Count > 0 ? [.. options.ListenAddresses]
        : environment("KUBERNETES_SERVICE_HOST") is not null ? [IPAddress.IPv6Any]
        : [IPAddress.Loopback, IPAddress.IPv6Loopback];
}
