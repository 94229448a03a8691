namespace Enmesh.Bench;

/// <summary>
/// The verbs <c>boot</c> and <c>idle</c>: a node that connects, says so, and ends, or stays for a while.
/// </summary>
internal static class StartingPeer
{
    internal static async Task RunAsync(TimeSpan stay)
    {
        await using var bench = await BenchNode.StartAsync();
        await bench.Node.PingAsync(BenchNode.Target);
        using (var output = Console.OpenStandardOutput())
            output.Write("pong\n"u8);
        await Task.Delay(stay);
    }
}
