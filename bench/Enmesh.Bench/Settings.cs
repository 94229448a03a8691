using System.Globalization;

namespace Enmesh.Bench;

/// <summary>What the driver says in the environment; see bench/peers/README.md.</summary>
internal static class Settings
{
    internal static string Required(string name) =>
        Optional(name) ?? throw new NotSupportedException($"{name} is not set.");

    internal static string? Optional(string name) =>
        Environment.GetEnvironmentVariable(name) is { Length: > 0 } value ? value : null;

    /// <summary>A count; without one of its own the default, scaled by the percentage in PEER_SCALE.</summary>
    internal static long Count(string name, long byDefault)
    {
        if (Optional(name) is { } own)
            return long.Parse(own, CultureInfo.InvariantCulture);
        var scale = long.Parse(Optional("PEER_SCALE") ?? "100", CultureInfo.InvariantCulture);
        return Math.Max(1, byDefault * scale / 100);
    }
}
