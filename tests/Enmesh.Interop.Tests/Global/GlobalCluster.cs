using Enmesh.TestSupport;
using static Enmesh.Interop.Tests.Global.GlobalBench;

namespace Enmesh.Interop.Tests.Global;

/// <summary>Real nodes and one of ours that know each other and have the same names: what most tests of global begin with.</summary>
internal sealed class GlobalCluster : IAsyncDisposable
{
    private readonly List<BeamNode> _beams = [];

    private GlobalCluster()
    {
    }

    /// <summary>Where more nodes are started.</summary>
    internal Mesh Mesh { get; } = new();

    internal IReadOnlyList<BeamNode> Beams => _beams;

    internal ErlangNode Node { get; private set; } = null!;

    /// <param name="release">The release of the real ones.</param>
    /// <param name="beams">How many they are.</param>
    /// <param name="with">How ours differs from the usual.</param>
    /// <param name="arguments">How the real ones are started.</param>
    internal static async Task<GlobalCluster> StartAsync(
        int release, int beams = 1, Func<NodePlan, NodePlan>? with = null, params string[] arguments)
    {
        var cluster = new GlobalCluster();
        try
        {
            for (var i = 0; i < beams; i++)
                cluster._beams.Add(await cluster.Mesh.StartBeamAsync(release, arguments));
            cluster.Node = await cluster.Mesh.StartOursAsync(with);
            foreach (var beam in cluster._beams)
                await cluster.Node.ConnectAsync(NameOf(beam));
            await InSyncAsync(cluster._beams, cluster.Node);
            return cluster;
        }
        catch
        {
            await cluster.DisposeAsync();
            throw;
        }
    }

    internal void Deconstruct(out BeamNode beam, out ErlangNode node) => (beam, node) = (_beams[0], Node);

    internal void Deconstruct(out BeamNode first, out BeamNode second, out ErlangNode node) =>
        (first, second, node) = (_beams[0], _beams[1], Node);

    public ValueTask DisposeAsync() => Mesh.DisposeAsync();
}
