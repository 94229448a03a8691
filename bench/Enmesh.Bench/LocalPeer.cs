using System.Globalization;
using Enmesh.Behaviours;
using Enmesh.Processes;
using Enmesh.Terms;
using Enmesh.Terms.Serialization;

namespace Enmesh.Bench;

/// <summary>
/// The verb <c>local</c>: within one node, round trips between two processes, calls of a server, and what idle
/// processes take.
/// </summary>
internal static class LocalPeer
{
    private static readonly Atom Echo = new("echo");
    private static readonly Atom Ping = new("ping");
    private static readonly Atom Pong = new("pong");

    internal static async Task RunAsync()
    {
        await using var bench = BenchNode.Unconnected();
        await bench.Node.StartAsync();
        await RoundTripsAsync(bench.Node);
        await CallsAsync(bench.Node, (int)Settings.Count("LOCAL_CALLS", 400_000));
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

    // Rounds of both kinds in turn: what disturbs the machine disturbs both.
    private static async Task CallsAsync(ErlangNode node, int count)
    {
        const int Rounds = 20;
        var raw = await node.StartServerAsync(static () => new EchoServer());
        var typed = await node.StartServerAsync(static () => new TypedEchoServer());
        var done = new TaskCompletionSource<(Usage Raw, double Typed)>(
            TaskCreationOptions.RunContinuationsAsynchronously);
        node.Spawn(async context =>
        {
            var each = count / Rounds;
            await EchoAsync(context, raw, count / 4);
            await EchoTypedAsync(context, typed, count / 4);
            var usage = default(Usage);
            var ratios = new double[Rounds];
            for (var round = 0; round < Rounds; round++)
            {
                var plain = await Usage.OfAsync(() => EchoAsync(context, raw, each));
                var withTypes = await Usage.OfAsync(() => EchoTypedAsync(context, typed, each));
                usage += plain;
                ratios[round] = withTypes.Nanoseconds / plain.Nanoseconds;
            }
            Array.Sort(ratios);
            done.SetResult((usage, (ratios[(Rounds / 2) - 1] + ratios[Rounds / 2]) / 2));
        });
        var (total, ratio) = await done.Task;
        IReadOnlyList<(string, double)> parameters = [("iterations", count), .. total.Parameters];
        Figures.Emit("local.call", total.Nanoseconds / 1000 / count, "us", parameters);
        Figures.Emit("local.typed", ratio, "x", parameters);
    }

    private static async Task EchoAsync(ProcessContext context, Pid server, int count)
    {
        for (var i = count; i > 0; i--)
        {
            if ((await context.CallAsync(server, Term.Tuple(Echo, i))).Int32 != i)
                throw new InvalidOperationException($"Call {i} was answered with something else.");
        }
    }

    private static async Task EchoTypedAsync(ProcessContext context, Pid server, int count)
    {
        var (requests, replies) = (LocalTerms.Default.EchoRequest, LocalTerms.Default.Int32);
        for (var i = count; i > 0; i--)
        {
            if (await context.CallAsync(server, new EchoRequest(i), requests, replies) != i)
                throw new InvalidOperationException($"Call {i} was answered with something else.");
        }
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

[ErlangTag("echo")]
internal sealed record EchoRequest(int Number);

[TermSerializable(typeof(EchoRequest))]
[TermSerializable(typeof(int))]
internal sealed partial class LocalTerms : TermSerializerContext;

internal sealed class EchoServer : GenServer
{
    protected override ValueTask<CallResult> HandleCallAsync(Term request, CallRequest call) =>
        Reply(request.TupleElements[1]);
}

internal sealed class TypedEchoServer()
    : GenServer<EchoRequest, int>(LocalTerms.Default.EchoRequest, LocalTerms.Default.Int32)
{
    protected override ValueTask<CallResult> HandleCallAsync(EchoRequest request, CallRequest call) =>
        Reply(request.Number);
}
