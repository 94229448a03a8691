using System.Net;

namespace Enmesh.Transport;

/// <summary>Where to listen: addresses, and a port or a range of ports of which the first free one is taken.</summary>
/// <param name="Addresses">The addresses; <c>::</c> takes IPv4 as well.</param>
/// <param name="FirstPort">The first port to try; 0 lets the system choose.</param>
/// <param name="LastPort">The last port to try; the same as the first for a single port.</param>
internal sealed record ListenAddress(IReadOnlyList<IPAddress> Addresses, int FirstPort, int LastPort)
{
    /// <summary>127.0.0.1 and, where the host has it, ::1.</summary>
    public static ListenAddress Loopback(int port = 0) => Loopback(port, port);

    /// <inheritdoc cref="Loopback(int)"/>
    public static ListenAddress Loopback(int firstPort, int lastPort) =>
        new([IPAddress.Loopback, IPAddress.IPv6Loopback], firstPort, lastPort);

    /// <summary>Every address of the host, IPv4 and IPv6.</summary>
    public static ListenAddress Any(int firstPort, int lastPort) => new([IPAddress.IPv6Any], firstPort, lastPort);

    /// <summary>One address.</summary>
    public static ListenAddress On(IPAddress address, int port) => new([address], port, port);

    /// <summary>The ports as text, for a message.</summary>
    public string Ports => FirstPort == LastPort ? $"port {FirstPort}" : $"ports {FirstPort} to {LastPort}";
}
