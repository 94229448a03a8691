%% What Caller.cs is, on a BEAM: calls the members of the group erlclu in turn, and counts.
%%   erl -noshell -name … -run trial_calls main RATE MEMBERS FILE
-module(trial_calls).
-export([main/1]).

main([Rate, Least, Until]) ->
    {ok, _} = pg:start_link(),
    await(list_to_integer(Least)),
    io:format("calling~n"),
    Begun = erlang:monotonic_time(millisecond),
    Made = loop(list_to_integer(Rate), Begun, Until, 0),
    Taken = erlang:monotonic_time(millisecond) - Begun,
    {Answers, Failures} = collect(Made, #{}, #{}),
    Failed = lists:sum(maps:values(Failures)),
    Versions = lists:join(", ", [io_lib:format("~b by version ~tp", [N, Version]) || Version := N <- Answers]),
    io:format("~b calls in ~b s, ~b failed; answered: ~ts~n", [Made, Taken div 1000, Failed, Versions]),
    [io:format("failed ~b times: ~tp~n", [N, Why]) || Why := N <- Failures],
    halt(min(Failed, 1)).

await(Least) ->
    case length(pg:get_members(erlclu)) >= Least of
        true -> ok;
        false -> timer:sleep(20), await(Least)
    end.

%% By the clock: whoever was held up makes up for it.
loop(Rate, Begun, Until, Made) ->
    case filelib:is_file(Until) of
        true -> Made;
        false ->
            Due = (erlang:monotonic_time(millisecond) - Begun) * Rate div 1000,
            Counter = self(),
            [spawn(fun() -> Counter ! call(N) end) || N <- lists:seq(Made + 1, Due)],
            timer:sleep(5),
            loop(Rate, Begun, Until, max(Made, Due))
    end.

call(N) ->
    case pg:get_members(erlclu) of
        [] -> {failed, nobody};
        Members ->
            Member = lists:nth(N rem length(Members) + 1, Members),
            try gen_server:call(Member, greet, 30000) of
                {hello, _, Version} -> {answered, Version};
                Other -> {failed, {node(Member), Other}}
            catch
                Class:Why -> {failed, {node(Member), Class, Why}}
            end
    end.

collect(0, Answers, Failures) -> {Answers, Failures};
collect(N, Answers, Failures) ->
    receive
        {answered, Version} -> collect(N - 1, count(Version, Answers), Failures);
        {failed, Why} -> collect(N - 1, Answers, count(Why, Failures))
    end.

count(Key, Counts) -> maps:update_with(Key, fun(N) -> N + 1 end, 1, Counts).
