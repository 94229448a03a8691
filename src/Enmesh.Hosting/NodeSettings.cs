using Microsoft.Extensions.Configuration;

namespace Enmesh.Hosting;

/// <summary>Reads the settings of a node out of a configuration without a host, for tools.</summary>
internal static class NodeSettings
{
    /// <summary>Fills the options in.</summary>
    /// <returns>All that is wrong, each problem beginning with its key; empty when all is well.</returns>
    internal static IReadOnlyList<string> Read(IConfigurationSection section, ErlangNodeOptions options)
    {
        var binding = new ErlangNodeBinding(section.Path);
        binding.Bind(section, options);
        binding.BindDiscovery(section, options, new NoServices());
        return [.. binding.Problems, .. options.Validate().Select(problem => $"{section.Path}:{problem}")];
    }

    private sealed class NoServices : IServiceProvider
    {
        public object? GetService(Type serviceType) => null;
    }
}
