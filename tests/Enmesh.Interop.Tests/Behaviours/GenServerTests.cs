using System.Diagnostics;
using System.Threading.Channels;
using Enmesh.Behaviours;
using Enmesh.Processes;
using Enmesh.Terms;
using Enmesh.TestSupport;
using Xunit;

namespace Enmesh.Interop.Tests.Behaviours;

/// <summary>A server of ours as OTP's own modules use one.</summary>
[Trait("Ring", "interop")]
public sealed class GenServerTests
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    public static TheoryData<int> Releases => Otp.Releases;

    [Theory]
    [MemberData(nameof(Releases))]
    public async Task It_is_called_and_cast_to_by_pid_name_and_global_name(int release)
    {
        await using var mesh = new Mesh();
        var (beam, node) = await PairAsync(mesh, release);
        var server = await node.StartServerAsync(() => new Counter(), new() { Name = "counter" });
        await node.StartServerAsync(() => new Counter(), new() { Name = ProcessAddress.Global("orders") });
        Assert.Equal(
            "{1,ok,12,13}",
            await beam.EvalAsync(
                $$"""
                S = {counter, '{{node.Name}}'},
                {gen_server:call(S, next), gen_server:cast(S, {add, 10}), gen_server:call(S, next), gen_server:call(S, next, infinity)}
                """));
        Assert.Equal("1", await beam.EvalAsync("global:sync(), gen_server:call({global, orders}, next)"));
        Assert.Equal(
            $"{{[{{'{node.Name}',14}}],['{beam.Name}']}}",
            await beam.EvalAsync($"gen_server:multi_call(['{node.Name}', node()], counter, next)"));
        Assert.Equal("abcast", await beam.EvalAsync($"gen_server:abcast(['{node.Name}'], counter, {{add, 1}})"));
        Assert.Equal("16", await beam.EvalAsync($"gen_server:call({{counter, '{node.Name}'}}, next)"));
        Assert.Equal(
            "{reply,17}",
            await beam.EvalAsync($"gen_server:wait_response(gen_server:send_request({{counter, '{node.Name}'}}, next), 20000)"));
        Assert.True(node.IsAlive(server));
    }

    [Theory]
    [MemberData(nameof(Releases))]
    public async Task An_answer_comes_later_and_one_too_late_is_dropped(int release)
    {
        await using var mesh = new Mesh();
        var (beam, node) = await PairAsync(mesh, release);
        await node.StartServerAsync(() => new Counter(), new() { Name = "counter" });
        // A caller of OTP 23 has no alias yet, and finds it in its mailbox.
        Assert.Equal(
            release >= 25 ? "{0,{message_queue_len,0}}" : "{0,{message_queue_len,1}}",
            await beam.EvalAsync(
                $$"""
                S = {counter, '{{node.Name}}'},
                Me = self(),
                Late = spawn(fun() ->
                  {'EXIT', {timeout, _} } = (catch gen_server:call(S, later, 1)),
                  Me ! timed_out,
                  receive look -> Me ! process_info(self(), message_queue_len) end
                end),
                receive timed_out -> ok end,
                spawn(fun() -> Me ! {answer, gen_server:call(S, later)} end),
                Ask = fun Ask() -> case gen_server:call(S, waiting) of 2 -> ok; _ -> Ask() end end,
                Ask(),
                S ! now,
                A = receive {answer, Answer} -> Answer after 20000 -> timeout end,
                gen_server:call(S, waiting),
                Late ! look,
                {A, receive {message_queue_len, _} = L -> L after 20000 -> timeout end}
                """));
    }

    [Theory]
    [MemberData(nameof(Releases))]
    public async Task A_crash_and_a_refusal_reach_the_caller_as_exits_and_only_the_crash_ends_the_server(int release)
    {
        await using var mesh = new Mesh();
        var (beam, node) = await PairAsync(mesh, release);
        var server = await node.StartServerAsync(() => new Counter(), new() { Name = "counter" });
        var call = $"gen_server:call({{counter, '{node.Name}'}}";
        Assert.Equal(
            $"{{'EXIT',{{{{badarg,<<\"what is no request\">>}},{{gen_server,call,[{{counter,'{node.Name}'}},what]}}}}}}",
            await beam.EvalAsync($"catch {call}, what)"));
        Assert.Equal("1", await beam.EvalAsync($"{call}, next)"));
        Assert.Equal(
            "{<<\"System.InvalidOperationException\">>,<<\"as told\">>}",
            await beam.EvalAsync($"{{'EXIT', {{{{exception, Type, Text, _Stack}}, _}}}} = (catch {call}, crash)), {{Type, Text}}"));
        Assert.False(node.IsAlive(server));
        Assert.Equal("noproc", await beam.EvalAsync($"{{'EXIT', {{Why, _}}}} = (catch {call}, next)), Why"));
    }

    [Theory]
    [MemberData(nameof(Releases))]
    public async Task The_module_sys_looks_into_it_suspends_it_and_stops_it(int release)
    {
        await using var mesh = new Mesh();
        var (beam, node) = await PairAsync(mesh, release);
        var counter = new Counter();
        var server = await node.StartServerAsync(() => counter, new() { Name = "counter" });
        // The answer changed its form in OTP 26, and a caller's release cannot be told.
        Assert.Equal(release >= 27 ? "#{count => 0}" : "{ok,#{count => 0}}", await beam.EvalAsync($"sys:get_state({{counter, '{node.Name}'}})"));
        Assert.Equal(
            "{gen_server,running,suspended,running}",
            await beam.EvalAsync(
                $$"""
                S = {counter, '{{node.Name}}'},
                State = fun() -> {status, _, {module, M}, [_, State, _, _, _]} = sys:get_status(S), {M, State} end,
                {M, Before} = State(),
                ok = sys:suspend(S),
                {M, During} = State(),
                {'EXIT', {timeout, _} } = (catch gen_server:call(S, next, 1)),
                ok = sys:resume(S),
                {M, After} = State(),
                {M, Before, During, After}
                """));
        Assert.StartsWith("{'EXIT',", await beam.EvalAsync($"catch sys:replace_state({{counter, '{node.Name}'}}, fun(S) -> S end)"), StringComparison.Ordinal);
        Assert.Equal("ok", await beam.EvalAsync($"gen_server:stop({{counter, '{node.Name}'}}, shutdown, 20000)"));
        Assert.Equal("shutdown", counter.TerminatedWith!.Value.AtomText);
        Assert.False(node.IsAlive(server));
    }

    [Theory]
    [MemberData(nameof(Releases))]
    public async Task Servers_state_machines_and_event_managers_of_a_beam_are_called_in_their_own_ways(int release)
    {
        await using var mesh = new Mesh();
        var (beam, node) = await PairAsync(mesh, release);
        await beam.LoadModuleAsync("otp_peers", OtpPeers);
        await beam.EvalAsync("otp_peers:start()");
        var there = NodeName.Parse(beam.Name);
        await node.Global.SyncAsync().WaitAsync(Patience, TestContext.Current.CancellationToken);

        Assert.Equal("{echo,hello}", (await node.CallAsync(("echo", there), new Atom("hello"))).ToString());
        Assert.Equal("{echo,hello}", (await node.CallAsync(ProcessAddress.Global("echo"), new Atom("hello"))).ToString());
        beam.Announce("as_told");
        var crash = await Assert.ThrowsAsync<CallExitException>(() => node.CallAsync(ProcessAddress.Global("echo"), new Atom("crash")).AsTask());
        Assert.Equal("as_told", crash.Reason.AtomText);
        Assert.Contains("{global,echo}", crash.Message, StringComparison.Ordinal);

        Assert.Equal("locked", (await node.CallAsync(("door", there), new Atom("state"))).AtomText);
        await node.CastAsync(("door", there), new Atom("unlock"));
        Assert.Equal("open", (await node.CallAsync(("door", there), new Atom("state"))).AtomText);

        await node.NotifyAsync(("events", there), new Atom("first"));
        await node.SyncNotifyAsync(("events", there), new Atom("second"));
        Assert.Equal("[first,second]", (await node.CallHandlerAsync(("events", there), new Atom("otp_peers"), new Atom("seen"))).ToString());
        Assert.Equal("{error,bad_module}", (await node.CallHandlerAsync(("events", there), new Atom("nobody"), new Atom("seen"))).ToString());
        var nobody = await Assert.ThrowsAsync<CallExitException>(() => node.SyncNotifyAsync(("no_events", there), 1));
        Assert.Equal("noproc", nobody.Reason.AtomText);

        await beam.EvalAsync("pg:start(pg)");
        node.StartPgScope("pg");
        await beam.EvalAsync("pg:join(doors, whereis(door))");
        await Waiting.UntilAsync(() => node.Pg.Members(new Atom("doors")).Count > 0);
        Assert.Equal("open", (await node.CallAsync(ProcessAddress.Group("doors"), new Atom("state"))).AtomText);
    }

    [Theory]
    [MemberData(nameof(Releases))]
    public async Task A_reply_that_comes_too_late_is_in_no_mailbox(int release)
    {
        await using var mesh = new Mesh();
        var (beam, node) = await PairAsync(mesh, release);
        await beam.LoadModuleAsync("otp_peers", OtpPeers);
        await beam.EvalAsync("otp_peers:start()");
        var there = NodeName.Parse(beam.Name);
        var waiting = new TaskCompletionSource<int>(TaskCreationOptions.RunContinuationsAsynchronously);
        node.Spawn(async context =>
        {
            await Assert.ThrowsAsync<TimeoutException>(() => context.CallAsync(("echo", there), new Atom("later"), TimeSpan.FromMilliseconds(1)).AsTask());
            await context.CastAsync(("echo", there), new Atom("now"));
            await context.CallAsync(("echo", there), 1); // behind the late reply
            waiting.SetResult(context.MessageCount);
        });
        Assert.Equal(0, await waiting.Task.WaitAsync(Patience, TestContext.Current.CancellationToken));
    }

    [Theory]
    [MemberData(nameof(Releases))]
    public async Task A_trace_goes_through_processes_of_a_beam_and_comes_back(int release)
    {
        using var listener = new ActivityListener
        {
            ShouldListenTo = source => source.Name == "Enmesh",
            Sample = static (ref ActivityCreationOptions<ActivityContext> _) => ActivitySamplingResult.AllDataAndRecorded,
        };
        ActivitySource.AddActivityListener(listener);
        await using var mesh = new Mesh();
        var (beam, node) = await PairAsync(mesh, release);
        await beam.LoadModuleAsync("otp_peers", OtpPeers);
        await beam.EvalAsync("otp_peers:start()");
        var teller = new TraceTeller();
        await node.StartServerAsync(() => teller, new() { Name = "teller" });
        using var request = new Activity("request").SetIdFormat(ActivityIdFormat.W3C).Start();

        var relayed = await node.CallAsync(("echo", NodeName.Parse(beam.Name)), Term.Tuple(new Atom("relay"), Term.Tuple(new Atom("teller"), node.Name.Atom)));
        Assert.Equal(request.TraceId.ToHexString(), relayed.AtomText);

        // Casts take it along, and functions that are called: a process has it from its beginning.
        var (us, there) = (Term.Tuple(new Atom("teller"), node.Name.Atom), NodeName.Parse(beam.Name));
        foreach (var pass in new Func<Task<string?>>[]
        {
            async () => (await node.RpcAsync(there, "gen_server", "call", [us, new Atom("whose")])).AtomText,
            async () =>
            {
                await node.CastAsync(("echo", there), Term.Tuple(new Atom("relay"), us));
                return (await teller.Cast.Reader.ReadAsync(TestContext.Current.CancellationToken)).ToHexString();
            },
            async () =>
            {
                await node.Rpc.CastAsync(there, "gen_server", "cast", [us, new Atom("tell")]);
                return (await teller.Cast.Reader.ReadAsync(TestContext.Current.CancellationToken)).ToHexString();
            },
        })
        {
            Assert.Equal(request.TraceId.ToHexString(), await pass());
        }

        // It ends where the call ends: the next message there has no trace.
        request.Stop();
        Assert.Equal(
            "[]", await beam.EvalAsync($"gen_server:call(echo, token)"));
        Assert.NotEqual(request.TraceId.ToHexString(), await beam.EvalAsync($"gen_server:call({{teller, '{node.Name}'}}, whose)"));
    }

    private const string OtpPeers = """
        -module(otp_peers).
        -export([start/0, init/1, handle_call/3, handle_cast/2, handle_event/4, callback_mode/0, handle_event/2, handle_call/2]).

        start() ->
            {ok, _} = gen_server:start({global, echo}, ?MODULE, server, []),
            {ok, _} = gen_server:start({local, echo}, ?MODULE, server, []),
            {ok, _} = gen_statem:start({local, door}, ?MODULE, statem, []),
            {ok, _} = gen_event:start({local, events}),
            ok = gen_event:add_handler(events, ?MODULE, event).

        init(server) -> {ok, none};
        init(statem) -> {ok, locked, none};
        init(event) -> {ok, []}.

        handle_call(crash, _From, _) -> exit(as_told);
        handle_call(later, From, _) -> {noreply, From};
        handle_call({relay, To}, _From, State) -> {reply, gen_server:call(To, whose), State};
        handle_call(token, _From, State) -> {reply, seq_trace:get_token(), State};
        handle_call(Request, _From, State) -> {reply, {echo, Request}, State}.

        handle_cast({relay, To}, State) -> gen_server:cast(To, tell), {noreply, State};
        handle_cast(now, From) -> gen_server:reply(From, too_late), {noreply, none}.

        callback_mode() -> handle_event_function.
        handle_event({call, From}, state, State, _) -> {keep_state_and_data, [{reply, From, State}]};
        handle_event(cast, unlock, _, Data) -> {next_state, open, Data}.

        handle_event(Event, Seen) -> {ok, [Event | Seen]}.
        handle_call(seen, Seen) -> {ok, lists:reverse(Seen), Seen}.
        """;

    private static async Task<(BeamNode Beam, ErlangNode Node)> PairAsync(Mesh mesh, int release)
    {
        var beam = await mesh.StartBeamAsync(release);
        var node = await mesh.StartOursAsync();
        await node.ConnectAsync(NodeName.Parse(beam.Name));
        return (beam, node);
    }

    private sealed class TraceTeller : GenServer
    {
        internal Channel<ActivityTraceId> Cast { get; } = Channel.CreateUnbounded<ActivityTraceId>();

        protected override ValueTask<ServerResult> HandleCastAsync(Term request)
        {
            Cast.Writer.TryWrite(Activity.Current!.TraceId);
            return NoReply();
        }

        protected override ValueTask<CallResult> HandleCallAsync(Term request, CallRequest call) => Reply(new Atom(Activity.Current!.TraceId.ToHexString()));
    }

    private sealed class Counter : GenServer
    {
        private readonly List<CallRequest> _waiting = [];
        private int _count;

        internal Term? TerminatedWith { get; private set; }

        protected override ValueTask<CallResult> HandleCallAsync(Term request, CallRequest call)
        {
            switch (request.AtomText)
            {
                case "next":
                    return Reply(++_count);
                case "later":
                    _waiting.Add(call);
                    return NoReply();
                case "waiting":
                    return Reply(_waiting.Count);
                case "crash":
                    throw new InvalidOperationException("as told");
                default:
                    Refuse(call, $"{request} is no request");
                    return NoReply();
            }
        }

        protected override ValueTask<ServerResult> HandleCastAsync(Term request)
        {
            _count += request.TupleElements[1].Int32!.Value;
            return NoReply();
        }

        protected override ValueTask<ServerResult> HandleInfoAsync(Term message)
        {
            foreach (var call in _waiting)
                Context.Reply(call, _count);
            return NoReply();
        }

        protected override ValueTask TerminateAsync(Term reason)
        {
            TerminatedWith = reason;
            return default;
        }

        protected override Term FormatState() => Term.Map((new Atom("count"), _count));
    }
}
