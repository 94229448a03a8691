using System.Globalization;
using Enmesh.Tests.Modules;
using Enmesh.TestSupport;
using Xunit;

namespace Enmesh.Interop.Tests.Modules;

/// <summary>What a person sees who calls a C# class from a shell.</summary>
[Trait("Ring", "interop")]
public sealed class ShellTests
{
    public static TheoryData<int> Releases => Otp.Releases;

    [Theory]
    [MemberData(nameof(Releases))]
    public async Task An_Erlang_shell_shows_what_was_expected(int release)
    {
        await using var cluster = new LoopbackCluster();
        var cookie = Otp.NewCookie();
        var node = await cluster.StartAsync("shop@127.0.0.2", cookie: cookie);
        node.Export(new SampleModule());
        const string Lines = """
            N = 'shop@127.0.0.2'.
            erpc:call(N, sample, add, [1, 2]).
            erpc:call(N, sample, add, [a, 1.5]).
            rpc:call(N, sample, add, [a, 1]).
            erpc:call(N, sample, add, [1]).
            erpc:call(N, sample, nothing, []).
            erpc:call(N, sample, fail, ["x"]).
            erpc:call(N, sample, pick, [[1], -1]).
            spawn_link(N, sample, add, [a, 1]), receive after infinity -> ok end.
            {ok, Docs} = rpc:call(N, code, get_doc, [sample]), io:put_chars(shell_docs:render(sample, add, Docs)).
            halt().

            """;
        var shell = await Otp.RunAsync(
            release,
            [
                "erl", "-name", Otp.NewName(), "-start_epmd", "false", "-erl_epmd_port", node.Port!.Value.ToString(CultureInfo.InvariantCulture),
                "-kernel", "inet_dist_use_interface", "{127,0,0,1}",
            ],
            cookie, input: Lines);
        // From the ninth line on the report of what was spawned may stand anywhere between.
        // The shell cuts what lies deep; what was expected is still to be read.
        Assert.Contains("1> 'shop@127.0.0.2'", shell.Output, StringComparison.Ordinal);
        Assert.Contains("2> 3", shell.Output, StringComparison.Ordinal);
        Assert.Contains("<<\"A: expected an integer from -2147483648 to 2147483647, found the\"...>>", shell.Output, StringComparison.Ordinal);
        Assert.Contains("<<\"B: expected an integer from -2147483648 to 2147483647, found the\"...>>", shell.Output, StringComparison.Ordinal);
        Assert.Contains("5> ** exception error: {exception,undef,[{sample,add,[1],[]}]}", shell.Output, StringComparison.Ordinal);
        Assert.Contains("6> ** exception error: {exception,undef,[{sample,nothing,[],[]}]}", shell.Output, StringComparison.Ordinal);
        Assert.Contains("8> ** exception error: {exception,badarg,", shell.Output, StringComparison.Ordinal);
        Assert.Contains("<<\"Place: place ('-1') must be a non-", shell.Output, StringComparison.Ordinal);
        Assert.Contains("called as sample:add(a,1)", shell.Output, StringComparison.Ordinal);
        Assert.Contains("add(A :: integer(), B :: integer()) -> integer()", shell.Output, StringComparison.Ordinal);
        Assert.Contains("  Adds two numbers.", shell.Output, StringComparison.Ordinal);
        Assert.DoesNotContain("ErlangModuleInfo", shell.Output, StringComparison.Ordinal);
    }

    [Theory]
    [MemberData(nameof(Releases))]
    public async Task An_Elixir_shell_shows_what_was_expected(int release)
    {
        await using var cluster = new LoopbackCluster();
        var cookie = Otp.NewCookie();
        var node = await cluster.StartAsync("shop@127.0.0.2", cookie: cookie);
        node.Export(new SampleModule());
        const string Lines = """
            n = :"shop@127.0.0.2"
            :erpc.call(n, :sample, :add, [1, 2])
            :erpc.call(n, :sample, :find, ["ann"])
            :erpc.call(n, :sample, :divide, [1, 0])
            :erpc.call(n, :sample, :add, [:a, nil])
            :erpc.call(n, :sample, :nothing, [])
            :rpc.call(n, :sample, :add, [:a, 1])
            :erpc.call(n, :sample, :fail, ["x"])
            System.halt()

            """;
        var shell = await Otp.RunAsync(
            release,
            [
                "iex", "--dot-iex", "", "--name", Otp.NewName(), "--erl",
                $"-start_epmd false -erl_epmd_port {node.Port} -kernel inet_dist_use_interface {{127,0,0,1}}",
            ],
            cookie, input: Lines);
        const string Expected = "expected an integer from -2147483648 to 2147483647, found the atom";
        Assert.Contains("2> 3", shell.Output, StringComparison.Ordinal);
        Assert.Contains("3> \"ANN\"", shell.Output, StringComparison.Ordinal);
        Assert.Contains("4> {:error, :by_zero}", shell.Output, StringComparison.Ordinal);
        Assert.Contains(
            "5> ** (ErlangError) Erlang error: {:exception, :function_clause, [{:sample, :add, [:a, nil], "
                + $"[error_info: %{{cause: %{{1 => \"A: {Expected} a\", 2 => \"B: {Expected} nil\"}}}}]}}]}}",
            shell.Output,
            StringComparison.Ordinal);
        Assert.Contains("{:exception, :undef, [{:sample, :nothing, [], []}]}", shell.Output, StringComparison.Ordinal);
    }
}
