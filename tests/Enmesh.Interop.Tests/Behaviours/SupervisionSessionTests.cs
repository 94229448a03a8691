using System.Text;
using Enmesh.Behaviours;
using Enmesh.Processes;
using Enmesh.Terms;
using Enmesh.TestSupport;
using Microsoft.Extensions.Logging;
using Xunit;

namespace Enmesh.Interop.Tests.Behaviours;

/// <summary>A crash and what a supervisor makes of it, seen from Elixir: ours with children here and there, and Elixir's with a child here.</summary>
[Trait("Ring", "interop")]
public sealed class SupervisionSessionTests : IDisposable
{
    private readonly StringBuilder _transcript = new();
    private readonly LogKeeper _logs = new();

    public static TheoryData<int> Releases => Otp.Releases;

    public void Dispose() => _logs.Dispose();

    [Theory]
    [MemberData(nameof(Releases))]
    public async Task A_supervised_crash_and_restart_seen_from_elixir(int release)
    {
        await using var pair = await Pair.StartAsync(release, published: true, logs: _logs);
        await pair.Node.StartSupervisorAsync(new()
        {
            Name = "shop",
            Children = [ChildSpec.Server("counter", () => new Counter(), new() { Name = "counter" })],
        });
        var shop = $"{{:shop, :\"{pair.Node.Name}\"}}";
        var counter = $"{{:counter, :\"{pair.Node.Name}\"}}";
        await Iex(pair, $"[{{:counter, _, :worker, [:Counter]}}] = Supervisor.which_children({shop}); Enum.sort(Supervisor.count_children({shop}))", "[active: 1, specs: 1, supervisors: 0, workers: 1]");
        await Iex(pair, $"[GenServer.call({counter}, :next), GenServer.call({counter}, :next)]", "[1, 2]");
        await Iex(
            pair,
            $$$"""
            [{_, pid, _, _}] = Supervisor.which_children({{{shop}}})
            ref = Process.monitor(pid)
            GenServer.cast(pid, :crash)
            receive do {:DOWN, ^ref, :process, ^pid, {:exception, type, message, _stack}} -> {type, message} end
            """,
            "{\"System.InvalidOperationException\", \"as told\"}");
        await Iex(
            pair,
            $$$"""
            again = fn again -> case :erpc.call(:"{{{pair.Node.Name}}}", :erlang, :whereis, [:counter]) do
              :undefined -> again.(again)
              pid -> GenServer.call(pid, :next)
            end end
            again.(again)
            """,
            "1");
        await _logs.UntilAsync(LogLevel.Error, "Supervisor shop: child_terminated: counter", "(Permanent)", "as told");
        await Iex(pair, $"[{{:counter, pid, :worker, _}}] = Supervisor.which_children({shop}); {{node(pid), Process.alive?(self())}}", $"{{:\"{pair.Node.Name}\", true}}");
        await Iex(pair, $"{{Supervisor.terminate_child({shop}, :counter), Supervisor.restart_child({shop}, :nobody), Supervisor.delete_child({shop}, :counter)}}", "{:ok, {:error, :not_found}, :ok}");
        TestContext.Current.AddAttachment("transcript", _transcript.ToString());
    }

    [Theory]
    [MemberData(nameof(Releases))]
    public async Task A_server_of_ours_below_a_supervisor_of_elixir(int release)
    {
        await using var pair = await Pair.StartAsync(release, published: true);
        var node = pair.Node;
        node.Functions.Export("counter", "start_link", 1, async (_, arguments) =>
            Term.Tuple(Atoms.Ok, await node.StartServerAsync(() => new Counter(), new() { Name = "counter", Parent = arguments[0].Pid })));
        await Iex(
            pair,
            $$$"""
            defmodule RemoteCounter do
              def child_spec(node), do: %{id: :counter, start: {__MODULE__, :start_link, [node]}}
              def start_link(node), do: :erpc.call(node, :counter, :start_link, [self()])
            end
            {:ok, sup} = Supervisor.start_link([{RemoteCounter, :"{{{node.Name}}}"}], strategy: :one_for_one, name: :shop)
            Process.unlink(sup)
            [{:counter, pid, :worker, _}] = Supervisor.which_children(:shop)
            {node(pid), GenServer.call(pid, :next), GenServer.call(pid, :next)}
            """,
            $"{{:\"{node.Name}\", 1, 2}}");
        var first = node.WhereIs("counter")!;
        pair.Beam.Announce("'Elixir.RemoteCounter'");
        await Iex(
            pair,
            """
            [{_, pid, _, _}] = Supervisor.which_children(:shop)
            GenServer.cast(pid, :crash)
            again = fn again -> case Supervisor.which_children(:shop) do
              [{_, new, _, _}] when is_pid(new) and new != pid -> GenServer.call(new, :next)
              _ -> again.(again)
            end end
            again.(again)
            """,
            "1");
        Assert.NotEqual(first, node.WhereIs("counter"));
        await Iex(pair, "Supervisor.stop(:shop)", ":ok");
        await Waiting.UntilAsync(() => node.WhereIs("counter") is null);
    }

    [Theory]
    [MemberData(nameof(Releases))]
    public async Task Processes_of_elixir_below_a_supervisor_of_ours(int release)
    {
        await using var pair = await Pair.StartAsync(release, published: true, logs: _logs);
        await Iex(
            pair,
            """
            defmodule Stock do
              use GenServer
              def start(n), do: GenServer.start(__MODULE__, n, name: :stock)
              def run(name), do: (Process.register(self(), name); receive do reason -> exit(reason) end)
              def init(n), do: {:ok, n}
              def handle_call(:get, _from, n), do: {:reply, n, n}
            end
            :ok
            """,
            ":ok");
        var supervisor = await pair.Node.StartSupervisorAsync(new()
        {
            Name = "shop",
            Intensity = 5,
            Children =
            [
                ChildSpec.RemoteServer("stock", pair.BeamName, "Elixir.Stock", "start", 7),
                ChildSpec.RemoteProcess("runner", pair.BeamName, "Elixir.Stock", "run", new Atom("runner")),
            ],
        });
        foreach (var name in new[] { "stock", "runner" })
        {
            await pair.Beam.WaitForAsync($"is_pid(whereis({name}))");
            await Iex(
                pair,
                $$$"""
                pid = Process.whereis(:{{{name}}})
                Process.exit(pid, :kill)
                again = fn again -> case Process.whereis(:{{{name}}}) do
                  new when is_pid(new) and new != pid -> :back
                  _ -> again.(again)
                end end
                again.(again)
                """,
                ":back");
            await _logs.UntilAsync(LogLevel.Error, $"child_terminated: {name}", "killed");
        }
        await Iex(pair, "GenServer.call(:stock, :get)", "7");
        Assert.Equal(new ChildCounts(2, 2, 0, 2), await supervisor.CountChildrenAsync());
        await supervisor.StopAsync();
        await pair.Beam.WaitForAsync("{whereis(stock), whereis(runner)}", "{undefined, undefined}");
    }

    private async Task Iex(Pair pair, string code, string expected)
    {
        var value = await pair.Beam.EvalElixirAsync(code);
        _transcript.Append("iex> ").AppendLine(code.ReplaceLineEndings("\n...> ")).AppendLine(value);
        Assert.Equal(expected, value);
    }

    private sealed class Counter : GenServer
    {
        private int _count;

        protected override ValueTask<CallResult> HandleCallAsync(Term request, CallRequest call) => Reply(++_count);

        protected override ValueTask<ServerResult> HandleCastAsync(Term request) => throw new InvalidOperationException("as told");
    }
}
