using System.Net;
using System.Net.Sockets;

namespace Enmesh.Transport;

/// <summary>Addresses as people write them: IPv4 that came in through a dual-stack socket is plain IPv4.</summary>
internal static class EndPointText
{
    /// <summary><c>127.0.0.1:4370</c>, <c>[::1]:4370</c>.</summary>
    public static string Of(EndPoint? endPoint) => endPoint switch
    {
        IPEndPoint ip => HostAndPort(Of(ip.Address), ip.Port),
        null => "?",
        _ => endPoint.ToString() ?? "?",
    };

    /// <summary><c>127.0.0.1</c>, <c>::1</c>.</summary>
    public static string Of(IPAddress address) =>
        address.AddressFamily == AddressFamily.InterNetworkV6 && address.IsIPv4MappedToIPv6
            ? address.MapToIPv4().ToString()
            : address.ToString();

    /// <summary>A host name or address with its port, an IPv6 address in brackets.</summary>
    public static string HostAndPort(string host, int port) =>
        host.Contains(':', StringComparison.Ordinal) ? $"[{host}]:{port}" : $"{host}:{port}";
}
