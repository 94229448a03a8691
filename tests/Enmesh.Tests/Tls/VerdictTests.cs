using System.Net.Security;
using System.Security.Authentication;
using Enmesh.Certificates;
using Enmesh.TestSupport;
using Enmesh.Tls;
using Enmesh.Transport;
using Microsoft.Extensions.Logging.Abstractions;
using Xunit;

namespace Enmesh.Tests.Tls;

/// <summary>What is wrong with a certificate is said in one line on both sides, and what to do about it.</summary>
[Trait("Ring", "loopback")]
public sealed class VerdictTests : IDisposable
{
    private const string Server = "127.0.0.1";
    private const string Client = "127.0.0.2";
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    private readonly TestPki _pki = new();
    private readonly TestPki _foreign = new(name: "Another authority");
    private readonly DateTimeOffset _now = TimeProvider.System.GetUtcNow();

    public void Dispose()
    {
        _pki.Dispose();
        _foreign.Dispose();
    }

    /// <summary>What is wrong, the kind of failure, and what the one who looks says.</summary>
    public static TheoryData<string, TlsFailure, string> Certificates => new()
    {
        { "expired", TlsFailure.Expired, "expired on 20" },
        { "not yet valid", TlsFailure.NotYetValid, "is not valid before 20" },
        { "self-signed", TlsFailure.SelfSigned, "is self-signed, and none of those in " },
        { "foreign", TlsFailure.UnknownAuthority, "leads to CN=Another authority, which is none of the authorities in " },
        { "same name, other key", TlsFailure.UnknownAuthority, "but by one of the same name with another key" },
        { "usage", TlsFailure.WrongUsage, "is not meant for this: its extended key usage is " },
        { "without what is between", TlsFailure.UnknownAuthority, "where one in between is missing, append that" },
        { "revoked", TlsFailure.Revoked, "has been revoked since 20" },
        { "between revoked", TlsFailure.Revoked, "is signed by CN=Between, which has been revoked since" },
    };

    [Theory]
    [MemberData(nameof(Certificates))]
    public async Task A_servers_certificate_is_looked_at(string kind, TlsFailure failure, string verdict)
    {
        foreach (var version in new[] { SslProtocols.Tls12, SslProtocols.Tls13 })
        {
            var (server, client) = await MeetAsync(Bad(kind, Server, isServer: true), Good(Client, kind), version);

            Assert.Equal(failure, client!.Failure);
            Assert.Contains(verdict, OneLine(client), StringComparison.Ordinal);
            Assert.Contains("The certificate of 127.0.0.1", client.Message, StringComparison.Ordinal);
            Assert.Equal(TlsFailure.ClosedByPeer, server!.Failure); // .NET on Linux sends no alert
        }
    }

    [Theory]
    [MemberData(nameof(Certificates))]
    public async Task A_clients_certificate_is_looked_at(string kind, TlsFailure failure, string verdict)
    {
        foreach (var version in new[] { SslProtocols.Tls12, SslProtocols.Tls13 })
        {
            var (server, client) = await MeetAsync(Good(Server, kind), Bad(kind, Client, isServer: false), version);

            Assert.Equal(failure, server!.Failure);
            Assert.Contains(verdict, OneLine(server), StringComparison.Ordinal);
            Assert.Equal(TlsFailure.ClosedByPeer, client!.Failure); // .NET on Linux sends no alert
        }
    }

    [Theory]
    [InlineData(SslProtocols.Tls12)]
    [InlineData(SslProtocols.Tls13)]
    public async Task A_server_with_another_nodes_certificate_is_refused(SslProtocols version)
    {
        var (server, client) = await MeetAsync(_pki.Setup("10.9.8.7"), _pki.Setup(Client), version);

        Assert.Equal(TlsFailure.WrongName, client!.Failure);
        Assert.Contains(
            "The node that answered for 127.0.0.1: its certificate is not that of 127.0.0.1 (DNS:10.9.8.7, IP:10.9.8.7; issued by CN=Test authority;",
            OneLine(client), StringComparison.Ordinal);
        Assert.Contains("it needs IP:127.0.0.1 among its names, and DNS:127.0.0.1 for peers of OTP 25 and older", client.Message, StringComparison.Ordinal);
        Assert.Equal(TlsFailure.ClosedByPeer, server!.Failure);
    }

    [Fact]
    public async Task A_certificate_with_a_chain_is_taken_and_the_authority_itself_is_not_sent()
    {
        using var between = _pki.Authority.CreateIntermediate("Between");
        using var further = between.CreateIntermediate("Further");
        CertificatePair Issue(string host) => further.Issue(new() { Hosts = [host] });
        var setups = (_pki.Setup(Server, Issue(Server)), _pki.Setup(Client, Issue(Client)));

        Assert.Equal((null, null), await MeetAsync(setups.Item1, setups.Item2, SslProtocols.Tls13));
        using var source = setups.Item1.Open(TimeProvider.System, NullLogger.Instance);
        Assert.Equal(["CN=Further", "CN=Between"], source.Current.Server.Chain.IntermediateCertificates.Select(one => one.Subject));
    }

    [Fact]
    public async Task An_authority_below_a_root_is_not_enough_by_itself_and_what_lacks_is_said()
    {
        using var between = _pki.Authority.CreateIntermediate("Between");
        var trusted = _pki.Write("between.pem", between.CertificatePem);
        TlsSetup Setup(string host, bool uncheckedPair) =>
            _pki.Setup(host, between.Issue(new() { Hosts = [host] }), caFile: trusted, uncheckedPair: uncheckedPair);

        var own = Assert.Throws<TlsSettingsException>(() => Setup(Client, uncheckedPair: false).Open(TimeProvider.System, NullLogger.Instance));
        Assert.Contains("its chain ends with CN=Test authority. Append the certificates between the two to ", own.Message, StringComparison.Ordinal);
        var (_, client) = await MeetAsync(Setup(Server, uncheckedPair: true), Setup(Client, uncheckedPair: true), SslProtocols.Tls13);
        Assert.Equal(TlsFailure.UnknownAuthority, client!.Failure);
        Assert.Contains("leads to CN=Test authority, which is none of the authorities in ", client.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Several_authorities_may_be_trusted()
    {
        var both = _pki.Write("both.pem", "some remark\n" + _foreign.Authority.CertificatePem + "\n" + _pki.Authority.CertificatePem);

        Assert.Equal((null, null), await MeetAsync(
            _pki.Setup(Server, caFile: both), _foreign.Setup(Client, caFile: both), SslProtocols.Tls13));
    }

    [Theory]
    [InlineData(SslProtocols.Tls12)]
    [InlineData(SslProtocols.Tls13)]
    public async Task A_caller_without_a_certificate_is_refused(SslProtocols version)
    {
        var verdict = await RefusedAsync(async (stream, _) =>
        {
            await using var tls = new SslStream(stream, leaveInnerStreamOpen: true);
            try
            {
                await tls.AuthenticateAsClientAsync(new SslClientAuthenticationOptions
                {
                    TargetHost = Server,
                    EnabledSslProtocols = version,
                    RemoteCertificateValidationCallback = static (_, certificate, _, _) => certificate is not null, // what it is worth is not the matter
                });
                Assert.Equal(0, await tls.ReadAsync(new byte[1]));
            }
            catch (Exception e) when (e is IOException or AuthenticationException)
            {
                // That is what it is about.
            }
        });

        Assert.Equal(TlsFailure.NoCertificate, verdict.Failure);
        Assert.Contains("showed no certificate. Give it one for dialling: certfile and keyfile in the section client", OneLine(verdict), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_caller_without_TLS_is_told_apart()
    {
        var verdict = await RefusedAsync(async (stream, _) =>
            await stream.WriteAsync((byte[])[0, 29, (byte)'N', 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 14, .. "a@127.0.0.1abc"u8]));

        Assert.Equal(TlsFailure.NotTls, verdict.Failure);
        Assert.Contains("speaks the distribution protocol without TLS", OneLine(verdict), StringComparison.Ordinal);
        Assert.Contains("-proto_dist inet_tls", verdict.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("GET / HTTP/1.1\r\n\r\n", TlsFailure.NotTls, "HTTP perhaps")]
    [InlineData("\u0001\u0002\u0003\u0004\u0005\u0006\u0007", TlsFailure.NotTls, "something else than TLS")]
    [InlineData("", TlsFailure.ClosedByPeer, "without a word")]
    public async Task Whoever_calls_with_something_else_is_told_apart(string text, TlsFailure failure, string words)
    {
        var verdict = await RefusedAsync(async (stream, _) => await stream.WriteAsync(System.Text.Encoding.Latin1.GetBytes(text)));

        Assert.Equal(failure, verdict.Failure);
        Assert.Contains(words, OneLine(verdict), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Old_versions_are_refused()
    {
        using var old = new TestPki();
        var (server, client) = await MeetAsync(
            _pki.Setup(Server, versions: SslProtocols.Tls13), _pki.Setup(Client, versions: SslProtocols.Tls12), null);

        Assert.Equal((TlsFailure.NothingInCommon, TlsFailure.NothingInCommon), (server!.Failure, client!.Failure));
    }

    private static string OneLine(TlsException verdict)
    {
        Assert.DoesNotContain('\n', verdict.Message);
        TestContext.Current.TestOutputHelper?.WriteLine(verdict.Message);
        return verdict.Message;
    }

    private TlsSetup Good(string host, string kind) =>
        _pki.Setup(host, crlFiles: kind.Contains("revoked", StringComparison.Ordinal) ? [Path.Combine(Path.GetDirectoryName(_pki.CaFile)!, "revoked.pem")] : null);

    private TlsSetup Bad(string kind, string host, bool isServer)
    {
        var names = new IssueOptions { Hosts = [host] };
        using var between = _pki.Authority.CreateIntermediate("Between");
        using var namesake = CertificateAuthority.Create("Test authority");
        var pair = kind switch
        {
            "expired" => _pki.Authority.Issue(names with { NotBefore = _now.AddDays(-2), NotAfter = _now.AddDays(-1) }),
            "not yet valid" => _pki.Authority.Issue(names with { NotBefore = _now.AddDays(1), NotAfter = _now.AddDays(2) }),
            "self-signed" => TestPki.SelfSigned(host),
            "foreign" => _foreign.Authority.Issue(names),
            "same name, other key" => namesake.Issue(names),
            "usage" => _pki.Authority.Issue(names with { ForServer = !isServer, ForClient = isServer }),
            "without what is between" => Cut(between.Issue(names)),
            "revoked" => _pki.Authority.Issue(names),
            _ => between.Issue(names),
        };
        if (kind is "revoked" or "between revoked")
        {
            using var revoked = kind == "revoked" ? pair.ReadCertificate() : PemText.Certificates(pair.ChainPem, "the test")[1];
            _pki.Write("revoked.pem", _pki.Authority.Revoke(1, [revoked]));
        }
        return _pki.Setup(host, pair, uncheckedPair: true);
    }

    private static CertificatePair Cut(CertificatePair whole) => new(
        PemText.Certificates(whole.ChainPem, "the test")[0].ExportCertificatePem(), whole.KeyPem);

    /// <summary>What each end says in the end; null when nothing is wrong.</summary>
    private static async Task<(TlsException? Server, TlsException? Client)> MeetAsync(TlsSetup server, TlsSetup client, SslProtocols? version)
    {
        using var serverSource = With(server, version).Open(TimeProvider.System, NullLogger.Instance);
        using var clientSource = With(client, version).Open(TimeProvider.System, NullLogger.Instance);
        var below = new TcpTransport { OwnThreads = true };
        var dialling = new TlsTransport(below, clientSource, client.Identity, TimeProvider.System, NullLogger.Instance);
        await using var listener = new TlsTransport(below, serverSource, server.Identity, TimeProvider.System, NullLogger.Instance)
            .Listen(ListenAddress.On(System.Net.IPAddress.Loopback, 0));
        await using var left = await dialling.ConnectAsync("127.0.0.1", listener.Port);
        await using var right = await listener.AcceptAsync();
        var outcomes = await Task.WhenAll(OutcomeAsync(right, null), OutcomeAsync(left, Server));
        return (outcomes[0], outcomes[1]);
    }

    private static async Task<TlsException?> OutcomeAsync(TransportConnection connection, string? name)
    {
        try
        {
            await connection.OpenAsync(name, Patience, default);
            await connection.WriteAsync(new byte[1]);
            return await connection.ReadAsync(new byte[1]) == 1 ? null : new TlsException(TlsFailure.ClosedByPeer, "closed");
        }
        catch (TlsException e)
        {
            await connection.DisposeAsync();
            return e;
        }
        catch (IOException e)
        {
            await connection.DisposeAsync();
            return e.InnerException as TlsException ?? new TlsException(TlsFailure.ClosedByPeer, e.Message);
        }
    }

    private static TlsSetup With(TlsSetup setup, SslProtocols? version) => version is not { } only ? setup : setup with
    {
        Files = new(setup.Files.Client with { Versions = only }, setup.Files.Server with { Versions = only }),
    };

    /// <summary>What a node says of a caller that does something of its own, and then ends.</summary>
    private async Task<TlsException> RefusedAsync(Func<Stream, int, Task> call)
    {
        using var source = _pki.Setup(Server).Open(TimeProvider.System, NullLogger.Instance);
        await using var listener = new TlsTransport(
            new TcpTransport { OwnThreads = true }, source, new TlsIdentity([], []), TimeProvider.System, NullLogger.Instance)
            .Listen(ListenAddress.On(System.Net.IPAddress.Loopback, 0));
        var port = listener.Port;
        var calling = Task.Run(async () =>
        {
            using var caller = new System.Net.Sockets.TcpClient();
            await caller.ConnectAsync("127.0.0.1", port);
            await call(caller.GetStream(), port);
            caller.Client.Shutdown(System.Net.Sockets.SocketShutdown.Send);
            try
            {
                while (await caller.GetStream().ReadAsync(new byte[4096]) > 0)
                {
                    // whatever it is
                }
            }
            catch (Exception e) when (e is IOException or ObjectDisposedException or InvalidOperationException)
            {
                // It was closed.
            }
        });
        TlsException verdict;
        await using (var connection = await listener.AcceptAsync())
            verdict = await Assert.ThrowsAsync<TlsException>(() => connection.OpenAsync(null, Patience, default).AsTask().WaitAsync(Patience));
        await calling.WaitAsync(Patience);
        return verdict;
    }
}
