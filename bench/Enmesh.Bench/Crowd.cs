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

    // 0 for never, where what joining takes is to be told from it.
    private static TimeSpan CompareEvery => TimeSpan.FromSeconds(Settings.Count("CROWD_COMPARE_SECONDS", 60));

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
        await QuietAsync(nodes);
        var built = Traffic.Of(nodes);
        Figures.Emit($"{name}.mesh.messages", built.Messages, "messages", [("bytes", built.Bytes)]);
        GC.Collect();
        var idle = await Usage.OfAsync(() => Task.Delay(TimeSpan.FromSeconds(Settings.Count("CROWD_SECONDS", 20))));
        Figures.Emit($"{name}.idle", idle.Self / idle.Wall * 100, "%", idle.Parameters);
        var rested = Traffic.Of(nodes);
        Figures.Emit($"{name}.idle.bytes", (rested.Bytes - built.Bytes) / idle.Wall, "B/s", [("messages", rested.Messages - built.Messages)]);
        var process = Process.GetCurrentProcess();
        Figures.Emit(
            $"{name}.rss", process.WorkingSet64 / 1048576.0, "MiB",
            [("threads", process.Threads.Count), ("heap", GC.GetTotalMemory(forceFullCollection: true) / 1048576.0)]);
        await JoinAsync(name, nodes, new ErlangNode(PlanOf(size, memory, cookie, ports)), ports);
        Environment.Exit(0); // ten thousand farewells are not what is measured
    }

    // One more, as when a node of a cluster is started anew: what it takes until all links are up, and what is said on all links for it.
    private static async Task JoinAsync(string name, List<ErlangNode> nodes, ErlangNode last, Dictionary<NodeName, int> ports)
    {
        var before = Traffic.Of(nodes);
        var clock = Stopwatch.StartNew();
        var usage = await Usage.OfAsync(async () =>
        {
            await last.StartAsync();
            ports[last.Name] = last.Port!.Value;
            await Parallel.ForEachAsync(nodes, async (other, token) => await ConnectAsync(last, other.Name, token));
            clock.Stop();
            await QuietAsync([.. nodes, last]);
        });
        var after = Traffic.Of([.. nodes, last]);
        Figures.Emit($"{name}.join", clock.Elapsed.TotalMilliseconds, "ms", usage.Parameters);
        Figures.Emit($"{name}.join.messages", after.Messages - before.Messages, "messages", [("bytes", after.Bytes - before.Bytes)]);
        await LoseAsync(name, nodes, last);
    }

    // And what the others tell each other when it has gone.
    private static async Task LoseAsync(string name, List<ErlangNode> nodes, ErlangNode last)
    {
        var before = Traffic.Of(nodes, but: last.Name);
        var usage = await Usage.OfAsync(async () =>
        {
            await last.DisposeAsync();
            await QuietAsync(nodes);
        });
        var after = Traffic.Of(nodes);
        Figures.Emit($"{name}.lose.messages", after.Messages - before.Messages, "messages", [("bytes", after.Bytes - before.Bytes), .. usage.Parameters]);
    }

    // Until nobody has said more than ticks for a while. Members that compare what they see are never quiet for long.
    private static async Task QuietAsync(IReadOnlyList<ErlangNode> nodes)
    {
        var said = -1L;
        for (var rounds = CompareEvery == TimeSpan.Zero ? int.MaxValue : 2; rounds > 0 && Traffic.Of(nodes).Messages is var now && now != said; rounds--)
        {
            said = now;
            await Task.Delay(Rest);
        }
    }

    /// <summary>What has been sent on all links of some nodes since these links are up.</summary>
    private readonly record struct Traffic(long Messages, long Bytes)
    {
        internal static Traffic Of(IReadOnlyList<ErlangNode> nodes, NodeName? but = null)
        {
            var links = nodes.SelectMany(node => node.Links).Where(link => link.Peer != but).ToList();
            return new(links.Sum(link => link.MessagesSent), links.Sum(link => link.BytesWritten));
        }
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
            Cluster = new() { CompareViewsEvery = CompareEvery },
            Locate = _ => (peer, host, _) => new(new PeerEndPoint(host, ports[peer])),
        };
        return memory is null ? plan : plan with { Transport = (_, _) => memory };
    }
}
