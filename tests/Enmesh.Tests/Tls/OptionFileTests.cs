using System.Security.Authentication;
using Enmesh.TestSupport;
using Enmesh.Tls;
using Xunit;

namespace Enmesh.Tests.Tls;

/// <summary>Real option files of Erlang are read; what cannot be done here is named.</summary>
[Trait("Ring", "pure")]
public sealed class OptionFileTests : IDisposable
{
    private readonly TestPki _pki = new();

    public void Dispose() => _pki.Dispose();

    [Fact]
    public void A_real_file_is_read()
    {
        var files = Read(
            """
            %% as in the documentation
            [{server,
              [{certfile, "/tls/server.pem"}, {keyfile, <<"/tls/server.key">>}, {password, "secret"},
               {cacertfile, "/tls/ca.pem"}, {verify, verify_peer}, {fail_if_no_peer_cert, true}, {secure_renegotiate, true}]},
             {client,
              [{certfile, "/tls/client.pem"}, {cacertfile, "/tls/ca.pem"}, {verify, verify_peer}, {versions, ['tlsv1.3']}]}].
            """);

        Assert.Equal(("/tls/server.pem", "/tls/server.key", "/tls/ca.pem", "secret"), (files.Server.CertificateFile, files.Server.KeyFile, files.Server.CaFile, files.Server.Password));
        Assert.Equal(SslProtocols.Tls12 | SslProtocols.Tls13, files.Server.Versions);
        Assert.Equal(("/tls/client.pem", "/tls/client.pem", SslProtocols.Tls13), (files.Client.CertificateFile, files.Client.KeyFile, files.Client.Versions));
    }

    [Theory]
    [InlineData(23)]
    [InlineData(29)]
    public void What_is_written_for_an_Erlang_node_is_read(int release)
    {
        var text = Enmesh.Certificates.OptionFile.Write(new(release, "/tls/tls.crt", "/tls/tls.key", "/tls/ca.crt") { Literal = true });

        var files = Read(text);

        Assert.Equal(("/tls/tls.crt", "/tls/tls.key", "/tls/ca.crt"), (files.Server.CertificateFile, files.Server.KeyFile, files.Server.CaFile));
        Assert.Equal(files.Server, files.Client);
    }

    [Theory]
    [InlineData("{depth, 1}")]
    [InlineData("{depth, many}")]
    public void A_limit_that_would_mean_something_is_named(string option) =>
        Assert.Contains("server: the option depth is not known here", Assert.Throws<TlsSettingsException>(() => Read($"[{{server, [{option}]}}].")).Message, StringComparison.Ordinal);

    [Fact]
    public void Everything_that_cannot_be_done_is_named_at_once()
    {
        var error = Assert.Throws<TlsSettingsException>(() => Read(
            """
            [{server, [{certfile, "a"}, {cacertfile, 17}, {verify, verify_none}, {ciphers, ["RC4"]}, {versions, ['tlsv1.1']}]},
             {klient, []}].
            """));

        foreach (var part in new[]
        {
            "server: cacertfile wants a text", "server: {verify, verify_none}", "server: the option ciphers is not known here",
            "server: the version tlsv1.1 is not spoken", "{klient, ...} is neither {server, [...]} nor {client, [...]}", "the section client is missing",
        })
        {
            Assert.Contains(part, error.Message, StringComparison.Ordinal);
        }
    }

    [Theory]
    [InlineData("[{server, [{verify_fun, {fun inet_tls_dist:verify_client/3, []}}]}].", "the option verify_fun is not known here")]
    [InlineData("[{server, [{certfile, filename:join(a, b)}]}].", "Erlang evaluates this file")]
    [InlineData("{server, []}.", "is not one list of sections")]
    [InlineData("", "is not one list of sections")]
    public void What_is_no_list_of_terms_is_refused(string text, string part)
    {
        Assert.Contains(part, Assert.Throws<TlsSettingsException>(() => Read(text)).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_password_is_never_shown()
    {
        var error = Assert.Throws<TlsSettingsException>(() => Read("[{server, [{password, [{oops, \"hunter2\"}]}, {password_of, \"hunter2\"}]}]."));
        Assert.DoesNotContain("hunter2", error.Message, StringComparison.Ordinal);
    }

    private TlsFiles Read(string text) => OptionFile.Read(_pki.Write("ssl_dist.conf", text), []);
}
