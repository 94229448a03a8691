using Enmesh.Discovery;
using Enmesh.Epmd;
using Xunit;

namespace Enmesh.Tests.Discovery;

[Trait("Ring", "loopback")]
public sealed class HostsFileDiscoveryTests : IDisposable
{
    private static readonly NodeName Self = NodeName.Parse("orders@10.0.0.1");
    private static readonly TimeSpan FarOff = TimeSpan.FromSeconds(60);
    private readonly string _directory = Directory.CreateTempSubdirectory("enmesh-hosts-").FullName;
    private readonly Dictionary<string, EpmdListing[]> _epmd = new(StringComparer.Ordinal);

    private string HostsFile => Path.Combine(_directory, ".hosts.erlang");

    public void Dispose() => Directory.Delete(_directory, recursive: true);

    [Fact]
    public async Task All_names_of_all_hosts_are_members_each_at_its_port()
    {
        await File.WriteAllTextAsync(HostsFile, "% two machines and this one\n'web1.example.com'.\nweb2. '127.0.0.1'.\n");
        _epmd["web1.example.com"] = [new("orders", 4370), new("billing", 4371)];
        _epmd["web2"] = [];
        _epmd["127.0.0.1"] = [new("orders", 4370)];
        Assert.Equal(
            [
                new DiscoveredPeer(NodeName.Parse("billing@web1.example.com"), null, 4371),
                new DiscoveredPeer(Self, null, 4370),
                new DiscoveredPeer(NodeName.Parse("orders@web1.example.com"), null, 4370),
            ],
            Assert.IsType<PeerSnapshot.Complete>(await AskAsync(Self)).Peers.OrderBy(peer => peer.Name));
    }

    [Fact]
    public async Task A_node_with_a_short_name_cuts_the_hosts_at_the_first_dot()
    {
        await File.WriteAllTextAsync(HostsFile, "'web1.example.com'.");
        _epmd["web1.example.com"] = [new("orders", 4370)];
        Assert.Equal(
            "orders@web1",
            Assert.Single(Assert.IsType<PeerSnapshot.Complete>(await AskAsync(NodeName.Parse("a@web9"))).Peers).Name.Text);
    }

    [Fact]
    public async Task A_host_that_does_not_answer_makes_the_answer_incomplete_and_all_of_them_none()
    {
        await File.WriteAllTextAsync(HostsFile, "'web1.example.com'. 'web2.example.com'.");
        _epmd["web1.example.com"] = [new("orders", 4370)];
        var incomplete = Assert.IsType<PeerSnapshot.Incomplete>(await AskAsync(Self));
        Assert.Equal("orders@web1.example.com", Assert.Single(incomplete.Peers).Name.Text);
        Assert.Equal("No EPMD on web2.example.com.", incomplete.Reason);
        _epmd.Clear();
        Assert.IsType<PeerSnapshot.Unavailable>(await AskAsync(Self));
    }

    [Fact]
    public async Task An_empty_file_is_an_empty_answer_and_a_missing_one_is_none()
    {
        Assert.Equal($"There is no hosts file {HostsFile}.", await ProblemAsync());
        await File.WriteAllTextAsync(HostsFile, "");
        Assert.Empty(Assert.IsType<PeerSnapshot.Complete>(await AskAsync(Self)).Peers);
    }

    [Theory]
    [InlineData("'web1.example.com'.\nbroken(", "is no list of hosts. Line 2, column ")]
    [InlineData("'web1.example.com'\n'web2.example.com'.", "is no list of hosts. Line 2, column 1")]
    [InlineData("\"web1.example.com\".", "has the term \"web1.example.com\" in it; a host is an atom")]
    [InlineData("{web1}.", "has the term {web1} in it")]
    [InlineData("'two words'.", "'two words' has a character")]
    [InlineData("''.", "a host's name is empty.")]
    public async Task What_is_no_list_of_hosts_is_no_answer_and_says_where(string text, string problem)
    {
        await File.WriteAllTextAsync(HostsFile, text);
        Assert.Contains(problem, await ProblemAsync(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Too_many_hosts_and_too_long_files_are_refused()
    {
        await File.WriteAllTextAsync(HostsFile, string.Concat(Enumerable.Range(0, 257).Select(i => $"web{i}.\n")));
        Assert.Contains("names 257 hosts; at most 256", await ProblemAsync(), StringComparison.Ordinal);
        await File.WriteAllTextAsync(HostsFile, new string(' ', 300_000));
        Assert.Contains("has more than 262144 bytes", await ProblemAsync(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_change_of_the_file_is_told()
    {
        using var stop = new CancellationTokenSource();
        using var noticed = new SemaphoreSlim(0);
        var watching = Discovery().WatchAsync(Self, () => noticed.Release(), stop.Token);
        Assert.True(await noticed.WaitAsync(FarOff)); // the watch has begun
        await File.WriteAllTextAsync(HostsFile, "web1.");
        Assert.True(await noticed.WaitAsync(FarOff));
        await stop.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => watching.WaitAsync(FarOff));
    }

    private HostsFileDiscovery Discovery() => new(
        new HostsFileDiscoveryOptions { File = HostsFile },
        async (host, _) =>
        {
            await Task.Yield();
            return _epmd.GetValueOrDefault(host)
                ?? throw new EpmdException(EpmdFailure.Unreachable, host, 4369, $"No EPMD on {host}.");
        },
        TimeProvider.System);

    private ValueTask<PeerSnapshot> AskAsync(NodeName self) => Discovery().DiscoverAsync(self, CancellationToken.None);

    private async Task<string> ProblemAsync() => Assert.IsType<PeerSnapshot.Unavailable>(await AskAsync(Self)).Cause.Message;
}
