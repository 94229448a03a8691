using Enmesh.Processes;
using Enmesh.Services;
using Enmesh.Terms;
using Enmesh.TestSupport;
using Microsoft.Extensions.Logging;
using Xunit;

namespace Enmesh.Interop.Tests.Services;

/// <summary>Output and log events between nodes: group leaders on either side.</summary>
[Trait("Ring", "interop")]
public sealed class OutputTests
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);

    // A group leader of the test's own on the BEAM: it answers, and keeps what is printed.
    private const string Collector = """
        Collect = fun Loop(Text) ->
            receive
                {io_request, From, As, {put_chars, unicode, M, F, A}} -> From ! {io_reply, As, ok}, Loop(Text ++ lists:flatten(apply(M, F, A)));
                {io_request, From, As, {put_chars, unicode, Chars}} -> From ! {io_reply, As, ok}, Loop(Text ++ unicode:characters_to_list(Chars));
                {take, From} -> From ! {text, Text}
            end
        end,
        Leader = spawn(fun() -> Collect("") end),
        Take = fun() -> Leader ! {take, self()}, receive {text, T} -> unicode:characters_to_binary(T) end end,
        """;

    public static TheoryData<int> Releases => Otp.Releases;

    [Theory]
    [MemberData(nameof(Releases))]
    public async Task What_a_function_prints_appears_where_its_caller_is(int release)
    {
        await using var pair = await Pair.StartAsync(release);
        pair.Node.Functions.Export("t", "print", 1, static async (context, arguments) =>
        {
            await context.PrintAsync("~p is å~n", arguments[0]);
            await using var output = context.CreateOutput();
            await output.WriteLineAsync("line");
            await output.FlushAsync();
            return Atoms.Ok;
        });
        var us = $"'{pair.Node.Name}'";
        var text = await pair.Beam.EvalAsync(
            $$"""
            {{Collector}}
            Own = group_leader(),
            group_leader(Leader, self()),
            ok = rpc:call({{us}}, io, format, ["one ~p~n", [{a, "b"}]]),
            ok = erpc:call({{us}}, t, print, [{x}]),
            ok = rpc:block_call({{us}}, io, put_chars, ["two\n"]),
            ok = rpc:call({{us}}, 'Elixir.IO', puts, [<<"three">>]),
            group_leader(Own, self()),
            Take()
            """);
        Assert.Equal("<<\"one {a,\\\"b\\\"}\\n{x} is å\\nline\\ntwo\\nthree\\n\"/utf8>>", text);
    }

    [Theory]
    [MemberData(nameof(Releases))]
    public async Task A_process_of_a_BEAM_prints_on_our_console(int release)
    {
        var console = new Screen();
        await using var pair = await Pair.StartAsync(
            release, change: plan => plan with { UserDevice = _ => new WriterDevice(console) });
        var us = $"'{pair.Node.Name}'";
        await pair.Beam.EvalAsync(
            $$"""
            User = rpc:call({{us}}, erlang, whereis, [user]),
            ok = io:format(User, "hello ~ts ~p~n", ["wörld", [1, 2]]),
            ok = io:put_chars(User, ["deep ", [<<"text\n">>]]),
            ok = io:request(User, {put_chars, latin1, [246, 10]}),
            ok = io:write(User, {a, self()}), ok = io:nl(User),
            eof = io:get_line(User, "prompt> "),
            eof = io:get_chars(User, "prompt> ", 3),
            {ok, Options} = {ok, io:getopts(User)}, {encoding, unicode} = lists:keyfind(encoding, 1, Options),
            ok = io:setopts(User, [{encoding, unicode}]),
            {error, enotsup} = io:columns(User),
            {'EXIT', _} = (catch io:format(User, "~p ~p~n", [1])),
            spawn(fun() -> group_leader(User, self()), io:format("from afar~n") end),
            ok
            """);
        await pair.Beam.WaitForAsync(
            $"rpc:call({us}, erlang, process_info, [rpc:call({us}, erlang, whereis, [user]), message_queue_len])",
            "{message_queue_len, 0}");
        await Waiting.UntilAsync(() => console.ToString().Contains("from afar", StringComparison.Ordinal));
        Assert.StartsWith("hello wörld [1,2]\ndeep text\nö\n{a,#Pid<", console.ToString(), StringComparison.Ordinal);
    }

    [Theory]
    [MemberData(nameof(Releases))]
    public async Task A_function_we_spawn_on_a_BEAM_prints_on_our_console(int release)
    {
        var console = new Screen();
        await using var pair = await Pair.StartAsync(
            release, change: plan => plan with { UserDevice = _ => new WriterDevice(console) });
        Assert.Equal(
            "ok",
            (await pair.Node.RpcAsync(
                pair.BeamName, "io", "format",
                [Term.CharList("~s there~n"), Term.List(Term.CharList("hello"))])).AtomText);
        Assert.Equal("hello there\n", console.ToString());
        var done = new TaskCompletionSource();
        pair.Node.Spawn(async context =>
        {
            var child = await context.SpawnAsync(
                pair.BeamName, "io", "put_chars", [Term.CharList("spawned\n")], new() { Monitor = true });
            await context.ReceiveAsync(
                message => message.TupleElements is [_, { Reference: { } own }, ..] && own == child.Monitor);
            done.SetResult();
        });
        await done.Task.WaitAsync(Patience);
        Assert.Equal("hello there\nspawned\n", console.ToString());
    }

    [Theory]
    [MemberData(nameof(Releases))]
    public async Task Log_events_of_processes_led_by_us_become_log_events_here(int release)
    {
        using var logs = new Logs();
        await using var pair = await Pair.StartAsync(release, logs: logs);
        await pair.Beam.EvalAsync(
            $$"""
            User = rpc:call('{{pair.Node.Name}}', erlang, whereis, [user]),
            group_leader(User, self()),
            logger:error("broken ~p~n", [{a, 1}], #{custom => "meta"}),
            logger:warning("a text"),
            logger:notice(#{what => happened, who => me}),
            logger:critical([{what, worse}]),
            spawn(fun() -> group_leader(User, self()), exit_badly:now() end),
            ok
            """);
        foreach (var (level, text) in new[]
        {
            (LogLevel.Error, "broken {a,1}\n"), (LogLevel.Warning, "a text"), (LogLevel.Information, "what: happened\nwho: me"),
            (LogLevel.Critical, "what: worse"),
        })
        {
            await Waiting.UntilAsync(() => logs.Of("Enmesh.RemoteLog").Contains((level, text)), text);
        }
        await Waiting.UntilAsync(() => logs.Of("Enmesh.RemoteLog").Exists(
            line => line.Level == LogLevel.Error && line.Text.Contains("exit_badly", StringComparison.Ordinal)));
    }

    [Theory]
    [MemberData(nameof(Releases))]
    public async Task A_function_that_a_BEAM_spawns_here_and_that_fails_is_reported_there_as_its_own_are(int release)
    {
        await using var pair = await Pair.StartAsync(release);
        pair.Node.Functions.Export("t", "fail", 1, static (_, arguments) => throw (arguments[0].AtomText switch
        {
            "exit" => ErlangException.Exit(new Atom("on_purpose")),
            "throw" => ErlangException.Throw(new Atom("thrown_here")),
            _ => ErlangException.Error(new Atom("failed_here"), Term.Nil),
        }));
        var us = $"'{pair.Node.Name}'";
        pair.Beam.Announce("failed_here", "thrown_here", "not_there", "cast_here");
        // One after another: each is over before the next begins.
        await pair.Beam.EvalAsync(
            $$"""
            Run = fun(M, F, A) ->
                {P, R} = spawn_monitor({{us}}, M, F, A),
                receive {'DOWN', R, process, P, _} -> ok after 60000 -> timeout end
            end,
            Ran = [Run(t, fail, [exit]), Run(t, fail, [error]), Run(t, fail, [throw]), Run(t, not_there, [])],
            catch erpc:call({{us}}, t, fail, [error]),
            rpc:cast({{us}}, t, cast_here, []),
            Ran
            """);
        await Waiting.UntilAsync(() => pair.Beam.Output.Contains("cast_here", StringComparison.Ordinal));
        var reports = BeamReports.In(pair.Beam.Output).Select(static report => report.Split('\n', 2)[1].Trim()).ToList();
        Assert.Collection(
            reports,
            report => Assert.EndsWith("with exit value:\n{failed_here,[]}", report, StringComparison.Ordinal),
            report => Assert.EndsWith("with exit value:\n{{nocatch,thrown_here},[]}", report, StringComparison.Ordinal),
            report => Assert.EndsWith("with exit value:\n{undef,[{t,not_there,[],[]}]}", report, StringComparison.Ordinal),
            report => Assert.Contains("undef", report, StringComparison.Ordinal));
        Assert.All(reports, report => Assert.Matches($@"^Error in process <\d+\.\d+\.0> on node {us} with", report));
    }

    // The answers of the real device, wherever it has one: OTP 23 to 27 wait for input that never comes, 29 refuses.
    [Fact]
    public async Task Requests_are_answered_as_by_the_device_of_a_BEAM()
    {
        await using var pair = await Pair.StartAsync(27);
        var differences = await pair.Beam.EvalAsync(
            $$"""
            Requests = [
                {put_chars, unicode, ""}, {put_chars, latin1, <<>>}, {put_chars, unicode, [16#D800]}, {put_chars, unicode, foo}, {put_chars, latin1, [300]},
                {put_chars, unicode, <<255, 254>>}, {put_chars, unicode, io_lib, format, ["", []]}, {put_chars, unicode, io_lib, format, ["~p~n", []]},
                {put_chars, unicode, nomod, nofun, [1]}, {put_chars, ""}, {put_chars, io_lib, format, ["", []]}, {put_chars, utf16, "x"}, {get_password, unicode},
                {setopts, [{binary, true}]}, {setopts, [binary]}, {setopts, [{encoding, latin1}]}, {setopts, [{foo, bar}]}, {setopts, foo}, {setopts, [{echo, false}]},
                {setopts, [list]}, {setopts, [{encoding, unicode}]}, {setopts, []}, {get_geometry, foo},
                {requests, [{put_chars, unicode, ""}, {put_chars, unicode, ""}]}, {requests, [{put_chars, unicode, ""}, foo, {put_chars, unicode, ""}]},
                {requests, []}, foo, {foo, bar}, {put_chars, unicode, foo, bar}
            ],
            Ask = fun(Device, Request) ->
                Ref = make_ref(), Device ! {io_request, self(), Ref, Request},
                receive {io_reply, Ref, Reply} -> Reply after 20000 -> no_answer end
            end,
            [{R, T, O} || R <- Requests, T <- [Ask(user, R)], O <- [Ask({user, '{{pair.Node.Name}}'}, R)], T =/= O]
            """);
        Assert.Equal("[]", differences);
    }

    /// <summary>Text that may be looked at while it is written.</summary>
    private sealed class Screen : StringWriter
    {
        private readonly Lock _gate = new();

        public override void Write(string? value)
        {
            lock (_gate)
                base.Write(value);
        }

        public override string ToString()
        {
            lock (_gate)
                return base.ToString();
        }
    }

    private sealed class Logs : ILoggerFactory
    {
        private readonly List<(string Category, LogLevel Level, string Text)> _lines = [];

        internal List<(LogLevel Level, string Text)> Of(string category)
        {
            lock (_lines)
                return [.. _lines.Where(line => line.Category == category).Select(line => (line.Level, line.Text))];
        }

        public ILogger CreateLogger(string categoryName) => new Log(this, categoryName);

        public void AddProvider(ILoggerProvider provider)
        {
        }

        public void Dispose()
        {
        }

        private sealed class Log(Logs all, string category) : ILogger
        {
            public IDisposable? BeginScope<TState>(TState state)
                where TState : notnull => null;

            public bool IsEnabled(LogLevel logLevel) => true;

            void ILogger.Log<TState>(
                LogLevel logLevel, EventId eventId, TState state, Exception? exception,
                Func<TState, Exception?, string> formatter)
            {
                lock (all._lines)
                    all._lines.Add((category, logLevel, formatter(state, exception)));
            }
        }
    }
}
