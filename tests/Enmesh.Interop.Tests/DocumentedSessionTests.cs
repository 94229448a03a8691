using System.Globalization;
using System.Text.RegularExpressions;
using Enmesh.Behaviours;
using Enmesh.Processes;
using Enmesh.Terms;
using Enmesh.TestSupport;
using Xunit;

namespace Enmesh.Interop.Tests;

/// <summary>docs/elixir-session.md, typed into a real <c>iex</c>.</summary>
[Trait("Ring", "interop")]
public sealed partial class DocumentedSessionTests
{
    public static TheoryData<int> Releases => Otp.Releases;

    [Theory]
    [MemberData(nameof(Releases))]
    public async Task A_session_at_iex_goes_as_it_is_documented(int release)
    {
        await using var cluster = new LoopbackCluster();
        var cookie = Otp.NewCookie();
        var node = await cluster.StartAsync(
            "shop@127.0.0.2", cookie: cookie, published: true, with: static plan => plan with { StopByPeers = true, PgScopes = ["pg"] });
        await StartProgramAsync(node);
        var session = Session(await File.ReadAllLinesAsync(Repository.PathTo("docs", "elixir-session.md"), TestContext.Current.CancellationToken));
        Assert.True(session.Count > 20);
        var input = string.Join('\n', session.Select(step => step.Line)) + "\nSystem.halt()\n";

        var iex = await Otp.RunAsync(
            release,
            [
                "iex", "--dot-iex", "", "--name", "iex@127.0.0.1", "--erl",
                string.Create(CultureInfo.InvariantCulture, $"-start_epmd false -erl_epmd_port {node.Port} -kernel inet_dist_use_interface {{127,0,0,1}}"),
            ],
            cookie, input: input);

        // Each result stands behind the prompt that awaited its line.
        var results = Prompt().Split(iex.Output).Skip(1).Select(text => Identifier().Replace(text.Trim(), "#$1<>")).ToArray();
        Assert.Equal(
            session.Select(step => $"{step.Line}\n{step.Result}"),
            session.Select((step, i) => $"{step.Line}\n{results.ElementAtOrDefault(i)}"));
    }

    private static async Task StartProgramAsync(ErlangNode node)
    {
        await node.StartServerAsync(() => new Counter(), new() { Name = ProcessAddress.Global("orders") });
        node.Functions.Export("worker", "run", 1, static async (context, arguments) =>
        {
            await context.SendAsync(arguments[0].Pid!, Term.Tuple(new Atom("from"), context.Self));
            return Atoms.Ok;
        });
        node.Functions.Export("worker", "lend", 1, static async (context, arguments) =>
        {
            // A process on the caller's node, which runs Elixir's own Kernel.send/2 there.
            var caller = arguments[0].Pid!;
            await context.SpawnAsync(
                NodeName.Parse(caller.Node.Text), "Elixir.Kernel", "send", [caller, Term.Tuple(new Atom("hello"), context.Self)]);
            return Atoms.Ok;
        });
        await node.Pg.JoinAsync(new Atom("workers"), node.Spawn(WorkAsync));
    }

    private static async Task WorkAsync(ProcessContext context)
    {
        while (true)
        {
            if ((await context.ReceiveAsync()).TupleElements is [{ AtomText: "work" }, { Pid: { } from }])
                await context.SendAsync(from, Term.Tuple(new Atom("done"), context.Self));
        }
    }

    private static List<(string Line, string Result)> Session(string[] page)
    {
        const string Typed = "    iex> ";
        var session = new List<(string Line, string Result)>();
        for (var i = 0; i < page.Length; i++)
        {
            if (page[i].StartsWith(Typed, StringComparison.Ordinal))
                session.Add((page[i][Typed.Length..], page[i + 1].Trim()));
        }
        return session;
    }

    [GeneratedRegex(@"iex\([^)]*\)\d+> ")]
    private static partial Regex Prompt();

    [GeneratedRegex("#(PID|Reference)<[0-9.]+>")]
    private static partial Regex Identifier();

    private sealed class Counter : GenServer
    {
        private int _count;

        protected override ValueTask<CallResult> HandleCallAsync(Term request, CallRequest call) => Reply(++_count);
    }
}
