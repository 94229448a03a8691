using Enmesh.Processes;
using Enmesh.Terms;
using Enmesh.Tests.Peers;
using Enmesh.TestSupport;
using Enmesh.Tls;
using Enmesh.Transport;
using Microsoft.Extensions.Logging.Abstractions;
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
        var link = Assert.Single(a.State.Links).Security!;
        Assert.Equal("TLS 1.3", link.Version);
        var seen = await a.Cluster.WaitForAsync(view => view.Members is [{ Tls: not null }], TestContext.Current.CancellationToken).WaitAsync(Patience);
        Assert.Equal(link, seen.Members[0].Tls);
    }

    [Theory]
    [InlineData("127.0.0.1", null, true, true)] // its own host
    [InlineData("127.0.0.9", null, true, false)]
    [InlineData("127.0.0.9", "127.0.0.9", true, true)]
    [InlineData("127.0.0.9", "127.0.0.8", true, false)]
    [InlineData("127.0.0.9", "any-of-ca", true, true)]
    [InlineData("orders.example", "Orders.Example", true, true)]
    [InlineData("enmesh-tools", null, false, true)] // as a hidden node
    [InlineData("enmesh-tools", null, true, false)]
    public async Task A_caller_must_be_whom_its_certificate_names(string certified, string? allowed, bool published, bool isLetIn)
    {
        using var pki = new TestPki();
        await using var cluster = new LoopbackCluster();
        var logs = new LogKeeper();
        var b = await cluster.StartAsync(
            "b@127.0.0.2", published: true, logs: logs,
            with: plan => plan with { Tls = pki.Setup("127.0.0.2", allowedNames: allowed is null ? [] : [allowed]) });
        var a = await cluster.StartAsync("a@127.0.0.1", published: published, with: plan => plan with { Tls = pki.Setup(certified) });

        if (isLetIn)
        {
            await a.PingAsync(b.Name);
            return;
        }
        var error = await Assert.ThrowsAsync<HandshakeException>(() => a.ConnectAsync(b.Name));
        Assert.Equal(HandshakeFailure.NotAllowed, error.Failure);
        Assert.Contains($"our certificate (DNS:{certified}", error.Message, StringComparison.Ordinal);
        await logs.UntilAsync($"a@127.0.0.1 was refused: its certificate is not that of 127.0.0.1 (DNS:{certified}");
        Assert.Contains(logs.Lines, line => line.Text.Contains("it needs IP:127.0.0.1 among its names", StringComparison.Ordinal));
    }

    [Fact]
    public async Task A_certificate_for_tools_takes_nobodys_place()
    {
        using var pki = new TestPki();
        await using var cluster = new LoopbackCluster();
        var b = await cluster.StartAsync("b@127.0.0.2", published: true, with: plan => plan with { Tls = pki.Setup("127.0.0.2") });
        var member = await cluster.StartAsync("a@127.0.0.1", with: plan => plan with { Tls = pki.Setup("127.0.0.1") });
        await member.PingAsync(b.Name);
        var link = Assert.Single(b.State.Links).Session;
        await using var elsewhere = new LoopbackCluster();
        var tool = await elsewhere.StartAsync("a@127.0.0.1", with: plan => plan with { Tls = pki.Setup("enmesh-tools") });
        elsewhere.Place(b.Name, cluster.PortOf(b));

        var error = await Assert.ThrowsAsync<HandshakeException>(() => tool.ConnectAsync(b.Name));

        Assert.Equal(HandshakeFailure.NotAllowed, error.Failure);
        Assert.Equal(link, Assert.Single(b.State.Links).Session);
    }

    [Fact]
    public async Task A_tool_that_is_outrun_by_the_owner_of_its_name_does_not_replace_it()
    {
        using var pki = new TestPki();
        await using var cluster = new LoopbackCluster();
        var logs = new LogKeeper();
        var b = await cluster.StartAsync("b@127.0.0.1", published: true, logs: logs, with: plan => plan with { Tls = pki.Setup("127.0.0.1") });
        var member = await cluster.StartAsync("a@127.0.0.2", with: plan => plan with { Tls = pki.Setup("127.0.0.2") });
        var setup = pki.Setup("enmesh-tools");
        using var source = setup.Open(TimeProvider.System, NullLogger.Instance);
        var transport = new TlsTransport(new TcpTransport(), source, setup.Identity, TimeProvider.System, NullLogger.Instance);

        // Admitted under a name that is free, and then the node that it belongs to connects.
        await using var tool = await ScriptedPeer.ConnectAsync(
            b.Name, cluster.PortOf(b), "a@127.0.0.2", "loopback-cookie-of-the-tests", transport: transport,
            beforeReply: () => member.PingAsync(b.Name).GetAwaiter().GetResult());

        Assert.Null(await tool.ReceiveAsync().WaitAsync(Patience));
        await logs.UntilAsync("a@127.0.0.2 has connected meanwhile: its certificate is not that of 127.0.0.2 (DNS:enmesh-tools");
        Assert.Contains("127.0.0.2", Assert.Single(b.State.Links).Security!.Peer, StringComparison.Ordinal);
        await member.PingAsync(b.Name);
    }

    [Fact]
    public async Task A_certificate_that_is_not_taken_is_told_by_both_nodes()
    {
        using var pki = new TestPki();
        using var foreign = new TestPki(name: "Another authority");
        await using var cluster = new LoopbackCluster();
        var logs = new LogKeeper();
        var b = await cluster.StartAsync("b@127.0.0.2", logs: logs, with: plan => plan with { Tls = pki.Setup("127.0.0.2") });
        var both = pki.Write("both.pem", pki.Authority.CertificatePem + foreign.Authority.CertificatePem);
        var a = await cluster.StartAsync("a@127.0.0.1", with: plan => plan with { Tls = foreign.Setup("127.0.0.1", caFile: both) });

        var told = await Assert.ThrowsAsync<HandshakeException>(() => a.ConnectAsync(b.Name));
        Assert.Contains("It does not accept our certificate (DNS:127.0.0.1, IP:127.0.0.1; issued by CN=Another authority;", told.Message, StringComparison.Ordinal);
        await logs.UntilAsync("leads to CN=Another authority, which is none of the authorities in ");

        var refused = await Assert.ThrowsAsync<TlsException>(() => b.ConnectAsync(a.Name));
        Assert.Equal(TlsFailure.UnknownAuthority, refused.Failure);
    }

    [Fact]
    public async Task Plain_nodes_and_those_with_TLS_tell_each_other_apart()
    {
        using var pki = new TestPki();
        await using var cluster = new LoopbackCluster();
        var logs = new LogKeeper();
        var plain = await cluster.StartAsync("plain@127.0.0.1", logs: logs);
        var safe = await cluster.StartAsync("safe@127.0.0.2", logs: logs, with: plan => plan with { Tls = pki.Setup("127.0.0.2") });

        var dialled = await Assert.ThrowsAsync<TlsException>(() => safe.ConnectAsync(plain.Name));
        Assert.Contains("does not use TLS", dialled.Message, StringComparison.Ordinal);
        await logs.UntilAsync("the other side uses TLS distribution, and this side does not");
        var error = await Assert.ThrowsAsync<HandshakeException>(() => plain.ConnectAsync(safe.Name));
        Assert.Contains("TLS", error.Message, StringComparison.Ordinal);
        await logs.UntilAsync("speaks the distribution protocol without TLS");
    }
}
