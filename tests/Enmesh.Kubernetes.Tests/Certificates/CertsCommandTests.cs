using System.Text;
using System.Text.Json.Nodes;
using Enmesh.Certificates;
using Enmesh.Kubernetes.Tests.KubeApi;
using Enmesh.SystemTests.Command;
using Enmesh.TestSupport;
using Xunit;

namespace Enmesh.Kubernetes.Tests.Certificates;

/// <summary><c>enmesh certs request</c>, <c>renew</c> and <c>cleanup</c> as programs, as containers run them.</summary>
[Trait("Ring", "system")]
public sealed class CertsCommandTests : IAsyncLifetime
{
    private readonly CommandHome _home = new();
    private KubeApiServer _server = null!;
    private KubeIssuer _issuer = null!;

    private string Volume => _home.PathTo("tls");

    public async ValueTask InitializeAsync()
    {
        _server = await KubeApiServer.StartAsync();
        _issuer = new KubeIssuer(_server, TimeProvider.System);
        await File.WriteAllTextAsync(_home.PathTo("trust.pem"), _issuer.Root.CertificatePem);
        await File.WriteAllTextAsync(_home.PathTo("kubeconfig"), _server.KubeConfig);
        _home.Variables["KUBECONFIG"] = _home.PathTo("kubeconfig");
        _home.Variables["KUBERNETES_SERVICE_HOST"] = null;
        _home.Variables["POD_IP"] = "fd00::7";
        _home.Variables["POD_NAME"] = "orders-0";
        _home.Variables["POD_UID"] = "uid-orders-0";
    }

    public async ValueTask DisposeAsync()
    {
        _home.Dispose();
        await _issuer.DisposeAsync();
        await _server.DisposeAsync();
    }

    [Fact]
    public async Task Request_gets_a_pair_once_and_openssl_finds_in_the_request_what_every_release_wants()
    {
        var first = await RequestAsync("--json");
        Assert.Equal(0, first.ExitCode);
        var got = JsonNode.Parse(first.Output)!;
        Assert.Equal(("fd00::7", "DNS:fd00::7, IP:fd00::7", true), ((string)got["host"]!, (string)got["names"]!, (bool)got["is_new"]!));
        Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(Path.Combine(Volume, "tls.key")));

        var request = _server.Store.Snapshot().Objects.Single(pair => pair.Key.Resource == KubeObjects.Requests).Value;
        await File.WriteAllTextAsync(_home.PathTo("csr.pem"), Encoding.ASCII.GetString(Convert.FromBase64String((string)request["spec"]!["request"]!)));
        var text = (await ChildProcess.RunAsync(["openssl", "req", "-in", _home.PathTo("csr.pem"), "-noout", "-text", "-verify"])).Successful;
        Assert.Contains("DNS:fd00::7, IP Address:FD00:0:0:0:0:0:0:7", text, StringComparison.Ordinal);
        Assert.Contains("Digital Signature, Key Encipherment", text, StringComparison.Ordinal);
        Assert.Contains("TLS Web Server Authentication, TLS Web Client Authentication", text, StringComparison.Ordinal);
        Assert.Contains("CA:FALSE", text, StringComparison.Ordinal);
        Assert.Contains("NIST CURVE: P-256", text, StringComparison.Ordinal);
        var verified = await ChildProcess.RunAsync(
            ["openssl", "verify", "-CAfile", _home.PathTo("trust.pem"), "-untrusted", Path.Combine(Volume, "tls.crt"), Path.Combine(Volume, "tls.crt")]);
        Assert.Contains(": OK", verified.Successful, StringComparison.Ordinal);

        var second = await RequestAsync();
        Assert.Equal(0, second.ExitCode);
        Assert.StartsWith("kept: DNS:fd00::7, IP:fd00::7, valid until ", second.Output, StringComparison.Ordinal);
        Assert.Equal(1, _server.Count("create"));
    }

    [Fact]
    public async Task Request_says_what_it_waits_for_and_who_has_refused()
    {
        _issuer.Mood = IssuerMood.Deny;
        var denied = await RequestAsync();
        Assert.Equal((1, ""), (denied.ExitCode, denied.Output));
        Assert.Contains("is denied: No policy approved this request: dnsNames not allowed.", denied.Errors, StringComparison.Ordinal);
        _server.Denied = [$"create {KubeObjects.Requests}"];
        var forbidden = await RequestAsync();
        Assert.Equal(1, forbidden.ExitCode);
        Assert.Contains("resources: [\"certificaterequests\"]\n  verbs: [\"create\"]", forbidden.Errors, StringComparison.Ordinal);
        _server.Denied = [];
        _issuer.Mood = IssuerMood.Approve;
        await using var waiting = _home.Start("certs", "request", "--issuer", "orders", "--dir", Volume);
        await waiting.WaitForLineAsync("it is approved; Referenced \"Issuer\" not found");
        _issuer.Mood = IssuerMood.Sign;
        Assert.Equal(0, (await waiting.WaitForExitAsync(TimeSpan.FromMinutes(1))).ExitCode);
        var wrong = await _home.RunAsync("certs", "request", "--dir", Volume);
        Assert.Equal(2, wrong.ExitCode);
        Assert.Contains("Issuer: there is none.", wrong.Errors, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Renew_gets_the_first_one_goes_on_and_ends_when_it_is_told()
    {
        await using var renewing = _home.Start("certs", "renew", "--issuer", "orders", "--dir", Volume);
        await renewing.WaitForLineAsync("The certificate for 'fd00::7' (DNS:fd00::7, IP:fd00::7) is there");
        using (var stored = StoredPair.Find(Volume)!)
            Assert.Equal("DNS:fd00::7, IP:fd00::7", stored.Names.Text);
        await renewing.SignalAsync("TERM");
        Assert.Equal(0, (await renewing.WaitForExitAsync(TimeSpan.FromMinutes(1))).ExitCode);
    }

    [Fact]
    public async Task A_node_whose_settings_name_an_issuer_gets_its_certificate_itself()
    {
        foreach (var (key, value) in new[]
        {
            ("Listen", "false"), ("Certificate__Issuer", "orders"), ("Certificate__Directory", Volume), ("Certificate__TrustFile", _home.PathTo("trust.pem")),
            ("Tls__CertificateFile", Path.Combine(Volume, "tls.crt")), ("Tls__KeyFile", Path.Combine(Volume, "tls.key")), ("Tls__CaFile", _home.PathTo("trust.pem")),
        })
        {
            _home.Variables[$"Enmesh__{key}"] = value;
        }
        await using var node = _home.Start(
            "node", "--name", "orders@127.0.0.1", "--cookie-file", _home.CookieFile, "--console", "off");
        await node.WaitForLineAsync("orders@127.0.0.1 is up", TimeSpan.FromMinutes(1));
        using var stored = StoredPair.Find(Volume)!;
        Assert.Equal("DNS:127.0.0.1, IP:127.0.0.1", stored.Names.Text);
        Assert.Equal(1, _server.Count("create"));
    }

    [Fact]
    public async Task The_host_is_looked_for_where_the_node_will_look_for_it()
    {
        _home.Variables["Enmesh__Name"] = "orders";
        _home.Variables["Enmesh__HostFrom"] = "everywhere";
        var wrong = await RequestAsync();
        Assert.Equal(2, wrong.ExitCode);
        Assert.Contains("Enmesh:HostFrom: ", wrong.Errors, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Cleanup_removes_what_was_settled_long_ago()
    {
        _issuer.Mood = IssuerMood.Ignore;
        foreach (var (name, age) in new[] { ("old", 30 * 86_400), ("new", 60) })
        {
            var at = (TimeProvider.System.GetUtcNow() - TimeSpan.FromSeconds(age)).ToString("yyyy-MM-dd'T'HH:mm:ss'Z'", System.Globalization.CultureInfo.InvariantCulture);
            _server.Put(KubeObjects.Requests, "orders", name, KubeObjects.Read(
                $$"""
                {
                  "metadata": { "labels": { "app.kubernetes.io/managed-by": "enmesh" }, "creationTimestamp": "{{at}}" },
                  "status": { "conditions": [{ "type": "Ready", "status": "False", "reason": "Failed", "lastTransitionTime": "{{at}}" }] }
                }
                """));
        }
        var dry = await _home.RunAsync("certs", "cleanup", "--dry-run");
        Assert.Equal((0, "old: failed for 30 days, would be removed\n1 of 2 would be removed.\n"), (dry.ExitCode, dry.Output));
        Assert.Equal(0, _server.Count("delete"));
        var json = JsonNode.Parse((await _home.RunAsync("certs", "cleanup", "--json")).Successful)!;
        Assert.Equal((false, 1), ((bool)json["dry_run"]!, (int)json["removed"]!));
        var again = await _home.RunAsync("certs", "cleanup");
        Assert.Equal((0, "0 of 1 removed.\n"), (again.ExitCode, again.Output));
    }

    private Task<CommandResult> RequestAsync(params string[] more) =>
        _home.RunAsync(["certs", "request", "--issuer", "orders", "--dir", Volume, "--trust", _home.PathTo("trust.pem"), .. more]);
}
