%% Within one node: round trips between two processes, and what idle ones take.
-module(pb_local).
-export([main/0]).

main() ->
    pb_lib:main(fun() ->
        rtt(pb_lib:env_int("LOCAL_WARMUP", 2000000),
            pb_lib:env_int("LOCAL_COUNT", 2000000)),
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
