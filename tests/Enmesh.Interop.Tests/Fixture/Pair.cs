using Enmesh.TestSupport;
using Microsoft.Extensions.Logging;

namespace Enmesh.Interop.Tests;

/// <summary>A node of ours and a real one that can reach each other.</summary>
internal sealed class Pair : IAsyncDisposable
{
    private readonly LoopbackCluster _cluster;

    private readonly LogKeeper _logs;

    private Pair(BeamNode beam, LoopbackCluster cluster, ErlangNode node, LogKeeper logs)
    {
        _logs = logs;
        _cluster = cluster;
        Beam = beam;
        BeamName = NodeName.Parse(beam.Name);
        Node = node;
        cluster.Place(BeamName, beam.Port);
    }

    internal BeamNode Beam { get; }

    internal NodeName BeamName { get; }

    internal ErlangNode Node { get; private set; }

    /// <param name="release">The release of the real one.</param>
    /// <param name="published">Whether ours is a visible node.</param>
    /// <param name="options">How the real one is started.</param>
    /// <param name="change">How ours differs from the usual.</param>
    /// <param name="logs">Where ours logs.</param>
    internal static async Task<Pair> StartAsync(
        int release, bool published = false, BeamOptions? options = null, Func<NodePlan, NodePlan>? change = null,
        ILoggerFactory? logs = null)
    {
        var beam = await BeamNode.StartAsync(release, options);
        var cluster = new LoopbackCluster();
        // Without EPMD the BEAM dials its own port on every host: ours has the same port on another loopback address.
        var name = $"{Otp.NewName("net").Split('@')[0]}@127.0.0.2";
        var kept = new LogKeeper();
        var node = await cluster.StartAsync(
            name, cookie: beam.Cookie, port: beam.Port, published: published, with: change, logs: logs ?? kept);
        return new(beam, cluster, node, kept);
    }

    /// <summary>Ends our node and starts it again under its name: a new creation.</summary>
    internal async Task RestartNodeAsync()
    {
        var (name, port, published) = (Node.Name.Text, Node.Port!.Value, Node.IsPublished);
        await Node.DisposeAsync();
        // Until it has noticed, it would send over the old connection.
        await Beam.WaitForAsync($"lists:member('{name}', nodes(connected))", "false");
        Node = await _cluster.StartAsync(name, cookie: Beam.Cookie, port: port, published: published);
    }

    public async ValueTask DisposeAsync()
    {
        await _cluster.DisposeAsync();
        await Beam.DisposeAsync();
        _logs.Show();
    }
}
