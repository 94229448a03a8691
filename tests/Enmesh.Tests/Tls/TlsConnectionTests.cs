using Enmesh.Tests.Transport;
using Enmesh.TestSupport;
using Enmesh.Tls;
using Enmesh.Transport;
using Microsoft.Extensions.Logging.Abstractions;
using Xunit;

namespace Enmesh.Tests.Tls;

/// <summary>TLS keeps the contract of every connection, over both ways to wait for a socket and over memory.</summary>
public abstract class TlsConnectionContract(System.Security.Authentication.SslProtocols versions) : ConnectionContract, IDisposable
{
    private readonly TestPki _pki = new();
    private readonly List<IDisposable> _sources = [];

    public void Dispose()
    {
        _sources.ForEach(source => source.Dispose());
        _pki.Dispose();
        GC.SuppressFinalize(this);
    }

    private protected abstract ITransport Below { get; }

    private protected TestPki Pki => _pki;

    private protected override async Task<(TransportConnection Left, TransportConnection Right)> PairAsync()
    {
        var transport = Over(Below, _pki.Setup("127.0.0.1", versions: versions));
        await using var listener = transport.Listen(ListenAddress.Loopback());
        var left = await transport.ConnectAsync("127.0.0.1", listener.Port);
        var right = await listener.AcceptAsync();
        await Task.WhenAll(
            left.OpenAsync("127.0.0.1", Patience, default).AsTask(), right.OpenAsync(null, Patience, default).AsTask());
        // What a server of TLS 1.3 sends for later sessions is not the caller's, but bytes that wait all the same.
        await right.WriteAsync(new byte[1]);
        Assert.Equal(1, await left.ReadAsync(new byte[1]));
        return (left, right);
    }

    private protected TlsTransport Over(ITransport below, TlsSetup setup)
    {
        var source = setup.Open(TimeProvider.System, NullLogger.Instance);
        _sources.Add(source);
        return new(below, source, setup.Identity, TimeProvider.System, NullLogger.Instance);
    }

    [Fact]
    public async Task It_tells_what_was_agreed_on_and_with_whom()
    {
        var (left, right) = await PairAsync();
        await using var _ = left;
        await using var __ = right;
        var version = versions == System.Security.Authentication.SslProtocols.Tls12 ? "TLS 1.2" : "TLS 1.3";

        foreach (var end in new[] { left, right })
        {
            Assert.Equal(4, end.HandshakePrefixBytes);
            Assert.StartsWith(version, end.Description, StringComparison.Ordinal);
            Assert.Equal(version, end.Security!.Version);
            Assert.Contains("DNS:127.0.0.1, IP:127.0.0.1", end.Security.Peer, StringComparison.Ordinal);
        }
    }

    [Fact]
    public async Task An_end_without_a_farewell_is_an_end_for_no_real_node_says_one()
    {
        var (left, right) = await PairAsync();
        await using var _ = left;
        await using var __ = right;
        ((TlsConnection)left).Below.CompleteWrites();

        Assert.Equal(0, await right.ReadAsync(new byte[8]).AsTask().WaitAsync(Patience));
    }

    [Fact]
    public async Task A_record_that_is_cut_off_is_no_end()
    {
        var (left, right) = await PairAsync();
        await using var _ = left;
        await using var __ = right;
        await ((TlsConnection)left).Below.WriteAsync(new byte[] { 0x17, 3, 3, 1, 0, 42 });
        ((TlsConnection)left).Below.CompleteWrites();

        await Assert.ThrowsAsync<IOException>(() => right.ReadAsync(new byte[8]).AsTask().WaitAsync(Patience));
    }

    [Fact]
    public async Task A_record_that_was_tampered_with_ends_the_connection()
    {
        var (left, right) = await PairAsync();
        await using var _ = left;
        await using var __ = right;
        await ((TlsConnection)left).Below.WriteAsync((byte[])[0x17, 3, 3, 0, 32, .. new byte[32]]);

        await Assert.ThrowsAsync<IOException>(() => right.ReadAsync(new byte[8]).AsTask().WaitAsync(Patience));
    }
}

[Trait("Ring", "loopback")]
public sealed class DirectTls13Tests() : TlsConnectionContract(System.Security.Authentication.SslProtocols.Tls13)
{
    private protected override ITransport Below { get; } = new TcpTransport { OwnThreads = true };
}

[Trait("Ring", "loopback")]
public sealed class DirectTls12Tests() : TlsConnectionContract(System.Security.Authentication.SslProtocols.Tls12)
{
    private protected override ITransport Below { get; } = new TcpTransport { OwnThreads = true };
}

[Trait("Ring", "loopback")]
public sealed class PooledTlsTests() : TlsConnectionContract(System.Security.Authentication.SslProtocols.Tls13)
{
    private protected override ITransport Below { get; } = new TcpTransport();
}
