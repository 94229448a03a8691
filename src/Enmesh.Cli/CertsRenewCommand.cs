using System.CommandLine;
using Enmesh.Kubernetes.Certificates;

namespace Enmesh.Cli;

/// <summary><c>enmesh certs renew</c>: keeps a pair fresh, as a sidecar does.</summary>
internal static class CertsRenewCommand
{
    internal static Command Create()
    {
        var options = new CertsRequestOptions();
        var command = new Verb(
            "renew",
            "Keep the certificate of this pod fresh, until told to end.",
            """
            As `certs request`, and again from two thirds of the certificate's life on, a little earlier or later for each pod. Failures are
            repeated with growing pauses, and told louder as time runs out. A node of Enmesh does this by itself when its settings have
            Enmesh:Certificate; then no sidecar is needed.

            Examples:
              enmesh certs renew --issuer orders-ca --dir /var/run/enmesh/tls
            """);
        options.AddTo(command);
        command.SetAction((parsed, cancellationToken) => RunAsync(options, parsed, cancellationToken));
        return command;
    }

    private static async Task<int> RunAsync(CertsRequestOptions options, ParseResult parsed, CancellationToken cancellationToken)
    {
        var wanted = await options.ReadAsync(parsed, cancellationToken).ConfigureAwait(false);
        using var client = options.Api.Connect(parsed);
        var logger = new TerminalLogger();
        using var renewal = new NodeCertificateRenewal(new NodeCertificateRequester(client, wanted, null, logger), null, logger);
        CertsRequestCommand.WarnOfDisk(wanted.Directory!);
        try
        {
            await renewal.RunAsync(cancellationToken).ConfigureAwait(false);
        }
        catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
        {
            // That is how a sidecar ends.
        }
        return ExitCode.Success;
    }
}
