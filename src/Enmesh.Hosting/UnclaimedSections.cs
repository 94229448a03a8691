using Enmesh.Hosting.Ssh;
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

/// <summary>Among the host's services when somebody reads <c>Enmesh:Web</c>, which is a package of its own.</summary>
internal sealed class WebIsRead;

/// <summary>
/// Complains about settings of nodes that nobody has added: a slip of the pen would otherwise go unnoticed.
/// </summary>
internal sealed class UnclaimedSections(NodeNames names, IConfiguration configuration, IServiceProviderIsService services, IServiceProviderIsKeyedService keyed)
    : IValidateOptions<ErlangNodeOptions>
{
    private const string WebSection = $"{ErlangNodeExtensions.Section}:Web";

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
        if (configuration.GetSection(WebSection).Exists() && !services.IsService(typeof(WebIsRead)))
            problems.Add($"{WebSection}: this program serves no page, probes or metrics, so nobody reads this; call AddErlangEndpoints of Enmesh.Web.");
        problems.AddRange(SshProblems());
        return problems.Count == 0 ? ValidateOptionsResult.Success : ValidateOptionsResult.Fail(problems);
    }

    private IEnumerable<string> SshProblems() => names.Append("").Distinct()
        .Select(name => (Name: name, Section: configuration.GetSection($"{(name.Length == 0 ? ErlangNodeExtensions.Section : $"{ErlangNodeExtensions.NodesSection}:{name}")}:{ErlangSshExtensions.Key}")))
        .Where(one => one.Section.Exists() && !IsOff(one.Section) && !keyed.IsKeyedService(typeof(SshService), one.Name))
        .Select(one => $"{one.Section.Path}: this node serves no SSH, so nobody reads this; call {nameof(ErlangSshExtensions.AddSsh)}.");

    // As `enmesh node` has it, which serves none then.
    private static bool IsOff(IConfigurationSection ssh) => "off".Equals(ssh[nameof(ErlangSshOptions.Listen)], StringComparison.OrdinalIgnoreCase);

    private string Remedy => names.Any(name => name.Length > 0)
        ? $"it has {string.Join(", ", names.Where(name => name.Length > 0).Select(name => $"'{name}'"))}."
        : $"add it with AddErlangNode(name), or give the settings of the only node in {ErlangNodeExtensions.Section}.";
}
