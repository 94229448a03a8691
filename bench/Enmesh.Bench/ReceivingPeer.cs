using System.Diagnostics;
using System.Globalization;
using Enmesh.Processes;
using Enmesh.Terms;

namespace Enmesh.Bench;

/// <summary>
/// The verb <c>recv</c>: the processes <c>echo</c>, <c>sink</c> and <c>bench_server</c> of bench/peers/README.md.
/// </summary>
internal static class ReceivingPeer
{
    private static readonly Atom Ping = new("ping");
    private static readonly Atom Pong = new("pong");
    private static readonly Atom Echo = new("echo");
    private static readonly Atom Message = new("msg");
    private static readonly Atom Start = new("start");
    private static readonly Atom Ready = new("ready");
    private static readonly Atom Done = new("done");
    private static readonly Atom Last = new("last");
    private static readonly Atom Calls = new("calls");
    private static readonly Atom Spawn = new("spawn");
    private const int PidsAtOnce = 1000;

    internal static async Task RunAsync()
    {
        await using var bench = await BenchNode.StartAsync();
        bench.Node.Spawn(EchoAsync, "echo");
        bench.Node.Spawn(context => new Sink().RunAsync(context), "sink");
        bench.Node.Spawn(ServeAsync, "bench_server");
        bench.Node.Spawn(RaiseAsync, "nursery");
        bench.Node.Functions.Export(
            "erlang", "abs", 1, static (_, arguments) => new(Math.Abs(arguments[0].Int64!.Value)));
        using (var output = Console.OpenStandardOutput())
            output.Write("ready\n"u8);
        var seconds = double.Parse(Settings.Optional("PEER_MAX_LIFETIME_S") ?? "0", CultureInfo.InvariantCulture);
        await Task.Delay(seconds > 0 ? TimeSpan.FromSeconds(seconds) : Timeout.InfiniteTimeSpan);
    }

    private static async Task EchoAsync(ProcessContext context)
    {
        while (true)
        {
            var message = await context.ReceiveAsync();
            if (message.TupleElements is not [{ Atom: { } tag }, { Pid: { } from }, var value])
                continue;
            if (tag == Ping)
                await context.SendAsync(from, Term.Tuple(Pong, value));
            else if (tag == Echo)
                await context.SendAsync(from, Term.Tuple(Echo, value));
        }
    }

    /// <summary>Makes processes that wait, and tells who they are, some at a time.</summary>
    private static async Task RaiseAsync(ProcessContext context)
    {
        while (true)
        {
            if ((await context.ReceiveAsync()).TupleElements is not [{ Atom: { } tag }, { Pid: { } from }, { Int32: { } count }] || tag != Spawn)
                continue;
            for (var left = count; left > 0; left -= PidsAtOnce)
            {
                var pids = new Term[Math.Min(left, PidsAtOnce)];
                for (var i = 0; i < pids.Length; i++)
                    pids[i] = context.Spawn(static async child => await child.ReceiveAsync());
                await context.SendAsync(from, Term.List(pids));
            }
        }
    }

    private static async Task ServeAsync(ProcessContext context)
    {
        var calls = 0L;
        while (true)
        {
            if (!CallRequest.TryRead(await context.ReceiveAsync(), out var call))
                continue;
            if (call.Request.TupleElements is [{ Atom: { } tag }, var value] && tag == Echo)
            {
                calls++;
                context.Reply(call, value);
            }
            else
            {
                context.Reply(
                    call, call.Request.IsAtom(Calls) ? calls : Term.Tuple(Atoms.Error, Term.AtomOf("badarg")));
            }
        }
    }

    /// <summary>Counts what comes, from the first message to the last sender's word that it is done.</summary>
    private sealed class Sink
    {
        private long _count;
        private long _bytes;
        private long _first;
        private int _senders = 1;
        private (long Count, long Bytes, long Microseconds) _last;

        internal async Task RunAsync(ProcessContext context)
        {
            while (true)
            {
                var message = await context.ReceiveAsync();
                if (!TryCount(message))
                    await OnCommandAsync(context, message);
            }
        }

        private bool TryCount(Term message)
        {
            var elements = message.TupleElements;
            if (elements is [{ Atom: { } tag }, var payload] && tag == Message
                && payload.BitString is { IsBinary: true } binary)
                Count(binary.Memory.Length);
            else if (elements is [{ Atom: { } command }, { Pid: not null }, ..]
                && (command == Start || command == Done || command == Last))
                return false;
            else
                Count(0);
            return true;
        }

        private void Count(int bytes)
        {
            if (_count == 0)
                _first = Stopwatch.GetTimestamp();
            _count++;
            _bytes += bytes;
        }

        private async ValueTask OnCommandAsync(ProcessContext context, Term message)
        {
            var (from, reference) = (message.TupleElements[1].Pid!, message.TupleElements[2]);
            var command = message.TupleElements[0].Atom!;
            if (command == Start)
            {
                (_count, _bytes, _senders) = (
                    0, 0, message.TupleElements.Length > 3 ? message.TupleElements[3].Int32 ?? 1 : 1);
                await context.SendAsync(from, Term.Tuple(reference, Ready));
            }
            else if (command == Last)
            {
                await context.SendAsync(from, Term.Tuple(reference, _last.Count, _last.Bytes, _last.Microseconds));
            }
            else if (--_senders <= 0)
            {
                var microseconds = _count == 0 ? 0 : (long)Stopwatch.GetElapsedTime(_first).TotalMicroseconds;
                _last = (_count, _bytes, microseconds);
                (_count, _bytes, _senders) = (0, 0, 1);
                await context.SendAsync(from, Term.Tuple(reference, _last.Count, _last.Microseconds));
            }
        }
    }
}
