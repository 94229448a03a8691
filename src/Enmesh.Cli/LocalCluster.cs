using System.Security.Cryptography;
using Enmesh.Epmd;
using Enmesh.Transport;
using Microsoft.Extensions.Logging.Abstractions;

namespace Enmesh.Cli;

/// <summary>
/// The nodes of <c>enmesh up</c>: processes of their own on loopback, an EPMD, a cookie, and a node that looks at them
/// all.
/// </summary>
internal sealed class LocalCluster : IAsyncDisposable
{
    private const string Host = "127.0.0.1";
    private static readonly TimeSpan AnswerTimeout = TimeSpan.FromSeconds(2);

    private readonly string _home;
    private readonly EpmdServer _epmd;
    private readonly ErlangNode _looker;
    private readonly LocalTls? _tls;
    private readonly List<NodeChild> _children = [];

    private LocalCluster(string home, EpmdServer epmd, ErlangNode looker, LocalTls? tls)
    {
        _tls = tls;
        _home = home;
        _epmd = epmd;
        _looker = looker;
    }

    /// <summary>What a newcomer can do with the cluster.</summary>
    internal string Introduction =>
        $"""
        {_children.Count} {(_children.Count == 1 ? "node" : "nodes")} on {Host}, with an EPMD on port {_epmd.Port}{(_tls is null ? "" : ", over TLS")}. From another terminal:
          HOME={_home} ERL_EPMD_PORT={_epmd.Port} {CommandLine.Program} ping {_children[0].Name}{Words(_tls?.Arguments)}
          HOME={_home} ERL_EPMD_PORT={_epmd.Port} erl -name me@{Host}{Words(_tls?.BeamArguments)}
        Kill one: it disappears from every view and comes back. Ctrl-C ends them all.
        """;

    /// <summary>What happened to the nodes, the latest last.</summary>
    internal IEnumerable<string> Notices =>
        _children.SelectMany(child => child.Notices)
            .OrderBy(notice => notice.At)
            .Select(notice => $"{notice.At.ToLocalTime():HH:mm:ss} {notice.Text}");

    /// <summary>What those said that have ended.</summary>
    internal IReadOnlyList<string> Troubles => [.. _children.Select(child => child.Trouble).OfType<string>()];

    private static string Words(IEnumerable<string>? arguments) =>
        arguments is null ? "" : " " + string.Join(' ', arguments);

    private string CookieFile => Path.Combine(_home, ".erlang.cookie");

    internal static async Task<LocalCluster> StartAsync(int ours, int beams, bool tls, CancellationToken cancellationToken)
    {
        var erl = beams == 0 ? null : NodeChild.Find("erl") ?? throw new InvalidDataException(
            "--beam needs Erlang's erl on the PATH; on Debian and Ubuntu: apt-get install erlang-base.");
        var home = Directory.CreateTempSubdirectory("enmesh-").FullName;
        EpmdServer? epmd = null;
        LocalCluster? cluster = null;
        try
        {
            await WriteCookieAsync(home, cancellationToken).ConfigureAwait(false);
            epmd = EpmdServer.Start(
                new EpmdSettings(0, []), new TcpTransport(), TimeProvider.System, NullLogger.Instance);
            var certificates = tls ? LocalTls.Create(home, Host) : null;
            cluster = new LocalCluster(
                home, epmd, await StartLookerAsync(home, epmd.Port, certificates, cancellationToken).ConfigureAwait(false), certificates);
            for (var i = 1; i <= ours; i++)
                cluster._children.Add(
                    NodeChild.OfOurs(NodeName.Parse($"dotnet{i}@{Host}"), cluster.CookieFile, epmd.Port, certificates));
            for (var i = 1; i <= beams; i++)
                cluster._children.Add(NodeChild.OfBeam(NodeName.Parse($"beam{i}@{Host}"), erl!, home, epmd.Port, certificates));
            return cluster;
        }
        catch
        {
            if (cluster is not null)
            {
                await cluster.DisposeAsync().ConfigureAwait(false);
                throw;
            }
            if (epmd is not null)
                await epmd.DisposeAsync().ConfigureAwait(false);
            Directory.Delete(home, recursive: true);
            throw;
        }
    }

    /// <summary>Starts those nodes again that have died.</summary>
    internal void Revive()
    {
        foreach (var child in _children)
            child.StartAgainIfDead();
    }

    /// <summary>Asks every node whom it sees.</summary>
    internal async Task<Mesh> LookAsync(CancellationToken cancellationToken)
    {
        var own = _children.Select(child => child.Name.Text).ToHashSet(StringComparer.Ordinal);
        var guests = _epmd.Entries.Select(entry => $"{EpmdName.Readable(entry.Name)}@{Host}")
            .Where(name => !own.Contains(name) && NodeName.TryParse(name, out _))
            .Order(StringComparer.Ordinal);
        var asked = _children.Select(child => new MeshNode(
            child.Name.Text, child.IsBeam ? MeshNode.Beam : MeshNode.Dotnet, child.ProcessId, null))
            .Concat(guests.Select(name => new MeshNode(name, MeshNode.Guest, null, null)));
        return new Mesh(await Task.WhenAll(asked.Select(async node =>
            node with { Sees = await SeenByAsync(NodeName.Parse(node.Name), cancellationToken).ConfigureAwait(false) })).ConfigureAwait(false));
    }

    public async ValueTask DisposeAsync()
    {
        await _looker.DisposeAsync().ConfigureAwait(false);
        await Task.WhenAll(_children.Select(child => child.DisposeAsync().AsTask())).ConfigureAwait(false);
        await _epmd.DisposeAsync().ConfigureAwait(false);
        Directory.Delete(_home, recursive: true);
    }

    private static async Task WriteCookieAsync(string home, CancellationToken cancellationToken)
    {
        var file = Path.Combine(home, ".erlang.cookie");
        await File.WriteAllTextAsync(
            file, RandomNumberGenerator.GetHexString(40), cancellationToken).ConfigureAwait(false);
        if (!OperatingSystem.IsWindows())
            File.SetUnixFileMode(file, UnixFileMode.UserRead);
    }

    private static Task<ErlangNode> StartLookerAsync(string home, int epmdPort, LocalTls? tls, CancellationToken cancellationToken) =>
        ErlangNode.StartAsync(
        new ErlangNodeOptions
        {
            Name = $"enmesh-up-{Environment.ProcessId}@{Host}",
            CookieFile = Path.Combine(home, ".erlang.cookie"),
            Hidden = true,
            Listen = false,
            Tls = tls?.Options ?? new TlsOptions(),
            Epmd = EpmdMode.Register,
            EpmdPort = epmdPort,
        },
        cancellationToken: cancellationToken);

    private async Task<IReadOnlySet<string>?> SeenByAsync(NodeName node, CancellationToken cancellationToken)
    {
        try
        {
            // nodes(), as everybody asks it: this command's own node is hidden, and not among them.
            var seen = await NodesCommand
                .SeenByAsync(_looker, node, NodesCommand.Visible, AnswerTimeout, cancellationToken)
                .ConfigureAwait(false);
            return seen.ToHashSet(StringComparer.Ordinal);
        }
        catch (Exception e) when (e is EnmeshException or TimeoutException)
        {
            return null; // it does not answer: that is what there is to show
        }
    }
}
