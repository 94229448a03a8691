using System.Globalization;
using Enmesh.Processes;
using Enmesh.Terms;

namespace Enmesh.Bench;

/// <summary>
/// The verb <c>local</c>: within one node, round trips between two processes, and what idle ones take.
/// </summary>
internal static class LocalPeer
{
    private static readonly Atom Ping = new("ping");
    private static readonly Atom Pong = new("pong");

    internal static async Task RunAsync()
    {
        await using var bench = BenchNode.Unconnected();
        await bench.Node.StartAsync();
        await RoundTripsAsync(bench.Node);
        await IdleAsync(bench.Node, (int)Settings.Count("LOCAL_PROCESSES", 1_000_000));
    }

    private static async Task RoundTripsAsync(ErlangNode node)
    {
        var echo = node.Spawn(static async context =>
        {
            while (true)
            {
                if ((await context.ReceiveAsync()).TupleElements is [{ Atom: { } tag }, { Pid: { } from }, var number]
                    && tag == Ping)
                    await context.SendAsync(from, Term.Tuple(Pong, number));
            }
        });
        var count = (int)Settings.Count("LOCAL_COUNT", 2_000_000);
        var done = new TaskCompletionSource<Usage>(TaskCreationOptions.RunContinuationsAsynchronously);
        node.Spawn(async context =>
        {
            await PingAsync(context, echo, (int)Settings.Count("LOCAL_WARMUP", 2_000_000));
            done.SetResult(await Usage.OfAsync(() => PingAsync(context, echo, count)));
        });
        var usage = await done.Task;
        Figures.Emit("local.rtt", usage.Nanoseconds / 1000 / count, "us", [("iterations", count), .. usage.Parameters]);
    }

    private static async Task PingAsync(ProcessContext context, Pid echo, int count)
    {
        for (var i = 0; i < count; i++)
        {
            await context.SendAsync(echo, Term.Tuple(Ping, context.Self, i));
            var reply = await context.ReceiveAsync();
            if (reply.TupleElements is not [_, { Int32: { } number }] || number != i)
                throw new InvalidOperationException($"Ping {i} was answered with {reply}.");
        }
    }

    private static async Task IdleAsync(ErlangNode node, int count)
    {
        var before = ResidentKib();
        var pids = new Pid[count];
        var waiting = 0;
        var all = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        var usage = await Usage.OfAsync(async () =>
        {
            for (var i = 0; i < count; i++)
                pids[i] = node.Spawn(WaitAsync);
            await all.Task;
        });
        var resident = ResidentKib() - before;
        if (!pids.All(node.IsAlive))
            throw new InvalidOperationException("A process has ended that should have waited.");
        List<(string, double)> parameters = [("processes", count), ("rss_mib", resident / 1024.0), .. usage.Parameters];
        Figures.Emit("local.process", resident * 1024.0 / count, "bytes", parameters);
        Figures.Emit("local.spawn", count * 1e9 / usage.Nanoseconds, "spawns/s", parameters);

        async Task WaitAsync(ProcessContext context)
        {
            if (Interlocked.Increment(ref waiting) == count)
                all.SetResult();
            await context.ReceiveAsync();
        }
    }

    private static long ResidentKib()
    {
        var line = File.ReadLines("/proc/self/status").First(
            line => line.StartsWith("VmRSS:", StringComparison.Ordinal));
        return long.Parse(line.Split(' ', StringSplitOptions.RemoveEmptyEntries)[1], CultureInfo.InvariantCulture);
    }
}
