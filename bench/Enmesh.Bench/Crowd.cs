using System.Diagnostics;
using System.Globalization;
using System.Net;
using Enmesh.Handshake;
using Enmesh.Peers;
using Enmesh.Transport;

namespace Enmesh.Bench;

/// <summary>
/// The verb <c>crowd</c>: many published nodes in one process, each with a link to each other one, and what they cost
/// while nothing happens.
/// </summary>
internal static class Crowd
{
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(5);
    private static readonly TimeSpan Rest = TimeSpan.FromSeconds(5);

    internal static async Task RunAsync(string transport, string count)
    {
        var size = int.Parse(count, CultureInfo.InvariantCulture);
        var memory = transport switch
        {
            "memory" => new InMemoryTransport(),
            "tcp" => null,
            _ => throw new NotSupportedException($"There is no transport {transport}; there are tcp and memory."),
        };
        var cookie = new PeerCookies("the-cookie-of-a-crowd-in-one-process");
        var ports = new Dictionary<NodeName, int>();
        var nodes = new List<ErlangNode>();
        for (var i = 0; i < size; i++)
        {
            var node = new ErlangNode(PlanOf(i, memory, cookie, ports));
            nodes.Add(node);
            await node.StartAsync();
            ports[node.Name] = node.Port!.Value;
        }
        var clock = Stopwatch.StartNew();
        // Each calls those before it, as in a mesh that grows; global then sees to it that all of them agree.
        await Parallel.ForEachAsync(
            Enumerable.Range(1, size - 1), async (i, token) =>
        {
            foreach (var other in nodes.Take(i))
                await ConnectAsync(nodes[i], other.Name, token);
        });
        while (nodes.Any(node => node.ConnectedNodes.Count < size - 1))
        {
            if (clock.Elapsed > Patience)
                throw new NotSupportedException("The mesh did not come about.");
            await Task.Delay(TimeSpan.FromMilliseconds(20));
        }
        var name = $"crowd.{transport}.{size}";
        Figures.Emit($"{name}.mesh", clock.Elapsed.TotalSeconds, "s", []);
        await Task.Delay(Rest);
        GC.Collect();
        var idle = await Usage.OfAsync(() => Task.Delay(TimeSpan.FromSeconds(Settings.Count("CROWD_SECONDS", 20))));
        Figures.Emit($"{name}.idle", idle.Self / idle.Wall * 100, "%", idle.Parameters);
        var process = Process.GetCurrentProcess();
        Figures.Emit($"{name}.rss", process.WorkingSet64 / 1048576.0, "MiB", [("threads", process.Threads.Count)]);
        Environment.Exit(0); // ten thousand farewells are not what is measured
    }

    // On a busy machine one of ten thousand may take longer than a handshake may.
    private static async Task ConnectAsync(ErlangNode node, NodeName other, CancellationToken token)
    {
        for (var attempts = 3; ; attempts--)
        {
            try
            {
                await node.ConnectAsync(other, token);
                return;
            }
            catch (EnmeshException) when (attempts > 0)
            {
                // once more
            }
        }
    }

    private static NodePlan PlanOf(
        int number, InMemoryTransport? memory, PeerCookies cookie, Dictionary<NodeName, int> ports)
    {
        var plan = new NodePlan
        {
            Name = NodeName.Parse(string.Create(CultureInfo.InvariantCulture, $"n{number}@127.0.0.1")),
            Cookies = _ => cookie,
            Listen = ListenAddress.On(IPAddress.Loopback, 0),
            IsPublished = true,
            Locate = _ => (peer, host, _) => new(new PeerEndPoint(host, ports[peer])),
        };
        return memory is null ? plan : plan with { Transport = (_, _) => memory };
    }
}
