%% Prints random terms in every way io_lib:format/2 knows, one JSON line each:
%%   {"otp": "29", "term": TERM, "prints": {FORMAT: TEXT, ...}}
%% TERM is the text of ~tw, from which the term can be read again. Maps are in the order of their keys.
%%   erlc gen_text.erl && erl -noinput +pc unicode -run gen_text main FILE COUNT SEED
-module(gen_text).
-export([main/1, small/1, json/1]).

-define(MAX_TEXT, 600).

main([File, Count, Seed]) ->
    _ = rand:seed(exsss, {list_to_integer(Seed), 0, 0}),
    Lines = [line(small(rand:uniform(4))) || _ <- lists:seq(1, list_to_integer(Count))],
    ok = file:write_file(File, unicode:characters_to_binary(Lines)),
    halt().

small(Depth) ->
    Term = term(Depth),
    case string:length(io_lib:format("~tw", [Term])) of
        Length when Length =< ?MAX_TEXT -> Term;
        _ -> small(Depth)
    end.

line(Term) ->
    Otp = erlang:system_info(otp_release),
    K = case list_to_integer(Otp) of V when V >= 26 -> "k"; _ -> "" end,
    Text = fun(Format, Arguments) -> lists:flatten(io_lib:format(Format, Arguments)) end,
    Prints =
        [{F, Text("~" ++ M ++ K ++ C, [Term])}
         || {F, M, C} <- [{"~w", "", "w"}, {"~tw", "t", "w"}, {"~p", "", "p"}, {"~tp", "t", "p"}, {"~lp", "l", "p"},
                          {"~0p", "0", "p"}, {"~20p", "20", "p"}, {"~40tp", "40t", "p"}, {"~60.20p", "60.20", "p"}]]
        ++ [{F ++ integer_to_list(D), Text("~" ++ M ++ K ++ C, [Term, D])}
            || {F, M, C} <- [{"~W", "", "W"}, {"~P", "", "P"}, {"~tP", "t", "P"}, {"~30P", "30", "P"}], D <- [1, 2, 3, 5, 9]],
    ["{\"otp\": \"", Otp, "\", \"term\": ", json(Text("~t" ++ K ++ "w", [Term])), ", \"prints\": {",
     lists:join(", ", [[json(F), ": ", json(T)] || {F, T} <- Prints]), "}}\n"].

json(Text) -> [$", [escape(C) || C <- lists:flatten(Text)], $"].

escape($") -> "\\\"";
escape($\\) -> "\\\\";
escape(C) when C < 32 -> io_lib:format("\\u~4.16.0b", [C]);
escape(C) -> C.

term(Depth) when Depth =< 0 -> scalar(rand:uniform(12));
term(Depth) ->
    case rand:uniform(9) of
        N when N =< 2 -> list(Depth, length_of(Depth));
        3 -> list(Depth, 1 + rand:uniform(4)) ++ term(Depth - 2);
        N when N =< 5 -> list_to_tuple(list(Depth, length_of(Depth)));
        6 -> list_to_tuple([atom(rand:uniform(5)) | list(Depth, length_of(Depth))]);
        7 -> maps:from_list([{term(Depth - 2), term(Depth - 1)} || _ <- lists:seq(1, rand:uniform(4) - 1)]);
        8 -> [{atom(rand:uniform(5)), term(Depth - 1)} || _ <- lists:seq(1, rand:uniform(4))];
        9 -> scalar(rand:uniform(12))
    end.

length_of(Depth) -> rand:uniform(case rand:uniform(12) of 1 -> 40 div (Depth * Depth); _ -> 4 end) - 1.

list(Depth, Length) -> [term(Depth - 1) || _ <- lists:seq(1, Length)].

scalar(1) -> rand:uniform(300) - 150;
scalar(2) -> (rand:uniform(1 bsl 40) - 1) bsl rand:uniform(60) * (1 - 2 * (rand:uniform(2) - 1));
scalar(3) -> float();
scalar(4) -> [];
scalar(5) -> characters(latin1, rand:uniform(60) - 1);
scalar(6) -> characters(unicode, rand:uniform(20));
scalar(7) -> list_to_binary(characters(latin1, rand:uniform(80) - 1));
scalar(8) -> unicode:characters_to_binary(characters(unicode, rand:uniform(30)));
scalar(9) -> rand:bytes(rand:uniform(50) - 1);
scalar(10) ->
    Bits = rand:uniform(60) - 1,
    <<(rand:uniform(1 bsl 60) - 1):Bits>>;
scalar(11) -> fun lists:map/2;
scalar(12) -> atom(rand:uniform(6)).

float() ->
    case rand:uniform(3) of
        1 -> (rand:uniform(20000) - 10000) / 100;
        2 -> (rand:uniform(2000) - 1000) * math:pow(10, rand:uniform(60) - 30);
        3 -> case rand:bytes(8) of <<F/float>> -> F; _ -> 0.5 end
    end.

atom(1) -> lists:nth(rand:uniform(8), [ok, error, true, undefined, 'hello world', 'Big', '', 'end']);
atom(2) -> list_to_atom([$a + rand:uniform(26) - 1 || _ <- lists:seq(1, rand:uniform(30))]);
atom(3) -> list_to_atom(characters(latin1, rand:uniform(8)));
atom(4) -> list_to_atom(characters(unicode, rand:uniform(6)));
atom(5) -> 'node@10.0.0.7';
atom(6) -> list_to_atom("f" ++ [lists:nth(rand:uniform(6), "aZ0_@" ++ [16#e5]) || _ <- lists:seq(1, rand:uniform(5))]).

characters(Range, Length) -> [character(Range, rand:uniform(60)) || _ <- lists:seq(1, Length)].

character(_, 1) -> lists:nth(rand:uniform(11), "\n\r\t\v\b\f\e\d\"'\\");
character(_, 2) -> case rand:uniform(4) of 1 -> rand:uniform(32) - 1; _ -> $x end;
character(_, N) when N =< 6 -> 160 + rand:uniform(95);
character(unicode, N) when N =< 20 -> lists:nth(rand:uniform(4), [16#430, 16#4e2d, 16#1f600, 16#20ac]);
character(_, _) -> 31 + rand:uniform(95).
