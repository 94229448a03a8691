using System.Net;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;

namespace Enmesh.Kubernetes.Api;

/// <summary>Where an API server is, whom to trust, and who asks.</summary>
/// <remarks>
/// The server's certificate is always verified: there is no way to turn that off. Tokens and authorities in files are
/// read anew, the former for every request and the latter for every connection, since both are renewed there.
/// </remarks>
public sealed class KubernetesAccess
{
    internal const string AccountDirectory = "/var/run/secrets/kubernetes.io/serviceaccount";

    internal KubernetesAccess(Uri server, string space, string source)
    {
        Server = server;
        Namespace = space;
        Source = source;
    }

    /// <summary>The server.</summary>
    public Uri Server { get; }

    /// <summary>The namespace this process belongs to.</summary>
    public string Namespace { get; }

    /// <summary>Where all this is from, in words.</summary>
    public string Source { get; }

    /// <summary>The authorities that count; null for those of the system.</summary>
    internal Func<X509Certificate2Collection>? Authorities { get; init; }

    internal Func<X509Certificate2>? ClientCertificate { get; init; }

    /// <summary>A file with the token, which goes before <see cref="Token"/>.</summary>
    internal string? TokenFile { get; init; }

    internal string? Token { get; init; }

    internal string? TlsServerName { get; init; }

    internal Uri? Proxy { get; init; }

    internal bool UsesProxyOfEnvironment { get; init; }

    /// <summary>
    /// The service account where this process runs in a pod, which <c>KUBERNETES_SERVICE_HOST</c> tells; else the
    /// kubeconfig.
    /// </summary>
    /// <exception cref="KubernetesException">Something about it is missing or wrong; the message says what.</exception>
    public static KubernetesAccess Find() =>
        string.IsNullOrEmpty(Environment.GetEnvironmentVariable("KUBERNETES_SERVICE_HOST"))
            ? FromKubeConfig()
            : InCluster();

    /// <summary>The service account of the pod this process runs in.</summary>
    /// <exception cref="KubernetesException">It runs in no pod, or the pod has no service account.</exception>
    public static KubernetesAccess InCluster() => InCluster(Environment.GetEnvironmentVariable, AccountDirectory);

    /// <summary>A context of a kubeconfig.</summary>
    /// <param name="path">
    /// One file, or several with colons between them (semicolons on Windows), of which the first to say something is
    /// right. Null for <c>KUBECONFIG</c>, and <c>~/.kube/config</c> without it.
    /// </param>
    /// <param name="context">The context; null for the current one.</param>
    /// <exception cref="KubernetesException">Something about it is missing, wrong or not supported; the message says
    /// what.</exception>
    public static KubernetesAccess FromKubeConfig(string? path = null, string? context = null) =>
        KubeConfig.Load(path, Environment.GetEnvironmentVariable).Access(context);

    internal static KubernetesAccess InCluster(Func<string, string?> environment, string directory)
    {
        var host = environment("KUBERNETES_SERVICE_HOST");
        var port = environment("KUBERNETES_SERVICE_PORT");
        if (string.IsNullOrEmpty(host) || string.IsNullOrEmpty(port))
        {
            KubernetesException.ThrowNoAccess(
                "This process runs in no pod: KUBERNETES_SERVICE_HOST and KUBERNETES_SERVICE_PORT are not both set.");
        }
        var bracketed = IPAddress.TryParse(host, out var address) && address.ToString().Contains(':', StringComparison.Ordinal)
            ? $"[{address}]"
            : host;
        if (!Uri.TryCreate($"https://{bracketed}:{port}/", UriKind.Absolute, out var server))
            KubernetesException.ThrowNoAccess(
                $"KUBERNETES_SERVICE_HOST '{host}' and KUBERNETES_SERVICE_PORT '{port}' make no address.");
        var token = Path.Combine(directory, "token");
        var authority = Path.Combine(directory, "ca.crt");
        if (!File.Exists(token))
        {
            KubernetesException.ThrowNoAccess(
                $"The pod has no service account: there is no {token}. Set automountServiceAccountToken: true, or project one.");
        }
        return new KubernetesAccess(server, ReadFile(Path.Combine(directory, "namespace")).Trim(), "the service account of the pod")
        {
            Authorities = AuthoritiesOfFile(authority),
            TokenFile = token,
        };
    }

    /// <summary>The authorities in a file: read now, so that a wrong one is told at the start, and again for every connection.</summary>
    internal static Func<X509Certificate2Collection> AuthoritiesOfFile(string file)
    {
        var authorities = new Parsed<string, X509Certificate2Collection>(() => ReadFile(file), pem => AuthoritiesOf(pem, file));
        _ = authorities.Value;
        return () => authorities.Value;
    }

    internal static X509Certificate2Collection AuthoritiesOf(string pem, string place)
    {
        var found = new X509Certificate2Collection();
        try
        {
            found.ImportFromPem(pem);
        }
        catch (CryptographicException e)
        {
            KubernetesException.ThrowNoAccess($"The authority in {place} cannot be read: {e.Message}", e);
        }
        return found.Count > 0 ? found : throw KubernetesException.NoAccess($"There is no certificate in {place}.");
    }

    internal static string ReadFile(string file)
    {
        try
        {
            return File.ReadAllText(file);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw KubernetesException.NoAccess($"{file} cannot be read: {e.Message}", e);
        }
    }

    /// <summary>The token in a text, which may end with its line.</summary>
    internal static string TokenIn(string text, string place)
    {
        var token = text.Trim();
        // What is no token must not become a header, nor part of a message.
        return token.Length > 0 && token.All(char.IsAscii) && !token.Any(char.IsControl)
            ? token
            : throw KubernetesException.NoAccess($"There is no token in {place}.");
    }

    /// <summary>The address of a path, below that of the server, which may have a path of its own.</summary>
    internal Uri At(string path) => new(Server.AbsoluteUri.TrimEnd('/') + path);

    internal async ValueTask<string?> ReadTokenAsync(CancellationToken cancellationToken)
    {
        if (TokenFile is null)
            return Token;
        try
        {
            return TokenIn(await File.ReadAllTextAsync(TokenFile, cancellationToken).ConfigureAwait(false), TokenFile);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw KubernetesException.NoAccess($"{TokenFile} cannot be read: {e.Message}", e);
        }
    }
}
