using System.Text.Json.Nodes;
using Enmesh.TestSupport;
using Xunit;

namespace Enmesh.SystemTests.Command;

/// <summary><c>enmesh certs</c> with certificates that OpenSSL has made, and with OpenSSL looking at ours.</summary>
[Trait("Ring", "system")]
public sealed class CertsTests : IAsyncLifetime
{
    private const string Usual = "keyUsage=critical,digitalSignature,keyEncipherment\nextendedKeyUsage=serverAuth,clientAuth\n";
    private readonly CommandHome _home = new();

    public async ValueTask InitializeAsync()
    {
        await SslAsync("req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-subj", "/CN=openssl", "-days", "30", "-keyout", "ca.key", "-out", "ca.pem");
    }

    public ValueTask DisposeAsync()
    {
        _home.Dispose();
        return ValueTask.CompletedTask;
    }

    [Fact]
    public async Task What_dev_ca_makes_is_verified_by_openssl_and_nothing_is_overwritten()
    {
        var made = await _home.RunAsync("certs", "dev-ca", "tls", "orders@10.0.0.7", "shop@fd00::7", "web1.shop.example", "--json");
        Assert.Equal(0, made.ExitCode);
        Assert.StartsWith("enmesh: FOR DEVELOPMENT ONLY: whoever reads tls/ca.key can be any node", made.Errors, StringComparison.Ordinal);
        var result = JsonNode.Parse(made.Output)!;
        Assert.True((bool)result["is_new"]!);
        Assert.Equal(3, result["pairs"]!.AsArray().Count);
        foreach (var (name, san) in new[] { ("orders@10.0.0.7", "DNS:10.0.0.7, IP Address:10.0.0.7"), ("shop@fd00::7", "DNS:fd00::7, IP Address:FD00:0:0:0:0:0:0:7"), ("web1.shop.example", "DNS:web1.shop.example") })
        {
            Assert.Contains(": OK", (await SslAsync("verify", "-CAfile", "tls/ca.crt", "-purpose", "sslserver", $"tls/{name}/tls.crt")).Output, StringComparison.Ordinal);
            Assert.Contains(": OK", (await SslAsync("verify", "-CAfile", "tls/ca.crt", "-purpose", "sslclient", $"tls/{name}/tls.crt")).Output, StringComparison.Ordinal);
            Assert.Contains(san, (await SslAsync("x509", "-in", $"tls/{name}/tls.crt", "-noout", "-text")).Output, StringComparison.Ordinal);
            Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(_home.PathTo($"tls/{name}/tls.key")));
        }

        var key = await File.ReadAllTextAsync(_home.PathTo("tls/ca.key"));
        var again = await _home.RunAsync("certs", "dev-ca", "tls", "orders@10.0.0.7");
        Assert.Equal(1, again.ExitCode);
        Assert.Contains("tls/orders@10.0.0.7 is there already, and nothing is overwritten", again.Errors, StringComparison.Ordinal);
        var more = await _home.RunAsync("certs", "dev-ca", "tls", "more@10.0.0.8");
        Assert.Equal((0, "kept authority tls/ca.crt\nnew pair tls/more@10.0.0.8\n"), (more.ExitCode, more.Output));
        Assert.Equal(key, await File.ReadAllTextAsync(_home.PathTo("tls/ca.key")));
        Assert.Contains(": OK", (await SslAsync("verify", "-CAfile", "tls/ca.crt", "tls/more@10.0.0.8/tls.crt")).Output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Show_says_who_would_accept_what_openssl_has_made()
    {
        await IssueAsync("both", $"{Usual}subjectAltName=DNS:10.0.0.7,IP:10.0.0.7");
        var shown = await _home.RunAsync("certs", "show", "both.pem", "--key", "both.key", "--trust", "ca.pem", "--for", "orders@10.0.0.7");
        Assert.Equal((0, ""), (shown.ExitCode, shown.Errors));
        Assert.Contains("DNS:10.0.0.7, IP:10.0.0.7", shown.Output, StringComparison.Ordinal);
        Assert.Contains("issuer      CN=openssl", shown.Output, StringComparison.Ordinal);
        Assert.Contains("digitalSignature; serverAuth, clientAuth", shown.Output, StringComparison.Ordinal);
        Assert.Contains("The private key belongs to it.", shown.Output, StringComparison.Ordinal);
        Assert.Contains("for 10.0.0.7: OTP 23 to 25 yes, OTP 26 and later yes, Enmesh yes", shown.Output, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("subjectAltName=IP:10.0.0.7", "10.0.0.7", "no yes yes", "OTP 23 to 25 would not accept it for '10.0.0.7': it lacks DNS:10.0.0.7.")]
    [InlineData("critical:IP:10.0.0.7", "10.0.0.7", "no no yes", "it has no subject, and then OTP refuses names that are addresses alone")]
    [InlineData("subjectAltName=DNS:10.0.0.7", "10.0.0.7", "yes no yes", "OTP 26 and later would not accept it for '10.0.0.7': it lacks IP:10.0.0.7.")]
    [InlineData("subjectAltName=DNS:*.shop.example", "a.shop.example", "no no no", "no release of OTP takes a wildcard")]
    [InlineData("", "openssl-leaf", "yes yes no", "The certificate is for no names but CN=openssl-leaf, not for 'openssl-leaf'")]
    [InlineData("subjectAltName=DNS:a,DNS:b,DNS:c,DNS:d", "a", "yes yes yes", "note: The certificate is for 4 hosts (a, b, c, …)")]
    [InlineData("subjectAltName=IP:fd00::7,DNS:fd00::7", "fd00::7", "yes yes yes", "")]
    public async Task Odd_names_have_odd_answers(string extension, string host, string accepted, string message)
    {
        await IssueAsync("odd", Usual + extension.Replace("critical:", "subjectAltName=critical,", StringComparison.Ordinal), subject: "/CN=openssl-leaf");
        var shown = await _home.RunAsync("certs", "show", "odd.pem", "--trust", "ca.pem", "--for", host, "--json");
        var result = JsonNode.Parse(shown.Output)!;
        Assert.Equal(accepted, string.Join(' ', result["hosts"]![0]!["verdicts"]!.AsArray().Select(one => (bool)one!["accepted"]! ? "yes" : "no")));
        var isNote = message.StartsWith("note: ", StringComparison.Ordinal);
        Assert.Equal(message.Length == 0 || isNote, (bool)result["good"]!);
        Assert.Equal((bool)result["good"]! ? 0 : 1, shown.ExitCode);
        if (message.Length > 0)
            Assert.Contains(result[isNote ? "notes" : "problems"]!.AsArray(), one => ((string)one!).Contains(isNote ? message["note: ".Length..] : message, StringComparison.Ordinal));
    }

    [Fact]
    public async Task Show_finds_what_is_wrong_with_dates_usages_keys_and_chains()
    {
        const string Names = "subjectAltName=DNS:a,IP:10.0.0.7\n";
        await IssueAsync("expired", Usual + Names, ["-days", "-1"]);
        await ComplainsAsync("It has expired: it was valid until", "expired.pem");
        await IssueAsync("server", $"{Names}extendedKeyUsage=serverAuth");
        await ComplainsAsync("extended key usage clientAuth is missing", "server.pem");
        await IssueAsync("client", $"{Names}extendedKeyUsage=clientAuth");
        await ComplainsAsync("extended key usage serverAuth is missing", "client.pem");
        await ComplainsAsync("It is an authority's own certificate", "ca.pem");
        await ComplainsAsync("do not belong together", "client.pem", "--key", "server.key");
        await SslAsync("pkcs8", "-topk8", "-in", "client.key", "-out", "encrypted.key", "-passout", "pass:secret");
        await ComplainsAsync("The private key in encrypted.key is encrypted.", "client.pem", "--key", "encrypted.key");
        await SslAsync("genpkey", "-algorithm", "ed25519", "-out", "ed.key");
        await ComplainsAsync("neither RSA nor ECDSA", "client.pem", "--key", "ed.key");
        await SslAsync("req", "-x509", "-newkey", "rsa:2048", "-nodes", "-subj", "/CN=other", "-keyout", "other.key", "-out", "other.pem");
        await ComplainsAsync("is signed by 'CN=openssl', which is neither sent along nor trusted", "client.pem", "--trust", "other.pem");
        await File.WriteAllTextAsync(_home.PathTo("wrong.pem"), await TextAsync("client.pem") + await TextAsync("other.pem"));
        await ComplainsAsync("The chain is out of order: certificate 2", "wrong.pem");
        await File.WriteAllTextAsync(_home.PathTo("none.pem"), await TextAsync("client.key"));
        await ComplainsAsync("There is no certificate in none.pem, only a key.", "none.pem");
    }

    [Theory]
    [InlineData("rsa", "-traditional", "BEGIN RSA PRIVATE KEY")]
    [InlineData("rsa", "", "BEGIN PRIVATE KEY")]
    [InlineData("ec", "-traditional", "BEGIN EC PRIVATE KEY")]
    [InlineData("ec", "", "BEGIN PRIVATE KEY")]
    public async Task Keys_are_read_in_every_form_that_openssl_writes(string kind, string form, string label)
    {
        string[] options = kind == "rsa" ? ["-algorithm", "RSA", "-pkeyopt", "rsa_keygen_bits:2048"] : ["-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:P-256"];
        await SslAsync(["genpkey", .. options, "-out", "made.key"]);
        await SslAsync(["pkey", "-in", "made.key", "-out", "leaf.key", .. form.Length > 0 ? [form] : Array.Empty<string>()]);
        Assert.Contains(label, await TextAsync("leaf.key"), StringComparison.Ordinal);
        await SignAsync("leaf", $"{Usual}subjectAltName=DNS:a", "/", []);
        // Remarks around, as people paste them, and the parameters that openssl ecparam writes first.
        await File.WriteAllTextAsync(_home.PathTo("leaf.key"), $"Bag Attributes\n  friendlyName: node\n-----BEGIN EC PARAMETERS-----\nBggqhkjOPQMBBw==\n-----END EC PARAMETERS-----\n{await TextAsync("leaf.key")}");
        await File.WriteAllTextAsync(_home.PathTo("leaf.pem"), $"Certificate:\n    Data: whatever\n{await TextAsync("leaf.pem")}");
        var shown = await _home.RunAsync("certs", "show", "leaf.pem", "--key", "leaf.key", "--trust", "ca.pem", "--for", "a", "--json");
        Assert.True((bool)JsonNode.Parse(shown.Output)!["key_matches"]!);
        Assert.Equal(0, shown.ExitCode);
    }

    [Theory]
    [InlineData("-tls1_2")]
    [InlineData("-tls1_3")]
    public async Task Show_looks_at_whatever_answers(string version)
    {
        await _home.RunAsync("certs", "dev-ca", "tls", "live@127.0.0.1");
        await using var server = ChildProcess.Start(
            ["openssl", "s_server", "-accept", "127.0.0.1:0", "-cert", "tls/live@127.0.0.1/tls.crt", "-key", "tls/live@127.0.0.1/tls.key", "-CAfile", "tls/ca.crt", "-Verify", "3", "-verifyCAfile", "tls/ca.crt", version],
            keepInput: true, directory: _home.PathTo(""));
        var line = await server.WaitForLineAsync("ACCEPT ");
        var port = line[(line.LastIndexOf(':') + 1)..].Trim();
        var shown = await _home.RunAsync("certs", "show", "--live", $"127.0.0.1:{port}", "--for", "live@127.0.0.1", "--trust", "tls/ca.crt", "--as", "tls/live@127.0.0.1", "--json");
        var result = JsonNode.Parse(shown.Output)!;
        Assert.True((bool)result["good"]!, shown.ToString());
        Assert.StartsWith(version == "-tls1_2" ? "TLS 1.2" : "TLS 1.3", (string)result["link"]!, StringComparison.Ordinal);
        Assert.Equal("DNS:127.0.0.1, IP:127.0.0.1", (string)result["chain"]![0]!["names"]!);

        // Without a certificate of ours the server ends the handshake, and we have seen its own all the same.
        var bare = await _home.RunAsync("certs", "show", "--live", $"127.0.0.1:{port}", "--for", "10.0.0.8", "--json");
        Assert.Equal(1, bare.ExitCode);
        Assert.Contains("not for '10.0.0.8'", bare.Output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Show_looks_at_a_real_node_by_its_name()
    {
        await _home.RunAsync("certs", "dev-ca", "tls", "node@127.0.0.1");
        string Text(string file) => File.ReadAllText(_home.PathTo($"tls/node@127.0.0.1/{file}"));
        var options = await _home.RunAsync("certs", "optfile", "{home}", "--release", $"{Otp.Newest}");
        await using var beam = await BeamNode.StartAsync(Otp.Newest, new()
        {
            Arguments = ["-proto_dist", "inet_tls", "-ssl_dist_optfile", "{home}/inet_tls.conf"],
            Files = new Dictionary<string, string>
            {
                ["tls.crt"] = Text("tls.crt"),
                ["tls.key"] = Text("tls.key"),
                ["ca.crt"] = Text("ca.crt"),
                ["inet_tls.conf"] = options.Output,
            },
        });
        // Whoever only looks never finishes the handshake of the distribution; of that the node may complain.
        beam.Announce("TLS ", "inet_tls", "ssl_connection", "tls_dist", "dist_util");

        var shown = await _home.RunAsync(
            "certs", "show", "--node", beam.Name, "--port", $"{beam.Port}", "--trust", "tls/ca.crt", "--as", "tls/node@127.0.0.1", "--json");

        Assert.True(shown.ExitCode == 0, shown.ToString());
        var result = JsonNode.Parse(shown.Output)!;
        Assert.Equal("127.0.0.1", (string)result["hosts"]![0]!["host"]!);
        Assert.Equal(2, result["chain"]!.AsArray().Count);
    }

    private async Task ComplainsAsync(string message, params string[] arguments)
    {
        var shown = await _home.RunAsync(["certs", "show", .. arguments]);
        Assert.Equal(1, shown.ExitCode);
        Assert.Contains(message, shown.Errors, StringComparison.Ordinal);
        Assert.All(shown.Errors.TrimEnd().Split('\n'), line => Assert.StartsWith("enmesh: ", line, StringComparison.Ordinal));
    }

    private Task<string> TextAsync(string file) => File.ReadAllTextAsync(_home.PathTo(file));

    private async Task IssueAsync(string name, string extensions, string[]? more = null, string subject = "/")
    {
        await SslAsync("genpkey", "-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:P-256", "-out", $"{name}.key");
        await SignAsync(name, extensions, subject, more ?? []);
    }

    private async Task SignAsync(string name, string extensions, string subject, string[] more)
    {
        await File.WriteAllTextAsync(_home.PathTo($"{name}.ext"), extensions + "\n");
        await SslAsync("req", "-new", "-key", $"{name}.key", "-subj", subject, "-out", $"{name}.csr");
        await SslAsync(["x509", "-req", "-in", $"{name}.csr", "-CA", "ca.pem", "-CAkey", "ca.key", "-CAcreateserial", "-extfile", $"{name}.ext", "-out", $"{name}.pem", .. more]);
    }

    private async Task<CommandResult> SslAsync(params string[] arguments)
    {
        var result = await ChildProcess.RunAsync(["openssl", .. arguments], directory: _home.PathTo(""));
        _ = result.Successful;
        return result;
    }
}
