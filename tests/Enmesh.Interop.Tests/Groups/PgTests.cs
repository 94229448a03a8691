using Enmesh.Groups;
using Enmesh.Terms;
using Enmesh.TestSupport;
using Xunit;

namespace Enmesh.Interop.Tests.Groups;

/// <summary>
/// Our scopes of <c>pg</c> and those of real nodes: who is in a group is the same everywhere, and no real scope ever
/// crashes.
/// </summary>
[Trait("Ring", "interop")]
public sealed class PgTests
{
    private static readonly Term Group = Term.Tuple(new Atom("room"), Term.Binary("lobby"));
    private const string ErlangGroup = "{room,<<\"lobby\">>}";

    public static TheoryData<int> Releases => Otp.Releases;

    [Theory]
    [MemberData(nameof(Releases))]
    public async Task Members_of_both_sides_are_seen_on_both_each_as_often_as_it_joined(int release)
    {
        await using var mesh = new Mesh();
        var beam = await BeamScope.StartAsync(mesh, release);
        var ours = await mesh.StartOursAsync(PgBench.WithPg);
        var (a, b) = (PgBench.Idle(ours), PgBench.Idle(ours));
        await ours.Pg.JoinAsync(Group, [a, a, b]);
        await beam.EvalAsync($"pg:join({ErlangGroup}, [Member(1), Member(2), Member(1)])");

        await ours.ConnectAsync(beam.Name);

        await beam.AgreesAsync(ours, Group, count: 6);
        await ours.Pg.JoinAsync(Group, b);
        await beam.EvalAsync($"pg:join({ErlangGroup}, Member(2))");
        await beam.AgreesAsync(ours, Group, count: 8);
        Assert.True(await ours.Pg.LeaveAsync(Group, [a, b, b]));
        Assert.False(await ours.Pg.LeaveAsync(Group, b));
        await beam.EvalAsync($"ok = pg:leave({ErlangGroup}, [Member(1), whereis(init)])");
        await beam.AgreesAsync(ours, Group, count: 4);
        Assert.Equal([a], ours.Pg.LocalMembers(Group));
        Assert.Equal([Group], ours.Pg.Groups);
        // They may look at our side by rpc, as at any node's.
        foreach (var look in new[] { $"get_members, [{ErlangGroup}]", $"get_members, [pg, {ErlangGroup}]" })
            Assert.Equal(
                "true",
                await beam.EvalAsync(
                    $"lists:sort(rpc:call('{ours.Name}', pg, {look})) =:= lists:sort(pg:get_members({ErlangGroup}))"));
        Assert.Equal($"[{ErlangGroup}]", await beam.EvalAsync($"rpc:call('{ours.Name}', pg, which_groups, [])"));
        Assert.Equal($"[{ErlangGroup}]", await beam.EvalAsync($"rpc:call('{ours.Name}', pg, which_local_groups, [])"));
        Assert.Equal(
            "1", await beam.EvalAsync($"length(rpc:call('{ours.Name}', pg, get_local_members, [{ErlangGroup}]))"));
        Assert.Equal("[]", await beam.EvalAsync($"rpc:call('{ours.Name}', pg, get_members, [no_scope, x])"));
        await beam.IsUnhurtAsync();
    }

    [Theory]
    [MemberData(nameof(Releases))]
    public async Task Members_that_end_are_out_of_all_their_groups_on_both_sides(int release)
    {
        await using var mesh = new Mesh();
        var beam = await BeamScope.StartAsync(mesh, release);
        var ours = await mesh.StartOursAsync(PgBench.WithPg);
        await ours.ConnectAsync(beam.Name);
        var (stays, goes) = (PgBench.Idle(ours), PgBench.Idle(ours));
        await ours.Pg.JoinAsync(Group, [stays, goes, goes]);
        await ours.Pg.JoinAsync(1, goes);
        await ours.Pg.JoinAsync(1, goes);
        await beam.EvalAsync($"pg:join({ErlangGroup}, [Member(1), Member(2), Member(1)]), pg:join(1, Member(1))");
        await beam.AgreesAsync(ours, Group, count: 6);
        await beam.AgreesAsync(ours, 1, count: 3);

        await beam.EvalAsync("exit(binary_to_term(In), kill)", PgBench.Bytes(goes));
        await beam.EvalAsync("exit(Member(1), kill)");

        await beam.AgreesAsync(ours, Group, count: 2);
        await beam.AgreesAsync(ours, 1, count: 0);
        Assert.Equal([Group], ours.Pg.Groups);
        Assert.Equal($"[{ErlangGroup}]", await beam.EvalAsync("pg:which_groups()"));
        await beam.IsUnhurtAsync();
    }

    [Theory]
    [MemberData(nameof(Releases))]
    public async Task A_node_that_is_lost_takes_its_members_along_and_brings_them_back(int release)
    {
        await using var mesh = new Mesh();
        var beam = await BeamScope.StartAsync(mesh, release);
        var ours = await mesh.StartOursAsync(PgBench.WithPg);
        await ours.Pg.JoinAsync(Group, PgBench.Idle(ours));
        await beam.EvalAsync($"pg:join({ErlangGroup}, [Member(1), Member(1)])");
        await ours.ConnectAsync(beam.Name);
        await beam.AgreesAsync(ours, Group, count: 3);

        Assert.True(await ours.DisconnectAsync(beam.Name));
        await PgBench.SeesAsync(ours.Pg, Group, 1);
        await beam.Node.WaitForAsync($"length(pg:get_members({ErlangGroup}))", "2");
        await beam.EvalAsync($"pong = net_adm:ping('{ours.Name}')");
        await beam.AgreesAsync(ours, Group, count: 3);

        await beam.IsUnhurtAsync();
        await beam.Node.KillAsync();
        await PgBench.SeesAsync(ours.Pg, Group, 1);
    }

    [Theory]
    [MemberData(nameof(Releases))]
    public async Task A_scope_that_is_started_later_or_again_on_either_side_finds_the_other(int release)
    {
        await using var mesh = new Mesh();
        var beam = await mesh.StartBeamAsync(release);
        var ours = await mesh.StartOursAsync();
        await ours.ConnectAsync(NodeName.Parse(beam.Name));
        var groups = ours.StartPgScope("other scope");
        await groups.JoinAsync(Group, PgBench.Idle(ours));

        await beam.EvalAsync("{ok, _} = pg:start('other scope')");
        await beam.WaitForAsync($"length(pg:get_members('other scope', {ErlangGroup}))", "1");
        await beam.EvalAsync($"pg:join('other scope', {ErlangGroup}, whereis(init))");
        await PgBench.SeesAsync(groups, Group, 2);

        await beam.EvalAsync("exit(whereis('other scope'), kill)");
        await PgBench.SeesAsync(groups, Group, 1);
        await beam.EvalAsync("(fun Wait() -> case pg:start('other scope') of {ok, _} -> ok; _ -> Wait() end end)()");
        await beam.WaitForAsync($"length(pg:get_members('other scope', {ErlangGroup}))", "1");

        // Ours is started again by itself, and has its members still.
        var killed = ours.WhereIs("other scope")!;
        await beam.EvalAsync("exit(binary_to_term(In), kill)", PgBench.Bytes(killed));
        await Waiting.UntilAsync(() => ours.WhereIs("other scope") is { } again && again != killed);
        await beam.EvalAsync($"pg:join('other scope', {ErlangGroup}, whereis(init))");
        await PgBench.SeesAsync(groups, Group, 2);
        await beam.WaitForAsync($"length(pg:get_members('other scope', {ErlangGroup}))", "2");
        Assert.Equal([groups], ours.PgScopes);
    }

    [Theory]
    [MemberData(nameof(Releases))]
    public async Task Changes_are_told_to_those_who_monitor_on_both_sides(int release)
    {
        await using var mesh = new Mesh();
        var beam = await BeamScope.StartAsync(mesh, release);
        var ours = await mesh.StartOursAsync(PgBench.WithPg);
        await ours.ConnectAsync(beam.Name);
        await beam.EvalAsync($"pg:join({ErlangGroup}, Member(1))");
        await PgBench.SeesAsync(ours.Pg, Group, 1);
        if (release >= 25)
            await beam.EvalAsync("persistent_term:put(told, []), spawn(fun() -> {R, _} = pg:monitor_scope(), persistent_term:put(monitoring, true), "
                + "(fun L(A) -> receive {R, W, G, P} -> B = [{W, G, length(P)} | A], persistent_term:put(told, B), L(B) end end)([]) end)");

        var changes = new TaskCompletionSource<IReadOnlyList<GroupChange>>();
        var ready = new TaskCompletionSource();
        ours.Spawn(async context =>
        {
            var monitor = await ours.Pg.MonitorAsync(context, Group);
            var seen = new List<GroupChange> { new(Group, true, monitor.Members) };
            ready.SetResult();
            while (seen.Count < 4)
            {
                if (GroupChange.TryRead(await context.ReceiveAsync(), monitor.Id, out var change))
                    seen.Add(change);
            }
            Assert.True(await ours.Pg.DemonitorAsync(context, monitor.Id));
            Assert.False(await ours.Pg.DemonitorAsync(context, monitor.Id));
            changes.SetResult(seen);
        });
        await ready.Task.WaitAsync(PgBench.Patience);
        await beam.EvalAsync("pg:join(elsewhere, Member(1))");
        await beam.EvalAsync($"pg:join({ErlangGroup}, [Member(2), Member(2)])");
        await beam.EvalAsync("exit(Member(2), kill)");

        var told = await changes.Task.WaitAsync(PgBench.Patience);
        // A process that was in twice leaves twice.
        Assert.Equal(
            [(true, 1), (true, 2), (false, 1), (false, 1)],
            told.Select(change => (change.HaveJoined, change.Members.Count)));
        if (release >= 25)
        {
            await beam.Node.WaitForAsync("persistent_term:get(monitoring, false)");
            var member = PgBench.Idle(ours);
            await ours.Pg.JoinAsync(Group, [member, member]);
            await ours.Pg.LeaveAsync(Group, member);
            await beam.Node.WaitForAsync($"[{{leave,{ErlangGroup},1}},{{join,{ErlangGroup},2}}] =:= lists:sublist(persistent_term:get(told), 2)");
        }
        await beam.IsUnhurtAsync();
    }
}
