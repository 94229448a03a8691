using System.Net;
using System.Net.NetworkInformation;

namespace Enmesh.Discovery;

/// <summary>The addresses of this host.</summary>
internal static class OwnAddresses
{
    /// <summary>Reads them anew; empty where a sandbox forbids the question.</summary>
    internal static HashSet<IPAddress> Read()
    {
        try
        {
            // Without the scope of link-local addresses, which a name server cannot know.
            return [.. NetworkInterface.GetAllNetworkInterfaces()
                .SelectMany(network => network.GetIPProperties().UnicastAddresses)
                .Select(unicast => new IPAddress(unicast.Address.GetAddressBytes()))];
        }
        catch (NetworkInformationException)
        {
            return [];
        }
    }

    /// <summary>Whether others could know a node by this address.</summary>
    internal static bool IsForOthers(IPAddress address) => !IPAddress.IsLoopback(address) && !address.IsIPv6LinkLocal;
}
