using System.Globalization;
using System.Net.Sockets;

namespace Enmesh.Bench;

/// <summary>
/// The verb <c>mesh</c>: one node of many, led by the driver over a line protocol (bench/peers/README.md).
/// </summary>
internal static class MeshPeer
{
    private static readonly TimeSpan RetryAfter = TimeSpan.FromSeconds(1);

    internal static async Task RunAsync()
    {
        await using var bench = await BenchNode.StartAsync(published: Settings.Optional("MESH_VARIANT") != "no-global");
        var node = bench.Node;
        var control = Settings.Required("PEER_CONTROL").Split(':');
        using var client = new TcpClient();
        await client.ConnectAsync(control[0], int.Parse(control[1], CultureInfo.InvariantCulture));
        client.NoDelay = true;
        using var reader = new StreamReader(client.GetStream());
        using var writer = new StreamWriter(client.GetStream()) { AutoFlush = true, NewLine = "\n" };
        await writer.WriteLineAsync($"hello {node.Name} {Environment.ProcessId}");
        IReadOnlyList<NodeName> peers = [];
        while (await reader.ReadLineAsync() is { } line)
        {
            switch (line.Split(' '))
            {
                case ["peers", .. var names]:
                    peers = [.. names.Select(NodeName.Parse).Where(name => name != node.Name)];
                    break;
                case ["go"]:
                    var retries = await ConnectAllAsync(node, peers);
                    await writer.WriteLineAsync(
                        string.Create(CultureInfo.InvariantCulture, $"full {node.ConnectedNodes.Count} {retries}"));
                    break;
                case ["count"]:
                    await writer.WriteLineAsync(
                        string.Create(CultureInfo.InvariantCulture, $"count {node.ConnectedNodes.Count}"));
                    break;
                case ["quit"]:
                    return;
            }
        }
    }

    /// <returns>How many rounds it took beyond the first.</returns>
    private static async Task<int> ConnectAllAsync(ErlangNode node, IReadOnlyList<NodeName> peers)
    {
        for (var retries = 0; ; retries++)
        {
            var missing = peers.Except(node.ConnectedNodes).ToList();
            if (missing.Count == 0)
                return retries;
            var all = await Task.WhenAll(missing.Select(peer => TryConnectAsync(node, peer)));
            if (!all.All(connected => connected))
                await Task.Delay(RetryAfter);
        }
    }

    private static async Task<bool> TryConnectAsync(ErlangNode node, NodeName peer)
    {
        try
        {
            await node.ConnectAsync(peer);
            return true;
        }
        catch (EnmeshException e)
        {
            await Console.Error.WriteLineAsync(e.Message);
            return false;
        }
    }
}
