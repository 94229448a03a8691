using System.CommandLine;
using System.CommandLine.Parsing;
using System.Globalization;
using System.Net;
using System.Numerics;

namespace Enmesh.Cli;

/// <summary>Options that take a number within bounds, and say so in one sentence when it is none.</summary>
internal static class NumberOptions
{
    /// <summary>A port; null when it is not given.</summary>
    internal static Option<int?> Port(string name, string description, int min = 1) => new(name)
    {
        Description = description,
        HelpName = "PORT",
        CustomParser = result => Read(result, $"{name} takes a port from {min} to {IPEndPoint.MaxPort}", min, IPEndPoint.MaxPort),
    };

    /// <summary>How many.</summary>
    internal static Option<int> Count(string name, string description, int usual, int max) => new(name)
    {
        Description = description,
        HelpName = "N",
        DefaultValueFactory = _ => usual,
        CustomParser = result => Read(result, $"{name} takes a number from 0 to {max}", 0, max),
    };

    /// <summary>A time in seconds.</summary>
    internal static Option<double> Seconds(string name, string description, double usual, double min, double max) => new(name)
    {
        Description = description,
        HelpName = "SECONDS",
        DefaultValueFactory = _ => usual,
        CustomParser = result => Read(
            result, string.Create(CultureInfo.InvariantCulture, $"{name} takes seconds, from {min} to {max}"), min, max),
    };

    private static T Read<T>(ArgumentResult result, string takes, T min, T max)
        where T : INumber<T>
    {
        var text = result.Tokens is [var token] ? token.Value : "";
        if (T.TryParse(text, CultureInfo.InvariantCulture, out var value) && value >= min && value <= max)
            return value;
        result.AddError($"{takes}, not '{text}'.");
        return min;
    }
}
