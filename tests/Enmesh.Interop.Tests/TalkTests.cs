using Enmesh.Processes;
using Enmesh.Terms;
using Enmesh.TestSupport;
using Xunit;

namespace Enmesh.Interop.Tests;

/// <summary>A node of ours and a real one talk: both dial, both call, both send.</summary>
[Trait("Ring", "interop")]
public sealed class TalkTests
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);

    public static TheoryData<int> Releases => Otp.Releases;

    [Theory]
    [MemberData(nameof(Releases))]
    public async Task We_ping_the_beam_and_the_beam_pings_us(int release)
    {
        await using var pair = await Pair.StartAsync(release);
        await pair.Node.PingAsync(pair.BeamName);
        Assert.Equal($"['{pair.Node.Name}']", await pair.Beam.EvalAsync("nodes(hidden)"));
        Assert.Equal("pong", await pair.Beam.EvalAsync($"net_adm:ping('{pair.Node.Name}')"));
        Assert.True(await pair.Node.DisconnectAsync(pair.BeamName));
        await pair.Beam.WaitForAsync("nodes(hidden)", "[]");
        Assert.Equal("pong", await pair.Beam.EvalAsync($"net_adm:ping('{pair.Node.Name}')"));
        Assert.Equal([pair.BeamName], pair.Node.ConnectedNodes);
    }

    [Theory]
    [MemberData(nameof(Releases))]
    public async Task Gen_server_calls_and_casts_reach_a_process_of_ours(int release)
    {
        await using var pair = await Pair.StartAsync(release);
        var casts = new TaskCompletionSource<Term>();
        pair.Node.Spawn(async context =>
        {
            while (true)
            {
                var message = await context.ReceiveAsync();
                if (CallRequest.TryRead(message, out var call))
                    context.Reply(call, Term.Tuple(new Atom("echo"), call.Request));
                else
                    casts.TrySetResult(message);
            }
        }, "server");
        Assert.Equal("{echo,{a,<<\"b\">>,[1.5]}}", await pair.Beam.EvalAsync($"gen_server:call({{server,'{pair.Node.Name}'}}, {{a,<<\"b\">>,[1.5]}})"));
        Assert.Equal("ok", await pair.Beam.EvalAsync($"gen_server:cast({{server,'{pair.Node.Name}'}}, hello)"));
        Assert.Equal("{'$gen_cast',hello}", (await casts.Task.WaitAsync(Patience)).ToString());
        var missing = await pair.Beam.EvalAsync($"catch gen_server:call({{nobody,'{pair.Node.Name}'}}, x)");
        Assert.StartsWith("{'EXIT',{noproc,", missing);
    }

    [Theory]
    [MemberData(nameof(Releases))]
    public async Task We_call_servers_of_the_beam(int release)
    {
        await using var pair = await Pair.StartAsync(release);
        var answer = await pair.Node.CallAsync(("kernel_sup", pair.BeamName), new Atom("which_children"));
        Assert.Equal(TermKind.List, answer.Kind);
        var missing = await Assert.ThrowsAsync<CallExitException>(() => pair.Node.CallAsync(("nobody", pair.BeamName), 1).AsTask());
        Assert.Equal("noproc", missing.Reason.AtomText);
    }

    [Theory]
    [MemberData(nameof(Releases))]
    public async Task Large_messages_go_both_ways(int release)
    {
        await using var pair = await Pair.StartAsync(release);
        pair.Node.Spawn(async context =>
        {
            while (true)
            {
                if (CallRequest.TryRead(await context.ReceiveAsync(), out var call))
                    context.Reply(call, call.Request);
            }
        }, "echo");
        foreach (var size in new[] { 100, 65_400, 65_536, 70_000, 1_000_000, 5_000_001 })
        {
            Assert.Equal("true", await pair.Beam.EvalAsync(
                $$"""
                B = list_to_binary([rand:uniform(256) - 1 || _ <- lists:seq(1, {{size}})]),
                B =:= gen_server:call({echo, '{{pair.Node.Name}}'}, B, 30000)
                """));
        }
    }

    [Theory]
    [MemberData(nameof(Releases))]
    public async Task A_monitor_and_a_link_of_the_beam_see_our_process_end(int release)
    {
        await using var pair = await Pair.StartAsync(release);
        pair.Node.Spawn(static async context =>
        {
            await context.ReceiveAsync();
            throw new InvalidOperationException("on purpose");
        }, "victim");
        var down = await pair.Beam.EvalAsync(
            $$"""
            R = erlang:monitor(process, {victim, '{{pair.Node.Name}}'}),
            {victim, '{{pair.Node.Name}}'} ! die,
            receive {'DOWN', R, process, Who, Reason} -> {Who, element(1, Reason), element(3, Reason)} after 20000 -> timeout end
            """);
        Assert.Equal($"{{{{victim,'{pair.Node.Name}'}},exception,<<\"on purpose\">>}}", down);
    }

    [Theory]
    [MemberData(nameof(Releases))]
    public async Task The_end_of_the_beam_ends_calls_with_noconnection(int release)
    {
        await using var pair = await Pair.StartAsync(release);
        await pair.Beam.EvalAsync("register(silent, spawn(fun() -> receive never -> ok end end))");
        var call = pair.Node.CallAsync(("silent", pair.BeamName), 1, Timeout.InfiniteTimeSpan).AsTask();
        await pair.Node.PingAsync(pair.BeamName);
        await pair.Beam.KillAsync();
        var error = await Assert.ThrowsAsync<CallExitException>(() => call.WaitAsync(Patience));
        Assert.Equal("noconnection", error.Reason.AtomText);
    }

    [Theory]
    [MemberData(nameof(Releases))]
    public async Task A_node_without_a_name_gets_one_from_the_beam(int release)
    {
        await using var beam = await BeamNode.StartAsync(release);
        var folder = Directory.CreateTempSubdirectory("enmesh-dynamic-");
        var cookie = Path.Combine(folder.FullName, "cookie");
        await File.WriteAllTextAsync(cookie, beam.Cookie, TestContext.Current.CancellationToken);
        File.SetUnixFileMode(cookie, UnixFileMode.UserRead);
        await using (var node = await ErlangNode.StartAsync(
            new ErlangNodeOptions { Name = "@127.0.0.1", NameFrom = beam.Name, PeerPort = beam.Port, CookieFile = cookie }))
        {
            Assert.Equal("127.0.0.1", node.Name.Host);
            // It is connected for us a moment before it is for the BEAM.
            await beam.WaitForAsync("nodes(hidden)", $"['{node.Name}']");
            Assert.Equal(TermKind.List, (await node.CallAsync(("kernel_sup", NodeName.Parse(beam.Name)), new Atom("which_children"))).Kind);
        }
        folder.Delete(recursive: true);
    }

    [Theory]
    [MemberData(nameof(Releases))]
    public async Task A_beam_without_a_name_gets_one_from_us(int release)
    {
        await using var pair = await Pair.StartAsync(release);
        await using var nameless = await BeamNode.StartAsync(
            release, new() { Distributed = false, Cookie = pair.Beam.Cookie, Arguments = ["-name", "undefined@127.0.0.1", "-start_epmd", "false", "-erl_epmd_port", $"{pair.Beam.Port}"] });
        Assert.Equal("true", await nameless.EvalAsync($"net_kernel:connect_node('{pair.Node.Name}')"));
        var name = (await nameless.EvalAsync("node()")).Trim('\'');
        // It is connected for itself a moment before it is for us.
        Assert.Equal("pong", await nameless.EvalAsync($"net_adm:ping('{pair.Node.Name}')"));
        Assert.Equal([NodeName.Parse(name)], pair.Node.ConnectedNodes);
    }
}
