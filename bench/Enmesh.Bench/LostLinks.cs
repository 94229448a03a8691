using System.Diagnostics;
using Enmesh.Processes;
using Enmesh.Terms;

namespace Enmesh.Bench;

/// <summary>
/// The benchmark <c>links</c>: one process has a link and a monitor to each of many processes of the other node; the
/// connection is lost; how long until it has heard of all of them.
/// </summary>
internal static class LostLinks
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(55);
    private static readonly Atom Spawn = new("spawn");

    internal static async Task RunAsync(ErlangNode node, NodeName target)
    {
        var count = (int)Settings.Count("LINKS_COUNT", 100_000);
        // The first round compiles what the second one measures.
        await MeasureAsync(node, target, Math.Max(1, count / 10));
        await node.ConnectAsync(target);
        var usage = await MeasureAsync(node, target, count);
        Figures.Emit("links.lost", usage.Nanoseconds / 1e6, "ms", [("processes", count), .. usage.Parameters]);
    }

    private static async Task<Usage> MeasureAsync(ErlangNode node, NodeName target, int count)
    {
        var done = new TaskCompletionSource<Usage>(TaskCreationOptions.RunContinuationsAsynchronously);
        node.Spawn(async context =>
        {
            try
            {
                context.TrapExit = true;
                await BindAsync(context, target, count);
                done.SetResult(await Usage.OfAsync(async () =>
                {
                    await node.DisconnectAsync(target);
                    for (var i = 0; i < 2 * count; i++)
                        Check(await context.ReceiveAsync());
                }));
            }
            catch (Exception e)
            {
                done.SetException(e);
            }
        });
        return await done.Task.WaitAsync(Patience);
    }

    /// <summary>Links with and monitors so many new processes, and waits until the other node knows of it.</summary>
    private static async Task BindAsync(ProcessContext context, NodeName target, int count)
    {
        await context.SendAsync(("nursery", target), Term.Tuple(Spawn, context.Self, count));
        for (var left = count; left > 0;)
        {
            var pids = (await context.ReceiveAsync()).AsList!.Value;
            left -= pids.Count;
            foreach (var pid in pids)
            {
                await context.LinkAsync(pid.Pid!);
                await context.MonitorAsync(pid.Pid!);
            }
        }
        await context.CallAsync(("bench_server", target), Term.Tuple(new Atom("echo"), 1));
    }

    private static void Check(Term message)
    {
        if (message.TupleElements is not ([{ AtomText: "DOWN" }, _, _, _, { AtomText: "noconnection" }]
            or [{ AtomText: "EXIT" }, _, { AtomText: "noconnection" }]))
        {
            throw new UnreachableException($"{message} is no news of a lost link.");
        }
    }
}
