namespace Enmesh.Cli.Consoles;

/// <summary>
/// What is evaluated on a BEAM so that lines can be evaluated there. Nothing is loaded: its own <c>erl_eval</c> runs it.
/// </summary>
/// <remarks>
/// A keeper has the variables, the results and the monitor of our process; with that it ends. A worker evaluates, and ends
/// with an exception as the shell's own does. The keeper is sent <c>{eval, Text}</c>, <c>interrupt</c> and <c>{columns,
/// N}</c>, and answers <c>{answer, Text, Failed, Leaves, Line}</c>.
/// </remarks>
internal static class BeamProgram
{
    internal const string Source = """
        receive {enmesh_start, Owner, Columns0} ->
          Print = fun(Term, Column, Columns) ->
            io_lib_pretty:print(Term, [{column, Column}, {line_length, Columns}, {depth, 30}, {line_max_chars, 60},
                                       {strings, true}, {encoding, unicode}])
          end,
          Show = fun(Class, Reason, Stack, Columns) ->
            Trim = fun(M, _, _) -> M =:= erl_eval orelse M =:= eval_bits end,
            Text = try erl_error:format_exception(4, Class, Reason, Stack, Trim, fun(T, I) -> Print(T, I, Columns) end, unicode)
                   catch _:_ -> io_lib:format("exception ~ts: ~tp", [Class, Reason]) end,
            ["** ", Text]
          end,
          Command = fun Command(Results) -> fun
            (f, [], _) -> {value, ok, erl_eval:new_bindings()};
            (f, [{var, _, Name}], Bs) -> {value, ok, erl_eval:del_binding(Name, Bs)};
            (q, [], Bs) -> throw({enmesh_leave, Bs});
            (Name, Exprs, Bs0) ->
              {value, Args, Bs} =
                lists:foldl(
                  fun(E, {value, Vs, B0}) -> {value, V, B} = erl_eval:expr(E, B0, {eval, Command(Results)}), {value, Vs ++ [V], B} end,
                  {value, [], Bs0}, Exprs),
              Value = case {Name, Args} of
                {b, []} ->
                  [io:format("~ts = ~ts~n", [N, Print(V, length(atom_to_list(N)) + 4, 80)]) || {N, V} <- lists:sort(erl_eval:bindings(Bs))],
                  ok;
                {v, [N]} -> maps:get(case N < 0 of true -> map_size(Results) + 1 + N; false -> N end, Results, undefined);
                _ ->
                  _ = code:ensure_loaded(shell_default),
                  case erlang:function_exported(shell_default, Name, length(Args)) of
                    true -> apply(shell_default, Name, Args);
                    false -> erlang:raise(error, {shell_undef, Name, Args, []}, [])
                  end
              end,
              {value, Value, Bs}
            end
          end,
          Worker = fun Worker(Keeper) ->
            receive {enmesh_run, Keeper, Exprs, Bs, Results} ->
              try erl_eval:exprs(Exprs, Bs, {eval, Command(Results)}) of
                {value, Value, NewBs} -> Keeper ! {self(), value, Value, NewBs}, Worker(Keeper)
              catch
                throw:{enmesh_leave, _} -> Keeper ! {self(), leave}, Worker(Keeper);
                Class:Reason:Stack -> Keeper ! {self(), Class, Reason, Stack}, exit(Reason)
              end
            end
          end,
          Parse = fun(Text) ->
            case erl_scan:string(Text, {1, 1}) of
              {ok, Tokens, _} ->
                case erl_parse:parse_exprs(Tokens) of
                  {ok, Exprs} -> {ok, Exprs};
                  {error, {At, M, What}} -> {error, At, M:format_error(What)}
                end;
              {error, {At, M, What}, _} -> {error, At, M:format_error(What)}
            end
          end,
          Watch = monitor(process, Owner),
          Start = fun() -> Self = self(), spawn_monitor(fun() -> Worker(Self) end) end,
          Answer = fun(Text, Failed, Leaves, N) ->
            Owner ! {answer, unicode:characters_to_binary(Text), Failed, Leaves, N}
          end,
          Keep = fun Keep({Pid, Ref} = W, Bs, Results, N, Columns) ->
            Await = fun Await() ->
              receive
                {Pid, value, Value, NewBs} ->
                  Answer(Print(Value, 1, Columns), false, false, N + 1),
                  Keep(W, NewBs, Results#{N => Value}, N + 1, Columns);
                {Pid, leave} -> Answer("", false, true, N);
                {Pid, Class, Reason, Stack} ->
                  receive {'DOWN', Ref, _, _, _} -> ok end,
                  Answer(Show(Class, Reason, Stack, Columns), true, false, N + 1),
                  Keep(Start(), Bs, Results#{N => {'EXIT', Reason}}, N + 1, Columns);
                {'DOWN', Ref, _, _, Reason} ->
                  Answer(Show(exit, Reason, [], Columns), true, false, N + 1),
                  Keep(Start(), Bs, Results#{N => {'EXIT', Reason}}, N + 1, Columns);
                interrupt -> exit(Pid, kill), Await();
                {'DOWN', Watch, _, _, _} -> exit(Pid, kill)
              end
            end,
            receive
              {eval, Text} ->
                case Parse(unicode:characters_to_list(Text)) of
                  {ok, Exprs} -> Pid ! {enmesh_run, self(), Exprs, Bs, Results}, Await();
                  {error, {Line, Column}, What} ->
                    Answer(io_lib:format("* ~w:~w: ~ts", [Line, Column, What]), true, false, N),
                    Keep(W, Bs, Results, N, Columns);
                  {error, Line, What} ->
                    Answer(io_lib:format("* ~w: ~ts", [Line, What]), true, false, N),
                    Keep(W, Bs, Results, N, Columns)
                end;
              {columns, NewColumns} -> Keep(W, Bs, Results, N, NewColumns);
              interrupt -> Keep(W, Bs, Results, N, Columns);
              {'DOWN', Ref, _, _, Reason} ->
                Owner ! {output, unicode:characters_to_binary([Show(exit, Reason, [], Columns), $\n])},
                Keep(Start(), Bs, Results, N, Columns);
              {'DOWN', Watch, _, _, _} -> exit(Pid, kill)
            end
          end,
          Keep(Start(), erl_eval:new_bindings(), #{}, 1, Columns0)
        end.
        """;
}
