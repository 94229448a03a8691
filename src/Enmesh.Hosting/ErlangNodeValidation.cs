using Enmesh.Kubernetes.Certificates;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Options;

namespace Enmesh.Hosting;

/// <summary>Says all that is wrong with a node's settings, whether the configuration or code made them.</summary>
/// <param name="node">The node's name among the options.</param>
/// <param name="section">The path of its section, for the messages.</param>
/// <param name="bound">What was found while reading the configuration.</param>
/// <param name="services">Says whether certificates are still to come, see <see cref="NodeCertificateExtensions"/>.</param>
internal sealed class ErlangNodeValidation(
    string node, string section, ErlangNodeBinding bound, IServiceProviderIsService services)
    : IValidateOptions<ErlangNodeOptions>
{
    public ValidateOptionsResult Validate(string? name, ErlangNodeOptions options)
    {
        if (name != node)
            return ValidateOptionsResult.Skip;
        List<string> problems = [.. bound.Problems, .. options.Validate().Select(problem => $"{section}:{problem}")];
        if (CookieProblem(options) is { } cookie)
            problems.Add($"{section}:{nameof(options.CookieFile)}: {cookie}");
        // Files that come before the node starts are looked at when it does.
        if (!services.IsService(typeof(NodeCertificateRenewal)))
            problems.AddRange(options.ValidateSurroundings().Select(problem => $"{section}:{problem}"));
        return problems.Count == 0 ? ValidateOptionsResult.Success : ValidateOptionsResult.Fail(problems);
    }

    // The file is read again when the node starts. Here a problem with it is told together with all the others.
    private static string? CookieProblem(ErlangNodeOptions options)
    {
        try
        {
            CookieSource.Locate(options.CookieFile).Read(options.Insecure);
            return null;
        }
        catch (CookieException e)
        {
            return e.Message;
        }
    }
}
