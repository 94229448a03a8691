using System.Security.Cryptography;
using Enmesh.Epmd;
using Enmesh.Transport;
using Microsoft.Extensions.Logging.Abstractions;

namespace Enmesh.Cli;

/// <summary>The nodes of <c>enmesh up</c>: processes of their own on loopback, an EPMD, a cookie, and a node that looks at them all.</summary>
internal sealed class LocalCluster : IAsyncDisposable
{
    private const string Host = "127.0.0.1";
    private static readonly TimeSpan AnswerTimeout = TimeSpan.FromSeconds(2);
    private static readonly TimeSpan RestartAfter = TimeSpan.FromSeconds(2);

    private readonly string _home;
    private readonly EpmdServer _epmd;
    private readonly ErlangNode _looker;
    private readonly List<NodeChild> _children = [];

    private LocalCluster(string home, EpmdServer epmd, ErlangNode looker)
    {
        _home = home;
        _epmd = epmd;
        _looker = looker;
    }

    /// <summary>What a newcomer can do with the cluster.</summary>
    internal string Introduction =>
        $"""
        {_children.Count} nodes, EPMD on port {_epmd.Port}, the cookie in {CookieFile}. Join from another terminal:
          HOME={_home} ERL_EPMD_PORT={_epmd.Port} erl -name me@{Host}
          enmesh ping {_children[0].Name} --epmd-port {_epmd.Port} --cookie-file {CookieFile}
        """;

    /// <summary>What happened to the nodes, the latest last.</summary>
    internal IEnumerable<string> Notices => _children.SelectMany(child => child.Notices).OrderBy(notice => notice.At).TakeLast(5).Select(notice => notice.Text);

    /// <summary>What those that are not well said last.</summary>
    internal IEnumerable<string> Troubles => _children.Select(child => child.Trouble).OfType<string>();

    private string CookieFile => Path.Combine(_home, ".erlang.cookie");

    internal static async Task<LocalCluster> StartAsync(int ours, int beams, CancellationToken cancellationToken)
    {
        var erl = beams == 0 ? null : NodeChild.Find("erl") ?? throw new InvalidDataException(
            "--beam needs Erlang's erl on the PATH; on Debian and Ubuntu: apt-get install erlang-base.");
        var home = Directory.CreateTempSubdirectory("enmesh-up-").FullName;
        var cookie = Path.Combine(home, ".erlang.cookie");
        await File.WriteAllTextAsync(cookie, RandomNumberGenerator.GetHexString(40), cancellationToken).ConfigureAwait(false);
        if (!OperatingSystem.IsWindows())
            File.SetUnixFileMode(cookie, UnixFileMode.UserRead);
        var transport = new TcpTransport();
        var epmd = EpmdServer.Start(new EpmdSettings(0, []), transport, TimeProvider.System, NullLogger.Instance);
        var looker = await ErlangNode.StartAsync(
            new ErlangNodeOptions
            {
                Name = $"enmesh-up-{Environment.ProcessId}@{Host}",
                CookieFile = cookie,
                Listen = false,
                Epmd = EpmdMode.Register,
                EpmdPort = epmd.Port,
            },
            cancellationToken: cancellationToken).ConfigureAwait(false);
        var cluster = new LocalCluster(home, epmd, looker);
        for (var i = 1; i <= ours; i++)
            cluster._children.Add(NodeChild.OfOurs(NodeName.Parse($"dotnet{i}@{Host}"), home, epmd.Port));
        for (var i = 1; i <= beams; i++)
            cluster._children.Add(NodeChild.OfBeam(NodeName.Parse($"beam{i}@{Host}"), erl!, home, epmd.Port));
        return cluster;
    }

    /// <summary>Asks every node whom it sees, and starts again those that have died.</summary>
    internal async Task<Mesh> LookAsync(CancellationToken cancellationToken)
    {
        foreach (var child in _children)
            child.StartAgainIfDead(RestartAfter);
        return new Mesh(await Task.WhenAll(_children.Select(child => LookAsync(child, cancellationToken))).ConfigureAwait(false));
    }

    public async ValueTask DisposeAsync()
    {
        await _looker.DisposeAsync().ConfigureAwait(false);
        await Task.WhenAll(_children.Select(child => child.DisposeAsync().AsTask())).ConfigureAwait(false);
        await _epmd.DisposeAsync().ConfigureAwait(false);
        Directory.Delete(_home, recursive: true);
    }

    private async Task<MeshNode> LookAsync(NodeChild child, CancellationToken cancellationToken)
    {
        try
        {
            var seen = await NodesCommand.SeenByAsync(_looker, child.Name, AnswerTimeout, cancellationToken).ConfigureAwait(false);
            var members = _children.Select(other => other.Name.Text).ToHashSet(StringComparer.Ordinal);
            // Whoever else is there is shown too, but not this command's own node.
            return new(child.Name.Text, child.IsBeam, seen.Where(name => name != _looker.Name.Text || members.Contains(name)).ToHashSet(StringComparer.Ordinal));
        }
        catch (Exception e) when (e is EnmeshException or TimeoutException)
        {
            return new(child.Name.Text, child.IsBeam, null);
        }
    }
}
