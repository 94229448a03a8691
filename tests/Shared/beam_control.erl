%% The fixture's way into a node under test: evaluates expressions that arrive on a private local socket, so that the
%% distribution connections under test stay undisturbed. The node ends when the other side of the socket does.
-module(beam_control).
-export([start/1]).

-define(TEXT, 0).
-define(BYTES, 1).
-define(ELIXIR, 2).

start(Path) ->
    spawn(fun() ->
        case gen_tcp:connect({local, Path}, 0, [local, binary, {packet, 4}, {active, false}]) of
            {ok, Socket} ->
                ok = gen_tcp:send(Socket, hello()),
                loop(Socket);
            {error, _} ->
                halt(1)
        end
    end).

hello() ->
    io_lib:format("~s~n~ts~n~s~n~w", [erlang:system_info(otp_release), atom_to_list(node()), os:getpid(), dist_port()]).

%% The port on which the node accepts distribution connections: its only listening TCP socket at this time.
dist_port() ->
    Listening = [
        Port
     || Socket <- erlang:ports(),
        {name, "tcp_inet"} =:= erlang:port_info(Socket, name),
        {ok, {_, Port}} <- [inet:sockname(Socket)],
        {error, enotconn} =:= inet:peername(Socket)
    ],
    case Listening of
        [Port | _] -> Port;
        [] -> 0
    end.

loop(Socket) ->
    case gen_tcp:recv(Socket, 0) of
        {ok, <<Id:32, Kind, Length:32, Source:Length/binary, In/binary>>} ->
            spawn(fun() -> gen_tcp:send(Socket, [<<Id:32>> | answer(Kind, Source, In)]) end),
            loop(Socket);
        {error, _} ->
            halt(0, [{flush, false}])
    end.

answer(Kind, Source, In) ->
    try
        [0, print(Kind, evaluate(Kind, Source, In))]
    catch
        Class:Reason:Stack ->
            [1, unicode:characters_to_binary(io_lib:format("~0tp:~0tp~n~tp", [Class, Reason, Stack]))]
    end.

evaluate(?ELIXIR, Source, In) ->
    Libraries = filename:join([os:getenv("ELIXIR_HOME", "/usr/lib/elixir"), "lib", "*", "ebin"]),
    code:add_pathsz(filelib:wildcard(Libraries)),
    {ok, _} = application:ensure_all_started(elixir),
    {Value, _} = apply('Elixir.Code', eval_string, [Source, [{input, In}]]),
    Value;
evaluate(_, Source, In) ->
    {ok, Tokens, _} = erl_scan:string(unicode:characters_to_list(Source)),
    {ok, Expressions} = erl_parse:parse_exprs(Tokens),
    {value, Value, _} = erl_eval:exprs(Expressions, [{'In', In}]),
    Value.

print(?TEXT, Value) -> unicode:characters_to_binary(io_lib:format("~0tp", [Value]));
print(?BYTES, Value) -> iolist_to_binary(Value);
print(?ELIXIR, Value) -> apply('Elixir.Kernel', inspect, [Value]).
