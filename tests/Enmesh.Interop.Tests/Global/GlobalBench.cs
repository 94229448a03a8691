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

    /// <summary>All of them know each other and have the same names.</summary>
    internal static async Task InSyncAsync(IReadOnlyCollection<BeamNode> beams, params ErlangNode[] ours)
    {
        string[] all = [.. beams.Select(beam => beam.Name), .. ours.Select(node => node.Name.Text)];
        foreach (var beam in beams)
        {
            var others = string.Join(',', all.Where(name => name != beam.Name).Order(StringComparer.Ordinal).Select(name => $"'{name}'"));
            await beam.WaitForAsync("lists:sort(nodes())", $"[{others}]", Patience);
            await SyncAsync(beam, ours);
            await beam.WaitForAsync("lists:sort(gen_server:call(global_name_server, get_known))", $"[{others}]", Patience);
            await beam.WaitForAsync("lists:sort(gen_server:call(global_name_server, get_synced))", $"[{others}]", Patience);
        }
        foreach (var node in ours)
        {
            string[] others = [.. all.Where(name => name != node.Name.Text).Order(StringComparer.Ordinal)];
            await Waiting.UntilAsync(() => others.All(name => node.ConnectedNodes.Contains(NodeName.Parse(name))));
            await node.Global.SyncAsync().WaitAsync(Patience);
            // One that is in sync may have said so itself, before we hear from others that it is one of us; and one that went may still be told of.
            using var deadline = new CancellationTokenSource(Patience);
            while (await KnownAsync(node) is var known && !known.SequenceEqual(others))
                Assert.False(deadline.IsCancellationRequested, $"{node.Name} knows {string.Join(' ', known)} and not {string.Join(' ', others)}.");
        }
    }

    private static async Task<IEnumerable<string>> KnownAsync(ErlangNode node)
    {
        var known = await node.CallAsync("global_name_server", new Atom("get_known"));
        return known.AsList!.Value.Select(one => one.AtomText!).Order(StringComparer.Ordinal);
    }

    private static async Task SyncAsync(BeamNode beam, ErlangNode[] ours)
    {
        try
        {
            Assert.Equal("ok", await beam.EvalAsync("global:sync()", timeout: Patience / 2));
        }
        catch (TimeoutException)
        {
            var states = new List<string> { await beam.EvalAsync("{sys:get_state(global_name_server), element(2, process_info(whereis(global_name_server), dictionary))}") };
            foreach (var node in ours)
            {
                var (known, synced) = (await node.CallAsync("global_name_server", new Atom("get_known")), await node.CallAsync("global_name_server", new Atom("get_synced")));
                states.Add($"{node.Name} knows {known} and is in sync with {synced}");
            }
            throw new TimeoutException($"global:sync() goes on and on: {string.Join("; ", states)}");
        }
    }
}
