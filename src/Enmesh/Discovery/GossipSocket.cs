using System.Net;
using System.Net.NetworkInformation;
using System.Net.Sockets;

namespace Enmesh.Discovery;

/// <summary>Where the packets of gossip go out and come in; the seam for tests.</summary>
internal interface IGossipSocket : IDisposable
{
    /// <summary>Whether what is sent comes back to the sender as well.</summary>
    bool HearsItself { get; }

    ValueTask SendAsync(ReadOnlyMemory<byte> packet, CancellationToken cancellationToken);

    ValueTask<(int Bytes, IPEndPoint From)> ReceiveAsync(Memory<byte> buffer, CancellationToken cancellationToken);
}

/// <summary>A UDP socket that belongs to one group. Several programs of a host may have one at the same port.</summary>
internal sealed class GossipSocket : IGossipSocket
{
    private readonly Socket _socket;
    private readonly IPEndPoint _group;
    private readonly IPEndPoint _anybody;

    private GossipSocket(Socket socket, IPEndPoint group, bool hearsItself)
    {
        _socket = socket;
        _group = group;
        _anybody = new IPEndPoint(AnyOf(group.AddressFamily), 0);
        HearsItself = hearsItself;
    }

    public bool HearsItself { get; }

    /// <summary>Opens a socket and joins the group.</summary>
    /// <exception cref="DiscoveryException">That is not possible; the message says what and why.</exception>
    internal static GossipSocket Open(IPAddress group, int port, NetworkInterface? network, int ttl)
    {
        var socket = new Socket(group.AddressFamily, SocketType.Dgram, ProtocolType.Udp);
        var isMulticast = IsMulticast(group);
        var what = $"take port {port}";
        try
        {
            socket.SetSocketOption(SocketOptionLevel.Socket, SocketOptionName.ReuseAddress, true);
            if (group.AddressFamily == AddressFamily.InterNetwork)
                socket.EnableBroadcast = true;
            socket.Bind(new IPEndPoint(AnyOf(group.AddressFamily), port));
            what = $"join {group}{(network is null ? "" : $" on {network.Name}")}";
            if (isMulticast && group.AddressFamily == AddressFamily.InterNetwork)
                Join4(socket, group, network, ttl);
            else if (isMulticast)
                Join6(socket, group, network, ttl);
            return new GossipSocket(socket, new IPEndPoint(group, port), isMulticast);
        }
        catch (SocketException e)
        {
            socket.Dispose();
            // As on a host without a default route.
            var hint = network is null && what.StartsWith("join", StringComparison.Ordinal) ? "; name the Interface" : "";
            throw new DiscoveryException($"Gossip cannot {what}: {e.Message}{hint}.", e);
        }
    }

    public async ValueTask SendAsync(ReadOnlyMemory<byte> packet, CancellationToken cancellationToken) =>
        await _socket.SendToAsync(packet, SocketFlags.None, _group, cancellationToken).ConfigureAwait(false);

    public async ValueTask<(int Bytes, IPEndPoint From)> ReceiveAsync(
        Memory<byte> buffer, CancellationToken cancellationToken)
    {
        var result = await _socket.ReceiveFromAsync(buffer, SocketFlags.None, _anybody, cancellationToken)
            .ConfigureAwait(false);
        return (result.ReceivedBytes, (IPEndPoint)result.RemoteEndPoint);
    }

    public void Dispose() => _socket.Dispose();

    private static IPAddress AnyOf(AddressFamily family) =>
        family == AddressFamily.InterNetwork ? IPAddress.Any : IPAddress.IPv6Any;

    private static bool IsMulticast(IPAddress group) => group.AddressFamily == AddressFamily.InterNetworkV6
        ? group.IsIPv6Multicast
        : group.GetAddressBytes()[0] is >= 224 and < 240;

    private static void Join4(Socket socket, IPAddress group, NetworkInterface? network, int ttl)
    {
        socket.SetSocketOption(SocketOptionLevel.IP, SocketOptionName.MulticastTimeToLive, ttl);
        socket.MulticastLoopback = true;
        if (network is null)
        {
            socket.SetSocketOption(SocketOptionLevel.IP, SocketOptionName.AddMembership, new MulticastOption(group));
            return;
        }
        var index = network.GetIPProperties().GetIPv4Properties().Index;
        socket.SetSocketOption(SocketOptionLevel.IP, SocketOptionName.AddMembership, new MulticastOption(group, index));
        socket.SetSocketOption(SocketOptionLevel.IP, SocketOptionName.MulticastInterface, IPAddress.HostToNetworkOrder(index));
    }

    private static void Join6(Socket socket, IPAddress group, NetworkInterface? network, int ttl)
    {
        socket.SetSocketOption(SocketOptionLevel.IPv6, SocketOptionName.MulticastTimeToLive, ttl);
        socket.MulticastLoopback = true;
        var index = network?.GetIPProperties().GetIPv6Properties().Index ?? (int)group.ScopeId;
        socket.SetSocketOption(
            SocketOptionLevel.IPv6, SocketOptionName.AddMembership, new IPv6MulticastOption(group, index));
        if (index > 0)
            socket.SetSocketOption(SocketOptionLevel.IPv6, SocketOptionName.MulticastInterface, index);
    }
}
