%% Reads the snippets of snippets.txt (between lines of four hyphens) as terms and writes what came out, one JSON line each:
%%   {"otp": "29", "text": TEXT, "hex": TERM}    TERM in the external term format
%%   {"otp": "29", "text": TEXT, "error": WHY}
%%   erlc gen_parse.erl && erl -noinput -run gen_parse main snippets.txt FILE
-module(gen_parse).
-export([main/1]).

main([Snippets, File]) ->
    {ok, Bytes} = file:read_file(Snippets),
    Texts = [unicode:characters_to_list(Text) || Text <- binary:split(Bytes, <<"\n----\n">>, [global])],
    Lines = [["{\"otp\": \"", erlang:system_info(otp_release), "\", \"text\": ", json(Text), ", ", result(Text), "}\n"]
             || Text <- [string:trim(T, trailing, "\n") || T <- Texts]],
    ok = file:write_file(File, unicode:characters_to_binary(Lines)),
    halt().

result(Text) ->
    try value(Text) of
        Term -> ["\"hex\": \"", [io_lib:format("~2.16.0b", [B]) || <<B>> <= term_to_binary(Term)], "\""]
    catch
        _:Why -> ["\"error\": ", json(lists:flatten(io_lib:format("~0tP", [Why, 12])))]
    end.

%% The dot may be missing.
value(Text) ->
    {ok, Tokens, End} = erl_scan:string(Text, {1, 1}),
    case lists:reverse(Tokens) of
        [{dot, _} | _] -> parse(Tokens);
        _ -> parse(Tokens ++ [{dot, End}])
    end.

parse(Tokens) ->
    {ok, Term} = erl_parse:parse_term(Tokens),
    Term.

json(Text) -> [$", [escape(C) || C <- Text], $"].

escape($") -> "\\\"";
escape($\\) -> "\\\\";
escape(C) when C < 32 -> io_lib:format("\\u~4.16.0b", [C]);
escape(C) -> C.
