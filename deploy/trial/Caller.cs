using System.Diagnostics;
using Enmesh.Hosting;
using Enmesh.Processes;
using Enmesh.Terms;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Console;

namespace Enmesh.Trial;

/// <summary>A member that calls the others steadily, and counts: what a service sees of a rolling update of those it depends on.</summary>
internal static class Caller
{
    /// <summary>The group of the sample <c>erlclu</c>, and its request.</summary>
    private static readonly Atom Group = new("erlclu");

    private static readonly Atom Request = new("greet");

    // Far above what a call takes even where everything else is slow: what is not answered by then is lost.
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);

    internal static async Task<int> RunAsync(int rate, int least, string until)
    {
        var builder = Host.CreateApplicationBuilder();
        builder.Logging.ClearProviders().AddSimpleConsole(console => console.SingleLine = true);
        builder.Services.Configure<ConsoleLoggerOptions>(console => console.LogToStandardErrorThreshold = LogLevel.Trace);
        builder.AddErlangNode();
        using var host = builder.Build();
        await host.StartAsync();
        var node = host.Services.GetRequiredService<ErlangNode>();
        while (node.Pg.Members(Group).Count < least)
            await Task.Delay(20);
        Console.WriteLine("calling");

        var tally = new Tally();
        var calls = new List<Task>();
        var begun = Stopwatch.GetTimestamp();
        using var tick = new PeriodicTimer(TimeSpan.FromMilliseconds(5));
        while (!File.Exists(until))
        {
            // By the clock and not by ticks: whoever was held up makes up for it.
            for (var due = Stopwatch.GetElapsedTime(begun).TotalSeconds * rate; calls.Count < due;)
                calls.Add(CallAsync(node, calls.Count, tally));
            await tick.WaitForNextTickAsync();
        }
        var taken = Stopwatch.GetElapsedTime(begun);
        await Task.WhenAll(calls);
        Console.WriteLine(tally.Summary(taken));
        await host.StopAsync();
        return tally.Failed == 0 ? 0 : 1;
    }

    private static async Task CallAsync(ErlangNode node, int number, Tally tally)
    {
        var members = node.Pg.Members(Group);
        if (members.Count == 0)
        {
            tally.Fail("there was nobody in the group");
            return;
        }
        var member = members[number % members.Count];
        var begun = Stopwatch.GetTimestamp();
        try
        {
            var reply = await node.CallAsync(member, Request, Patience);
            tally.Answer(reply.TupleElements is [_, { AtomText: { } greeter }, { } version] ? (greeter, version.ToString()) : ("?", reply.ToString()), Stopwatch.GetElapsedTime(begun));
        }
        catch (Exception e) when (e is CallExitException or TimeoutException or EnmeshException or InvalidOperationException)
        {
            tally.Fail($"{member.Node.Text}: {e.Message}");
        }
    }
}
