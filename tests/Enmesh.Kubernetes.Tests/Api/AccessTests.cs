using System.Text;
using Enmesh.Kubernetes.Api;
using Xunit;

namespace Enmesh.Kubernetes.Tests.Api;

/// <summary>How the server and the credentials are found: in a pod, and by kubeconfig.</summary>
[Trait("Ring", "loopback")]
public sealed class AccessTests : IDisposable
{
    private readonly string _home = Directory.CreateTempSubdirectory("enmesh-kube-").FullName;
    private readonly string _pem;

    public AccessTests()
    {
        using var authority = ClientFixture.Authority("cluster");
        _pem = authority.ExportCertificatePem();
    }

    public void Dispose() => Directory.Delete(_home, recursive: true);

    [Theory]
    [InlineData("10.96.0.1", "443", "https://10.96.0.1/")]
    [InlineData("fd00:10::1", "6443", "https://[fd00:10::1]:6443/")]
    [InlineData("kubernetes.default.svc", "443", "https://kubernetes.default.svc/")]
    public async Task A_pod_has_all_it_needs(string host, string port, string server)
    {
        Account();
        var access = InCluster(host, port);
        Assert.Equal((new Uri(server), "orders"), (access.Server, access.Namespace));
        Assert.Equal("first", await access.ReadTokenAsync(CancellationToken.None));
        Write("token", "second\n");
        Assert.Equal("second", await access.ReadTokenAsync(CancellationToken.None));
        Assert.Single(access.Authorities!());
        Write("ca.crt", $"{_pem}\n{_pem}\n");
        Assert.Equal(2, access.Authorities!().Count);
        Assert.False(access.UsesProxyOfEnvironment);
    }

    [Fact]
    public void Authorities_are_parsed_anew_only_when_they_have_changed()
    {
        Account();
        var authorities = InCluster("10.96.0.1", "443").Authorities!;
        var first = authorities();
        Assert.Same(first, authorities());
        Write("ca.crt", $"{_pem}\n");
        Assert.NotSame(first, authorities());
    }

    [Fact]
    public async Task A_token_may_end_with_its_line_and_what_is_none_is_refused()
    {
        var file = Write("config", """
            current-context: c
            contexts:
            - {name: c, context: {cluster: k, user: good}}
            - {name: broken, context: {cluster: k, user: bad}}
            clusters: [{name: k, cluster: {server: "https://k:1"}}]
            users:
            - name: good
              user:
                token: |
                  first
            - name: bad
              user: {token: "two\nlines"}
            """);
        Assert.Equal("first", await KubernetesAccess.FromKubeConfig(file).ReadTokenAsync(CancellationToken.None));
        var refused = Fails(() => KubernetesAccess.FromKubeConfig(file, "broken"));
        Assert.Contains("user 'bad'", refused, StringComparison.Ordinal);
        Assert.DoesNotContain("lines", refused, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("http://me:se%3Acret@proxy:3128", "me", "se:cret")]
    [InlineData("http://me@proxy:3128", "me", "")]
    [InlineData("http://proxy:3128", null, null)]
    public void A_proxy_gets_the_credentials_of_its_address(string url, string? user, string? password)
    {
        using var handler = ApiTransport.Make(new KubernetesAccess(new("https://k:1"), "orders", "a test") { Proxy = new(url) });
        var credentials = handler.Proxy!.Credentials?.GetCredential(new("http://proxy:3128"), "Basic");
        Assert.Equal((user, password), (credentials?.UserName, credentials?.Password));
    }

    [Theory]
    [InlineData("server: 'ftp://me:secret@k:1'")]
    [InlineData("server: 'https://k:1', proxy-url: 'ftp://me:secret@proxy'")]
    [InlineData("server: 'https://k:1', proxy-url: 'me:secret@proxy:1'")]
    public void What_is_secret_in_an_address_is_not_printed(string cluster)
    {
        var file = Write("config", $"current-context: c\ncontexts: [{{name: c, context: {{cluster: k}}}}]\nclusters: [{{name: k, cluster: {{{cluster}}}}}]\n");
        var refused = Fails(() => KubernetesAccess.FromKubeConfig(file));
        Assert.DoesNotContain("secret", refused, StringComparison.Ordinal);
        Assert.Contains("***@", refused, StringComparison.Ordinal);
    }

    [Fact]
    public void What_a_pod_lacks_is_named()
    {
        Assert.Contains("runs in no pod", Fails(() => InCluster("", "443")), StringComparison.Ordinal);
        Assert.Contains("automountServiceAccountToken", Fails(() => InCluster("10.96.0.1", "443")), StringComparison.Ordinal);
        Account();
        Write("ca.crt", "no certificate");
        Assert.Contains("no certificate in", Fails(() => InCluster("10.96.0.1", "443")), StringComparison.Ordinal);
        File.Delete(Path.Combine(_home, "ca.crt"));
        Assert.Contains("ca.crt cannot be read", Fails(() => InCluster("10.96.0.1", "443")), StringComparison.Ordinal);
    }

    [Fact]
    public async Task The_current_context_of_a_kubeconfig_leads_to_server_user_and_namespace()
    {
        Write("ca.pem", _pem);
        Write("token", "from a file\n");
        var file = Write("config", """
            apiVersion: v1
            kind: Config
            preferences: {}
            current-context: dev
            clusters:
            - cluster:
                certificate-authority: ca.pem
                server: https://10.0.0.1:6443/prefix
                tls-server-name: kubernetes
                proxy-url: http://proxy:3128
              name: one
            contexts:
            - context: {cluster: one, namespace: orders, user: me}
              name: dev
            - name: bare
              context:
                cluster: one
            users:
            - name: me
              user:
                tokenFile: token
            """);
        var access = KubernetesAccess.FromKubeConfig(file);
        Assert.Equal(("orders", "kubernetes"), (access.Namespace, access.TlsServerName));
        Assert.Equal("https://10.0.0.1:6443/prefix/api/v1/x?y=1", access.At("/api/v1/x?y=1").AbsoluteUri);
        Assert.Equal("from a file", await access.ReadTokenAsync(CancellationToken.None));
        Assert.Equal("proxy", access.Proxy!.Host);
        Assert.Single(access.Authorities!());
        access = KubernetesAccess.FromKubeConfig(file, "bare");
        Assert.Equal("default", access.Namespace);
        Assert.Null(await access.ReadTokenAsync(CancellationToken.None));
    }

    [Fact]
    public async Task Of_several_files_the_first_to_say_something_is_right()
    {
        var one = Write("one", """
            {"apiVersion": "v1", "current-context": "c", "users": [{"name": "u", "user": {"token": "first"}}]}
            """);
        var two = Write("two", """
            current-context: other
            contexts: [{name: c, context: {cluster: k, user: u} }]
            clusters: [{name: k, cluster: {server: "https://k:1"} }]
            users: [{name: u, user: {token: second}}]
            """);
        var access = KubernetesAccess.FromKubeConfig(string.Join(Path.PathSeparator, one, Path.Combine(_home, "missing"), two));
        Assert.Equal("first", await access.ReadTokenAsync(CancellationToken.None));
        Assert.Null(access.Authorities);
    }

    [Fact]
    public void Client_certificates_come_as_files_or_as_data()
    {
        using var authority = ClientFixture.Authority("cluster");
        using var own = ClientFixture.Signed(authority, "me", "1.3.6.1.5.5.7.3.2");
        var key = ClientFixture.KeyPem(own);
        var file = Write("config", $$"""
            current-context: c
            contexts: [{name: c, context: {cluster: k, user: u} }]
            clusters: [{name: k, cluster: {server: "https://k:1", certificate-authority-data: {{Base64(_pem)}} } }]
            users: [{name: u, user: {client-certificate-data: {{Base64(own.ExportCertificatePem())}}, client-key-data: {{Base64(key)}} } }]
            """);
        var access = KubernetesAccess.FromKubeConfig(file);
        using var read = access.ClientCertificate!();
        Assert.Equal((own.Thumbprint, true), (read.Thumbprint, read.HasPrivateKey));
        Assert.Single(access.Authorities!());
    }

    [Theory]
    [InlineData("user: {exec: {command: aws, apiVersion: v1}}", "exec ('aws') is a plug-in")]
    [InlineData("user: {auth-provider: {name: gcp}}", "auth-provider")]
    [InlineData("user: {username: admin, password: x}", "basic authentication")]
    [InlineData("user: {as: root, token: x}", "impersonation")]
    [InlineData("user: {client-key: x}", "belong together")]
    [InlineData("user: {token: [x]}", "token is no text")]
    [InlineData("user: {client-certificate-data: '*', client-key-data: aGk=}", "no base64")]
    [InlineData("user: {client-certificate-data: aGk=, client-key-data: aGk=}", "cannot be read")]
    public void What_is_not_supported_or_wrong_about_a_user_is_refused_by_name(string user, string message)
    {
        var file = Write("config", $$"""
            current-context: c
            contexts: [{name: c, context: {cluster: k, user: u} }]
            clusters: [{name: k, cluster: {server: "https://k:1"} }]
            users: [{name: u, {{user}} }]
            """);
        var said = Fails(() => KubernetesAccess.FromKubeConfig(file));
        Assert.Contains(message, said, StringComparison.Ordinal);
        Assert.Contains("user 'u' of", said, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("{server: 'https://k:1', insecure-skip-tls-verify: true}", "is refused")]
    [InlineData("{server: 'ftp://k'}", "no https address")]
    [InlineData("{}", "has no server")]
    [InlineData("{server: 'http://10.0.0.1'}", "in the clear")]
    [InlineData("{server: 'https://k:1', proxy-url: 'k'}", "proxy-url")]
    [InlineData("{server: 'https://k:1', certificate-authority: nowhere}", "cannot be read")]
    [InlineData("{server: 'https://k:1', certificate-authority-data: aGk=}", "no certificate in")]
    public void What_is_wrong_about_a_cluster_is_refused_by_name(string cluster, string message)
    {
        var file = Write("config", $$"""
            current-context: c
            contexts: [{name: c, context: {cluster: k, user: u} }]
            clusters: [{name: k, cluster: {{cluster}} }]
            users: [{name: u, user: {token: secret} }]
            """);
        var said = Fails(() => KubernetesAccess.FromKubeConfig(file));
        Assert.Contains(message, said, StringComparison.Ordinal);
        Assert.DoesNotContain("secret", said, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("contexts: [{name: c, context: {cluster: k}}]", "no current-context; name one of 'c'")]
    [InlineData("current-context: x\ncontexts: [{name: c, context: {cluster: k}}]", "no context 'x'; there is 'c'")]
    [InlineData("current-context: c\ncontexts: [{name: c, context: {cluster: k}}]", "no cluster 'k'; there is none")]
    [InlineData("current-context: c\ncontexts: {c: 1}", "contexts is no list")]
    [InlineData("current-context: c\ncontexts: [{context: {}}]", "an entry without a name")]
    [InlineData("- a", "no map at its top")]
    [InlineData("a: b: c", "no YAML that can be read: line 1")]
    [InlineData("a: &x 1\nb: *x", "no YAML that can be read")]
    [InlineData("a: 1\na: 2", "'a' is there twice")]
    [InlineData("a: 1\n---\nb: 2", "more than one document")]
    [InlineData("", "no current-context")]
    public void A_file_that_leads_nowhere_says_why(string yaml, string message) =>
        Assert.Contains(message, Fails(() => KubernetesAccess.FromKubeConfig(Write("config", yaml))), StringComparison.Ordinal);

    [Fact]
    public void The_variable_and_the_home_directory_name_the_file()
    {
        var environment = new Dictionary<string, string?> { ["HOME"] = _home };
        Assert.Contains(
            Path.Combine(_home, ".kube", "config"), Fails(() => KubeConfig.Load(null, environment.GetValueOrDefault)),
            StringComparison.Ordinal);
        environment["KUBECONFIG"] = Write("elsewhere", "current-context: x");
        Assert.Contains("no context 'x'", Fails(() => KubeConfig.Load(null, environment.GetValueOrDefault).Access(null)), StringComparison.Ordinal);
    }

    [Fact]
    public void Depth_has_a_bound()
    {
        var deep = string.Concat(Enumerable.Repeat("[", 5000));
        Assert.Contains("levels deep", Fails(() => KubernetesAccess.FromKubeConfig(Write("config", $"a: {deep}"))), StringComparison.Ordinal);
    }

    private static string Fails(Func<object> act)
    {
        var failed = Assert.Throws<KubernetesException>(act);
        Assert.Equal(KubernetesFailure.NoAccess, failed.Failure);
        return failed.Message;
    }

    private static string Base64(string text) => Convert.ToBase64String(Encoding.UTF8.GetBytes(text));

    private KubernetesAccess InCluster(string host, string port) => KubernetesAccess.InCluster(
        name => name switch { "KUBERNETES_SERVICE_HOST" => host, "KUBERNETES_SERVICE_PORT" => port, _ => null }, _home);

    private void Account()
    {
        Write("token", "first\n");
        Write("namespace", "orders\n");
        Write("ca.crt", _pem);
    }

    private string Write(string name, string text)
    {
        var file = Path.Combine(_home, name);
        File.WriteAllText(file, text);
        return file;
    }
}
