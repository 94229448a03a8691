using Enmesh.Behaviours;
using Enmesh.Processes;
using Enmesh.Terms;
using Enmesh.TestSupport;
using Xunit;

namespace Enmesh.Interop.Tests.Services;

/// <summary>Real nodes call functions here: <c>erpc</c>, <c>rpc</c> and <c>erl_call</c>.</summary>
[Trait("Ring", "interop")]
public sealed class RpcServerTests
{
    // What a BEAM answers for itself is the yardstick.
    private const string Failures = """
        Cases = [
            {erlang, throw, [x]}, {erlang, exit, [x]}, {erlang, exit, [normal]}, {erlang, exit, [kill]}, {erlang, error, [x]}, {erlang, error, [x, [1]]},
            {nomod, nofun, []}, {nomod, nofun, [1, {a}]}, {erlang, nofun, [1]}, {lists, nofun, [1]},
            {erlang, node, [foo]}, {erlang, nodes, [foo]}, {erlang, nodes, [[a | b]]}, {erlang, whereis, [1]}, {erlang, process_info, [x]},
            {erlang, process_info, [x, y]}, {erlang, system_info, [foo]}, {erlang, statistics, [foo]}, {erlang, is_process_alive, [x]},
            {erlang, system_time, [foo]}, {1, foo, []}, {erlang, 1, []}, {erlang, node, foo}, {erlang, node, [a | b]}, {nomod, foo, foo},
            {erlang, node, lists:seq(1, 300)}, {nomod, nofun, lists:seq(1, 300)}, {erlang, apply, [erlang, nofun, []]},
            {sys, get_state, [nobody_here, 100]}, {supervisor, which_children, [nobody_here]}
        ],
        """;

    public static TheoryData<int> Releases => Otp.Releases;

    [Theory]
    [MemberData(nameof(Releases))]
    public async Task A_failure_reaches_the_caller_as_that_of_a_BEAM_does(int release)
    {
        await using var pair = await Pair.StartAsync(release);
        // The location of a frame tells lines of OTP's own sources; those of BIFs say more from OTP 24 on.
        var differences = await pair.Beam.EvalAsync(
            $$"""
            {{Failures}}
            Result = fun(Node, {M, F, A}) ->
                Res = make_ref(),
                {_, Ref} = erlang:spawn_opt(Node, erpc, execute_call, [Res, M, F, A], [monitor]),
                receive {'DOWN', Ref, process, _, Reason} -> Reason after 20000 -> timeout end
            end,
            Plain = fun(Reason) when is_tuple(Reason), tuple_size(Reason) =:= 4 ->
                    Stack = [case Frame of {M, F, A, [{file, _} | _]} -> {M, F, A, []}; _ when {{release}} < 25 -> setelement(4, Frame, []); _ -> Frame end
                        || Frame <- element(4, Reason)],
                    setelement(4, Reason, Stack);
                (Reason) -> Reason
            end,
            Compare = fun(Case) ->
                Theirs = Plain(setelement(1, Result(node(), Case), ref)),
                Ours = Plain(setelement(1, Result('{{pair.Node.Name}}', Case), ref)),
                case Ours of Theirs -> []; _ -> [{Case, Theirs, Ours}] end
            end,
            lists:flatmap(Compare, Cases)
            """);
        Assert.Equal("[]", differences);
    }

    [Theory]
    [MemberData(nameof(Releases))]
    public async Task Calls_through_rex_and_casts_fail_as_those_to_a_BEAM(int release)
    {
        await using var pair = await Pair.StartAsync(release);
        var differences = await pair.Beam.EvalAsync(
            $$"""
            {{Failures}}
            Plain = fun F(Term) when is_list(Term), Term =/= [] ->
                    try [F(T) || T <- Term] catch _:_ -> Term end;
                F({M, N, A, Info}) when is_list(Info) -> {M, N, A, case Info of [{error_info, _} | _] when {{release}} >= 25 -> Info; _ -> [] end};
                F(Term) when is_tuple(Term) -> list_to_tuple([F(T) || T <- tuple_to_list(Term)]);
                F(Term) -> Term
            end,
            Cast = fun(Node, {M, F, A}) ->
                {_, Ref} = erlang:spawn_opt(Node, erpc, execute_cast, [M, F, A], [monitor]),
                receive {'DOWN', Ref, process, _, Reason} -> Plain(Reason) after 20000 -> timeout end
            end,
            Rex = fun(Node, {M, F, A}) -> Plain(gen_server:call({rex, Node}, {call, M, F, A, group_leader()}, 20000)) end,
            Block = fun(Node, {M, F, A}) -> Plain(gen_server:call({rex, Node}, {block_call, M, F, A, group_leader()}, 20000)) end,
            Us = '{{pair.Node.Name}}',
            Compare = fun(Case) ->
                [{Case, Theirs, Ours} || Way <- [Cast, Rex, Block], Theirs <- [Way(node(), Case)], Ours <- [Way(Us, Case)], Theirs =/= Ours]
            end,
            error_logger:tty(false),
            lists:flatmap(Compare, Cases)
            """);
        Assert.Equal("[]", differences);
    }

    [Theory]
    [MemberData(nameof(Releases))]
    public async Task Exported_functions_fail_with_the_class_they_choose(int release)
    {
        await using var pair = await Pair.StartAsync(release);
        Export(pair.Node);
        var us = $"'{pair.Node.Name}'";
        Assert.Equal(
            "{throw,ball}",
            await pair.Beam.EvalAsync($"try erpc:call({us}, t, throw, [ball]) catch C:R -> {{C, R}} end"));
        Assert.Equal(
            "{exit,{exception,out}}",
            await pair.Beam.EvalAsync($"try erpc:call({us}, t, exit, [out]) catch C:R -> {{C, R}} end"));
        Assert.Equal(
            "{error,exception,oops,{t,error,1,[]}}",
            await pair.Beam.EvalAsync($"try erpc:call({us}, t, error, [oops]) catch error:{{E, R, Stack}} -> {{error, E, R, lists:last(Stack)}} end"));
        Assert.Equal("ball", await pair.Beam.EvalAsync($"rpc:call({us}, t, throw, [ball])"));
        Assert.Equal("{badrpc,{'EXIT',out}}", await pair.Beam.EvalAsync($"rpc:call({us}, t, exit, [out])"));
        Assert.Equal(
            "{exception,<<\"System.InvalidOperationException\">>,<<\"broken\">>}",
            await pair.Beam.EvalAsync(
                $"{{badrpc, {{'EXIT', {{Reason, [_ | _]}}}}}} = rpc:call({us}, t, net, []), Reason"));
        // The frames of .NET are frames.
        Assert.Equal(
            "true",
            await pair.Beam.EvalAsync(
                $"try erpc:call({us}, t, net, []) catch error:{{exception, _, [{{M, F, A, L}} | _]}} -> is_atom(M) and is_atom(F) and is_integer(A) and is_list(L) end"));
        Assert.Equal(
            "{exit,{signal,killed}}",
            await pair.Beam.EvalAsync($"try erpc:call({us}, t, suicide, []) catch C:R -> {{C, R}} end"));
        Assert.Equal("pong", await pair.Beam.EvalAsync($"net_adm:ping({us})"));
    }

    [Theory]
    [MemberData(nameof(Releases))]
    public async Task Every_way_to_call_is_answered(int release)
    {
        await using var pair = await Pair.StartAsync(release);
        Export(pair.Node);
        var us = $"'{pair.Node.Name}'";
        Assert.Equal("[1,2]", await pair.Beam.EvalAsync($"erpc:call({us}, t, echo, [[1, 2]])"));
        Assert.Equal("{a}", await pair.Beam.EvalAsync($"rpc:call({us}, t, echo, [{{a}}], 5000)"));
        Assert.Equal("b", await pair.Beam.EvalAsync($"rpc:block_call({us}, t, echo, [b])"));
        Assert.Equal("c", await pair.Beam.EvalAsync($"rpc:yield(rpc:async_call({us}, t, echo, [c]))"));
        Assert.Equal("d", await pair.Beam.EvalAsync($"erpc:receive_response(erpc:send_request({us}, t, echo, [d]))"));
        Assert.Equal(
            "{response,e}",
            await pair.Beam.EvalAsync($"erpc:wait_response(erpc:send_request({us}, t, echo, [e]), 20000)"));
        Assert.Equal(
            "[{ok,f},{ok,f}]",
            await pair.Beam.EvalAsync($"[{{ok, f}} = R || R <- erpc:multicall([{us}, {us}], t, echo, [f])]"));
        Assert.Equal("{[g],[]}", await pair.Beam.EvalAsync($"rpc:multicall([{us}], t, echo, [g])"));
        Assert.Equal(
            "{[x],[]}",
            await pair.Beam.EvalAsync($"{{[N], []}} = rpc:sbcast([{us}], rex, hello), {{[x || {us} <- [N]], []}}"));
        Assert.Equal(
            "{[],[x]}",
            await pair.Beam.EvalAsync(
                $"{{[], [N]}} = rpc:sbcast([{us}], nobody_here, hello), {{[], [x || {us} <- [N]]}}"));
        Assert.Equal(
            "{error,nodedown}", await pair.Beam.EvalAsync($"rpc:server_call({us}, nobody_here, wrapper, hello)"));
        Assert.Equal("{wrapped,hello}", await pair.Beam.EvalAsync($"rpc:server_call({us}, server, wrapper, hello)"));
        await pair.Beam.EvalAsync($"register(sink, self()), rpc:cast({us}, t, send, [self(), cast]), receive cast -> ok after 20000 -> exit(no_cast) end");
        await pair.Beam.EvalAsync(
            $"erpc:cast({us}, t, send, [self(), cast]), receive cast -> ok after 20000 -> exit(no_cast) end");
        await pair.Beam.EvalAsync(
            $"rpc:eval_everywhere([{us}], t, send, [self(), all]), receive all -> ok after 20000 -> exit(no_cast) end");
        Assert.Equal(
            "timeout",
            await pair.Beam.EvalAsync($"try erpc:call({us}, t, sleep, [], 10) catch error:{{erpc, R}} -> R end"));
    }

    [Theory]
    [MemberData(nameof(Releases))]
    public async Task Spawned_functions_run_and_funs_never_do(int release)
    {
        await using var pair = await Pair.StartAsync(release);
        Export(pair.Node);
        var us = $"'{pair.Node.Name}'";
        Assert.Equal(
            "hello",
            await pair.Beam.EvalAsync(
                $"spawn({us}, t, send, [self(), hello]), receive M -> M after 20000 -> nothing end"));
        const string NoFun = "{notsup,<<\"A fun is code of the node that made it; this node runs none. Call an exported function by name.\">>}";
        Assert.Equal(
            NoFun,
            await pair.Beam.EvalAsync(
                $"try erpc:call({us}, fun() -> halt() end) catch error:{{exception, R, _}} -> R end"));
        foreach (var call in new[] { "code:load_binary(m, \"m\", <<>>)", "dbg:tracer()", "net_kernel:spawn(a)", "os:cmd(\"id\")", "init:stop()", "erlang:halt()", "erlang:get_cookie()" })
        {
            var (module, function, arguments) = Split(call);
            Assert.Equal("notsup", await pair.Beam.EvalAsync($"try erpc:call({us}, {module}, {function}, [{arguments}]) catch error:{{exception, {{R, T}}, [_]}} when is_binary(T) -> R end"));
        }
        // An external fun is a name, and an exported function answers to its name.
        Assert.Equal("fine", await pair.Beam.EvalAsync($"erpc:call({us}, fun t:fine/0)"));
    }

    [Theory]
    [MemberData(nameof(Releases))]
    public async Task Erl_call_gets_its_answer_and_the_output(int release)
    {
        await using var pair = await Pair.StartAsync(release);
        Export(pair.Node);
        var address = pair.Node.Name.ToString();
        var called = await pair.Beam.RunToolAsync(["erl_call", "-address", $"127.0.0.2:{pair.Beam.Port}", "-c", pair.Beam.Cookie, "-a", "t echo [[1,{two}]]"]);
        if (called.ExitCode != 0)
            called = await pair.Beam.RunToolAsync(
                ["erl_call", "-name", address, "-c", pair.Beam.Cookie, "-a", "t echo [[1,{two}]]"]);
        Assert.Contains("[1, {two}]", called.Output, StringComparison.Ordinal);
        if (release < 25)
            return;
        var printed = await pair.Beam.RunToolAsync(
            ["erl_call", "-address", $"127.0.0.2:{pair.Beam.Port}", "-c", pair.Beam.Cookie, "-fetch_stdout", "-a", "io put_chars [[104,105,10]]"]);
        Assert.StartsWith("hi\n", printed.Output, StringComparison.Ordinal);
    }

    [Theory]
    [MemberData(nameof(Releases))]
    public async Task A_published_node_is_among_those_that_are_asked_all_together(int release)
    {
        await using var pair = await Pair.StartAsync(release, published: true);
        Export(pair.Node);
        var us = $"'{pair.Node.Name}'";
        await pair.Beam.EvalAsync($"pong = net_adm:ping({us})");
        Assert.Equal("{true,[]}", await pair.Beam.EvalAsync($"{{Nodes, Bad}} = rpc:multicall(erlang, node, []), {{lists:sort(Nodes) =:= lists:sort([node(), {us}]), Bad}}"));
        pair.Beam.Announce("{undef,[{t,send,"); // everywhere is there as well
        Assert.Equal(
            "ok", await pair.Beam.EvalAsync("rpc:eval_everywhere(t, send, [self(), everywhere]), receive everywhere -> ok after 20000 -> nobody end"));
        Assert.Equal($"['{pair.BeamName}']", await pair.Beam.EvalAsync($"rpc:call({us}, erlang, nodes, [])"));
        Assert.Equal("[]", await pair.Beam.EvalAsync($"rpc:call({us}, erlang, nodes, [hidden])"));
    }

    // The messages that the pages of observer, and etop, wait for (records of observer_backend.hrl).
    [Theory]
    [MemberData(nameof(Releases))]
    public async Task Observer_finds_what_it_asks_for(int release)
    {
        await using var pair = await Pair.StartAsync(release);
        var us = $"'{pair.Node.Name}'";
        await pair.Node.StartSupervisorAsync(new()
        {
            Name = "root",
            Children = [ChildSpec.Server("leaf", () => new Leaf(), new() { Name = "leaf" })],
        });
        await pair.Beam.EvalAsync(
            $$"""
            {module, observer_backend} = rpc:call({{us}}, code, ensure_loaded, [observer_backend]),
            true = rpc:call({{us}}, erlang, function_exported, [observer_backend, procs_info, 1]),
            P1 = spawn_link({{us}}, observer_backend, procs_info, [self()]),
            Pid = receive {procs_info, P1, [{etop_proc_info, First, _, _, _, _, _, _} | _] = Rows} when is_pid(First), length(Rows) > 3 -> First after 20000 -> exit(no_rows) end,
            P2 = spawn_link({{us}}, observer_backend, etop_collect, [self()]),
            receive {P2, {etop_info, {_, _, _}, N, _, [{1, _, _} | _], _, _, [{total, _} | _], [_ | _]} } when N > 3 -> ok after 20000 -> exit(no_info) end,
            P3 = spawn_link({{us}}, observer_backend, fetch_stats, [self(), 10]),
            receive {stats, 1, [{1, _, _} | _], { {input, _}, {output, _} }, [{total, _} | _]} -> ok after 20000 -> exit(no_stats) end,
            unlink(P3), exit(P3, normal), P3 ! stop,
            Info = rpc:call({{us}}, observer_backend, sys_info, []),
            [true = lists:keymember(K, 1, Info) || K <- [uptime, run_queue, io_input, io_output, schedulers, otp_release, version, alloc_info, process_count, total, processes]],
            [true = proplists:get_value(K, Info) > 0 || K <- [atom_limit, process_limit, port_limit, ets_limit]],
            Carriers = [{Used, Size} || {_, [{instance, 0, [{mbcs, [{blocks, [{_, [{size, Used, _, _}]}]}, {carriers_size, Size, _, _}]}, {sbcs, _}]}]}
                <- proplists:get_value(alloc_info, Info)],
            true = length(Carriers) > 2, true = lists:all(fun({Used, Size}) -> Used =< Size andalso Size > 0 end, Carriers),
            Items = [binary, catchlevel, current_function, error_handler, garbage_collection, group_leader, heap_size, initial_call, last_calls, links, memory,
                message_queue_len, monitored_by, monitors, priority, reductions, registered_name, sequential_trace_token, stack_size, status, suspending,
                total_heap_size, trace, trap_exit],
            [{binary, []} | _] = Values = erpc:call({{us}}, erlang, process_info, [Pid, Items]),
            Items = [K || {K, _} <- Values],
            {proc_lib, init_p, 5} = rpc:call({{us}}, proc_lib, translate_initial_call, [Pid]),
            {ok, Monitor} = rpc:call({{us}}, appmon_info, start_link2, [self(), self(), []]),
            gen_server:cast(Monitor, {self(), app_ctrl, {{us}}, true, []}),
            receive {delivery, Monitor, app_ctrl, _, [{_, enmesh, {enmesh, _, _} } | _]} -> ok after 20000 -> exit(no_applications) end,
            gen_server:cast(Monitor, {self(), app, "enmesh", true, []}),
            receive {delivery, Monitor, app, "enmesh", {[], [], [], []} } -> ok after 20000 -> exit(no_answer) end,
            gen_server:cast(Monitor, {self(), app, enmesh_interop_tests, true, []}),
            receive {delivery, Monitor, app, _, {"root", Pids, [{"root", "leaf"}], []} } -> ["leaf", "root"] = lists:sort([N || {_, N} <- Pids]) after 20000 -> exit(no_tree) end,
            {'Leaf', init, 1} = rpc:call({{us}}, proc_lib, translate_initial_call, [rpc:call({{us}}, erlang, whereis, [leaf])]),
            {behaviour, [gen_server]} = lists:keyfind(behaviour, 1, rpc:call({{us}}, 'Leaf', module_info, [attributes])),
            {status, _, {module, gen_server}, [_ | _]} = rpc:call({{us}}, sys, get_status, [rpc:call({{us}}, erlang, whereis, [leaf]), 20000]),
            unlink(Monitor), exit(Monitor, normal),
            ok
            """);
    }

    [Theory]
    [MemberData(nameof(Releases))]
    public async Task A_peer_stops_the_node_where_it_may(int release)
    {
        await using var pair = await Pair.StartAsync(release, change: static plan => plan with { StopByPeers = true });
        var us = $"'{pair.Node.Name}'";
        Assert.Equal("{ok,down}", await pair.Beam.EvalAsync(
            $"pong = net_adm:ping({us}), true = erlang:monitor_node({us}, true), Ok = rpc:call({us}, init, stop, [3]), receive {{nodedown, {us}}} -> {{Ok, down}} after 20000 -> {{Ok, up}} end"));
        Assert.Equal(3, await pair.Node.StopRequested);
    }

    [Fact]
    public async Task Elixir_calls_several_nodes_of_several_releases_ours_among_them()
    {
        await using var pair = await Pair.StartAsync(Otp.Newest);
        Export(pair.Node);
        var code = $$"""
            nodes = [node(), :"{{pair.Node.Name}}"]
            [{:ok, a}, {:ok, b}] = :erpc.multicall(nodes, :erlang, :node, [])
            [error: {:exception, :undef, _}, ok: 7] = :erpc.multicall(nodes, :t, :echo, [7])
            :hello = :rpc.call(:"{{pair.Node.Name}}", :t, :echo, [:hello])
            caught = try do
              :erpc.call(:"{{pair.Node.Name}}", :t, :error, [:oops])
            rescue
              e in ErlangError -> elem(e.original, 1)
            end
            {[a, b] == nodes, caught, :erpc.call(:"{{pair.Node.Name}}", Node, :self, []) in nodes}
            """;
        Assert.Equal("{true, :oops, true}", await pair.Beam.EvalElixirAsync(code));
    }

    private sealed class Leaf : GenServer;

    private static (string Module, string Function, string Arguments) Split(string call)
    {
        var colon = call.IndexOf(':', StringComparison.Ordinal);
        var open = call.IndexOf('(', StringComparison.Ordinal);
        return (call[..colon], call[(colon + 1)..open], call[(open + 1)..^1]);
    }

    private static void Export(ErlangNode node)
    {
        node.Functions.Export("t", "echo", 1, static (_, arguments) => new(arguments[0]));
        node.Functions.Export("t", "throw", 1, static (_, arguments) => throw ErlangException.Throw(arguments[0]));
        node.Functions.Export("t", "exit", 1, static (_, arguments) => throw ErlangException.Exit(arguments[0]));
        node.Functions.Export("t", "error", 1, static (_, arguments) => throw ErlangException.Error(arguments[0]));
        node.Functions.Export("t", "net", 0, static (_, _) => throw new InvalidOperationException("broken"));
        node.Functions.Export("t", "suicide", 0, static async (context, _) =>
        {
            context.SendExit(context.Self, new Atom("kill"));
            return await context.ReceiveAsync();
        });
        node.Functions.Export("t", "fine", 0, static (_, _) => new(new Atom("fine")));
        node.Functions.Export("t", "sleep", 0, static async (context, _) => await context.ReceiveAsync());
        node.Functions.Export("t", "send", 2, static async (context, arguments) =>
        {
            await context.SendAsync(arguments[0].Pid!, arguments[1]);
            return Atoms.Ok;
        });
        // {self(), Message} is answered {wrapper, node(), Reply}
        node.Spawn(static async context =>
        {
            while (true)
            {
                if ((await context.ReceiveAsync()).TupleElements is [{ Pid: { } from }, var message])
                    context.TrySend(
                        from,
                        Term.Tuple(new Atom("wrapper"), context.Node.Atom, Term.Tuple(new Atom("wrapped"), message)));
            }
        }, "server");
    }
}
