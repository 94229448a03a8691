using Enmesh.Processes;
using Enmesh.Terms;
using Enmesh.TestSupport;
using Xunit;

namespace Enmesh.Tests.Tls;

[Trait("Ring", "loopback")]
public sealed class TlsNodesTests
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    [Fact]
    public async Task Nodes_meet_and_talk_over_TLS()
    {
        using var pki = new TestPki();
        await using var cluster = new LoopbackCluster();
        var a = await cluster.StartAsync("a@127.0.0.1", with: plan => plan with { Tls = pki.Setup("127.0.0.1") });
        var b = await cluster.StartAsync("b@127.0.0.2", with: plan => plan with { Tls = pki.Setup("127.0.0.2") });
        b.Spawn(
            async context =>
            {
                while (true)
                {
                    if (CallRequest.TryRead(await context.ReceiveAsync(), out var call))
                        context.Reply(call, call.Request);
                }
            },
            "echo");
        var bytes = new byte[3_000_000];
        new Random(1).NextBytes(bytes);

        await a.PingAsync(b.Name);
        var reply = await a.CallAsync(("echo", b.Name), Term.Binary(bytes), Patience);

        Assert.True(reply.TryGetBinary(out var returned));
        Assert.True(returned.Span.SequenceEqual(bytes));
        Assert.Equal([b.Name], a.ConnectedNodes);
        Assert.Equal("TLS 1.3", Assert.Single(a.State.Links).Security!.Version);
    }
}
