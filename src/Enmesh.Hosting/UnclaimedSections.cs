using Enmesh.Kubernetes.Certificates;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Options;

namespace Enmesh.Hosting;

/// <summary>The names of the nodes that a host has, in the order in which they were added.</summary>
internal sealed class NodeNames : List<string>
{
    /// <summary>What starts the first of them, among the host's services.</summary>
    internal ServiceDescriptor? FirstHosted { get; set; }
}

/// <summary>Refuses a host that starts its services side by side: what a node needs has to be there before it, in the order of the services.</summary>
internal sealed class OrderedStart(NodeNames names, IOptions<HostOptions> options) : IValidateOptions<ErlangNodeOptions>
{
    public ValidateOptionsResult Validate(string? name, ErlangNodeOptions node) =>
        name != names[0] || !options.Value.ServicesStartConcurrently
            ? ValidateOptionsResult.Skip
            : ValidateOptionsResult.Fail(
                $"{nameof(HostOptions)}:{nameof(HostOptions.ServicesStartConcurrently)}: probes, certificates and nodes start one after the other; leave it false.");
}

/// <summary>
/// Complains about settings of nodes that nobody has added: a slip of the pen would otherwise go unnoticed.
/// </summary>
internal sealed class UnclaimedSections(NodeNames names, IConfiguration configuration, IServiceProviderIsService services)
    : IValidateOptions<ErlangNodeOptions>
{
    public ValidateOptionsResult Validate(string? name, ErlangNodeOptions options)
    {
        // Every node is validated; the complaint is one of the host, and made once.
        if (name != names[0])
            return ValidateOptionsResult.Skip;
        var problems = configuration.GetSection(ErlangNodeExtensions.NodesSection).GetChildren()
            .Where(section => !names.Contains(section.Key, StringComparer.OrdinalIgnoreCase))
            .Select(section => $"{section.Path}: there is no node '{section.Key}' in this program, so nobody reads this; {Remedy}")
            .ToList();
        if (configuration.GetSection(NodeCertificateExtensions.Section).Exists() && !services.IsService(typeof(NodeCertificateRenewal)))
        {
            problems.Add(
                $"{NodeCertificateExtensions.Section}: this program requests no certificate, so nobody reads this; call {nameof(NodeCertificateExtensions.AddNodeCertificate)}.");
        }
        return problems.Count == 0 ? ValidateOptionsResult.Success : ValidateOptionsResult.Fail(problems);
    }

    private string Remedy => names.Any(name => name.Length > 0)
        ? $"it has {string.Join(", ", names.Where(name => name.Length > 0).Select(name => $"'{name}'"))}."
        : $"add it with AddErlangNode(name), or give the settings of the only node in {ErlangNodeExtensions.Section}.";
}
