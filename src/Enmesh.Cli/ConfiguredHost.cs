using Enmesh.Hosting;
using Microsoft.Extensions.Configuration;

namespace Enmesh.Cli;

/// <summary>
/// The host part that a node with this configuration takes from a name server: whoever gets its certificate must know the same.
/// </summary>
internal static class ConfiguredHost
{
    /// <returns>Null when the configuration leaves it to the name or the environment.</returns>
    /// <exception cref="FormatException">The settings are wrong; the message has every problem.</exception>
    internal static async Task<string?> FindAsync(IConfiguration configuration, CancellationToken cancellationToken)
    {
        var section = configuration.GetSection(ErlangNodeExtensions.Section);
        if (section[nameof(ErlangNodeOptions.HostFrom)] is null)
            return null;
        var options = new ErlangNodeOptions();
        if (NodeSettings.Read(section, options) is { Count: > 0 } problems)
            throw new FormatException(string.Join(Environment.NewLine, problems));
        var name = await NodePlan.NameAsync(options, Environment.GetEnvironmentVariable, TimeProvider.System, cancellationToken).ConfigureAwait(false);
        return name.Host;
    }
}
