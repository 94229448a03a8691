using System.Globalization;
using System.Net;
using System.Net.Sockets;

namespace Enmesh.Resolver;

/// <summary>The names under which PTR records stand (RFC 1035 section 3.5, RFC 3596 section 2.5).</summary>
internal static class ReverseName
{
    /// <summary>The name of an address, absolute: <c>7.0.0.10.in-addr.arpa.</c>.</summary>
    internal static string Of(IPAddress address)
    {
        if (address.IsIPv4MappedToIPv6)
            address = address.MapToIPv4();
        var bytes = address.GetAddressBytes();
        Array.Reverse(bytes);
        return address.AddressFamily == AddressFamily.InterNetwork
            ? $"{string.Join('.', bytes.Select(b => b.ToString(CultureInfo.InvariantCulture)))}.in-addr.arpa."
            : $"{string.Join('.', bytes.Select(b => $"{b & 0xF:x}.{b >> 4:x}"))}.ip6.arpa.";
    }
}
