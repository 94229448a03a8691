%% Asks any supervisor, ours or OTP's, the same things, and tells the answers in a form that can be compared.
-module(sup_probe).
-compile([export_all, nowarn_export_all]).
-behaviour(supervisor).

init(Arg) -> Arg.

%% Start functions. A node of ours exports others of the same names.
start_link(_) -> {ok, spawn_link(fun wait/0)}.
ign() -> ignore.
err() -> {error, nope}.
odd() -> odd.
info() -> {ok, spawn_link(fun wait/0), extra}.
thrown() -> throw({error, thrown}).
gone() -> exit(gone).

wait() -> receive {stop, Reason} -> exit(Reason) end.

%% A supervisor of OTP's, as C# starts ours.
start(Name, Flags, Specs) ->
    Self = self(),
    spawn(fun() ->
        {ok, Sup} = supervisor:start_link({local, Name}, ?MODULE, {ok, {Flags, Specs}}),
        Self ! {started, Sup},
        receive after infinity -> ok end
    end),
    receive {started, Sup} -> Sup end.

child(Id) -> child(Id, permanent).
child(Id, Restart) -> #{id => Id, start => {?MODULE, start_link, [Id]}, restart => Restart}.

one_for_one(Sup) ->
    Added = [supervisor:start_child(Sup, Spec) || Spec <- [
        child(a), child(c, temporary), child(a),
        {t, {?MODULE, info, []}, transient, brutal_kill, supervisor, dynamic},
        #{id => i, start => {?MODULE, ign, []}}, child(i), #{id => {x, 1}, start => {?MODULE, ign, []}, restart => temporary},
        #{id => e, start => {?MODULE, err, []}}, #{id => o, start => {?MODULE, odd, []}, shutdown => 100, modules => [m]},
        #{id => u, start => {nomodule, nofunction, [1]}}, #{id => th, start => {?MODULE, thrown, []}}, #{id => g, start => {?MODULE, gone, []}},
        foo, #{}, #{id => 1}, #{id => 1, start => x}, (child(1))#{restart => x}, (child(1))#{type => x}, (child(1))#{shutdown => -1},
        (child(1))#{shutdown => x}, (child(1))#{modules => x}, (child(1))#{modules => [1]}, #{id => 1, start => {?MODULE, err}}, {1, 2, 3, 4, 5, 6}]],
    Specs = [supervisor:get_childspec(Sup, Id) || Id <- [a, c, t, i, nobody]],
    %% From OTP 28 on.
    One = case erlang:function_exported(supervisor, which_child, 2) of
        true -> [supervisor:which_child(Sup, Id) || Id <- [a, c, t, i, {x, 1}, nobody]];
        false -> none
    end,
    Busy = [F(Sup, a) || F <- [fun supervisor:restart_child/2, fun supervisor:delete_child/2]],
    Which = supervisor:which_children(Sup),
    Before = [{terminated, Id, supervisor:terminate_child(Sup, Id)} || Id <- [a, a, c, t, i, nobody]],
    After = [F(Sup, Id) || F <- [fun supervisor:restart_child/2, fun supervisor:delete_child/2], Id <- [a, c, i, nobody]],
    Deleted = [supervisor:terminate_child(Sup, a), supervisor:delete_child(Sup, a), supervisor:delete_child(Sup, a)],
    plain([Added, Specs, One, Busy, Which, Before, After, Deleted, supervisor:which_children(Sup), supervisor:count_children(Sup), state(Sup)]).

%% Which children have another process after the end of one.
ends(Sup) ->
    plain([{Id, Reason, changed(Sup, Id, Reason)} || {Id, Reason} <- [
        {p, normal}, {t, boom}, {p, {shutdown, 1}}, {x, boom}, {p, boom}, {t, normal}, {q, boom}, {p, boom}, {t, {shutdown, x}}, {q, kill}]]
        ++ [supervisor:which_children(Sup), supervisor:count_children(Sup)]).

simple(Sup) ->
    {ok, First} = supervisor:start_child(Sup, [1]),
    {ok, Second} = supervisor:start_child(Sup, [2]),
    Started = [supervisor:start_child(Sup, []), supervisor:which_children(Sup), supervisor:count_children(Sup)],
    Specs = [supervisor:get_childspec(Sup, Id) || Id <- [worker, First, self(), nobody]],
    Refused = [F(Sup, worker) || F <- [fun supervisor:terminate_child/2, fun supervisor:restart_child/2, fun supervisor:delete_child/2]],
    stop(Sup, Second, boom),
    Crashed = [supervisor:which_children(Sup), supervisor:count_children(Sup)],
    Ended = [supervisor:terminate_child(Sup, First), supervisor:terminate_child(Sup, self())],
    plain([Started, Specs, Refused, Crashed, Ended, supervisor:count_children(Sup), state(Sup)]).

%% More restarts than there may be.
intensity(Sup) ->
    Ref = monitor(process, Sup),
    Rest = [begin stop(Sup, pid_of(Sup, a), boom), supervisor:count_children(Sup) end || _ <- [1, 2]],
    exit(pid_of(Sup, a), boom),
    [Rest, receive {'DOWN', Ref, process, _, Reason} -> Reason after 20000 -> timeout end].

%% Significant children (from OTP 24 on): it ends with the first or the last of them.
significant(Sup) ->
    Ref = monitor(process, Sup),
    Refused = [supervisor:start_child(Sup, Spec) || Spec <- [(child(s))#{significant => true}, (child(s))#{significant => x}]],
    Spec = supervisor:get_childspec(Sup, t),
    stop(Sup, pid_of(Sup, c), normal),
    [{t, Transient, _, _}, {x, Temporary, _, _}] = lists:sort(supervisor:which_children(Sup)),
    Temporary ! {stop, boom},
    First = (fun Wait() ->
        case catch supervisor:which_children(Sup) of
            {'EXIT', _} -> receive {'DOWN', Ref, process, _, Early} -> Early end;
            Left -> case lists:keymember(Temporary, 2, Left) of true -> receive after 5 -> Wait() end; false -> lives end
        end
    end)(),
    Transient ! {stop, normal},
    Last = case First of lives -> receive {'DOWN', Ref, process, _, Late} -> Late after 20000 -> timeout end; _ -> over end,
    {plain(Refused), maps:get(significant, element(2, Spec)), First, Last}.

changed(Sup, Id, Reason) ->
    Before = supervisor:which_children(Sup),
    case lists:keyfind(Id, 1, Before) of
        {Id, Pid, _, _} when is_pid(Pid) ->
            stop(Sup, Pid, Reason),
            [{element(1, Child), state_of(Child, lists:keyfind(element(1, Child), 1, Before))} || Child <- supervisor:which_children(Sup)];
        _ -> absent
    end.

state_of({_, undefined, _, _}, _) -> stopped;
state_of({_, Pid, _, _}, {_, Pid, _, _}) -> same;
state_of(_, _) -> new.

pid_of(Sup, Id) -> element(2, lists:keyfind(Id, 1, supervisor:which_children(Sup))).

%% Ends a process, and waits until its supervisor knows.
stop(Sup, Pid, Reason) ->
    Ref = monitor(process, Pid),
    case Reason of kill -> exit(Pid, kill); _ -> Pid ! {stop, Reason} end,
    receive {'DOWN', Ref, process, Pid, _} -> ok end,
    (fun Wait() ->
        case lists:keymember(Pid, 2, supervisor:which_children(Sup)) of
            true -> receive after 5 -> Wait() end;
            false -> ok
        end
    end)().

%% What has kept its place in the state from release to release.
state(Sup) ->
    %% Releases before 26 give what a server of ours answers to later ones.
    State = case sys:get_state(Sup) of {ok, Given} -> Given; Own -> Own end,
    {status, _, {module, Module}, [Dictionary, running, _, [], Misc]} = sys:get_status(Sup),
    [{header, Header}, {data, Data}, {data, [{"State", Shown}]} | _] = Misc,
    true = lists:prefix("Status for generic server ", Header),
    true = element(1, Shown) =:= state,
    {supervisor, _, 1} = proplists:get_value('$initial_call', Dictionary),
    true = is_atom(supervisor:get_callback_module(Sup)),
    {Module, [{Key, case Key of "Parent" -> parent; _ -> Value end} || {Key, Value} <- Data], lists:sublist(tuple_to_list(State), 7)}.

plain(Pid) when is_pid(Pid) -> pid;
plain({'EXIT', {undef, [{M, F, A, []} | _]}}) -> {'EXIT', {undef, {M, F, A}}};
plain({child, Pid, Id, Start, Restart, _Significant, Shutdown, Type, Modules}) -> plain({child, Pid, Id, Start, Restart, Shutdown, Type, Modules});
plain(Tuple) when is_tuple(Tuple) -> list_to_tuple(plain(tuple_to_list(Tuple)));
plain([Head | Tail]) -> [plain(Head) | plain(Tail)];
plain(Map) when is_map(Map) -> lists:sort([{plain(K), plain(V)} || {K, V} <- maps:to_list(maps:remove(significant, Map))]);
plain(Other) -> Other.
