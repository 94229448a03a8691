using System.Net;
using Enmesh.TestSupport;

namespace Enmesh.SystemTests.Network;

/// <summary>A dnsmasq on one of the hosts, that knows the names a test publishes and nothing else.</summary>
internal sealed class DnsServer : IAsyncDisposable
{
    private readonly Dictionary<string, IPAddress[]> _names = new(StringComparer.OrdinalIgnoreCase);
    private readonly List<string> _services = [];
    private readonly string _directory;
    private readonly IDisposable _atExit;
    private ChildProcess _process;

    private DnsServer(VirtualHost host, string directory, IDisposable atExit)
    {
        Host = host;
        _directory = directory;
        _atExit = atExit;
        _process = Start();
    }

    internal VirtualHost Host { get; }

    internal static async Task<DnsServer> StartAsync(VirtualHost host)
    {
        var directory = Directory.CreateTempSubdirectory("enmesh-dns-").FullName;
        await File.WriteAllTextAsync(Path.Combine(directory, "hosts"), "");
        var server = new DnsServer(host, directory, AtExit.Run($"rm -rf '{directory}'"));
        await server.ReadyAsync();
        return server;
    }

    /// <summary>From now on the name has these addresses, IPv4 and IPv6; without any it does not exist.</summary>
    internal async Task PublishAsync(string name, params IPAddress[] addresses)
    {
        _names[name] = addresses;
        var lines = _names.SelectMany(static pair => pair.Value.Select(address => $"{address} {pair.Key}\n"));
        await File.WriteAllTextAsync(Path.Combine(_directory, "hosts"), string.Concat(lines));
        // A new process instead of SIGHUP, whose effect nobody could wait for.
        await RestartAsync();
    }

    /// <summary>From now on the name has these SRV records besides those it had.</summary>
    internal Task PublishServiceAsync(string name, params (string Target, int Port)[] services)
    {
        _services.AddRange(services.Select(service => $"--srv-host={name},{service.Target},{service.Port}"));
        return RestartAsync();
    }

    /// <summary>Ends the server at once.</summary>
    internal Task KillAsync() => _process.KillAsync();

    /// <summary>Starts it again, after <see cref="KillAsync"/> too.</summary>
    internal async Task RestartAsync()
    {
        await _process.DisposeAsync();
        _process = Start();
        await ReadyAsync();
    }

    public async ValueTask DisposeAsync()
    {
        await _process.DisposeAsync();
        Directory.Delete(_directory, recursive: true);
        _atExit.Dispose();
    }

    private Task<string> ReadyAsync() => _process.WaitForLineAsync("started, version");

    private ChildProcess Start() => Host.Start(
    [
        "dnsmasq", "--keep-in-foreground", "--conf-file=/dev/null", "--user=root", "--pid-file", "--log-facility=-",
        "--log-queries", "--no-resolv", "--no-hosts", "--local=/#/", "--bind-interfaces",
        $"--addn-hosts={_directory}/hosts", .. _services,
    ]);
}
