using System.Net;
using Enmesh.Discovery;

namespace Enmesh.Cluster;

/// <summary>
/// Recognizes this node among what is discovered: under its own name, or under its alive part at an address of this
/// very host, as when the node is named by a host name and DNS knows the address.
/// </summary>
internal sealed class SelfCheck(IPeerConnector connector, TimeProvider time)
{
    private static readonly TimeSpan KeepAddresses = TimeSpan.FromSeconds(30);
    private HashSet<IPAddress> _addresses = [];
    private long? _readAt;

    internal bool IsSelf(DiscoveredPeer peer)
    {
        var self = connector.Self;
        if (peer.Name == self)
            return true;
        if (!string.Equals(peer.Name.Alive, self.Alive, StringComparison.Ordinal))
            return false;
        // On one host two nodes of one alive part can only be told apart by their ports.
        if (peer.Port is { } port && connector.Port is { } own && port != own)
            return false;
        return IsThisHost(peer.Address ?? peer.Name.Host);
    }

    private bool IsThisHost(string host)
    {
        if (!IPAddress.TryParse(host, out var address))
            return string.Equals(host, Environment.MachineName, StringComparison.OrdinalIgnoreCase);
        address = new IPAddress(address.GetAddressBytes()); // without a scope
        return !IsForAnother(address) && (IPAddress.IsLoopback(address) || OwnAddresses().Contains(address));
    }

    // Several nodes of one alive part may share a host, each at addresses of its own. Where this one listens on none of that family it is still the one whom a
    // name server means: a pod has addresses of both families.
    private bool IsForAnother(IPAddress address)
    {
        var family = connector.Addresses.Where(own => own.AddressFamily == address.AddressFamily).ToList();
        return family.Count > 0 && !family.Contains(address)
            && !connector.Addresses.Any(static own => own.Equals(IPAddress.Any) || own.Equals(IPAddress.IPv6Any));
    }

    private HashSet<IPAddress> OwnAddresses()
    {
        if (_readAt is { } at && time.GetElapsedTime(at) < KeepAddresses)
            return _addresses;
        _readAt = time.GetTimestamp();
        // A sandbox may forbid the question; the name is still compared, and a node that dials itself is refused by
        // itself.
        _addresses = Discovery.OwnAddresses.Read();
        return _addresses;
    }
}
