using Enmesh.Terms;
using Enmesh.Terms.External;
using Enmesh.TestSupport;
using Xunit;

namespace Enmesh.Interop.Tests.Global;

/// <summary>What the tests of global names have in common.</summary>
internal static class GlobalBench
{
    internal static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    internal static NodeName NameOf(BeamNode beam) => NodeName.Parse(beam.Name);

    internal static Pid Idle(ErlangNode node) => node.Spawn(static async context => await context.ReceiveAsync());

    internal static ReadOnlyMemory<byte> Bytes(Term term) => ExternalTermFormat.Encode(term);

    /// <summary>The value of an expression as a term.</summary>
    internal static async Task<Term> ValueAsync(BeamNode beam, string expressions) =>
        ExternalTermFormat.Decode((await beam.EvalBytesAsync(
            $"term_to_binary((fun() -> {expressions} end)(), [{{minor_version, 2}}])", timeout: Patience)).Span);

    internal static async Task UntilAsync(Func<bool> condition)
    {
        using var deadline = new CancellationTokenSource(Patience);
        while (!condition())
        {
            Assert.False(deadline.IsCancellationRequested, "It does not happen.");
            await Task.Delay(10);
        }
    }

    /// <summary>All of them know each other and have the same names.</summary>
    internal static async Task InSyncAsync(IReadOnlyCollection<BeamNode> beams, params ErlangNode[] ours)
    {
        string[] all = [.. beams.Select(beam => beam.Name), .. ours.Select(node => node.Name.Text)];
        foreach (var beam in beams)
        {
            var others = string.Join(',', all.Where(name => name != beam.Name).Order(StringComparer.Ordinal).Select(name => $"'{name}'"));
            await beam.WaitForAsync("lists:sort(nodes())", $"[{others}]", Patience);
            Assert.Equal("ok", await SyncAsync(beam, ours));
            await beam.WaitForAsync("lists:sort(gen_server:call(global_name_server, get_known))", $"[{others}]", Patience);
            await beam.WaitForAsync("lists:sort(gen_server:call(global_name_server, get_synced))", $"[{others}]", Patience);
        }
        foreach (var node in ours)
        {
            await UntilAsync(() => all.Where(name => name != node.Name.Text).All(name => node.ConnectedNodes.Contains(NodeName.Parse(name))));
            await node.Global.SyncAsync().WaitAsync(Patience);
            var known = await node.CallAsync("global_name_server", new Atom("get_known"));
            Assert.Equal(all.Where(name => name != node.Name.Text).Order(StringComparer.Ordinal), known.AsList!.Value.Select(one => one.AtomText!).Order(StringComparer.Ordinal));
        }
    }

    private static async Task<string> SyncAsync(BeamNode beam, ErlangNode[] ours)
    {
        try
        {
            return await beam.EvalAsync("global:sync()", timeout: Patience / 3);
        }
        catch (TimeoutException)
        {
            var states = new List<string> { await beam.EvalAsync("{sys:get_state(global_name_server), element(2, process_info(whereis(global_name_server), dictionary))}") };
            foreach (var node in ours)
            {
                var (known, synced) = (await node.CallAsync("global_name_server", new Atom("get_known")), await node.CallAsync("global_name_server", new Atom("get_synced")));
                states.Add($"{node.Name} knows {known} and is in sync with {synced}");
            }
            return string.Join("; ", states);
        }
    }

    /// <summary>Nothing of what we sent was a surprise.</summary>
    internal static void IsUnhurt(params IEnumerable<BeamNode> beams)
    {
        foreach (var beam in beams)
        {
            Assert.DoesNotContain("CRASH", beam.Output, StringComparison.OrdinalIgnoreCase);
            Assert.DoesNotContain("unexpected message", beam.Output, StringComparison.OrdinalIgnoreCase);
            Assert.DoesNotContain("=ERROR", beam.Output, StringComparison.Ordinal);
        }
    }
}
