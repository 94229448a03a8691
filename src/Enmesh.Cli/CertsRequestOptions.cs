using System.CommandLine;
using Enmesh.Certificates;
using Enmesh.Kubernetes.Certificates;
using Microsoft.Extensions.Hosting;

namespace Enmesh.Cli;

/// <summary>The options that <c>certs request</c> and <c>certs renew</c> share.</summary>
internal sealed class CertsRequestOptions
{
    private readonly Option<string?> _host = new("--host") { Description = "The host part of the node's name. Default: what Enmesh__HostFrom leads to, else $NODE_HOST, else $POD_IP.", HelpName = "HOST" };
    private readonly Option<string[]> _others = new("--also") { Description = "A further host that the certificate names; may be repeated.", HelpName = "HOST" };
    private readonly Option<string?> _directory = new("--dir") { Description = "The mounted memory volume that gets tls.crt and tls.key.", HelpName = "DIR" };
    private readonly Option<string?> _trust = new("--trust") { Description = "The authorities that peers trust; what is issued has to lead to one of them.", HelpName = "FILE" };
    private readonly Option<string?> _issuer = new("--issuer") { Description = "The name of cert-manager's issuer.", HelpName = "NAME" };
    private readonly Option<string?> _kind = new("--issuer-kind") { Description = "Its kind. Default: Issuer.", HelpName = "KIND" };
    private readonly Option<string?> _group = new("--issuer-group") { Description = "Its group. Default: cert-manager.io.", HelpName = "GROUP" };
    private readonly Option<double> _duration = NumberOptions.Seconds(
        "--duration", "How long the certificate is to be valid.", TimeSpan.FromDays(1).TotalSeconds, 600, TimeSpan.FromDays(3660).TotalSeconds);

    private readonly Option<double> _timeout = NumberOptions.Seconds(
        "--timeout", "How long a request may take, approval included.", 300, 1, TimeSpan.FromDays(1).TotalSeconds);

    private readonly Option<CertificateKeyKind> _key = CertsCommand.KeyKind();
    private readonly Option<bool> _withoutPod = new("--without-pod") { Description = "Make requests that no pod owns; only `certs cleanup` removes them." };
    private readonly Option<string[]> _labels = new("--label") { Description = "A label of the requests, KEY=VALUE; may be repeated.", HelpName = "LABEL" };

    internal ClusterApiOptions Api { get; } = new();

    internal void AddTo(Command command)
    {
        foreach (var option in new Option[] { _issuer, _kind, _group, _directory, _host, _others, _trust, _duration, _timeout, _key, _withoutPod, _labels })
            command.Options.Add(option);
        Api.AddTo(command);
    }

    internal async Task<NodeCertificateOptions> ReadAsync(ParseResult parsed, CancellationToken cancellationToken)
    {
        var options = new NodeCertificateOptions
        {
            Host = parsed.GetValue(_host)
                ?? await ConfiguredHost.FindAsync(Host.CreateApplicationBuilder().Configuration, cancellationToken).ConfigureAwait(false),
            OtherHosts = [.. parsed.GetValue(_others) ?? []],
            Directory = parsed.GetValue(_directory),
            TrustFile = parsed.GetValue(_trust),
            Issuer = parsed.GetValue(_issuer),
            Namespace = parsed.GetValue(Api.Namespace),
            Duration = TimeSpan.FromSeconds(parsed.GetValue(_duration)),
            Timeout = TimeSpan.FromSeconds(parsed.GetValue(_timeout)),
            Key = parsed.GetValue(_key),
            WithoutPod = parsed.GetValue(_withoutPod),
        };
        options.IssuerKind = parsed.GetValue(_kind) ?? options.IssuerKind;
        options.IssuerGroup = parsed.GetValue(_group) ?? options.IssuerGroup;
        foreach (var label in parsed.GetValue(_labels) ?? [])
        {
            options.Labels[label.Split('=')[0]] = label.Split('=', 2) is [{ Length: > 0 }, var value]
                ? value
                : throw new FormatException($"'{label}' is no label: KEY=VALUE.");
        }
        return options;
    }
}
