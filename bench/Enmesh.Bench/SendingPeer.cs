using System.Diagnostics;
using System.Globalization;
using Enmesh.Processes;
using Enmesh.Terms;

namespace Enmesh.Bench;

/// <summary>
/// The verb <c>send</c>: round trips, floods, bulk data and calls to the peer that PEER_TARGET names.
/// </summary>
/// <remarks>Everything goes through the public API, from processes as an application would write them.</remarks>
internal sealed class SendingPeer
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(55);
    private static readonly Atom Ping = new("ping");
    private static readonly Atom Message = new("msg");
    private static readonly Atom Start = new("start");
    private static readonly Atom Done = new("done");
    private static readonly Atom Last = new("last");
    private static readonly Atom Echo = new("echo");

    private readonly ErlangNode _node;
    private readonly NodeName _target;

    private SendingPeer(ErlangNode node, NodeName target)
    {
        _node = node;
        _target = target;
    }

    internal static async Task<bool> RunAsync(IReadOnlyList<string> benchmarks)
    {
        await using var bench = await BenchNode.StartAsync();
        await bench.Node.ConnectAsync(BenchNode.Target);
        var peer = new SendingPeer(bench.Node, BenchNode.Target);
        var good = true;
        foreach (var benchmark in benchmarks)
            good &= await peer.TryRunAsync(benchmark);
        return good;
    }

    private async Task<bool> TryRunAsync(string benchmark)
    {
        try
        {
            await RunAsync(benchmark);
            return true;
        }
        catch (Exception e) when (e is EnmeshException or TimeoutException or InvalidOperationException)
        {
            Console.Error.WriteLine(e);
            Figures.Fail(benchmark, e.Message);
            return false;
        }
    }

    private async Task RunAsync(string benchmark)
    {
        switch (benchmark)
        {
            case "rtt":
                await RoundTripsAsync();
                break;
            case "flood":
                await FloodAsync(1);
                await FloodAsync(8);
                break;
            case "bulk":
                foreach (var size in (Settings.Optional("BULK_SIZES") ?? "65536,1048576,67108864").Split(','))
                    await BulkAsync(int.Parse(size, CultureInfo.InvariantCulture));
                break;
            case "call":
                await CallAsync(1, Settings.Count("CALL_SEQ", 40_000));
                await CallAsync(64, Settings.Count("CALL_CONC", 200_000));
                await ErpcAsync(1, Settings.Count("CALL_SEQ", 40_000));
                await ErpcAsync(64, Settings.Count("CALL_CONC", 200_000));
                break;
            case "connect":
                await ConnectsAsync();
                break;
            case "links":
                await LostLinks.RunAsync(_node, _target);
                break;
            default:
                throw new NotSupportedException($"This peer has no benchmark '{benchmark}'.");
        }
    }

    // Connecting and disconnecting, over and over: the processor time of both nodes for one connection.
    private async Task ConnectsAsync()
    {
        var count = Settings.Count("CONNECT_COUNT", 500);
        await ConnectAsync(Settings.Count("CONNECT_WARMUP", 1500));
        var usage = await Usage.OfAsync(() => ConnectAsync(count));
        List<(string, double)> parameters = [("connects", count), .. usage.Parameters];
        Figures.Emit("connect.cpu", (usage.Self + usage.Target) * 1000 / count, "ms", parameters);
        Figures.Emit("connect.wall", usage.Nanoseconds / 1e6 / count, "ms", parameters);
    }

    private async Task ConnectAsync(long count)
    {
        for (var i = 0L; i < count; i++)
        {
            await _node.DisconnectAsync(_target);
            await _node.ConnectAsync(_target);
        }
    }

    // Round trips

    private async Task RoundTripsAsync()
    {
        var samples = new long[Settings.Count("RTT_COUNT", 100_000)];
        var usage = default(Usage);
        await InProcessAsync(async context =>
        {
            await PingAsync(context, new long[Settings.Count("RTT_WARMUP", 20_000)]);
            usage = await Usage.OfAsync(() => PingAsync(context, samples));
        });
        Array.Sort(samples);
        List<(string, double)> parameters = [("iterations", samples.Length), .. usage.Parameters];
        Figures.Emit("rtt.p50", Microseconds(Percentile(samples, 50)), "us", parameters);
        Figures.Emit("rtt.p99", Microseconds(Percentile(samples, 99)), "us", parameters);
        Figures.Emit("rtt.mean", usage.Nanoseconds / 1000 / samples.Length, "us", parameters);
    }

    private async Task PingAsync(ProcessContext context, long[] samples)
    {
        ProcessAddress echo = ("echo", _target);
        for (var i = 0; i < samples.Length; i++)
        {
            var start = Stopwatch.GetTimestamp();
            await context.SendAsync(echo, Term.Tuple(Ping, context.Self, i));
            var reply = await context.ReceiveAsync();
            samples[i] = Stopwatch.GetTimestamp() - start;
            if (reply.TupleElements is not [_, { Int32: { } number }] || number != i)
                throw new InvalidOperationException($"Ping {i} was answered with {reply}.");
        }
    }

    // Streams

    private async Task FloodAsync(int senders)
    {
        var payload = Payload(64);
        await StreamAsync(payload, senders, Settings.Count("FLOOD_WARMUP", 200_000));
        var (count, sinkMicroseconds, usage) = await StreamAsync(
            payload, senders, Settings.Count("FLOOD_COUNT", 2_000_000));
        Figures.Emit($"flood.{senders}", count * 1e9 / usage.Nanoseconds, "msgs/s",
            [("senders", senders), ("messages", count), ("payload_bytes", 64), ("sink_us", sinkMicroseconds), .. usage.Parameters]);
    }

    private async Task BulkAsync(int size)
    {
        var name = size >= 1 << 20 ? $"{size >> 20}MiB" : $"{size >> 10}KiB";
        var payload = Payload(size);
        var total = Math.Max(2, Settings.Count("BULK_BYTES", 2L << 30) / size);
        // For so long, not for so many: the runtime compiles what is hot by the clock.
        var warming = Stopwatch.StartNew();
        do
            await StreamAsync(payload, 1, Math.Max(1, total / 8));
        while (warming.ElapsedMilliseconds < Settings.Count("BULK_WARMUP_MS", 3000));
        var (count, sinkMicroseconds, usage) = await StreamAsync(payload, 1, total);
        Figures.Emit($"bulk.{name}", count * (double)size * 1000 / usage.Nanoseconds, "MB/s",
            [("messages", count), ("payload_bytes", size), ("sink_us", sinkMicroseconds), .. usage.Parameters]);
    }

    /// <summary>
    /// So many processes send so many messages in all; the clock stops at the sink's acknowledgement.
    /// </summary>
    private async Task<(long Count, long SinkMicroseconds, Usage Usage)> StreamAsync(
        Term payload, int senders, long total)
    {
        var perSender = total / senders;
        var result = default((long, long, Usage));
        await InProcessAsync(async main =>
        {
            ProcessAddress sink = ("sink", _target);
            Term reference = Term.AtomOf("stream");
            await main.SendAsync(sink, Term.Tuple(Start, main.Self, reference, senders));
            await ReplyAsync(main, reference);
            var go = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
            for (var i = 0; i < senders; i++)
            {
                _node.Spawn(async context =>
                {
                    await go.Task;
                    var message = Term.Tuple(Message, payload);
                    for (var n = 0L; n < perSender; n++)
                        await context.SendAsync(sink, message);
                    await context.SendAsync(sink, Term.Tuple(Done, main.Self, reference));
                });
            }
            Term done = default;
            var usage = await Usage.OfAsync(async () =>
            {
                go.SetResult();
                done = await ReplyAsync(main, reference);
            });
            await main.SendAsync(sink, Term.Tuple(Last, main.Self, reference));
            var last = await ReplyAsync(main, reference);
            var count = perSender * senders;
            payload.TryGetBinary(out var bytes);
            if (last.TupleElements[1].Int64 != count || last.TupleElements[2].Int64 != count * bytes.Length)
                throw new InvalidOperationException(
                    $"The sink counted {last}; {count} messages of {bytes.Length} bytes were sent.");
            result = (count, done.TupleElements[2].Int64!.Value, usage);
        });
        return result;
    }

    // Calls

    private Task CallAsync(int callers, long total)
    {
        ProcessAddress server = ("bench_server", _target);
        return MeasureCallsAsync(
            "call.gen_server", callers, total, (context, i) => context.CallAsync(server, Term.Tuple(Echo, i)));
    }

    private Task ErpcAsync(int callers, long total) => MeasureCallsAsync(
        "call.erpc", callers, total, (_, i) => new(_node.Rpc.CallAsync(_target, "erlang", "abs", [-i])));

    private async Task MeasureCallsAsync(
        string name, int callers, long total, Func<ProcessContext, int, ValueTask<Term>> call)
    {
        await CallsAsync(callers, Settings.Count("CALL_WARMUP", 20_000), call);
        var usage = await CallsAsync(callers, total, call);
        var count = Math.Max(1, total / callers) * callers;
        Figures.Emit($"{name}.{callers}", count * 1e9 / usage.Nanoseconds, "calls/s",
            [("callers", callers), ("calls", count), .. usage.Parameters]);
    }

    private Task<Usage> CallsAsync(int callers, long total, Func<ProcessContext, int, ValueTask<Term>> call)
    {
        var perCaller = Math.Max(1, total / callers);
        return Usage.OfAsync(() => Task.WhenAll(Enumerable.Range(0, callers).Select(_ => InProcessAsync(async context =>
        {
            for (var i = 0; i < perCaller; i++)
            {
                var reply = await call(context, i);
                if (reply.Int32 != i)
                    throw new InvalidOperationException($"Call {i} was answered with {reply}.");
            }
        }))));
    }

    // What they share

    /// <summary>Runs the body in a process of the node, and ends as it ends.</summary>
    private async Task InProcessAsync(Func<ProcessContext, Task> body)
    {
        var ended = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        _node.Spawn(async context =>
        {
            try
            {
                await body(context);
                ended.SetResult();
            }
            catch (Exception e)
            {
                ended.SetException(e);
            }
        });
        await ended.Task.WaitAsync(Patience);
    }

    private static async ValueTask<Term> ReplyAsync(ProcessContext context, Term reference) =>
        await context.ReceiveAsync(message => message.TupleElements is [var first, ..] && first == reference, Patience)
            ?? throw new TimeoutException("The sink does not answer.");

    private static Term Payload(int size)
    {
        var bytes = new byte[size];
        for (var i = 0; i < size; i++)
            bytes[i] = "0123456789abcdef"u8[i % 16];
        return Term.Binary(bytes);
    }

    // Nearest rank, as the BEAM peer reckons.
    private static long Percentile(long[] sorted, int percent) =>
        sorted[Math.Clamp((int)Math.Ceiling(percent * sorted.Length / 100.0), 1, sorted.Length) - 1];

    private static double Microseconds(long ticks) => ticks * 1e6 / Stopwatch.Frequency;
}
