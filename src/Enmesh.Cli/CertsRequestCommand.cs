using System.CommandLine;
using Enmesh.Kubernetes.Certificates;

namespace Enmesh.Cli;

/// <summary><c>enmesh certs request</c>: a pair for this pod, as an init container gets it.</summary>
internal static class CertsRequestCommand
{
    internal static Command Create()
    {
        var options = new CertsRequestOptions();
        var json = new Option<bool>("--json") { Description = "Print JSON, for programs." };
        var command = new Verb(
            "request",
            "Get a certificate for this pod from cert-manager.",
            """
            The key is made here and stays here. The certificate names the host part as DNS name and, if it is an address, as IP name: OTP up to 25
            wants the one, later releases the other. A pair that is there, is good and is not due is kept. Set POD_NAME and POD_UID by the downward
            API, so that the request belongs to the pod and goes with it. Needs create, get and watch on certificaterequests.

            Examples:
              enmesh certs request --issuer orders-ca --dir /var/run/enmesh/tls
              enmesh certs request --issuer ca --issuer-kind ClusterIssuer --dir /tls --host orders-0.orders.shop.svc.cluster.local --trust /trust/ca.crt
            """) { json };
        options.AddTo(command);
        command.SetAction((parsed, cancellationToken) => RunAsync(options, parsed, parsed.GetValue(json), cancellationToken));
        return command;
    }

    private static async Task<int> RunAsync(CertsRequestOptions options, ParseResult parsed, bool asJson, CancellationToken cancellationToken)
    {
        var wanted = await options.ReadAsync(parsed, cancellationToken).ConfigureAwait(false);
        using var client = options.Api.Connect(parsed);
        var requester = new NodeCertificateRequester(client, wanted, null, new TerminalLogger());
        WarnOfDisk(wanted.Directory!);
        var got = await requester.EnsureAsync(cancellationToken).ConfigureAwait(false);
        if (asJson)
            Json.Print(new CertificateResult(got.Host, got.Names, got.Serial, got.NotBefore, got.NotAfter, got.RenewFrom, got.IsNew));
        else
            Console.Out.WriteLine($"{(got.IsNew ? "new" : "kept")}: {got.Names}, valid until {got.NotAfter:u}, in {wanted.Directory}");
        return ExitCode.Success;
    }

    // A key on a disk outlives the pod.
    internal static void WarnOfDisk(string directory)
    {
        try
        {
            var there = Directory.Exists(directory) ? directory : Path.GetDirectoryName(Path.GetFullPath(directory)) ?? "/";
            if (OperatingSystem.IsLinux() && new DriveInfo(there) is { IsReady: true, DriveFormat: not ("tmpfs" or "ramfs") and var format })
                CommandLine.Complain($"{directory} is on a disk ({format}), where a key may outlive the pod: an emptyDir with medium: Memory does not.");
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or ArgumentException)
        {
            // It was only for a warning; what is wrong with the directory is said when it is written.
        }
    }
}
