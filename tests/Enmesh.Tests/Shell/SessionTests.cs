using Enmesh.Shell;
using Enmesh.Terms;
using Xunit;

namespace Enmesh.Tests.Shell;

/// <summary>A shell as a whole: what it may ask for, how it is interrupted, what it leaves behind.</summary>
[Trait("Ring", "loopback")]
public sealed class SessionTests : IAsyncLifetime
{
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(5);
    private ShellNode _shell = null!;

    public async ValueTask InitializeAsync() => _shell = await ShellNode.StartAsync();

    public ValueTask DisposeAsync() => _shell.DisposeAsync();

    [Theory]
    [InlineData("lists:seq(1, 1000000000).")]
    [InlineData("1 bsl 100000000.")]
    [InlineData("lists:duplicate(1 bsl 40, a).")]
    [InlineData("binary:copy(<<0:1024>>, 1 bsl 30).")]
    [InlineData("<<0:(1 bsl 40)>>.")]
    [InlineData("L = lists:seq(1,1000000), (fun Double(X) -> Double(X ++ X) end)(L).")]
    [InlineData("(fun Square(X) -> Square(X * X) end)(3).")]
    [InlineData("(fun Deep(N) -> 1 + Deep(N + 1) end)(0).")]
    [InlineData("string:pad(\"\", 1 bsl 40).")]
    public async Task What_would_take_the_node_down_is_a_system_limit(string line)
    {
        var answer = await _shell.TypeAsync(line).WaitAsync(Patience);

        Assert.StartsWith("** exception error: a system limit has been reached", answer, StringComparison.Ordinal);
        Assert.Equal("2", await _shell.TypeAsync("1 + 1."));
    }

    [Fact]
    public async Task What_is_nested_too_deep_is_no_expression()
    {
        var answer = await _shell.TypeAsync(new string('(', 100_000) + "1" + new string(')', 100_000) + ".");

        Assert.Equal("* 1:1001: the expression is nested too deep", answer);
    }

    [Theory]
    [InlineData("", "<< ", "1", " >>", "")]
    [InlineData("", "<<1:", "1", ">>", "")]
    [InlineData("fun() -> ", "{", "1", "}", " end")]
    [InlineData("", "1 + ", "1", "", "")] // as high as it is long
    [InlineData("", "", "f", "()", "")]
    [InlineData("", "", "M", "#{}", "")]
    [InlineData("", "\"a\" ++ ", "X", "", " = \"a\"")]
    [InlineData("case 1 of _ when ", "1 + ", "1", "", " > 0 -> ok end")]
    public async Task What_is_too_deep_or_too_high_does_not_take_the_node_down(string begin, string before, string inner, string after, string end)
    {
        const int Times = 200_000;
        var text = begin + string.Concat(Enumerable.Repeat(before, Times)) + inner + string.Concat(Enumerable.Repeat(after, Times)) + end + ".";

        await _shell.TypeAsync(text).WaitAsync(Patience);
        Assert.Equal("2", await _shell.TypeAsync("1 + 1."));
    }

    // Sixty lists, each of the one before twice: as large as 2^60 elements, or as nothing.
    [Theory]
    [InlineData("lists:append(lists:duplicate(1000, lists:seq(1, 100000))).")]
    [InlineData("lists:flatten(lists:foldl(fun(_, L) -> [L, L] end, [a], lists:seq(1, 60))).")]
    [InlineData("lists:flatten(lists:foldl(fun(_, L) -> [L, L] end, [], lists:seq(1, 60))).")]
    [InlineData("lists:flatlength(lists:foldl(fun(_, L) -> [L, L] end, [], lists:seq(1, 60))).")]
    public async Task What_would_be_larger_than_any_list_may_be_fails(string line)
    {
        var answer = await _shell.TypeAsync(line).WaitAsync(Patience);

        Assert.Contains("a system limit has been reached", answer, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Nothing_of_a_session_stays_on_its_node()
    {
        var before = _shell.Node.Runtime.ProcessCount;
        for (var i = 0; i < 3; i++)
        {
            await using var session = _shell.Node.StartShell();
            Assert.Equal("1", (await session.EvaluateAsync("1.")).Text);
        }
        Assert.Equal(before, _shell.Node.Runtime.ProcessCount);
    }

    [Fact]
    public async Task A_call_in_tail_position_takes_no_room()
    {
        Assert.Equal("done", await _shell.TypeAsync("(fun Loop(0) -> done; Loop(N) -> Loop(N - 1) end)(300000)."));
    }

    [Fact]
    public async Task Calls_may_be_nested_as_deep_as_the_limit_says()
    {
        Assert.Equal("90000", await _shell.TypeAsync("(fun Count(0) -> 0; Count(N) -> 1 + Count(N - 1) end)(90000)."));
    }

    [Theory]
    [InlineData("(fun Loop() -> Loop() end)().")]
    [InlineData("receive nothing_that_comes -> ok end.")]
    [InlineData("timer:sleep(infinity).")]
    [InlineData("[ok || _ <- lists:seq(1, 10000000), _ <- lists:seq(1, 1000), false].")]
    public async Task An_interrupt_ends_the_expression_and_not_the_node(string line)
    {
        var self = await _shell.TypeAsync("X = self().");
        var busy = _shell.TypeAsync(line);
        // It is being evaluated as soon as there is something to interrupt.
        while (!busy.IsCompleted)
        {
            _shell.Session.Interrupt();
            await Task.Yield();
        }

        Assert.Equal("** exception exit: killed", await busy.WaitAsync(Patience));
        Assert.Equal(self, await _shell.TypeAsync("X."));
        Assert.Equal("true", await _shell.TypeAsync("X =/= self()."));
    }

    [Fact]
    public async Task An_interrupt_that_comes_at_once_is_not_lost()
    {
        for (var i = 0; i < 100; i++)
        {
            var busy = _shell.TypeAsync("timer:sleep(infinity).");
            _shell.Session.Interrupt();

            Assert.Equal("** exception exit: killed", await busy.WaitAsync(Patience));
        }
        Assert.Equal("ok", await _shell.TypeAsync("ok."));
    }

    [Fact]
    public async Task Variables_outlive_the_process_that_an_error_ends()
    {
        await _shell.TypeAsync("X = 1, Self = self().");
        await _shell.TypeAsync("Y = 2, error(oops).");

        Assert.Equal("{1,false}", await _shell.TypeAsync("{X, Self =:= self()}."));
        Assert.Equal("* 1:1: variable 'Y' is unbound", await _shell.TypeAsync("Y."));
    }

    [Fact]
    public async Task An_exit_signal_ends_what_is_being_evaluated()
    {
        var answer = await _shell.TypeAsync("spawn_link(fun() -> exit(bye) end), receive never -> ok end.").WaitAsync(Patience);

        Assert.Equal("** exception exit: bye", answer);
    }

    [Fact]
    public async Task Who_is_linked_to_the_shell_hears_of_its_error()
    {
        await _shell.TypeAsync("Me = self(), P = spawn(fun() -> process_flag(trap_exit, true), Me ! ready, receive {'EXIT', Me, {oops, _}} -> register(heard, self()), receive stop -> ok end end end), receive ready -> ok end.");
        await _shell.TypeAsync("link(P), error(oops).");
        while (_shell.Node.WhereIs("heard") is null)
            await Task.Yield();
    }

    [Fact]
    public async Task A_function_of_the_program_is_called_by_its_name()
    {
        _shell.Node.Functions.Export("calc", "add", 2, static (_, arguments) => new(arguments[0].Int64!.Value + arguments[1].Int64!.Value));
        _shell.Node.Functions.Export("lists", "reverse", 1, static (_, _) => new(Term.AtomOf("mine")));

        Assert.Equal("3", await _shell.TypeAsync("calc:add(1, 2)."));
        Assert.Equal("[mine,mine]", await _shell.TypeAsync("[lists:reverse([1]), apply(lists, reverse, [[]])]."));
        Assert.StartsWith("** exception error: undefined function calc:add/1", await _shell.TypeAsync("calc:add(1)."), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Messages_of_others_wait_for_the_shell()
    {
        await _shell.TypeAsync("register(me, self()).");
        await _shell.Node.SendAsync("me", Term.Tuple(Atoms.Ok, 1));

        Assert.Equal("{got,1}", await _shell.TypeAsync("receive {ok, N} -> {got, N} after 60000 -> none end."));
    }

    [Fact]
    public async Task Messages_are_flushed_in_their_order()
    {
        Assert.Equal("Shell got one\nShell got {two,\"text\"}\nok", await _shell.TypeAsync("self() ! one, self() ! {two, \"text\"}, flush()."));
    }

    [Fact]
    public async Task A_spawned_process_that_fails_is_reported()
    {
        await _shell.TypeAsync("{P, R} = spawn_monitor(fun() -> error(oops) end), receive {'DOWN', R, _, _, _} -> ok end.");

        Assert.Equal("ok", await _shell.TypeAsync("ok."));
    }

    [Fact]
    public async Task History_remembers_commands_and_results()
    {
        await _shell.TypeAsync("X = 7.");
        await _shell.TypeAsync("X * 2.");

        Assert.Equal("1: X = 7\n-> 7\n2: X * 2\n-> 14\nok", await _shell.TypeAsync("h()."));
        Assert.Equal("14", await _shell.TypeAsync("v(2)."));
        Assert.Equal("14", await _shell.TypeAsync("v(-1)."));
        Assert.Equal("14", await _shell.TypeAsync("e(2)."));
        Assert.Equal("* 99: command not found", await _shell.TypeAsync("v(99)."));
        Assert.Equal(7, _shell.Session.Line);
    }

    [Fact]
    public async Task Variables_are_listed_and_forgotten()
    {
        await _shell.TypeAsync("X = 1, Y = [a,b].");

        Assert.Equal("X = 1\nY = [a,b]\nok", await _shell.TypeAsync("b()."));
        Assert.Equal("ok", await _shell.TypeAsync("f(X)."));
        Assert.Equal(["Y"], _shell.Session.Variables);
        Assert.Equal("ok", await _shell.TypeAsync("f()."));
        Assert.Empty(_shell.Session.Variables);
    }

    [Fact]
    public async Task Pids_are_read_in_the_short_form_of_the_node()
    {
        Assert.Equal("true", await _shell.TypeAsync("list_to_pid(pid_to_list(self())) =:= self()."));
        Assert.Equal("<0.5.0>", await _shell.TypeAsync("<0.5.0>."));
        Assert.Equal("true", await _shell.TypeAsync("pid(0,5,0) =:= <0.5.0>."));
    }

    [Theory]
    [InlineData("c(foo).")]
    [InlineData("l(foo).")]
    [InlineData("nl(foo).")]
    public async Task Code_is_neither_compiled_nor_loaded(string line)
    {
        Assert.Contains("This node runs no Erlang code", await _shell.TypeAsync(line), StringComparison.Ordinal);
    }

    [Fact]
    public async Task The_tables_of_processes_and_names_show_those_of_the_node()
    {
        Assert.Contains("net_kernel", await _shell.TypeAsync("i()."), StringComparison.Ordinal);
        Assert.Contains("rex", await _shell.TypeAsync("regs()."), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Leaving_the_shell_leaves_the_node_alone()
    {
        var answer = await _shell.Session.EvaluateAsync("q().");

        Assert.True(answer.Leaves);
        Assert.Equal("1", await _shell.TypeAsync("1."));
    }

    [Theory]
    [InlineData("1.", 2)]
    [InlineData("1. 2.", 2)]
    [InlineData("{a,\n b}.", 8)]
    [InlineData("1.5", null)]
    [InlineData("\"a.\nb", null)]
    [InlineData("% no. ", null)]
    [InlineData("", null)]
    public void A_form_ends_with_its_dot(string text, int? end)
    {
        Assert.Equal(end, ShellSession.EndOfForm(text));
    }
}
