using System.Globalization;
using System.Net;

namespace Enmesh.Epmd;

/// <summary>Where EPMD is, and on which addresses one of our own listens.</summary>
/// <param name="Port">The port of every EPMD.</param>
/// <param name="Addresses">Addresses beside loopback that an embedded EPMD listens on.</param>
internal sealed record EpmdSettings(int Port, IReadOnlyList<IPAddress> Addresses)
{
    public const int DefaultPort = 4369;
    public const string PortVariable = "ERL_EPMD_PORT";
    public const string AddressVariable = "ERL_EPMD_ADDRESS";

    /// <summary>Reads the variables that epmd and erl heed as well.</summary>
    /// <param name="variable">Gives the value of an environment variable.</param>
    /// <exception cref="FormatException">One of them makes no sense; the message names it.</exception>
    public static EpmdSettings FromEnvironment(Func<string, string?> variable) =>
        new(ReadPort(variable(PortVariable)), ReadAddresses(variable(AddressVariable)));

    private static int ReadPort(string? text)
    {
        if (string.IsNullOrWhiteSpace(text))
            return DefaultPort;
        return int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var port)
            && port is > 0 and <= ushort.MaxValue
            ? port
            : throw new FormatException($"{PortVariable} is '{text}'; it must be a port from 1 to 65535.");
    }

    private static List<IPAddress> ReadAddresses(string? text)
    {
        var addresses = new List<IPAddress>();
        foreach (var part in
            (text ?? "").Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries))
        {
            addresses.Add(IPAddress.TryParse(part, out var address)
                ? address
                : throw new FormatException(
                    $"{AddressVariable} has '{part}' in it; it must be a list of IP addresses separated by commas."));
        }

        return addresses;
    }
}
