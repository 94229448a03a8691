using Enmesh.Global;
using Enmesh.Terms;
using Xunit;

namespace Enmesh.Tests.Global;

/// <summary>
/// A node leaves its partition while that meets another one, at each moment in turn, and goes on: nothing that it had
/// there may come to the other partition only, which would have names then that its new half has not.
/// </summary>
[Trait("Ring", "pure")]
public sealed class GlobalLossTests
{
    private const int Orders = 20;

    private static readonly Atom First = new("a@h"), Second = new("b@h"), Third = new("c@h");

    // All of these can be the one that meets the others, with a smaller name than the node met or a greater one.
    private static readonly string[][] Roles =
        [["a@h", "b@h", "c@h"], ["b@h", "a@h", "c@h"], ["c@h", "b@h", "a@h"], ["a@h", "c@h", "b@h"]];

    [Fact]
    public void A_node_that_leaves_while_its_names_are_told_takes_them_along() => Whenever(static (_, leaver, _) =>
        leaver.Want(new GlobalCommand.Disconnect()));

    [Fact]
    public void A_name_of_both_stays_with_the_one_who_stays() => Whenever(
        static (_, leaver, _) => leaver.Want(new GlobalCommand.Disconnect()), takenToo: "name");

    [Fact]
    public void A_link_lost_while_names_are_told_leaves_no_name_on_one_side() => Whenever(static (cluster, leaver, knower) =>
    {
        cluster.Cut(leaver.Name.Text, knower.Name.Text);
        cluster.Mend();
    });

    // Otherwise what is changed under that lock passes the node by: it may be locked for somebody else.
    [Fact]
    public void A_lock_waits_for_a_node_that_is_about_to_be_connected()
    {
        Introduced(connected: false, out var next);

        Assert.DoesNotContain(next(new GlobalEvent.Wanted(1, Registering)), effect => effect is GlobalEffect.Ask);
        var asks = next(new GlobalEvent.NodeUp(Third)).OfType<GlobalEffect.Ask>();

        Assert.Equal(Third, Assert.Single(asks).Node); // with the greatest name, which is locked first
    }

    [Fact]
    public void A_lock_waits_for_a_node_that_cannot_be_connected_as_long_as_that_may_connect_by_itself()
    {
        var machine = Introduced(connected: false, out var next);
        next(new GlobalEvent.Wanted(1, Registering));

        Assert.DoesNotContain(next(new GlobalEvent.Unreachable(Third)), effect => effect is GlobalEffect.Ask);
        var asks = machine.Next(new GlobalEvent.Wake(), TimeSpan.FromSeconds(7)).OfType<GlobalEffect.Ask>();

        Assert.Contains(asks, ask => ask.Node == Second);
    }

    [Fact]
    public void A_node_that_is_lost_before_it_was_connected_is_met_anew()
    {
        var machine = Introduced(connected: false, out var next);

        Assert.Contains(new GlobalEffect.Disconnect(Third), next(Lost(Second, Third)));
        // The attempt succeeds all the same. That node counts us among its own already, and would wait for us to do so.
        Assert.Equal([new GlobalEffect.Disconnect(Third)], next(new GlobalEvent.NodeUp(Third)));
        next(new GlobalEvent.NodeDown(Third));

        Assert.Contains(next(new GlobalEvent.NodeUp(Third)), IsInitConnect);
        Assert.DoesNotContain(Third, machine.Known.Keys);
    }

    [Fact]
    public void A_name_on_a_node_that_was_lost_is_not_taken_from_those_who_do_not_know_yet()
    {
        var machine = Introduced(connected: true, out var next);
        next(new GlobalEvent.NodeDown(Third));
        var insert = GlobalMessages.Insert(new Atom("late"), new Pid(Third, 7, 0, 5), SimulatedNode.RandomExit);

        next(Cast(GlobalMessages.NewNodes(Second, Term.List(insert), Term.Nil, Term.Nil, Term.Nil)));

        Assert.True(machine.Names.IsEmpty);
    }

    // In between, a partition that we meet would hear of the node as one of ours, and would connect to it, but of no name that it has.
    [Fact]
    public void Names_and_locks_of_a_lost_node_go_together_with_it()
    {
        var machine = Introduced(connected: true, out var next);
        var pid = new Pid(Third, 7, 0, 5);
        var insert = GlobalMessages.Insert(new Atom("its"), pid, SimulatedNode.RandomExit);
        var watch = next(Cast(GlobalMessages.NewNodes(Second, Term.List(insert), Term.Nil, Term.Nil, Term.Nil))).OfType<GlobalEffect.Watch>().Single();

        next(new GlobalEvent.Gone(watch.Id, LostWith: Third));
        Assert.Equal((false, true), (machine.Names.IsEmpty, machine.Known.ContainsKey(Third)));

        next(new GlobalEvent.NodeDown(Third));
        Assert.Equal((true, false), (machine.Names.IsEmpty, machine.Known.ContainsKey(Third)));
    }

    [Fact]
    public void A_name_of_a_process_that_ended_or_whose_node_takes_no_part_goes_at_once()
    {
        var machine = Introduced(connected: true, out var next);
        foreach (var (pid, lostWith) in new[] { (new Pid(Third, 7, 0, 5), null), (new Pid(new Atom("hidden@h"), 7, 0, 5), new Atom("hidden@h")) })
        {
            var insert = GlobalMessages.Insert(new Atom("its"), pid, SimulatedNode.RandomExit);
            var watch = next(Cast(GlobalMessages.NewNodes(Second, Term.List(insert), Term.Nil, Term.Nil, Term.Nil))).OfType<GlobalEffect.Watch>().Single();
            Assert.False(machine.Names.IsEmpty);

            next(new GlobalEvent.Gone(watch.Id, lostWith));
            Assert.True(machine.Names.IsEmpty);
        }
    }

    /// <summary>A node that knows another, which has introduced a third one to it.</summary>
    private static GlobalMachine Introduced(bool connected, out Func<GlobalEvent, IReadOnlyList<GlobalEffect>> next)
    {
        var machine = new GlobalMachine(new GlobalSelf { Node = First, Pid = new Pid(First, 1, 0, 4) });
        next = happened => machine.Next(happened, TimeSpan.Zero);
        next(new GlobalEvent.NodeUp(Second));
        KeyValuePair<Atom, int>[] both = [new(Second, GlobalMessages.OwnVersion), new(Third, GlobalMessages.OwnVersion)];
        Assert.Contains(
            new GlobalEffect.Connect(Third),
            next(Cast(GlobalMessages.NewNodes(Second, Term.Nil, Term.Nil, GlobalMessages.Nodes(both, GlobalMessages.OwnVersion), Term.Nil))));
        if (connected)
            next(new GlobalEvent.NodeUp(Third));
        return machine;
    }

    private static GlobalCommand Registering => new GlobalCommand.Register(new Atom("x"), new Pid(First, 2, 0, 4), SimulatedNode.RandomExit);

    private static GlobalEvent.Message Cast(Term message) => new(Term.Tuple(new Atom("$gen_cast"), message));

    private static GlobalEvent.Message Lost(Atom from, Atom to) => new(GlobalMessages.LostConnection(from, 1, 1, to));

    private static bool IsInitConnect(GlobalEffect effect) =>
        effect is GlobalEffect.Send { Message.TupleElements: [_, { TupleElements: [{ Atom: { } tag }, ..] }] } && tag == GlobalAtoms.InitConnect;

    /// <param name="go">How the leaver goes.</param>
    /// <param name="takenToo">A name that the node met has given as well.</param>
    private static void Whenever(Action<SimulatedCluster, SimulatedNode, SimulatedNode> go, string? takenToo = null)
    {
        foreach (var roles in Roles)
        {
            for (var seed = 0; seed < Orders; seed++)
            {
                for (var (moment, isOver) = (0, false); !isOver; moment++)
                    isOver = Meet(roles, seed, moment, go, takenToo);
            }
        }
    }

    /// <returns>Whether they had met before the moment came.</returns>
    private static bool Meet(
        string[] roles, int seed, int moment, Action<SimulatedCluster, SimulatedNode, SimulatedNode> go, string? takenToo)
    {
        var cluster = new SimulatedCluster(seed);
        var (knower, met, leaver) = (cluster.Start(roles[0]), cluster.Start(roles[1]), cluster.Start(roles[2]));
        cluster.Connect(roles[0], roles[2]);
        cluster.Run();
        leaver.Want(new GlobalCommand.Register(new Atom("name"), leaver.Spawn(), SimulatedNode.RandomExit));
        knower.Want(new GlobalCommand.Register(new Atom("other"), knower.Spawn(), SimulatedNode.RandomExit));
        if (takenToo is not null)
            met.Want(new GlobalCommand.Register(new Atom(takenToo), met.Spawn(), SimulatedNode.RandomExit));
        cluster.Run();

        cluster.Connect(roles[0], roles[1]);
        cluster.Run(moment);
        var isOver = cluster.Nodes.All(node => node.Machine.Known.Count == 2 && node.Machine.Unfinished == 0);
        go(cluster, leaver, knower);
        cluster.Settle();
        try
        {
            SimulatedChecks.AllAgree(cluster);
        }
        catch (Exception e)
        {
            throw new InvalidOperationException($"{string.Join(' ', roles)}, seed {seed}, moment {moment}: {e.Message}", e);
        }
        return isOver;
    }
}
