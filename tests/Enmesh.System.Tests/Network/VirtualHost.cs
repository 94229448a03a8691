using System.Net;
using Enmesh.TestSupport;

namespace Enmesh.SystemTests.Network;

/// <summary>One host of a <see cref="VirtualNetwork"/>.</summary>
internal sealed class VirtualHost(string name, string networkNamespace, int number)
{
    // `ip netns exec` has put this host's files over those in /etc; a program in a root of its own sees them there too.
    private const string SetUp = """
        hostname "$0"
        if [ "$1" = chroot ]; then
            for file in hosts resolv.conf; do mount --bind "/etc/$file" "$2/etc/$file"; done
        fi
        exec "$@"
        """;

    internal string Name { get; } = name;

    internal string Namespace { get; } = networkNamespace;

    internal IPAddress Address { get; } = IPAddress.Parse($"10.77.0.{number}");

    internal IPAddress Address6 { get; } = IPAddress.Parse($"fd77::{number}");

    internal string SwitchPort { get; } = $"port{number}";

    /// <summary>
    /// The words before a command that make it run on this host, with its process id: for
    /// <see cref="BeamOptions.Through"/> and whatever else is started.
    /// </summary>
    internal IReadOnlyList<string> Enter =>
        ["ip", "netns", "exec", Namespace, "unshare", "--uts", "sh", "-euc", SetUp, Name];

    internal ChildProcess Start(params string[] command) => ChildProcess.Start([.. Enter, .. command]);

    internal Task<CommandResult> RunAsync(params string[] command) => ChildProcess.RunAsync([.. Enter, .. command]);

    /// <summary>Adds a rule of nftables for what comes in, under a name by which it is taken back.</summary>
    internal async Task FilterAsync(string name, string rule)
    {
        var result = await RunAsync(
            "sh", "-euc",
            $$"""
              nft add table inet {{name}}
              nft 'add chain inet {{name}} input { type filter hook input priority 1; }'
              nft 'add rule inet {{name}} input {{rule}}'
              """);
        _ = result.Successful;
    }

    /// <summary>Takes a rule back.</summary>
    internal async Task UnfilterAsync(string name)
    {
        var result = await RunAsync("nft", "delete", "table", "inet", name);
        _ = result.Successful;
    }

    /// <summary>Makes the host ask this server for names, and search the domain <c>enmesh.test</c>.</summary>
    internal Task UseDnsAsync(DnsServer server) =>
        File.WriteAllTextAsync(
            $"/etc/netns/{Namespace}/resolv.conf",
            $"nameserver {server.Host.Address}\nsearch enmesh.test\noptions timeout:1 attempts:2\n");
}
