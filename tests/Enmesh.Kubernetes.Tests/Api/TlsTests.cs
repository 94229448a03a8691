using System.Net;
using System.Net.Security;
using System.Net.Sockets;
using System.Security.Authentication;
using System.Security.Cryptography.X509Certificates;
using Enmesh.Kubernetes.Api;
using Enmesh.Kubernetes.Models;
using Enmesh.Kubernetes.Tests.KubeApi;
using Xunit;
using static Enmesh.Kubernetes.Tests.Api.ClientFixture;

namespace Enmesh.Kubernetes.Tests.Api;

/// <summary>Whom we trust, and who we are.</summary>
[Trait("Ring", "loopback")]
public sealed class TlsTests : IDisposable
{
    private const string ForServers = "1.3.6.1.5.5.7.3.1";
    private const string ForClients = "1.3.6.1.5.5.7.3.2";
    private readonly X509Certificate2 _authority = Authority("cluster");

    public void Dispose() => _authority.Dispose();

    [Fact]
    public async Task The_authority_of_the_cluster_is_trusted_over_http2_and_many_watches_share_a_connection()
    {
        using var certificate = Signed(_authority, "kubernetes", ForServers, IPAddress.Loopback);
        await using var server = await KubeApiServer.StartAsync(certificate);
        using var client = new KubernetesClient(Access(server, _authority));
        var list = await client.ListAsync(KubernetesResources.Pods, Space);
        Assert.Equal("HTTP/2", server.Requests[0].Protocol);
        var watches = new List<KubernetesWatch<Pod>>();
        for (var i = 0; i < 20; i++)
        {
            watches.Add(await client.WatchAsync(
                KubernetesResources.Pods, Space, new() { ResourceVersion = list.Metadata.ResourceVersion! }));
        }
        await Eventually.HoldsAsync(() => server.OpenWatches == 20);
        Assert.Equal(1, server.Connections);
        foreach (var watch in watches)
            await watch.DisposeAsync();
        await Eventually.HoldsAsync(() => server.OpenWatches == 0, "the end of the watches");
    }

    [Fact]
    public async Task A_server_of_another_authority_is_refused()
    {
        using var other = Authority("another");
        using var certificate = Signed(other, "kubernetes", ForServers, IPAddress.Loopback);
        Assert.Contains("is not trusted", await RefusalAsync(certificate), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_server_of_another_name_is_refused()
    {
        using var certificate = Signed(_authority, "kubernetes", ForServers, IPAddress.Parse("10.0.0.1"));
        Assert.Contains("is not for 127.0.0.1", await RefusalAsync(certificate), StringComparison.Ordinal);
        // Told the name that it has, we trust it.
        await using var server = await KubeApiServer.StartAsync(certificate);
        using var client = new KubernetesClient(Access(server, _authority, "kubernetes"));
        await client.ListAsync(KubernetesResources.Pods, Space);
    }

    [Fact]
    public async Task A_certificate_of_a_client_makes_no_server()
    {
        // Kestrel does not serve with such a certificate; who steals one does.
        using var certificate = Signed(_authority, "kubernetes", ForClients, IPAddress.Loopback);
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        var serving = ServeAsync(listener, certificate);
        var address = new Uri(FormattableString.Invariant($"https://127.0.0.1:{((IPEndPoint)listener.LocalEndpoint).Port}"));
        using var client = new KubernetesClient(new KubernetesAccess(address, Space, "a test") { Authorities = () => [_authority] });
        var failed = await Assert.ThrowsAsync<KubernetesException>(() => client.ListAsync(KubernetesResources.Pods, Space));
        Assert.Equal(KubernetesFailure.Tls, failed.Failure);
        Assert.Contains("is not trusted", failed.Message, StringComparison.Ordinal);
        await serving.WaitAsync(Eventually.FarOff);
    }

    private static async Task ServeAsync(TcpListener listener, X509Certificate2 certificate)
    {
        using var socket = await listener.AcceptSocketAsync();
        await using var tls = new SslStream(new NetworkStream(socket));
        try
        {
            await tls.AuthenticateAsServerAsync(certificate);
            // The client ends the connection after it has seen the certificate, and sends nothing.
            Assert.Equal(0, await tls.ReadAsync(new byte[1]));
        }
        catch (Exception e) when (e is IOException or AuthenticationException)
        {
            // Or so.
        }
    }

    [Fact]
    public async Task An_authority_that_cannot_be_read_is_told_as_what_it_is()
    {
        using var certificate = Signed(_authority, "kubernetes", ForServers, IPAddress.Loopback);
        await using var server = await KubeApiServer.StartAsync(certificate);
        var missing = Path.Combine(Path.GetTempPath(), Path.GetRandomFileName());
        using var client = new KubernetesClient(
            new KubernetesAccess(server.Address, Space, "a test") { Authorities = () => KubernetesAccess.AuthoritiesOf(KubernetesAccess.ReadFile(missing), missing) });
        var failed = await Assert.ThrowsAsync<KubernetesException>(() => client.ListAsync(KubernetesResources.Pods, Space));
        Assert.Equal(KubernetesFailure.NoAccess, failed.Failure);
        Assert.Contains(missing, failed.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_dead_connection_is_out_of_the_way_before_a_lease_is_lost_for_it()
    {
        using var handler = ApiTransport.Make(new KubernetesAccess(new("https://k:1"), Space, "a test"));
        var lease = new Enmesh.Kubernetes.Leases.LeaderElectorOptions();
        // Found dead, then the next attempt over another one; the pause before the first is lost as well.
        Assert.True(handler.KeepAlivePingDelay + handler.KeepAlivePingTimeout + (2 * lease.RetryPeriod) < lease.RenewDeadline);
    }

    [Fact]
    public async Task Without_an_authority_only_those_of_the_system_count()
    {
        using var certificate = Signed(_authority, "kubernetes", ForServers, IPAddress.Loopback);
        await using var server = await KubeApiServer.StartAsync(certificate);
        using var client = server.Client();
        var failed = await Assert.ThrowsAsync<KubernetesException>(() => client.ListAsync(KubernetesResources.Pods, Space));
        Assert.Equal(KubernetesFailure.Tls, failed.Failure);
    }

    [Fact]
    public async Task A_client_certificate_is_presented()
    {
        using var certificate = Signed(_authority, "kubernetes", ForServers, IPAddress.Loopback);
        using var own = Signed(_authority, "me", ForClients);
        await using var server = await KubeApiServer.StartAsync(certificate, own);
        var access = new KubernetesAccess(server.Address, Space, "a test")
        {
            Authorities = () => [_authority],
            ClientCertificate = () => X509CertificateLoader.LoadPkcs12(own.Export(X509ContentType.Pkcs12), null),
        };
        using var client = new KubernetesClient(access);
        await client.ListAsync(KubernetesResources.Pods, Space);
    }

    [Fact]
    public async Task A_renewed_token_is_used_at_once()
    {
        var file = Path.GetTempFileName();
        try
        {
            await using var server = await KubeApiServer.StartAsync();
            server.Tokens = ["second"];
            using var client = new KubernetesClient(new KubernetesAccess(server.Address, Space, "a test") { TokenFile = file });
            await File.WriteAllTextAsync(file, "first\n");
            var failed = await Assert.ThrowsAsync<KubernetesException>(() => client.ListAsync(KubernetesResources.Pods, Space));
            Assert.Equal(KubernetesFailure.Unauthorized, failed.Failure);
            await File.WriteAllTextAsync(file, "second\n");
            await client.ListAsync(KubernetesResources.Pods, Space);
            foreach (var wrong in (string[])[" \n", "two\nlines", "täken"])
            {
                await File.WriteAllTextAsync(file, wrong);
                failed = await Assert.ThrowsAsync<KubernetesException>(() => client.ListAsync(KubernetesResources.Pods, Space));
                Assert.Equal(KubernetesFailure.NoAccess, failed.Failure);
            }
        }
        finally
        {
            File.Delete(file);
        }
    }

    private static KubernetesAccess Access(KubeApiServer server, X509Certificate2 authority, string? name = null) =>
        new(server.Address, Space, "a test") { Authorities = () => [authority], TlsServerName = name };

    private async Task<string> RefusalAsync(X509Certificate2 certificate)
    {
        await using var server = await KubeApiServer.StartAsync(certificate);
        using var client = new KubernetesClient(Access(server, _authority));
        var failed = await Assert.ThrowsAsync<KubernetesException>(() => client.ListAsync(KubernetesResources.Pods, Space));
        Assert.Equal((KubernetesFailure.Tls, false), (failed.Failure, failed.IsTransient));
        Assert.Empty(server.Requests);
        return failed.Message;
    }
}
