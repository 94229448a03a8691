using Enmesh.Hosting;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.Hosting;

namespace Enmesh.Cli;

/// <summary>The settings that <c>enmesh node</c> would have here: arguments, environment, appsettings.json.</summary>
/// <param name="Section">Where they stand.</param>
/// <param name="Options">What they come to.</param>
/// <param name="Problems">All that is wrong with them, each beginning with its key; empty when all is well.</param>
internal sealed record NodeConfiguration(IConfigurationSection Section, ErlangNodeOptions Options, IReadOnlyList<string> Problems)
{
    /// <summary>Reads them.</summary>
    /// <param name="settings">What the command line says, each setting below the section of the node.</param>
    internal static NodeConfiguration Read(IEnumerable<KeyValuePair<string, string?>> settings)
    {
        var configuration = Host.CreateApplicationBuilder().Configuration;
        configuration.AddInMemoryCollection(settings.Select(
            setting => KeyValuePair.Create($"{ErlangNodeExtensions.Section}:{setting.Key}", setting.Value)));
        var section = configuration.GetSection(ErlangNodeExtensions.Section);
        var options = new ErlangNodeOptions();
        return new(section, options, NodeSettings.Read(section, options));
    }

    /// <summary>The name of a source's strategy, as the settings have it.</summary>
    internal string StrategyOf(string source) => Section[$"{nameof(Options.Discovery)}:{source}:Strategy"] ?? "";
}
