using System.Runtime.CompilerServices;
using System.Threading.Channels;
using Enmesh.Discovery;
using Enmesh.TestSupport;
using Microsoft.Extensions.DependencyInjection;
using Xunit;

// The C# blocks of docs/discovery.md stand in this file.
namespace Enmesh.Hosting.Tests.Docs;

/// <summary>What docs/discovery.md shows of a strategy of one's own, compiled and run.</summary>
[Trait("Ring", "loopback")]
public sealed class DiscoveryExamples
{
    private static readonly TimeSpan FarOff = TimeSpan.FromSeconds(60);

    [Fact]
    public async Task A_strategy_of_ones_own_finds_members_and_notices_changes()
    {
        await using var host = new TestHost().With("Enmesh", $"machines-{Guid.NewGuid():N}")
            .Set(("Enmesh:Epmd", "off"), ("Enmesh:Port", null), ("Enmesh:Listen", "false"));
        var builder = host.Builder;

        builder.Services.AddSingleton<IMachineTable, MachineTable>();
        builder.AddErlangNode().AddDiscovery(
            "machines",
            services => ActivatorUtilities.CreateInstance<MachineTableDiscovery>(services),
            new DiscoveryPolling { Interval = TimeSpan.FromMinutes(1) });

        await host.StartAsync();
        var cluster = host.Node.Cluster;
        var table = (MachineTable)host.Services.GetRequiredService<IMachineTable>();
        // The interval is a minute: what comes sooner was noticed.
        using var farOff = new CancellationTokenSource(FarOff / 2);
        table.Put(new("web1.example", "192.0.2.7", 4));
        await cluster.WaitForAsync(view => view.Discovered == 1, farOff.Token);
        table.Put(new("web2.example", null, 4));
        var view = await cluster.WaitForAsync(view => view.Sources[0].State == Enmesh.Cluster.SourceState.Partial, farOff.Token);
        Assert.Equal("machines without an address: 1", view.Sources[0].Problem);
        var member = Assert.Single(view.Members);
        Assert.EndsWith("@web1.example", member.Name.Text, StringComparison.Ordinal);
        Assert.Equal(("192.0.2.7", 4), (member.Address, member.Port));
    }

    [Fact]
    public void Every_block_of_the_document_stands_in_this_file()
    {
        var document = Repository.PathTo("docs", "discovery.md");
        Assert.Equal(2, DocSnippets.Count(document));
        Assert.Empty(DocSnippets.NotIn(
            document, Repository.PathTo("tests", "Enmesh.Hosting.Tests", "Docs", "DiscoveryExamples.cs")));
    }
}

/// <summary>A row of the table: a machine, and where it is when that is known.</summary>
public sealed record Machine(string Name, string? Address, int? Port);

/// <summary>What the program knows of its machines.</summary>
public interface IMachineTable
{
    /// <summary>All rows.</summary>
    Task<IReadOnlyList<Machine>> ReadAsync(CancellationToken cancellationToken);

    /// <summary>A value for each change from now on.</summary>
    IAsyncEnumerable<int> ChangesAsync(CancellationToken cancellationToken);
}

/// <summary>Finds the members in the table of machines that the program keeps anyway.</summary>
public sealed class MachineTableDiscovery(IMachineTable machines) : IWatchedPeerDiscovery
{
    public async ValueTask<PeerSnapshot> DiscoverAsync(NodeName self, CancellationToken cancellationToken)
    {
        var rows = await machines.ReadAsync(cancellationToken);
        var peers = rows.Where(row => row.Address is not null)
            .Select(row => new DiscoveredPeer(NodeName.Parse($"{self.Alive}@{row.Name}"), row.Address, row.Port))
            .ToArray();
        // Only a complete answer makes anybody vanish; when in doubt, say so. What is thrown counts as no answer.
        return peers.Length == rows.Count
            ? new PeerSnapshot.Complete(peers)
            : new PeerSnapshot.Incomplete(peers, $"machines without an address: {rows.Count - peers.Length}");
    }

    // Not needed for a strategy that is only asked at its interval: implement IPeerDiscovery then.
    public async Task WatchAsync(NodeName self, Action changed, CancellationToken cancellationToken)
    {
        await foreach (var _ in machines.ChangesAsync(cancellationToken))
            changed();
    }
}

internal sealed class MachineTable : IMachineTable
{
    private readonly List<Machine> _rows = [];
    private readonly Channel<int> _changes = Channel.CreateUnbounded<int>();

    internal void Put(Machine machine)
    {
        lock (_rows)
            _rows.Add(machine);
        _changes.Writer.TryWrite(_rows.Count);
    }

    public Task<IReadOnlyList<Machine>> ReadAsync(CancellationToken cancellationToken)
    {
        lock (_rows)
            return Task.FromResult<IReadOnlyList<Machine>>([.. _rows]);
    }

    public async IAsyncEnumerable<int> ChangesAsync([EnumeratorCancellation] CancellationToken cancellationToken)
    {
        await foreach (var change in _changes.Reader.ReadAllAsync(cancellationToken))
            yield return change;
    }
}
