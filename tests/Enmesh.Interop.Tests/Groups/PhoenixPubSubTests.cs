using Enmesh.Groups;
using Enmesh.Terms;
using Enmesh.TestSupport;
using Xunit;

namespace Enmesh.Interop.Tests.Groups;

/// <summary>
/// Broadcasts between a node of ours and one that does in Elixir what Phoenix.PubSub's adapter does: the package itself
/// is not to be had where these tests run.
/// </summary>
[Trait("Ring", "interop")]
public sealed class PhoenixPubSubTests
{
    // A worker a partition, registered under its group's name and in it; what reaches it is kept for the test to see.
    private const string Adapter =
        """
        defmodule StandIn do
          def start(name, pool) do
            case :pg.start(Phoenix.PubSub) do
              {:ok, _} -> :ok
              {:error, {:already_started, _}} -> :ok
            end
            :persistent_term.put({:heard, name}, self())
            heard = spawn(fn -> keep([]) end)
            :persistent_term.put({:heard, name}, heard)
            for group <- groups(name, pool) do
              me = self()
              spawn(fn ->
                Process.register(self(), group)
                :ok = :pg.join(Phoenix.PubSub, group, self())
                send(me, {:joined, group})
                work(group, heard)
              end)
              receive do {:joined, ^group} -> :ok end
            end
            :ok
          end

          def groups(name, pool) do
            adapter = Module.concat(name, "Adapter")
            [adapter | for(n <- 2..10, n <= pool, do: :"#{adapter}_#{n}")]
          end

          def broadcast(name, pool, topic, message, dispatcher) do
            groups = groups(name, pool)
            group = Enum.at(groups, :erlang.phash2(self(), length(groups)))
            for pid <- :pg.get_members(Phoenix.PubSub, group), node(pid) != node() do
              send(pid, {:forward_to_local, topic, message, dispatcher})
            end
            :ok
          end

          def direct(name, node, topic, message) do
            send({Module.concat(name, "Adapter"), node}, {:forward_to_local, topic, message, Phoenix.PubSub})
          end

          def heard(name) do
            send(:persistent_term.get({:heard, name}), {:tell, self()})
            receive do {:heard, all} -> Enum.reverse(all) end
          end

          defp work(group, heard) do
            receive do
              {:forward_to_local, topic, message, dispatcher} -> send(heard, {group, topic, message, dispatcher})
              _ -> :ok
            end
            work(group, heard)
          end

          defp keep(all) do
            receive do
              {:tell, who} -> send(who, {:heard, all}); keep(all)
              one -> keep([one | all])
            end
          end
        end
        """;

    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    public static TheoryData<int> Releases => Otp.Releases;

    public static MatrixTheoryData<int, int> ReleasesAndPools => new(Otp.Releases.Select(row => row.Data), [1, 3]);

    [Theory]
    [MemberData(nameof(ReleasesAndPools))]
    public async Task Broadcasts_go_both_ways(int release, int pool)
    {
        await using var mesh = new Mesh();
        var beam = await mesh.StartBeamAsync(release);
        var ours = await mesh.StartOursAsync();
        var pubSub = await ours.StartPhoenixPubSubAsync(new PhoenixPubSubOptions("MyApp.PubSub") { PoolSize = pool });
        await StartStandInAsync(beam, "MyApp.PubSub", pool);
        await ours.ConnectAsync(NodeName.Parse(beam.Name));
        for (var partition = 1; partition <= pool; partition++)
        {
            var group = new Atom(new PhoenixPubSubOptions("MyApp.PubSub").GroupName(partition));
            await PgBench.SeesAsync(ours.FindPgScope(PhoenixPubSub.Scope)!, group, 2);
            await beam.WaitForAsync($"length(pg:get_members('Elixir.Phoenix.PubSub', '{group}'))", "2");
        }

        await using var messages = pubSub.ReadAsync("room:1").GetAsyncEnumerator(TestContext.Current.CancellationToken);
        var first = messages.MoveNextAsync();
        await beam.EvalElixirAsync(
            $"for n <- 1..20, do: StandIn.broadcast(MyApp.PubSub, {pool}, \"room:1\", {{:hello, n}}, Phoenix.PubSub)");
        await beam.EvalElixirAsync($"StandIn.broadcast(MyApp.PubSub, {pool}, \"room:2\", :not_ours, Phoenix.PubSub)");
        for (var number = 1; number <= 20; number++)
        {
            Assert.True(number == 1 ? await first : await messages.MoveNextAsync());
            Assert.Equal($"{{hello,{number}}}", messages.Current.ToString());
        }
        // By way of another process, that of the first partition.
        await beam.EvalElixirAsync($"StandIn.direct(MyApp.PubSub, :\"{ours.Name}\", \"room:1\", %{{last: true}})");
        Assert.True(await messages.MoveNextAsync());
        Assert.Equal("#{last => true}", messages.Current.ToString());

        for (var number = 1; number <= 3; number++)
            await pubSub.BroadcastAsync("room:1", number, number == 3 ? "Elixir.Phoenix.Channel.Server" : null);
        await pubSub.DirectBroadcastAsync(NodeName.Parse(beam.Name), "room:2", new Atom("direct"));
        await WaitForElixirAsync(beam, "length(StandIn.heard(MyApp.PubSub)) == 4");
        Assert.Equal(
            "[{\"room:1\", 1, Phoenix.PubSub}, {\"room:1\", 2, Phoenix.PubSub}, {\"room:1\", 3, Phoenix.Channel.Server}]",
            await beam.EvalElixirAsync("for {_, \"room:1\" = t, m, d} <- StandIn.heard(MyApp.PubSub), do: {t, m, d}"));
        Assert.Equal(
            "[:direct]", await beam.EvalElixirAsync("for {_, \"room:2\", m, _} <- StandIn.heard(MyApp.PubSub), do: m"));
        // Our own subscribers have it as well, in order.
        for (var number = 1; number <= 3; number++)
        {
            Assert.True(await messages.MoveNextAsync());
            Assert.Equal(number, messages.Current.Int32);
        }
    }

    [Theory]
    [MemberData(nameof(Releases))]
    public async Task Names_are_made_as_Elixir_makes_them(int release)
    {
        await using var beam = await BeamNode.StartAsync(release, new() { Distributed = false });
        foreach (var name in new[] { "MyApp.PubSub", "Elixir.MyApp.PubSub", ":my_pubsub" })
        {
            var adapter = await beam.EvalElixirAsync($"Atom.to_string(Module.concat({name}, \"Adapter\"))");
            Assert.Equal(adapter.Trim('"'), new PhoenixPubSubOptions(name).GroupName(1));
        }
        Assert.Equal("Elixir.MyApp.PubSub.Adapter_2", new PhoenixPubSubOptions("MyApp.PubSub").GroupName(2));
    }

    private static async Task StartStandInAsync(BeamNode beam, string name, int pool)
    {
        await beam.EvalElixirAsync(Adapter);
        Assert.Equal(":ok", await beam.EvalElixirAsync($"StandIn.start({name}, {pool})"));
    }

    private static async Task WaitForElixirAsync(BeamNode beam, string condition)
    {
        using var patience = new CancellationTokenSource(Patience);
        while (await beam.EvalElixirAsync(condition) != "true")
            Assert.False(patience.IsCancellationRequested, condition);
    }
}
