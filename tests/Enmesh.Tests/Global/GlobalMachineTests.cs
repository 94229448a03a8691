using Enmesh.Global;
using Enmesh.Terms;
using Xunit;

namespace Enmesh.Tests.Global;

/// <summary>The global name server by itself: two or three machines, and what they come to.</summary>
[Trait("Ring", "pure")]
public sealed class GlobalMachineTests
{
    private static readonly Term Name = new Atom("counter");

    [Fact]
    public void Two_nodes_that_meet_know_each_other_and_are_in_sync()
    {
        var cluster = Meet("a@h", "b@h");

        Assert.Equal("b@h", Assert.Single(cluster["a@h"].Machine.Known).Key.Text);
        Assert.Equal("a@h", Assert.Single(cluster["b@h"].Machine.Synced).Text);
        SimulatedChecks.AllAgree(cluster);
    }

    [Fact]
    public void A_name_is_everywhere_when_registering_it_is_done()
    {
        var cluster = Meet("a@h", "b@h", "c@h");
        var pid = cluster["a@h"].Spawn();
        var token = cluster["a@h"].Want(new GlobalCommand.Register(Name, pid, SimulatedNode.RandomExit));
        while (!cluster["a@h"].Done.ContainsKey(token))
            cluster.Run(1);

        Assert.Equal(GlobalAtoms.Yes, cluster["a@h"].Done[token].Atom);
        Assert.All(cluster.Nodes, node => Assert.Equal(pid, node.Machine.Names.Find(Name)?.Pid));
        cluster.Run();
        SimulatedChecks.AllAgree(cluster);
    }

    [Fact]
    public void A_taken_name_is_refused_and_can_be_registered_anew()
    {
        var cluster = Meet("a@h", "b@h");
        var (first, second) = (cluster["a@h"].Spawn(), cluster["b@h"].Spawn());
        var a = cluster["a@h"].Want(new GlobalCommand.Register(Name, first, SimulatedNode.RandomExit));
        cluster.Run();
        var b = cluster["b@h"].Want(new GlobalCommand.Register(Name, second, SimulatedNode.RandomExit));
        cluster.Run();
        Assert.Equal(new Term[] { GlobalAtoms.Yes, GlobalAtoms.No }, new Term[] { cluster["a@h"].Done[a], cluster["b@h"].Done[b] });

        var again = cluster["b@h"].Want(new GlobalCommand.ReRegister(Name, second, SimulatedNode.RandomExit));
        cluster.Run();

        Assert.Equal(GlobalAtoms.Yes, cluster["b@h"].Done[again].Atom);
        Assert.All(cluster.Nodes, node => Assert.Equal(second, node.Machine.Names.Find(Name)?.Pid));
    }

    [Fact]
    public void A_process_has_one_global_name_as_on_the_BEAM()
    {
        var cluster = Meet("a@h");
        var node = cluster["a@h"];
        var pid = node.Spawn();
        var first = node.Want(new GlobalCommand.Register(Name, pid, SimulatedNode.RandomExit));
        var second = node.Want(new GlobalCommand.Register(new Atom("other"), pid, SimulatedNode.RandomExit));

        Assert.Equal(new Term[] { GlobalAtoms.Yes, GlobalAtoms.No }, new Term[] { node.Done[first], node.Done[second] });
        Assert.Equal(GlobalReport.SecondName, Assert.Single(node.Reports).What);
    }

    [Fact]
    public void Names_and_locks_go_with_their_process()
    {
        var cluster = Meet("a@h", "b@h");
        var a = cluster["a@h"];
        var pid = a.Spawn();
        a.Want(new GlobalCommand.Register(Name, pid, SimulatedNode.RandomExit));
        cluster.Run();
        cluster.Send(a, new Atom("b@h"), b => b.Take(new GlobalEvent.Message(Term.Tuple(
            new Atom("$gen_call"), Term.Tuple(pid, 0), GlobalMessages.SetLock(Term.Tuple(new Atom("resource"), pid))))));
        cluster.Run();
        Assert.Equal(1, cluster["b@h"].Machine.Locks.Count);

        a.Kill(pid);
        cluster.Run();

        Assert.All(cluster.Nodes, node => Assert.Null(node.Machine.Names.Find(Name)));
        SimulatedChecks.AllAgree(cluster);
    }

    [Fact]
    public void A_third_node_is_introduced_to_those_its_peer_knows()
    {
        var cluster = Meet("a@h", "b@h");
        cluster.Start("c@h");
        cluster.Connect("c@h", "b@h");
        cluster.Run();

        Assert.True(cluster.IsLinked("a@h", "c@h"));
        SimulatedChecks.AllAgree(cluster);
    }

    [Fact]
    public void Of_two_processes_with_one_name_the_one_on_the_smaller_node_stays()
    {
        var cluster = new SimulatedCluster(1);
        foreach (var name in (string[])["a@h", "b@h"])
            cluster.Start(name).Want(new GlobalCommand.Register(Name, cluster[name].Spawn(), SimulatedNode.RandomExit));
        cluster.Connect("b@h", "a@h");
        cluster.Run();

        Assert.All(cluster.Nodes, node => Assert.Equal("a@h", node.Machine.Names.Find(Name)?.Pid.Node.Text));
        Assert.Single(cluster["b@h"].Alive); // the server
        SimulatedChecks.AllAgree(cluster);
    }

    [Fact]
    public void A_method_that_wants_neither_takes_the_name_from_both()
    {
        var cluster = new SimulatedCluster(1);
        var none = new FunTerm(GlobalAtoms.Global, GlobalAtoms.NotifyAllName, 3);
        foreach (var name in (string[])["a@h", "b@h"])
            cluster.Start(name).Want(new GlobalCommand.Register(Name, cluster[name].Spawn(), none));
        cluster.Connect("b@h", "a@h");
        cluster.Run();

        Assert.All(cluster.Nodes, node => Assert.Null(node.Machine.Names.Find(Name)));
        SimulatedChecks.AllAgree(cluster);
    }

    [Fact]
    public void One_cut_link_parts_both_ends_from_everybody()
    {
        var cluster = Meet("a@h", "b@h", "c@h", "d@h");
        cluster.Cut("a@h", "b@h");
        cluster.Run();

        Assert.Equal(1, cluster.LinkCount);
        Assert.True(cluster.IsLinked("c@h", "d@h"));
        Assert.Contains(cluster["c@h"].Reports, report => report.What == GlobalReport.AskedToDisconnect && report.Node?.Text == "a@h");
        cluster.Mend();
        cluster.Settle();
        SimulatedChecks.AllAgree(cluster);
    }

    [Fact]
    public void A_node_that_ends_takes_nobody_with_it()
    {
        var cluster = Meet("a@h", "b@h", "c@h", "d@h");
        cluster.Crash("a@h");
        cluster.Run();

        Assert.Equal(3, cluster.LinkCount);
        SimulatedChecks.AllAgree(cluster);
    }

    [Fact]
    public void Leaving_by_disconnect_keeps_the_others_together()
    {
        var cluster = Meet("a@h", "b@h", "c@h", "d@h");
        var token = cluster["a@h"].Want(new GlobalCommand.Disconnect());
        cluster.Run();

        Assert.Equal(3, cluster["a@h"].Done[token].AsList!.Value.Count);
        Assert.Equal(3, cluster.LinkCount);
        Assert.Empty(cluster["a@h"].Machine.Known);
        cluster.Settle();
        SimulatedChecks.AllAgree(cluster);
    }

    [Fact]
    public void Sync_waits_for_those_that_are_connected_and_for_nobody_else()
    {
        var cluster = new SimulatedCluster(1);
        var a = cluster.Start("a@h");
        cluster.Start("b@h");
        Assert.Equal(Atoms.Ok, a.Done[a.Want(new GlobalCommand.Sync(null))].Atom);

        cluster.Connect("a@h", "b@h");
        while (a.Machine.NextWake is null && a.Machine.Unfinished == 0)
            cluster.Run(1);
        var token = a.Want(new GlobalCommand.Sync([new Atom("b@h"), new Atom("nobody@h")]));
        Assert.False(a.Done.ContainsKey(token));
        cluster.Run();

        Assert.Equal(Atoms.Ok, a.Done[token].Atom);
    }

    [Fact]
    public void A_loss_is_passed_on_once()
    {
        var losses = new LostConnections();
        var (a, b) = (new Atom("a@h"), new Atom("b@h"));

        Assert.True(losses.IsNew(a, 1, -5, b, TimeSpan.Zero));
        Assert.False(losses.IsNew(a, 1, -5, b, TimeSpan.Zero));
        Assert.False(losses.IsNew(a, 1, -6, b, TimeSpan.Zero));
        Assert.True(losses.IsNew(a, 1, -4, b, TimeSpan.FromMinutes(30)));
        Assert.True(losses.IsNew(a, 2, -9, b, TimeSpan.FromMinutes(40)));
        Assert.True(losses.IsNew(b, 1, -5, a, TimeSpan.Zero));
        Assert.False(losses.IsNew(a, 2, -9, b, TimeSpan.FromMinutes(99)));
        Assert.True(losses.IsNew(a, 2, -9, b, TimeSpan.FromMinutes(100)));
        for (var i = 0; i < 30_000; i++)
            losses.IsNew(new Atom($"n{i}"), 1, 1, b, TimeSpan.FromMinutes(100));
        Assert.InRange(losses.Count, 1, 10_000);
    }

    private static SimulatedCluster Meet(params string[] names)
    {
        var cluster = new SimulatedCluster(1);
        foreach (var name in names)
            cluster.Start(name);
        cluster.Settle();
        return cluster;
    }
}
