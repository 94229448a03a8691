using Enmesh.Behaviours;
using Enmesh.Processes;
using Enmesh.Terms;
using Enmesh.TestSupport;
using Xunit;

namespace Enmesh.Interop.Tests.Behaviours;

/// <summary>The same questions put to a supervisor of ours and to one of OTP's, by the same Erlang code: the answers are the same.</summary>
[Trait("Ring", "interop")]
public sealed class SupervisorTests
{
    private const string Probe = "sup_probe";

    public static TheoryData<int> Releases => Otp.Releases;

    [Theory]
    [MemberData(nameof(Releases))]
    public async Task Peers_manage_it_as_they_manage_one_of_OTPs(int release)
    {
        await using var pair = await StartAsync(release);
        await CompareAsync(pair, "one_for_one", "#{intensity => 10}", "[sup_probe:child(z)]", new()
        {
            Name = "one_for_one",
            Intensity = 10,
            Children = [Child("z")],
        });
    }

    [Theory]
    [MemberData(nameof(Releases))]
    public async Task Children_come_back_when_those_of_OTPs_do(int release)
    {
        await using var pair = await StartAsync(release);
        foreach (var strategy in new[] { SupervisorStrategy.OneForOne, SupervisorStrategy.OneForAll, SupervisorStrategy.RestForOne })
        {
            var name = $"ends_{ChildTerms.ToAtom(strategy).Text}";
            await CompareAsync(
                pair, "ends", $"#{{strategy => {ChildTerms.ToAtom(strategy).Text}, intensity => 20}}",
                "[sup_probe:child(p), sup_probe:child(t, transient), sup_probe:child(x, temporary), sup_probe:child(q)]",
                new()
                {
                    Name = name,
                    Strategy = strategy,
                    Intensity = 20,
                    Children =
                    [
                        Child("p"), Child("t") with { Restart = ChildRestart.Transient }, Child("x") with { Restart = ChildRestart.Temporary }, Child("q"),
                    ],
                });
        }
    }

    [Theory]
    [MemberData(nameof(Releases))]
    public async Task Children_of_one_kind_are_managed_as_those_of_OTPs(int release)
    {
        await using var pair = await StartAsync(release);
        await CompareAsync(
            pair, "simple", "#{strategy => simple_one_for_one, intensity => 10}", "[#{id => worker, start => {sup_probe, start_link, []}, shutdown => brutal_kill}]",
            new()
            {
                Name = "simple",
                Strategy = SupervisorStrategy.SimpleOneForOne,
                Intensity = 10,
                Children = [ChildSpec.Function("worker", Probe, "start_link") with { Shutdown = ChildShutdown.BrutalKill }],
            });
    }

    [Theory]
    [MemberData(nameof(Releases))]
    public async Task It_gives_up_when_one_of_OTPs_does(int release)
    {
        await using var pair = await StartAsync(release);
        await CompareAsync(pair, "intensity", "#{intensity => 2, period => 3600}", "[sup_probe:child(a)]", new()
        {
            Name = "intensity",
            Intensity = 2,
            Period = TimeSpan.FromHours(1),
            Children = [Child("a")],
        });
    }

    [Theory]
    [MemberData(nameof(Releases))]
    public async Task It_ends_with_its_significant_children_as_one_of_OTPs(int release)
    {
        await using var pair = await StartAsync(release);
        foreach (var when in new[] { AutoShutdown.AnySignificant, AutoShutdown.AllSignificant })
        {
            var name = ChildTerms.ToAtom(when).Text;
            var options = new SupervisorOptions
            {
                Name = name,
                AutoShutdown = when,
                Children =
                [
                    Child("t") with { Restart = ChildRestart.Transient, Significant = true },
                    Child("x") with { Restart = ChildRestart.Temporary, Significant = true }, Child("c") with { Restart = ChildRestart.Temporary },
                ],
            };
            // Releases before 24 know nothing of it, and can ask all the same.
            if (release >= 24)
            {
                await CompareAsync(
                    pair, "significant", $"#{{auto_shutdown => {name}}}",
                    "[(sup_probe:child(t, transient))#{significant => true}, (sup_probe:child(x, temporary))#{significant => true}, sup_probe:child(c, temporary)]",
                    options);
                continue;
            }
            await pair.Node.StartSupervisorAsync(options);
            Assert.EndsWith(
                when == AutoShutdown.AnySignificant ? ",true,shutdown,over}" : ",true,lives,shutdown}",
                await pair.Beam.EvalAsync($"sup_probe:significant({{{name}, '{pair.Node.Name}'}})"), StringComparison.Ordinal);
        }
    }

    [Theory]
    [MemberData(nameof(Releases))]
    public async Task One_of_OTPs_is_managed_from_CSharp(int release)
    {
        await using var pair = await StartAsync(release);
        await pair.Beam.EvalAsync("sup_probe:start(theirs, #{intensity => 10}, [sup_probe:child(a)])");
        var theirs = pair.Node.SupervisorAt(("theirs", pair.BeamName));
        var added = await theirs.StartChildAsync(Child("b") with { Restart = ChildRestart.Transient });
        Assert.Equal(
            [("b", added, ChildKind.Worker), ("a", (await theirs.WhichChildrenAsync())[1].Pid, ChildKind.Worker)],
            (await theirs.WhichChildrenAsync()).Select(child => (child.Id.ToString(), child.Pid, child.Kind)));
        await theirs.TerminateChildAsync("b");
        Assert.Equal(new ChildCounts(2, 1, 0, 2), await theirs.CountChildrenAsync());
        Assert.Equal("transient", (await theirs.GetChildSpecAsync("b"))[new Atom("restart")].AtomText);
        Assert.NotNull(await theirs.RestartChildAsync("b"));
        Assert.Equal("running", (await Assert.ThrowsAsync<SupervisorException>(() => theirs.DeleteChildAsync("b").AsTask())).Reason.AtomText);
        await theirs.StopAsync();
        Assert.Equal("undefined", await pair.Beam.EvalAsync("whereis(theirs)"));
    }

    private static ChildSpec Child(string id) => ChildSpec.Function(id, Probe, "start_link", new Atom(id));

    private static async Task CompareAsync(Pair pair, string scenario, string flags, string specs, SupervisorOptions options)
    {
        var name = options.Name!.Value.Name!.Text;
        await pair.Node.StartSupervisorAsync(options);
        pair.Beam.Announce($"supervisor: {{local,{name}}}"); // which is OTP's, and has its children end
        var expected = await pair.Beam.EvalAsync($"sup_probe:{scenario}(sup_probe:start({name}, {flags}, {specs}))");
        var actual = await pair.Beam.EvalAsync($"sup_probe:{scenario}({{{name}, '{pair.Node.Name}'}})");
        Assert.Equal(expected.Replace("},{", "},\n{", StringComparison.Ordinal), actual.Replace("},{", "},\n{", StringComparison.Ordinal));
    }

    private static async Task<Pair> StartAsync(int release)
    {
        var pair = await Pair.StartAsync(release, published: true);
        await pair.Beam.LoadModuleAsync(Probe, await File.ReadAllTextAsync(Repository.PathTo("tests", "Enmesh.Interop.Tests", "Behaviours", "sup_probe.erl")));
        var functions = pair.Node.Functions;
        functions.Export(Probe, "start_link", 1, (context, _) => new(Started(context)));
        functions.Export(Probe, "ign", 0, (_, _) => new(new Atom("ignore")));
        functions.Export(Probe, "err", 0, (_, _) => new(Term.Tuple(Atoms.Error, new Atom("nope"))));
        functions.Export(Probe, "odd", 0, (_, _) => new(new Atom("odd")));
        functions.Export(Probe, "info", 0, (context, _) => new(Term.Tuple(Atoms.Ok, Started(context).TupleElements[1], new Atom("extra"))));
        functions.Export(Probe, "thrown", 0, (_, _) => throw ErlangException.Throw(Term.Tuple(Atoms.Error, new Atom("thrown"))));
        functions.Export(Probe, "gone", 0, (_, _) => throw ErlangException.Exit(new Atom("gone")));
        return pair;
    }

    private static Term Started(ProcessContext context) => Term.Tuple(Atoms.Ok, context.SpawnLink(
        async child => throw new ProcessExitException((await child.ReceiveAsync()).TupleElements[1])));
}
