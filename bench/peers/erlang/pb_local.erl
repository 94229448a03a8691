%% Within one node: round trips between two processes, and what idle ones take.
-module(pb_local).
-export([main/0]).

main() ->
    pb_lib:main(fun() ->
        rtt(pb_lib:env_int("LOCAL_WARMUP", 2000000),
            pb_lib:env_int("LOCAL_COUNT", 2000000)),
        calls(pb_lib:env_int("LOCAL_CALLS", 400000)),
        idle(pb_lib:env_int("LOCAL_PROCESSES", 1000000))
    end).

rtt(Warm, N) ->
    Echo = spawn(fun echo/0),
    {_, Mon} = spawn_monitor(fun() ->
        pings(Echo, Warm),
        {ok, Ns, P} = pb_lib:measure(fun() -> pings(Echo, N) end, ""),
        pb_lib:emit("local.rtt", Ns / 1000 / N, "us", [{iterations, N} | P])
    end),
    receive {'DOWN', Mon, process, _, normal} -> ok end.

echo() ->
    receive {ping, From, N} -> From ! {pong, N} end,
    echo().

pings(_, 0) -> ok;
pings(Echo, N) ->
    Echo ! {ping, self(), N},
    receive {pong, N} -> pings(Echo, N - 1) end.

%% Calls of a gen_server of the same node, one after another. A request is a term however it was made: the typed ones are the same again.
calls(N) ->
    {ok, _} = pb_server:start_link(),
    echoes(N div 4),
    {ok, Ns, P} = pb_lib:measure(fun() -> echoes(N) end, ""),
    pb_lib:emit("local.call", Ns / 1000 / N, "us", [{iterations, N} | P]),
    pb_lib:emit("local.typed", 1.0, "x", [{iterations, N} | P]).

echoes(0) -> ok;
echoes(N) ->
    N = gen_server:call(bench_server, {echo, N}),
    echoes(N - 1).

%% Resident bytes for each of so many processes that wait for a message.
idle(N) ->
    Before = pb_lib:mem_kb(rss, pb_lib:os_pid()),
    {Pids, Ns, P} = pb_lib:measure(fun() ->
        [spawn(fun() -> receive stop -> ok end end) || _ <- lists:seq(1, N)]
    end, ""),
    Rss = pb_lib:mem_kb(rss, pb_lib:os_pid()) - Before,
    true = lists:all(fun is_process_alive/1, Pids),
    Params = [{processes, N}, {rss_mib, Rss / 1024} | P],
    pb_lib:emit("local.process", Rss * 1024 / N, "bytes", Params),
    pb_lib:emit("local.spawn", N * 1.0e9 / Ns, "spawns/s", Params).
