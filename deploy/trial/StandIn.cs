using System.Net;
using System.Runtime.InteropServices;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Enmesh.Certificates;
using Enmesh.Kubernetes.Tests.KubeApi;

namespace Enmesh.Trial;

/// <summary>
/// The tests' API server as a program of its own, with cert-manager behind it: over TLS, by token, and with no more rights for who asks than the Role of
/// <c>deploy/components/tls-cert-manager</c> gives.
/// </summary>
internal static class StandIn
{
    private static readonly string[] Verbs = ["create", "delete", "get", "list", "patch", "watch"];
    private static readonly string[] Allowed = [.. new[] { "create", "get", "watch" }.Select(verb => $"{verb} {KubeObjects.Requests}")];

    /// <summary>Serves until it is told to end, then says what it was asked.</summary>
    internal static async Task<int> RunAsync(IPEndPoint at, string directory)
    {
        using var authority = CertificateAuthority.Create("kubernetes");
        var pair = authority.Issue(new IssueOptions { CommonName = "kube-apiserver", Hosts = [at.Address.ToString()] });
        using var certificate = X509Certificate2.CreateFromPem(pair.ChainPem, pair.KeyPem);
        await using var server = await KubeApiServer.StartAsync(certificate, at: at);
        await using var issuer = new KubeIssuer(server, TimeProvider.System);
        var token = RandomNumberGenerator.GetHexString(48, lowercase: true);
        server.Tokens = [token];
        server.Denied = [.. KubeKinds.All.SelectMany(kind => Verbs.Select(verb => $"{verb} {kind.Resource}")).Except(Allowed)];

        // As a service account is mounted, and the authorities of the mesh beside it.
        var account = Directory.CreateDirectory(Path.Combine(directory, "account")).FullName;
        await File.WriteAllTextAsync(Path.Combine(account, "token"), token);
        await File.WriteAllTextAsync(Path.Combine(account, "ca.crt"), authority.CertificatePem);
        await File.WriteAllTextAsync(Path.Combine(account, "namespace"), "enmesh");
        var trust = Directory.CreateDirectory(Path.Combine(directory, "trust")).FullName;
        await File.WriteAllTextAsync(Path.Combine(trust, "ca.crt"), issuer.Root.CertificatePem);

        var end = new TaskCompletionSource();
        using var term = PosixSignalRegistration.Create(PosixSignal.SIGTERM, context =>
        {
            context.Cancel = true;
            end.TrySetResult();
        });
        Console.WriteLine($"serving at {server.Address}");
        await end.Task;
        foreach (var asked in server.Requests.GroupBy(request => $"{request.Verb} {request.Kind.Plural}").OrderBy(asked => asked.Key, StringComparer.Ordinal))
            Console.WriteLine($"{asked.Key}: {asked.Count()}");
        return 0;
    }
}
