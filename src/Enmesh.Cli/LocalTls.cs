using Enmesh.Certificates;

namespace Enmesh.Cli;

/// <summary>What the nodes of <c>enmesh up --tls</c> show and trust: an authority that exists as long as they do.</summary>
/// <param name="Directory">Where the files are.</param>
internal sealed record LocalTls(string Directory)
{
    /// <summary>As <c>erl -ssl_dist_optfile</c> reads it.</summary>
    internal string OptionFile => Path.Combine(Directory, "ssl_dist.conf");

    private string CertificateFile => Path.Combine(Directory, "tls.crt");

    private string KeyFile => Path.Combine(Directory, "tls.key");

    private string CaFile => Path.Combine(Directory, "ca.crt");

    /// <summary>Makes an authority, and one certificate for the nodes of that host; the key of the authority is forgotten.</summary>
    internal static LocalTls Create(string directory, string host)
    {
        var tls = new LocalTls(directory);
        using var authority = CertificateAuthority.Create("enmesh up");
        var pair = authority.Issue(new() { Hosts = [host, "localhost"] });
        File.WriteAllText(tls.CaFile, authority.CertificatePem);
        File.WriteAllText(tls.CertificateFile, pair.ChainPem);
        using (File.Create(tls.KeyFile))
        {
            // It is nobody else's before the key stands in it.
        }
        if (!OperatingSystem.IsWindows())
            File.SetUnixFileMode(tls.KeyFile, UnixFileMode.UserRead | UnixFileMode.UserWrite);
        File.WriteAllText(tls.KeyFile, pair.KeyPem);
        var role = $$"""[{certfile, "{{tls.CertificateFile}}"}, {keyfile, "{{tls.KeyFile}}"}, {cacertfile, "{{tls.CaFile}}"}, {verify, verify_peer}""";
        File.WriteAllText(tls.OptionFile, $"[{{server, {role}, {{fail_if_no_peer_cert, true}}]}},\n {{client, {role}]}}].\n");
        return tls;
    }

    /// <summary>The arguments of <c>enmesh node</c> and of the verbs that talk to one.</summary>
    internal IEnumerable<string> Arguments => ["--tls-cert", CertificateFile, "--tls-key", KeyFile, "--tls-ca", CaFile];

    /// <summary>The arguments of <c>erl</c>.</summary>
    internal IEnumerable<string> BeamArguments => ["-proto_dist", "inet_tls", "-ssl_dist_optfile", OptionFile];

    /// <summary>For a node of this process.</summary>
    internal TlsOptions Options => new() { CertificateFile = CertificateFile, KeyFile = KeyFile, CaFile = CaFile };
}
