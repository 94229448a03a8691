using Enmesh.TestSupport;
using Microsoft.Extensions.Logging;
using Xunit;

namespace Enmesh.Interop.Tests;

/// <summary>
/// Real nodes and published ones of ours that can all dial each other: without EPMD each has the same port on a
/// loopback address of its own.
/// </summary>
internal sealed class Mesh : IAsyncDisposable
{
    private readonly LoopbackCluster _cluster = new();
    private readonly List<(string Node, LogKeeper Logs)> _logs = [];
    private readonly List<BeamNode> _beams = [];
    private readonly string _cookie = Otp.NewCookie();
    private int _port;
    private int _hosts;

    internal async Task<BeamNode> StartBeamAsync(int release, params string[] arguments)
    {
        var host = NextHost();
        var options = new BeamOptions { Name = $"{Otp.NewName("beam").Split('@')[0]}@{host}", Address = host, Cookie = _cookie, Arguments = arguments };
        var beam = await BeamNode.StartAsync(release, _port == 0 ? options : options with { Port = _port });
        _port = beam.Port;
        _beams.Add(beam);
        _cluster.Place(NodeName.Parse(beam.Name), beam.Port);
        return beam;
    }

    /// <summary>Starts a node of ours; a real one must have been started before, which chooses the port.</summary>
    internal Task<ErlangNode> StartOursAsync(Func<NodePlan, NodePlan>? with = null, ILoggerFactory? logs = null)
    {
        var name = $"{Otp.NewName("net").Split('@')[0]}@{NextHost()}";
        var kept = new LogKeeper();
        _logs.Add((name, kept));
        return _cluster.StartAsync(
            name, cookie: _cookie, port: _port, logs: logs ?? kept,
            with: plan => (with ?? (same => same))(plan with { IsPublished = true }));
    }

    public async ValueTask DisposeAsync()
    {
        await _cluster.DisposeAsync();
        foreach (var beam in _beams)
            await beam.DisposeAsync();
        foreach (var (node, logs) in _logs)
        {
            TestContext.Current.TestOutputHelper?.WriteLine($"{node}:");
            logs.Show();
        }
    }

    private string NextHost() => $"127.0.0.{Interlocked.Increment(ref _hosts)}";
}
