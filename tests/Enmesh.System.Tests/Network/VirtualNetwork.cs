using System.Security.Cryptography;
using Enmesh.TestSupport;

namespace Enmesh.SystemTests.Network;

/// <summary>
/// Several hosts on one switch, made of network namespaces: each has its own interfaces, ports, packet filter, host
/// name, <c>/etc/hosts</c> and <c>/etc/resolv.conf</c>. The switch is a namespace too, so that nothing of it touches
/// the machine's own network. Names are unique; everything goes when it is disposed of or the test process ends.
/// </summary>
internal sealed class VirtualNetwork : IAsyncDisposable
{
    private readonly List<VirtualHost> _hosts = [];
    private readonly List<IDisposable> _atExit = [];

    private VirtualNetwork(string id) => Id = id;

    /// <summary>The hosts, in the order of their names.</summary>
    internal IReadOnlyList<VirtualHost> Hosts => _hosts;

    internal VirtualHost this[string name] => _hosts.Single(host => host.Name == name);

    /// <summary>Beginning of the names of this network's namespaces.</summary>
    internal string Id { get; }

    internal string Switch => $"{Id}-switch";

    /// <summary>Makes a network of hosts with these names; the first has 10.77.0.1 and fd77::1, and so on.</summary>
    internal static async Task<VirtualNetwork> CreateAsync(params string[] names)
    {
        var network = new VirtualNetwork($"enmesh-{RandomNumberGenerator.GetHexString(6, lowercase: true)}");
        try
        {
            await network.AddNamespaceAsync(network.Switch);
            await ShellAsync(
                $"""
                 ip -n {network.Switch} link add bridge type bridge
                 ip -n {network.Switch} link set bridge up
                 """);
            foreach (var name in names)
                await network.AddHostAsync(name);
            return network;
        }
        catch
        {
            await network.DisposeAsync();
            throw;
        }
    }

    /// <summary>Drops everything between two hosts without a word, as a partition does.</summary>
    internal static Task CutAsync(VirtualHost one, VirtualHost other) => FilterAsync("add", one, other);

    /// <summary>Undoes <see cref="CutAsync"/>.</summary>
    internal static Task HealAsync(VirtualHost one, VirtualHost other) => FilterAsync("delete", one, other);

    /// <summary>Takes a host's cable out of the switch.</summary>
    internal Task UnplugAsync(VirtualHost host) => ShellAsync($"ip -n {Switch} link set {host.SwitchPort} down");

    /// <summary>Undoes <see cref="UnplugAsync"/>.</summary>
    internal Task PlugAsync(VirtualHost host) => ShellAsync($"ip -n {Switch} link set {host.SwitchPort} up");

    public async ValueTask DisposeAsync()
    {
        foreach (var host in _hosts)
            await DeleteNamespaceAsync(host.Namespace);
        await DeleteNamespaceAsync(Switch);
        _atExit.ForEach(static undo => undo.Dispose());
    }

    private static Task FilterAsync(string verb, VirtualHost one, VirtualHost other) => ShellAsync(
        $$"""
          ip netns exec {{one.Namespace}} nft {{verb}} element inet enmesh cut4 { {{other.Address}} }
          ip netns exec {{one.Namespace}} nft {{verb}} element inet enmesh cut6 { {{other.Address6}} }
          """);

    private static async Task ShellAsync(string script)
    {
        var result = await ChildProcess.RunAsync(["sh", "-euc", script]);
        _ = result.Successful;
    }

    private static async Task DeleteNamespaceAsync(string name)
    {
        await ChildProcess.RunAsync(["ip", "netns", "delete", name]);
        var files = $"/etc/netns/{name}";
        if (Directory.Exists(files))
            Directory.Delete(files, recursive: true);
    }

    private async Task AddNamespaceAsync(string name)
    {
        _atExit.Add(AtExit.Run($"ip netns delete {name} 2>/dev/null; rm -rf /etc/netns/{name}"));
        await ShellAsync($"ip netns add {name}");
    }

    private async Task AddHostAsync(string name)
    {
        var host = new VirtualHost(name, $"{Id}-{name}", _hosts.Count + 1);
        _hosts.Add(host);
        await AddNamespaceAsync(host.Namespace);
        Directory.CreateDirectory($"/etc/netns/{host.Namespace}");
        await File.WriteAllTextAsync($"/etc/netns/{host.Namespace}/resolv.conf", "");
        await File.WriteAllTextAsync(
            $"/etc/netns/{host.Namespace}/hosts",
            $"127.0.0.1 localhost\n::1 localhost\n{host.Address} {host.Name}.enmesh.test {host.Name}\n");
        // nodad: an address that is still being probed for duplicates cannot be bound.
        await ShellAsync(
            $$"""
              ip link add eth0 netns {{host.Namespace}} type veth peer name {{host.SwitchPort}} netns {{Switch}}
              ip -n {{Switch}} link set {{host.SwitchPort}} master bridge up
              ip -n {{host.Namespace}} address add {{host.Address}}/24 dev eth0
              ip -n {{host.Namespace}} address add {{host.Address6}}/64 dev eth0 nodad
              ip -n {{host.Namespace}} link set lo up
              ip -n {{host.Namespace}} link set eth0 up
              ip netns exec {{host.Namespace}} nft -f - <<'END'
              table inet enmesh {
                set cut4 { type ipv4_addr; }
                set cut6 { type ipv6_addr; }
                chain input { type filter hook input priority 0; ip saddr @cut4 drop; ip6 saddr @cut6 drop; }
                chain output { type filter hook output priority 0; ip daddr @cut4 drop; ip6 daddr @cut6 drop; }
              }
              END
              """);
    }
}
