using Enmesh.TestSupport;
using Xunit;

namespace Enmesh.Interop.Tests.Fixture;

/// <summary>The fixture itself: what other tests take for granted about the nodes they start.</summary>
[Trait("Ring", "interop")]
public sealed class BeamNodeTests
{
    public static TheoryData<int> Releases => Otp.Releases;

    [Theory]
    [MemberData(nameof(Releases))]
    public async Task A_node_reports_the_release_it_was_started_as(int release)
    {
        await using var node = await BeamNode.StartAsync(release);

        Assert.Equal(release, node.Release);
        Assert.Equal($"\"{release}\"", await node.EvalAsync("erlang:system_info(otp_release)"));
        Assert.Equal($"'{node.Name}'", await node.EvalAsync("node()"));
        Assert.Equal(node.Options.Port, node.Port);
    }

    [Theory]
    [MemberData(nameof(Releases))]
    public async Task Two_nodes_meet_through_an_epmd_of_their_own(int release)
    {
        await using var epmd = await BeamEpmd.StartAsync(release);
        var cookie = Otp.NewCookie();
        await using var first = await BeamNode.StartAsync(release, new() { Epmd = epmd, Cookie = cookie });
        await using var second = await BeamNode.StartAsync(
            release, new() { Epmd = epmd, Cookie = cookie, Hidden = true });

        Assert.Equal("pong", await first.EvalAsync($"net_adm:ping('{second.Name}')"));
        Assert.Equal("[]", await first.EvalAsync("nodes()"));
        Assert.Equal($"['{first.Name}']", await second.EvalAsync("nodes(hidden)"));
        var names = await epmd.NamesAsync();
        Assert.Contains($"name {first.Name.Split('@')[0]} at port {first.Port}", names);
        Assert.Contains($"name {second.Name.Split('@')[0]} at port {second.Port}", names);
    }

    [Theory]
    [MemberData(nameof(Releases))]
    public async Task Erl_call_reaches_a_node_with_its_own_cookie_file(int release)
    {
        await using var epmd = await BeamEpmd.StartAsync(release);
        await using var node = await BeamNode.StartAsync(release, new() { Epmd = epmd });

        var answer = await node.RunToolAsync(["erl_call", "-n", node.Name, "-a", "erlang atom_to_list [abc]"]);

        Assert.Equal("\"abc\"", answer.Successful.Trim());
    }

    [Theory]
    [MemberData(nameof(Releases))]
    public async Task Elixir_code_runs_in_a_node(int release)
    {
        await using var node = await BeamNode.StartAsync(release, new() { Distributed = false });

        Assert.Equal("[a: 1, b: \"x\"]", await node.EvalElixirAsync("[a: 1, b: input]", "x"u8.ToArray()));
    }

    [Fact]
    public async Task A_failing_expression_says_why()
    {
        await using var node = await BeamNode.StartAsync(Otp.Newest, new() { Distributed = false });

        var failure = await Assert.ThrowsAsync<BeamEvalException>(() => node.EvalAsync("error(oops)"));

        Assert.StartsWith("error:oops", failure.Reason);
    }

    [Fact]
    public async Task Bytes_travel_both_ways_unchanged()
    {
        await using var node = await BeamNode.StartAsync(Otp.Newest, new() { Distributed = false });
        var input = Enumerable.Range(0, 1 << 20).Select(static i => (byte)(i * 31)).ToArray();

        var echoed = await node.EvalBytesAsync("[In, <<1, 2>>]", input);

        Assert.Equal([.. input, 1, 2], echoed.ToArray());
    }

    [Fact]
    public async Task A_module_is_compiled_and_loaded()
    {
        await using var node = await BeamNode.StartAsync(Otp.Newest, new() { Distributed = false });

        await node.LoadModuleAsync("twice", "-module(twice).\n-export([value/1]).\nvalue(X) -> 2 * X.\n");

        Assert.Equal("42", await node.EvalAsync("twice:value(21)"));
        var failure = await Assert.ThrowsAsync<BeamEvalException>(
            () => node.LoadModuleAsync("broken", "-module(broken)\n"));
        Assert.Contains("broken.erl", failure.Reason);
    }

    [Fact]
    public async Task A_killed_node_is_gone_and_starts_again_under_its_name()
    {
        await using var epmd = await BeamEpmd.StartAsync(Otp.Newest);
        var cookie = Otp.NewCookie();
        await using var watcher = await BeamNode.StartAsync(Otp.Newest, new() { Epmd = epmd, Cookie = cookie });
        BeamOptions options;
        await using (var node = await BeamNode.StartAsync(Otp.Newest, new() { Epmd = epmd, Cookie = cookie }))
        {
            options = node.Options;
            Assert.Equal("pong", await watcher.EvalAsync($"net_adm:ping('{node.Name}')"));
            await node.KillAsync();
            Assert.True(node.HasExited);
            await Assert.ThrowsAsync<InvalidOperationException>(() => node.EvalAsync("ok"));
        }

        await watcher.WaitForAsync("nodes()", "[]");
        await using var again = await BeamNode.StartAsync(Otp.Newest, options);
        Assert.Equal("pong", await watcher.EvalAsync($"net_adm:ping('{again.Name}')"));
        await again.StopAsync();
        await watcher.WaitForAsync("nodes()", "[]");
    }

    [Fact]
    public async Task A_node_that_cannot_start_says_what_it_printed()
    {
        var failure = await Assert.ThrowsAsync<InvalidOperationException>(
            () => BeamNode.StartAsync(
                Otp.Newest, new() { Arguments = ["-eval", "io:format(\"no way~n\"), halt(3)."] }));

        Assert.Contains("exit code 3", failure.Message);
        Assert.Contains("no way", failure.Message);
    }

    [Fact]
    public async Task The_cookie_is_in_a_private_file_and_on_no_command_line()
    {
        await using var node = await BeamNode.StartAsync(Otp.Newest);

        var commandLine = await File.ReadAllTextAsync(
            $"/proc/{node.ProcessId}/cmdline", TestContext.Current.CancellationToken);

        Assert.DoesNotContain(node.Cookie, commandLine);
        Assert.Equal($"'{node.Cookie}'", await node.EvalAsync("erlang:get_cookie()"));
    }

    [Fact]
    public async Task An_epmd_starts_again_on_its_port()
    {
        await using var epmd = await BeamEpmd.StartAsync(Otp.Newest);
        await using var node = await BeamNode.StartAsync(Otp.Newest, new() { Epmd = epmd });

        await epmd.KillAsync();
        await epmd.RestartAsync();

        // OTP registers again about two seconds after its EPMD has come back.
        await node.WaitForAsync("erl_epmd:names({127, 0, 0, 1})", "{ok, [_]}");
    }
}
