using System.Net;
using System.Net.Security;
using System.Net.Sockets;
using System.Security.Authentication;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;

namespace Enmesh.Kubernetes.Api;

/// <summary>Connections to an API server: whom we trust, who we are, and how a dead one is noticed.</summary>
internal static class ApiTransport
{
    private const string ServerAuthentication = "1.3.6.1.5.5.7.3.1";

    internal static SocketsHttpHandler Make(KubernetesAccess access) => new()
    {
        AllowAutoRedirect = false,
        AutomaticDecompression = DecompressionMethods.GZip,
        UseCookies = false,
        UseProxy = access.Proxy is not null || access.UsesProxyOfEnvironment,
        Proxy = access.Proxy is { } proxy ? new WebProxy(proxy) { Credentials = CredentialsIn(proxy) } : null,
        ConnectTimeout = TimeSpan.FromSeconds(10),
        ConnectCallback = ConnectAsync,
        EnableMultipleHttp2Connections = true,
        // A watch may be silent for minutes; a path that is gone must not go unnoticed for as long. A request that is given up leaves its
        // connection to the next one, so a dead one has to be out of the way while there is still time to renew a lease over another.
        KeepAlivePingDelay = TimeSpan.FromSeconds(3),
        KeepAlivePingTimeout = TimeSpan.FromSeconds(2),
        KeepAlivePingPolicy = HttpKeepAlivePingPolicy.WithActiveRequests,
        // New connections see renewed certificates, and go to servers that came later.
        PooledConnectionLifetime = TimeSpan.FromMinutes(10),
        PooledConnectionIdleTimeout = TimeSpan.FromMinutes(1),
        SslOptions = TlsOptions(access),
    };

    // WebProxy leaves those of its address alone.
    private static NetworkCredential? CredentialsIn(Uri proxy)
    {
        if (proxy.UserInfo.Length == 0)
            return null;
        var parts = proxy.UserInfo.Split(':', 2);
        return new(Uri.UnescapeDataString(parts[0]), parts.Length > 1 ? Uri.UnescapeDataString(parts[1]) : "");
    }

    private static async ValueTask<Stream> ConnectAsync(
        SocketsHttpConnectionContext context, CancellationToken cancellationToken)
    {
        var socket = new Socket(SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        try
        {
            // HTTP/1.1 has no pings; the kernel's have to do.
            socket.SetSocketOption(SocketOptionLevel.Socket, SocketOptionName.KeepAlive, true);
            socket.SetSocketOption(SocketOptionLevel.Tcp, SocketOptionName.TcpKeepAliveTime, 15);
            socket.SetSocketOption(SocketOptionLevel.Tcp, SocketOptionName.TcpKeepAliveInterval, 5);
            socket.SetSocketOption(SocketOptionLevel.Tcp, SocketOptionName.TcpKeepAliveRetryCount, 3);
            await socket.ConnectAsync(context.DnsEndPoint, cancellationToken).ConfigureAwait(false);
            return new NetworkStream(socket, ownsSocket: true);
        }
        catch
        {
            // Whatever it was, the handler tells it; only the socket is ours.
            socket.Dispose();
            throw;
        }
    }

    private static SslClientAuthenticationOptions TlsOptions(KubernetesAccess access)
    {
        var options = new SslClientAuthenticationOptions
        {
            EnabledSslProtocols = SslProtocols.Tls12 | SslProtocols.Tls13,
        };
        if (access.Authorities is { } authorities)
        {
            options.RemoteCertificateValidationCallback = (_, certificate, chain, errors) =>
                Accepts(authorities(), certificate, chain, errors, access.TlsServerName ?? access.Server.IdnHost);
        }
        if (access.ClientCertificate is { } own)
            options.LocalCertificateSelectionCallback = (_, _, _, _, _) => own();
        return options;
    }

    // The authorities are those of the cluster and no others: those of the system do not count.
    private static bool Accepts(
        X509Certificate2Collection authorities, X509Certificate? certificate, X509Chain? sent, SslPolicyErrors errors,
        string host)
    {
        if (certificate is not X509Certificate2 presented)
            throw new AuthenticationException("The API server presents no certificate");
        if (errors.HasFlag(SslPolicyErrors.RemoteCertificateNameMismatch))
            throw new AuthenticationException(
                $"The certificate of the API server, {presented.Subject}, is not for {host}");
        using var chain = new X509Chain();
        chain.ChainPolicy.TrustMode = X509ChainTrustMode.CustomRootTrust;
        chain.ChainPolicy.CustomTrustStore.AddRange(authorities);
        // A cluster's own authority tells nobody where its revocations are.
        chain.ChainPolicy.RevocationMode = X509RevocationMode.NoCheck;
        chain.ChainPolicy.DisableCertificateDownloads = true;
        chain.ChainPolicy.ApplicationPolicy.Add(new Oid(ServerAuthentication));
        if (sent is not null)
            chain.ChainPolicy.ExtraStore.AddRange(sent.ChainPolicy.ExtraStore);
        var isTrusted = chain.Build(presented);
        foreach (var element in chain.ChainElements)
            element.Certificate.Dispose();
        if (isTrusted)
            return true;
        var why = string.Join(", ", chain.ChainStatus.Select(status => status.StatusInformation.Trim()));
        throw new AuthenticationException(
            $"The certificate of the API server, {presented.Subject}, is not trusted: {why}");
    }
}
