using Microsoft.Extensions.Options;

namespace Enmesh.Hosting;

/// <summary>Says all that is wrong with a node's settings, whether the configuration or code made them.</summary>
/// <param name="node">The node's name among the options.</param>
/// <param name="section">The path of its section, for the messages.</param>
/// <param name="bound">What was found while reading the configuration.</param>
internal sealed class ErlangNodeValidation(string node, string section, ErlangNodeBinding bound)
    : IValidateOptions<ErlangNodeOptions>
{
    public ValidateOptionsResult Validate(string? name, ErlangNodeOptions options)
    {
        if (name != node)
            return ValidateOptionsResult.Skip;
        List<string> problems = [.. bound.Problems, .. options.Validate().Select(problem => $"{section}:{problem}")];
        if (CookieProblem(options) is { } cookie)
            problems.Add($"{section}:{nameof(options.CookieFile)}: {cookie}");
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
