using Enmesh.Terms;
using Enmesh.Terms.External;
using Enmesh.Terms.Order;
using Enmesh.TestSupport;
using Microsoft.Extensions.Logging;
using Xunit;

namespace Enmesh.Interop.Tests.Groups;

/// <summary>
/// One mesh of several releases and of ours: those that get on with each other do so with us among them, and a pair
/// that does not is named.
/// </summary>
[Trait("Ring", "interop")]
public sealed class MixedReleaseTests
{
    private static readonly Term Group = new Atom("g");

    public static TheoryData<int[]> Mixtures => Mixed([23, 25], [25, 27, 27], [27, 29, 29]);

    public static TheoryData<int[]> Pairs => Mixed([25, 29], [23, 29], [25, 27]);

    [Theory]
    [MemberData(nameof(Mixtures))]
    public async Task A_mesh_agrees_after_many_joins_leaves_deaths_and_losses_and_no_scope_crashes(int[] releases)
    {
        await using var mesh = new Mesh();
        var beams = new List<BeamScope>();
        foreach (var release in releases)
            beams.Add(await BeamScope.StartAsync(mesh, release));
        ErlangNode[] ours = [await mesh.StartOursAsync(PgBench.WithPg), await mesh.StartOursAsync(PgBench.WithPg)];
        await ConnectAllAsync(beams, ours);
        var random = new Random(17);
        foreach (var beam in beams)
            await StartChurnAsync(beam);

        for (var round = 0; round < 60; round++)
        {
            var node = ours[random.Next(ours.Length)];
            Pid[] members = [PgBench.Idle(node), PgBench.Idle(node)];
            await node.Pg.JoinAsync(Group, [members[0], members[1], members[0]]);
            await node.Pg.JoinAsync(round % 7, members);
            if (random.Next(2) == 0)
                await node.Pg.LeaveAsync(Group, [members[0], members[1], members[1]]);
            if (random.Next(2) == 0)
                await beams[0].Node.EvalAsync("exit(binary_to_term(In), kill)", PgBench.Bytes(members[0]));
            if (round % 20 == 10)
                await node.DisconnectAsync(beams[random.Next(beams.Count)].Name);
            if (round % 20 == 12)
                await ConnectAllAsync(beams, ours);
        }

        foreach (var beam in beams)
            await beam.Node.EvalAsync("churn ! {stop, self()}, receive stopped -> ok end");
        await ConnectAllAsync(beams, ours);
        await AgreeAsync(beams, ours, Group);
        await AgreeAsync(beams, ours, 3);
        foreach (var beam in beams)
            await beam.IsUnhurtAsync();

        // One that dies takes its members along, everywhere.
        await beams[0].Node.KillAsync();
        beams.RemoveAt(0);
        await AgreeAsync(beams, ours, Group);
    }

    [Theory]
    [MemberData(nameof(Pairs))]
    public async Task Two_releases_that_break_each_other_and_no_others_are_named_in_the_log_and_in_the_status(int[] releases)
    {
        await using var mesh = new Mesh();
        var old = await mesh.StartBeamAsync(releases[0], "-connect_all", "false");
        var young = await mesh.StartBeamAsync(releases[1], "-connect_all", "false");
        await old.EvalAsync("{ok, _} = pg:start(fragile)");
        await young.EvalAsync("{ok, _} = pg:start(fragile)");
        using var logs = new LogKeeper();
        var ours = await mesh.StartOursAsync(logs: logs);
        var groups = ours.StartPgScope("fragile");
        await groups.JoinAsync(Group, PgBench.Idle(ours));

        // They need not even meet: that both meet us is enough to know.
        await ours.ConnectAsync(NodeName.Parse(old.Name));
        await ours.ConnectAsync(NodeName.Parse(young.Name));

        await old.WaitForAsync("length(pg:get_members(fragile, g))", "1");
        await young.WaitForAsync("length(pg:get_members(fragile, g))", "1");
        if (releases is not [<= 25, >= 29])
        {
            Assert.Empty(groups.Conflicts);
            return;
        }
        await logs.UntilAsync(LogLevel.Warning, "fragile", old.Name, $"OTP {releases[0]}", young.Name);
        Assert.Equal([new("fragile", old.Name, releases[0], young.Name)], groups.Conflicts);
    }

    // Where none of the mixtures is among the releases to be tested there are still two of the newest.
    private static TheoryData<int[]> Mixed(params int[][] all)
    {
        var whole = all
            .Where(mixture => Array.TrueForAll(mixture, release => Otp.Releases.Any(row => row.Data == release)))
            .ToArray();
        return new(whole is [] ? [[Otp.Newest, Otp.Newest]] : whole);
    }

    // A process joins and leaves as fast as it can, with members that end.
    private static Task<string> StartChurnAsync(BeamScope beam) => beam.Node.EvalAsync(
        """
        register(churn, spawn(fun() ->
          (fun L(I) ->
            P = spawn(fun() -> receive never -> ok end end),
            pg:join(g, [P, P]),
            pg:join(I rem 7, P),
            case I rem 3 of 0 -> exit(P, kill); 1 -> pg:leave(g, [P, P]); 2 -> ok end,
            receive {stop, From} -> From ! stopped, receive never -> ok end after 1 -> L(I + 1) end
          end)(0)
        end))
        """);

    private static async Task ConnectAllAsync(List<BeamScope> beams, ErlangNode[] ours)
    {
        foreach (var beam in beams)
        {
            // OTP 23 without EPMD opens with a message that OTP 25 refuses; the newer one dials.
            foreach (var other in beams.Where(other => other.Node.Release < beam.Node.Release || (other.Node.Release == beam.Node.Release && other != beam)))
                await beam.Node.EvalAsync($"net_kernel:connect_node('{other.Name}')");
            foreach (var node in ours)
                await ConnectAsync(node, beam.Name);
        }
        await ConnectAsync(ours[0], ours[1].Name);
    }

    // After a link was lost, careful nodes part from each other for a while: whoever dials may be refused, or parted from again.
    private static async Task ConnectAsync(ErlangNode node, NodeName peer)
    {
        try
        {
            await node.ConnectAsync(peer);
        }
        catch (EnmeshException)
        {
            // The next attempt does better.
        }
    }

    /// <summary>
    /// Waits until everybody sees in a group exactly those who say themselves that they are in. Who was killed a moment
    /// ago may still be, so all are asked anew each time.
    /// </summary>
    private static async Task AgreeAsync(List<BeamScope> beams, ErlangNode[] ours, Term group)
    {
        using var patience = new CancellationTokenSource(2 * PgBench.Patience);
        while (true)
        {
            var views = new List<(string Node, Term Local, Term All)>();
            foreach (var node in ours)
                views.Add((node.Name.Text, Sorted(node.Pg.LocalMembers(group)), Sorted(node.Pg.Members(group))));
            foreach (var beam in beams)
            {
                var view = ExternalTermFormat.Decode((await beam.Node.EvalBytesAsync(
                    "G = binary_to_term(In), term_to_binary([pg:get_local_members(G), pg:get_members(G)])", PgBench.Bytes(group))).Span).AsList!.Value;
                views.Add((beam.Node.Name, Sorted(Pids(view[0])), Sorted(Pids(view[1]))));
            }
            var members = Sorted(views.SelectMany(view => Pids(view.Local)));
            if (views.TrueForAll(view => view.All == members))
                return;
            if (patience.IsCancellationRequested)
                Assert.Fail($"Nobody agrees about {group}:\n{string.Join('\n', views.Select(view => $"{view.Node} has {view.Local}\n  and sees {view.All}"))}");
            await ConnectAllAsync(beams, ours);
        }
    }

    private static IEnumerable<Pid> Pids(Term list) => list.AsList!.Value.Select(pid => pid.Pid!);

    private static Term Sorted(IEnumerable<Pid> pids) => Term.List([.. pids.Select(pid => (Term)pid).Order(TermOrder.Comparer)]);
}
