
using Enmesh.Groups;
using Enmesh.Terms;
using Enmesh.Terms.External;
using Enmesh.TestSupport;
using Xunit;

namespace Enmesh.Interop.Tests.Groups;

/// <summary>
/// A real node with a scope <c>pg</c> and two processes to put into groups: <c>Member(1)</c> and <c>Member(2)</c>.
/// </summary>
internal sealed class BeamScope
{
    private string _scopePid = "";

    private BeamScope(BeamNode node) => Node = node;

    internal BeamNode Node { get; }

    internal NodeName Name => NodeName.Parse(Node.Name);

    internal static async Task<BeamScope> StartAsync(Mesh mesh, int release)
    {
        var scope = new BeamScope(await mesh.StartBeamAsync(release, "-kernel", "start_pg", "true"));
        await scope.Node.EvalAsync(
            "[persistent_term:put({member, I}, spawn(fun() -> receive never -> ok end end)) || I <- [1, 2]]");
        scope._scopePid = await scope.Node.EvalAsync("whereis(pg)");
        return scope;
    }

    /// <summary>As <see cref="BeamNode.EvalAsync"/>, with <c>Member(I)</c> for the two processes.</summary>
    internal Task<string> EvalAsync(string expressions, ReadOnlyMemory<byte> input = default) =>
        Node.EvalAsync($"Member = fun(I) -> persistent_term:get({{member, I}}) end, {expressions}", input);

    /// <summary>Waits until both sides see the same so many members in a group.</summary>
    internal async Task AgreesAsync(ErlangNode ours, Term group, int count)
    {
        await PgBench.SeesAsync(ours.Pg, group, count);
        var members = Term.List([.. ours.Pg.Members(group).Select(pid => (Term)pid)]);
        await Node.EvalAsync(
            """
            {Group, Pids} = binary_to_term(In),
            (fun Wait() ->
              case lists:sort(pg:get_members(Group)) =:= lists:sort(Pids) of
                true -> ok;
                false -> receive after 10 -> Wait() end
              end
            end)()
            """,
            PgBench.Bytes(Term.Tuple(group, members)));
    }

    /// <summary>The scope's process is the one that it was in the beginning.</summary>
    internal async Task IsUnhurtAsync() => Assert.Equal(_scopePid, await Node.EvalAsync("whereis(pg)"));
}

internal static class PgBench
{
    internal static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    internal static NodePlan WithPg(NodePlan plan) => plan with { PgScopes = [ProcessGroups.DefaultScope] };

    internal static Pid Idle(ErlangNode node) =>
        node.Spawn(static async context => await context.ReceiveAsync(static _ => false));

    internal static ReadOnlyMemory<byte> Bytes(Term term) => ExternalTermFormat.Encode(term);

    internal static async Task SeesAsync(ProcessGroups groups, Term group, int count)
    {
        // Not by a watch: one that begins after the last member has left has nothing to tell.
        using var patience = new CancellationTokenSource(Patience);
        while (groups.Members(group).Count != count)
        {
            if (patience.IsCancellationRequested)
                Assert.Fail($"There should be {count} in {group}; there are {string.Join(' ', groups.Members(group))}.");
            await Task.Delay(10, CancellationToken.None);
        }
    }
}
