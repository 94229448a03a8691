%% Formats random arguments with random and chosen formats, one JSON line each:
%%   {"otp": "29", "format": FORMAT, "arguments": LIST, "text": TEXT}
%% LIST is the text of ~tw; TEXT is null where io_lib:format/2 ends with badarg.
%%   erlc gen_format.erl gen_text.erl && erl -noinput -run gen_format main FILE COUNT SEED
-module(gen_format).
-export([main/1]).

main([File, Count, Seed]) ->
    _ = rand:seed(exsss, {list_to_integer(Seed), 0, 0}),
    Lines = [line(F, A) || {F, A} <- chosen()] ++ [random() || _ <- lists:seq(1, list_to_integer(Count))],
    ok = file:write_file(File, unicode:characters_to_binary(Lines)),
    halt().

line(Format, Arguments) ->
    Text =
        try lists:flatten(io_lib:format(Format, Arguments)) of
            T -> gen_text:json(T)
        catch
            error:badarg -> "null"
        end,
    ["{\"otp\": \"", erlang:system_info(otp_release), "\", \"format\": ", gen_text:json(Format), ", \"arguments\": ",
     gen_text:json(io_lib:format("~tw", [Arguments])), ", \"text\": ", Text, "}\n"].

random() ->
    Parts = [part(rand:uniform(8)) || _ <- lists:seq(1, rand:uniform(4))],
    Format = lists:append([F || {F, _} <- Parts]),
    Arguments = lists:append([A || {_, A} <- Parts]),
    %% A wrong number of them now and then.
    case rand:uniform(40) of
        1 -> line(Format, Arguments ++ [more]);
        2 when Arguments =/= [] -> line(Format, tl(Arguments));
        _ -> line(Format, Arguments)
    end.

part(1) -> {one_of(["a", "text: ", "\t", "\n", "x\ty", "å", "€ "]), []};
part(_) ->
    {Letter, Arguments} = letter(rand:uniform(16)),
    {Width, A1} = number(["", "", "", "0", "1", "5", "10", "20", "-10", "-3", "*"]),
    {Precision, A2} = number(["", "", "", "", ".1", ".2", ".5", ".16", ".20", ".*"]),
    {Pad, A3} = pad(Precision),
    Modifiers = one_of(["", "", "t", "t", "l", "tl", "lt"]),
    {"~" ++ Width ++ Precision ++ Pad ++ Modifiers ++ Letter, A1 ++ A2 ++ A3 ++ Arguments}.

number(From) ->
    case one_of(From) of
        "*" -> {"*", [rand:uniform(40) - 10]};
        ".*" -> {".*", [rand:uniform(20)]};
        Text -> {Text, []}
    end.

pad("") -> {one_of(["", "", "", "..0", "..x"]), []};
pad(_) ->
    case rand:uniform(6) of
        1 -> {".0", []};
        2 -> {".*", [$_]};
        3 -> {".é", []};
        _ -> {"", []}
    end.

letter(1) -> {"w", [gen_text:small(rand:uniform(3))]};
letter(2) -> {"p", [gen_text:small(rand:uniform(3))]};
letter(3) -> {"W", [gen_text:small(rand:uniform(3)), rand:uniform(9) - 2]};
letter(4) -> {"P", [gen_text:small(rand:uniform(3)), rand:uniform(9) - 2]};
letter(N) when N =< 7 -> {"s", [text(rand:uniform(9))]};
letter(8) -> {"e", [float()]};
letter(9) -> {"f", [float()]};
letter(10) -> {"g", [float()]};
letter(11) -> {one_of(["b", "B"]), [integer()]};
letter(12) -> {one_of(["x", "X"]), [integer(), one_of(["0x", '16#', "", ["a", [$b]], x, 7])]};
letter(13) -> {one_of(["+", "#"]), [integer()]};
letter(14) -> {"c", [one_of([$a, $å, 16#20AC, 16#1F600, 300, 0, 10])]};
letter(15) -> {one_of(["~", "n"]), []};
letter(16) -> {"i", [anything]}.

text(1) -> "plain";
text(2) -> ["deep", [<<"binary">>, $c], [[]]];
text(3) -> ["improper" | <<"tail">>];
text(4) -> <<"åäö"/utf8>>;
text(5) -> "åäö€";
text(6) -> one_of([atom, 'åtom', '€', '']);
text(7) -> <<255, 254, "latin">>;
text(8) -> one_of([1, {a}, ["x", atom], [-1], [$a | $b], <<1:3>>]);
text(9) -> [101, 769, 97, 128104, 8205, 128105].

integer() -> one_of([0, 1, -1, 255, -255, 4096, rand:uniform(1 bsl 70), -rand:uniform(1 bsl 130), 1.0, atom]).

float() ->
    one_of([0.0, 1.0, -1.0, 0.1, 0.5, 1.5, 2.5, 0.05, 9.995, 99.95, 999.5, 9999.5, 10000.0, 0.099999, 1.0e22, 1.0e-10, 123.456789,
            1.7976931348623157e308, 5.0e-324, 0.000123, (rand:uniform() - 0.5) * math:pow(10, rand:uniform(40) - 20),
            rand:uniform() * 100, 3, atom]).

one_of(L) -> lists:nth(rand:uniform(length(L)), L).

chosen() ->
    [{"~p", [[{a, 1}, {b, "text"}]]}, {"abc ~p", [lists:seq(1, 60)]}, {"a\tb ~p~n~p", [lists:seq(1, 60), lists:seq(1, 60)]},
     {"~s ~p", ["wide text of some length", lists:duplicate(20, abcdef)]}, {"~~~10~~5n|", []}, {"~*c", [5, $x]}, {"~-5n", []},
     {"~Kp", [reversed, #{1 => a, 2 => b}]}, {"~kp", [#{1 => a, 2 => b}]}, {"~Kw", [ordered, #{1 => a, 2 => b}]},
     {"~z", [1]}, {"~", []}, {"~10", []}, {"~p", []}, {"no", [1]}, {"~.1b", [5]}, {"~.37b", [5]}, {"~.36B", [123456789]},
     {"~.1e", [1.0]}, {"~.0f", [1.0]}, {"~.0g", [1.0]}, {"~3..0b", [7]}, {"~3..0b", [-7]}, {"~2..0w", [1]}, {"~10s|", ["abc"]},
     {"~-10s|", ["abc"]}, {"~5.3s|", ["abcdef"]}, {"~-5.3s|", ["abcdef"]}, {"~.3s|", ["abcdef"]}, {"~.8s|", ["abc"]}, {"~3.5s", ["abc"]},
     {"~10.4s|", ["ab"]}, {"~8.3c|", [$a]}, {"~-8.3c|", [$a]}, {"~2.3c", [$a]}, {"~8w|", [abc]}, {"~2w|", [abc]}, {"~8.2w|", [abc]},
     {"~-8w|", [abc]}, {"~.2w|", [abc]}, {"~10.3.*f|", [$*, 3.14159]}, {"~-10p", [a]}, {"~0p", [lists:seq(1, 60)]},
     {"~p", [fun lists:map/2]}, {"~30p", [#{abc => lists:seq(1, 30)}]}, {"~s", [[1024]]}, {"~ts", [[1024]]}, {"~s", [<<1024/utf8>>]},
     {"~tp ~tp", [<<"é"/utf8>>, "é"]}, {"~tp", ["я"]}, {"~*.*.*s", [10, 3, $., "abcdef"]}, {"~*s|", [-10, "abc"]}, {"~-*s|", [-10, "abc"]}].
