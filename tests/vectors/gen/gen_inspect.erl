%% Prints random terms as Elixir's inspect/2 does, one JSON line each:
%%   {"elixir": "1.18.3", "term": TERM, "prints": {OPTIONS: TEXT, ...}}
%% TERM is the text of ~tw, from which the term can be read again.
%%   erlc gen_text.erl gen_inspect.erl && erl -noinput -pa /usr/lib/elixir/lib/elixir/ebin -run gen_inspect main FILE COUNT SEED
-module(gen_inspect).
-export([main/1]).

main([File, Count, Seed]) ->
    {ok, _} = application:ensure_all_started(elixir),
    _ = rand:seed(exsss, {list_to_integer(Seed), 0, 0}),
    {Known, _} = 'Elixir.Code':eval_string(known()),
    Random = [gen_text:small(rand:uniform(4)) || _ <- lists:seq(1, list_to_integer(Count))],
    Lines = [line(Term, lists:sublist(ways(), 3)) || Term <- Known] ++ [line(Term, ways()) || Term <- Random],
    ok = file:write_file(File, unicode:characters_to_binary(Lines)),
    halt().

%% What random terms seldom are.
known() ->
    <<"""
    defmodule Foo.Bar do
      defstruct [:a, :b, list: []]
    end
    defmodule :plain do
      defstruct [:x]
    end
    defmodule Empty do
      defstruct []
    end
    atoms = ~w(& ... ! ^ not + - @ <- \\ when | = || ||| or && &&& and == != =~ === !== < <= >= > |> <<< >>> <~ ~> <<~ ~>>
      <~> in ++ -- .. <> +++ --- * / ** . :: ^^^ ~~~ <|> % %{} {} <<>> ..// -> => // foo? foo! foo?! ? ! _ _a A Foo Foo? foo@bar
      @foo 1a a1 a-b do end nil true Elixir Elixir. Elixir.foo Elixir.Foo Elixir.Foo.Bar Elixir.Foo. Elixir.Elixir
      Elixir.Elixir.Foo Elixir.Foo? Elixir.F_1) ++ ["", " ", "a b", "a\"b", "a\#{b", "a\nb", "a\\b", "ünï", "Ünï", "中文", "a中"]
    Enum.flat_map(atoms, fn text ->
      atom = String.to_atom(text)
      # Erlang itself garbles the names in a fun that are not ASCII.
      funs = if List.ascii_printable?(String.to_charlist(text)), do: [Function.capture(:m, atom, 1), Function.capture(atom, :f, 1)], else: []
      [atom, [{atom, 1}], %{atom => 1}] ++ funs
    end) ++ [
      %{}, {}, [], "", ~c"", <<1::3>>, %{1 => 2}, %{a: 1, b: %{}}, [a: 1, b: [c: 2]], [{:a, 1}, {:b, 2}, 3], [a: 1, b: 2],
      %{nil => 1, true => 2}, [1 | 2], [[1] | {}], {:ok, [1, [2, [3]]]}, [nil, true, false], %{{} => []},
      0.0, -0.0, 1.0, 1.0e15, 1.0e16, 123456789.5, 1.0e-5, -1.5e300, 100000.0,
      "a\a\b\d\e\f\n\r\t\v\\\"\0\#{1}#", "\u00A0\u200B\uFEFF\u2028", <<255>>, "a" <> <<0>>, String.duplicate("x", 4097),
      List.duplicate(?y, 4097), Enum.to_list(1000..1060), :binary.copy(<<0>>, 60), ~c"a\0", ~c"it's \"x\" \#{", [?a, 256], [7, 27],
      struct(Foo.Bar, a: 1, b: "two"), %{__struct__: Unknown.One, a: 1} |> Map.delete(:__struct__), struct(Empty), struct(:plain, x: struct(Foo.Bar)),
      %{__struct__: "none"}, 1..10, 10..1//-3, 1..0//1, 0..9//3, ~D[2024-02-29], ~D[-0001-01-01], ~T[23:59:59], ~T[01:02:03.004500],
      ~N[2024-02-29 12:34:56.789], ~U[2024-02-29 12:34:56Z], MapSet.new([3, 1, 2]), MapSet.new(), MapSet.new([[?a, ?b], ~D[2024-01-01]]),
      %RuntimeError{message: "oops"}, {:error, %ArgumentError{message: "bad"}}, [struct(Foo.Bar), 1..2, MapSet.new([1])], &Enum.map/2
    ]
    """/utf8>>.

ways() ->
    [{"", []}, {"pretty 40", [{pretty, true}, {width, 40}]}, {"limit 3", [{limit, 3}]}, {"pretty", [{pretty, true}]},
     {"pretty 0", [{pretty, true}, {width, 0}]}, {"limit 0", [{limit, 0}]}, {"limit 5 pretty 30", [{limit, 5}, {pretty, true}, {width, 30}]},
     {"unlimited", [{limit, infinity}, {printable_limit, infinity}]}, {"printable 5", [{printable_limit, 5}]},
     {"no strings", [{binaries, as_binaries}]}, {"no charlists", [{charlists, as_lists}]}].

line(Term, Ways) ->
    Prints = [{Name, inspect(Term, Options)} || {Name, Options} <- Ways],
    K = case erlang:system_info(otp_release) of "25" -> ""; _ -> "k" end,
    ["{\"elixir\": \"", 'Elixir.System':version(), "\", \"term\": ", gen_text:json(io_lib:format("~t" ++ K ++ "w", [Term])), ", \"prints\": {",
     lists:join(", ", [[gen_text:json(N), ": ", gen_text:json(T)] || {N, T} <- Prints]), "}}\n"].

inspect(Term, Options) ->
    unicode:characters_to_list('Elixir.Kernel':inspect(Term, [{custom_options, [{sort_maps, true}]} | Options])).
