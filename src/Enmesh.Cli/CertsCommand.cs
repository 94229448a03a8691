using System.CommandLine;
using Enmesh.Certificates;

namespace Enmesh.Cli;

/// <summary><c>enmesh certs …</c>: certificates of nodes.</summary>
internal static class CertsCommand
{
    internal static Command Create()
    {
        var command = new Verb(
            "certs",
            "Get, renew, show and clean up the certificates of nodes.",
            """
            In Kubernetes `request` is for an init container, `renew` for a sidecar and `cleanup` for a cron job; cert-manager signs. On one's own
            machine `dev-ca` makes an authority and pairs. `show` says what peers would make of a certificate, and `optfile` writes what Erlang
            nodes need.

            Examples:
              enmesh certs dev-ca ./tls orders@127.0.0.1 shop@127.0.0.1
              enmesh certs show ./tls/orders@127.0.0.1 --for orders@127.0.0.1
              enmesh certs optfile ./tls/shop@127.0.0.1 --release 27 > inet_tls.conf
              enmesh certs request --issuer orders-ca --dir /var/run/enmesh/tls
            """);
        command.Subcommands.Add(CertsRequestCommand.Create());
        command.Subcommands.Add(CertsRenewCommand.Create());
        command.Subcommands.Add(CertsCleanupCommand.Create());
        command.Subcommands.Add(CertsShowCommand.Create());
        command.Subcommands.Add(CertsDevCaCommand.Create());
        command.Subcommands.Add(CertsOptfileCommand.Create());
        return command;
    }

    /// <summary>The kind of key, as the verbs take it.</summary>
    internal static Option<CertificateKeyKind> KeyKind() => new("--key")
    {
        Description = "The kind of the key.",
        DefaultValueFactory = _ => CertificateKeyKind.EcP256,
    };

    /// <summary>A pair as files: a directory with <c>tls.crt</c>, <c>tls.key</c> and <c>ca.crt</c>, or the file of the
    /// chain.</summary>
    internal static (string Chain, string? Key, string? Authorities) FilesOf(string place)
    {
        if (!Directory.Exists(place))
            return (place, null, null);
        static string? There(string file) => File.Exists(file) ? file : null;
        return (
            Path.Combine(place, CertificateDirectory.CertificateFile),
            There(Path.Combine(place, CertificateDirectory.KeyFile)),
            There(Path.Combine(place, CertificateDirectory.AuthorityFile)));
    }
}
