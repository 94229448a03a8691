using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Xunit;

namespace Enmesh.Hosting.Tests;

/// <summary>What lies between the signal and the end. The signals themselves are tried with a real process, see SignalTests.</summary>
[Trait("Ring", "loopback")]
public sealed class DrainTests : IAsyncDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    private readonly TestHost _host = new();

    private HostDrain Drain => _host.Services.GetRequiredService<HostDrain>();

    public ValueTask DisposeAsync() => _host.DisposeAsync();

    [Fact]
    public async Task Hooks_run_side_by_side_after_the_delay_while_the_node_is_still_a_member()
    {
        var seen = new List<(DrainPhase Phase, bool IsAlive)>();
        var both = new CountdownEvent(2);
        Task Hook(IServiceProvider services, CancellationToken cancellationToken)
        {
            lock (seen)
                seen.Add((Drain.State!.Phase, services.GetRequiredService<ErlangNode>().WhereIs("net_kernel") is not null));
            both.Signal();
            // Neither ends before the other has begun.
            return Task.Run(() => both.Wait(Patience, cancellationToken), cancellationToken);
        }
        Prepare("0.1").AddDrainHook("one", Hook).AddDrainHook("two", Hook);
        await _host.StartAsync();
        Assert.Null(Drain.State);
        await _host.StopAsync().WaitAsync(Patience);
        Assert.Equal([(DrainPhase.Hooks, true), (DrainPhase.Hooks, true)], seen);
        Assert.Equal(DrainPhase.Closing, Drain.State!.Phase);
        Assert.Empty(Drain.State.Running);
    }

    [Fact]
    public async Task A_hook_that_fails_stops_neither_the_others_nor_the_end()
    {
        var done = false;
        Prepare("0").AddDrainHook("broken", (_, _) => throw new InvalidOperationException("no"))
            .AddDrainHook("sound", (_, _) =>
            {
                done = true;
                return Task.CompletedTask;
            });
        await _host.StartAsync();
        await _host.StopAsync().WaitAsync(Patience);
        Assert.True(done);
        Assert.Contains(_host.Logs.Lines, line => line is { Level: LogLevel.Error, Text: "The drain hook broken failed; this program stops all the same." });
        Assert.Contains(_host.Logs.Lines, line => line.Text.StartsWith("The drain hook sound is done after ", StringComparison.Ordinal));
    }

    [Fact]
    public async Task Hooks_without_an_end_are_cut_before_the_host_loses_its_patience()
    {
        var token = CancellationToken.None;
        Prepare("0").AddDrainHook("endless", async (_, cancellationToken) =>
        {
            token = cancellationToken;
            await Task.Delay(Timeout.Infinite, CancellationToken.None); // which heeds nothing
        });
        _host.Builder.Services.Configure<HostOptions>(options => options.ShutdownTimeout = TimeSpan.FromSeconds(1.2));
        await _host.StartAsync();
        Assert.Equal(1, Drain.Limit.TotalSeconds, 3);
        await _host.StopAsync().WaitAsync(Patience);
        Assert.True(token.IsCancellationRequested);
        Assert.Contains(_host.Logs.Lines, line => line.Level == LogLevel.Warning && line.Text.StartsWith("The drain hook endless was not done after ", StringComparison.Ordinal));
    }

    [Fact]
    public async Task A_delay_that_leaves_no_time_for_the_rest_is_shortened_and_told()
    {
        Prepare("3600");
        _host.Builder.Services.Configure<HostOptions>(options => options.ShutdownTimeout = TimeSpan.FromSeconds(0.6));
        await _host.StartAsync();
        await _host.StopAsync().WaitAsync(Patience);
        Assert.Contains(_host.Logs.Lines, line => line.Text.StartsWith(
            "DrainDelay is 3600 s, and this host stops within 0.6 s: it serves on for 0.5 s only.", StringComparison.Ordinal));
    }

    [Theory]
    [InlineData(30, 25)]
    [InlineData(60, 55)]
    [InlineData(12, 10)]
    public async Task What_comes_after_the_hooks_has_its_own_time(double patience, double limit)
    {
        Prepare("0");
        _host.Builder.Services.Configure<HostOptions>(options => options.ShutdownTimeout = TimeSpan.FromSeconds(patience));
        await _host.StartAsync();
        Assert.Equal(TimeSpan.FromSeconds(limit), Drain.Limit);
    }

    private ErlangNodeBuilder Prepare(string delay)
    {
        _host.With("Enmesh", "node").Set(("Enmesh:Epmd", "off"), ("Enmesh:Listen", "false"), ("Enmesh:DrainDelay", delay));
        return _host.Builder.AddErlangNode();
    }
}
