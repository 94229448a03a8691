using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Text;
using Enmesh.Bench.Operations;
using Enmesh.Handshake;
using Enmesh.Hosting;
using Enmesh.Peers;
using Enmesh.Terms;
using Enmesh.Transport;
using Enmesh.Web.Metrics;
using Enmesh.Web.Status;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Options;

// Figures of docs/performance.md, "Looked at": Enmesh.Bench.Operations [PEERS] [ROUNDS].
var peers = args.Length > 0 ? int.Parse(args[0], CultureInfo.InvariantCulture) : 60;
var rounds = args.Length > 1 ? int.Parse(args[1], CultureInfo.InvariantCulture) : 7;

// First, while there are no other nodes to be scraped.
await Flood.RunAsync(rounds);
var mesh = await Mesh.StartAsync(1 + peers);
using (var reader = new MetricsReader(null))
{
    byte[] text = [];
    var scrape = Timing.Median(200, () => text = PrometheusText.Write(reader)!);
    // All nodes of the process are scraped, and each has as many peers.
    Timing.Tell(
        $"scrape of a node with {peers} peers", scrape.TotalMilliseconds / (1 + peers), "ms",
        $"{text.Length / (1 + peers)} bytes; a part of {scrape.TotalMilliseconds:0} ms for {1 + peers} such nodes; bar: below 5 ms");
}

await using (var statuses = new HostedStatuses(await mesh.HostedAsync(), TimeProvider.System))
{
    await statuses.RefreshAsync(null);
    var page = "";
    var whole = Timing.Median(200, () => page = StatusPage.Whole(statuses.Find(null)!));
    Timing.Tell($"page for {1 + peers} nodes", whole.TotalMilliseconds, "ms", $"{Encoding.UTF8.GetByteCount(page)} bytes; bars: below 50 ms and 100 kB");
    var json = Timing.Median(200, () => StatusJson.Write(statuses.Find(null)!, ""));
    Timing.Tell($"JSON for {1 + peers} nodes", json.TotalMilliseconds, "ms", "");
}

Environment.Exit(0); // farewells of all those nodes are not what is measured

namespace Enmesh.Bench.Operations
{
    /// <summary>Many nodes in one process, each linked to the first one and to each other.</summary>
    internal sealed class Mesh(List<ErlangNode> nodes)
    {
        internal static async Task<Mesh> StartAsync(int size)
        {
            var memory = new InMemoryTransport();
            var cookie = new PeerCookies("the-cookie-of-a-crowd-in-one-process");
            var ports = new Dictionary<NodeName, int>();
            var nodes = new List<ErlangNode>();
            for (var i = 0; i < size; i++)
            {
                var node = new ErlangNode(new NodePlan
                {
                    Name = NodeName.Parse(string.Create(CultureInfo.InvariantCulture, $"orders-{i}@10-1-0-{i}.orders-headless.shop.svc.cluster.local")),
                    Cookies = _ => cookie,
                    Listen = ListenAddress.On(IPAddress.Loopback, 0),
                    IsPublished = true,
                    Locate = _ => (peer, _, _) => new(new PeerEndPoint("127.0.0.1", ports[peer])),
                    Transport = (_, _) => memory,
                });
                nodes.Add(node);
                await node.StartAsync();
                ports[node.Name] = node.Port!.Value;
            }
            for (var i = 1; i < size; i++)
                await nodes[i].ConnectAsync(nodes[0].Name);
            while (nodes.Any(node => node.ConnectedNodes.Count < size - 1))
                await Task.Delay(TimeSpan.FromMilliseconds(20)); // global sees to it that all of them meet
            return new(nodes);
        }

        internal async Task<HostedNodes> HostedAsync()
        {
            var scopes = new ServiceCollection().BuildServiceProvider().GetRequiredService<IServiceScopeFactory>();
            var drain = new HostDrain([], scopes, Options.Create(new HostOptions()), TimeProvider.System, NullLogger<HostDrain>.Instance);
            var hosted = new HostedNodes(["first"], drain, TimeProvider.System);
            await hosted.HasStartedAsync(nodes[0], TimeSpan.Zero, CancellationToken.None);
            return hosted;
        }
    }

    /// <summary>Messages over TCP from one node to another, with somebody who scrapes each second and without.</summary>
    internal static class Flood
    {
        private const int Messages = 10_000_000; // three seconds and more, so that there are several scrapes in a round
        private static int _rounds;
        private static readonly Atom Message = new("msg");
        private static readonly Atom Done = new("done");

        internal static async Task RunAsync(int rounds)
        {
            var cookie = new PeerCookies("the-cookie-of-two-in-one-process");
            var port = 0;
            ErlangNode Make(string name) => new(new NodePlan
            {
                Name = NodeName.Parse(name),
                Cookies = _ => cookie,
                Listen = ListenAddress.Loopback(),
                Locate = _ => (_, host, _) => new(new PeerEndPoint(host, port)),
            });
            var (one, other) = (Make("one@127.0.0.1"), Make("other@127.0.0.1"));
            await one.StartAsync();
            await other.StartAsync();
            port = other.Port!.Value;
            await one.ConnectAsync(other.Name);
            await RoundAsync(one, other); // compiled by then
            await RoundAsync(one, other);
            var (with, without) = (new List<double>(), new List<double>());
            for (var round = 0; round < rounds; round++)
            {
                without.Add(await RoundAsync(one, other));
                with.Add(await ScrapedAsync(() => RoundAsync(one, other)));
            }
            await one.DisposeAsync();
            await other.DisposeAsync();
            var (plain, scraped) = (Timing.Median(without), Timing.Median(with));
            var ratio = Timing.Median([.. with.Zip(without, static (seen, alone) => seen / alone)]); // of pairs, one after the other
            Timing.Tell("flood", plain / 1000, "k messages a second of processor time", "nobody looks");
            Timing.Tell("flood, scraped each second", scraped / 1000, "k messages a second of processor time", "");
            Timing.Tell("cost of metrics", (1 - ratio) * 100, "%", "bar: below 2 % of flood");
        }

        private static async Task<double> ScrapedAsync(Func<Task<double>> round)
        {
            using var reader = new MetricsReader(null);
            using var stop = new CancellationTokenSource();
            var scraping = ScrapeAsync(reader, stop.Token);
            var rate = await round();
            await stop.CancelAsync();
            await scraping;
            return rate;
        }

        private static async Task ScrapeAsync(MetricsReader reader, CancellationToken cancellationToken)
        {
            while (!cancellationToken.IsCancellationRequested)
            {
                PrometheusText.Write(reader);
                await Task.Delay(TimeSpan.FromSeconds(1), cancellationToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            }
        }

        private static async Task<double> RoundAsync(ErlangNode one, ErlangNode other)
        {
            var name = $"sink{++_rounds}"; // the last one may still be about to end
            var done = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
            other.Spawn(
                async context =>
                {
                    for (var received = 0; received < Messages; received++)
                        await context.ReceiveAsync();
                    done.SetResult();
                }, name);
            // Of processor time, which says more than the clock on a machine with other things to do.
            var begun = Process.GetCurrentProcess().TotalProcessorTime;
            one.Spawn(async context =>
            {
                var message = Term.Tuple(Message, 42, Done);
                for (var sent = 0; sent < Messages; sent++)
                    await context.SendAsync((name, other.Name), message);
            });
            await done.Task;
            return Messages / (Process.GetCurrentProcess().TotalProcessorTime - begun).TotalSeconds;
        }
    }

    /// <summary>Medians, and a line for each.</summary>
    internal static class Timing
    {
        internal static TimeSpan Median(int times, Action action)
        {
            for (var i = 0; i < times / 4; i++)
                action();
            var taken = new List<double>();
            for (var i = 0; i < times; i++)
            {
                var begun = Stopwatch.GetTimestamp();
                action();
                taken.Add(Stopwatch.GetElapsedTime(begun).TotalSeconds);
            }
            return TimeSpan.FromSeconds(Median(taken));
        }

        internal static double Median(List<double> values) => values.Order().ElementAt(values.Count / 2);

        internal static void Tell(string name, double value, string unit, string remark) =>
            Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{name}: {value:0.00} {unit}{(remark.Length > 0 ? $" ({remark})" : "")}"));
    }
}
