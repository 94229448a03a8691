using System.Net;
using System.Net.Sockets;

namespace Enmesh.Transport;

/// <summary>
/// Opens the sockets of a <see cref="ListenAddress"/>: all on one port, the first of the range that is free.
/// </summary>
internal static class ListenSockets
{
    // With port 0 the system chooses a port for the first address, and another process may have it on the second.
    private const int RandomPortAttempts = 20;

    /// <summary>Opens and binds; the sockets listen when they are returned.</summary>
    /// <exception cref="ListenFailedException">An address or the port is not to be had.</exception>
    public static IReadOnlyList<Socket> Open(ListenAddress address, int backlog)
    {
        SocketException? last = null;
        var attempts = address.FirstPort == 0 ? RandomPortAttempts : address.LastPort - address.FirstPort + 1;
        for (var i = 0; i < attempts; i++)
        {
            var port = address.FirstPort == 0 ? 0 : address.FirstPort + i;
            if (TryOpen(address, port, backlog, out var sockets, out last))
                return sockets;
        }

        var where = string.Join(", ", address.Addresses.Select(EndPointText.Of));
        var what = address.FirstPort == address.LastPort
            ? $"Port {address.FirstPort} is in use on {where}. Stop the process that listens there (ss -ltnp shows it), " +
              "or set another port"
            : $"All of the {address.Ports} are in use on {where}. Stop a process that listens there " +
              "(ss -ltnp shows them), or set a wider range";
        throw new ListenFailedException(where, address.FirstPort, inUse: true, what + ".", last);
    }

    private static bool TryOpen(
        ListenAddress address, int port, int backlog, out IReadOnlyList<Socket> sockets, out SocketException? inUse)
    {
        var open = new List<Socket>(address.Addresses.Count);
        sockets = open;
        inUse = null;
        try
        {
            foreach (var ip in address.Addresses)
            {
                if (Bind(ip, port, backlog, optional: open.Count > 0 && ip.Equals(IPAddress.IPv6Loopback)) is { } socket)
                    open.Add(socket);
                port = ((IPEndPoint)open[0].LocalEndPoint!).Port;
            }

            return true;
        }
        catch (SocketException e)
        {
            open.ForEach(s => s.Dispose());
            if (e.SocketErrorCode != SocketError.AddressAlreadyInUse)
                throw Refused(address, port, e);
            inUse = e;
            return false;
        }
    }

    private static Socket? Bind(IPAddress ip, int port, int backlog, bool optional)
    {
        // A host without IPv6 still has every address: those of IPv4.
        if (ip.Equals(IPAddress.IPv6Any) && !Socket.OSSupportsIPv6)
            ip = IPAddress.Any;
        if (optional && !Socket.OSSupportsIPv6)
            return null;
        var socket = new Socket(ip.AddressFamily, SocketType.Stream, ProtocolType.Tcp);
        try
        {
            if (ip.AddressFamily == AddressFamily.InterNetworkV6)
                socket.DualMode = ip.Equals(IPAddress.IPv6Any);
            socket.Bind(new IPEndPoint(ip, port));
            socket.Listen(backlog);
            return socket;
        }
        catch (SocketException e) when (optional && e.SocketErrorCode == SocketError.AddressNotAvailable)
        {
            // IPv6 is compiled in but switched off, as in many containers.
            socket.Dispose();
            return null;
        }
        catch
        {
            // Nobody else knows of this socket.
            socket.Dispose();
            throw;
        }
    }

    private static ListenFailedException Refused(ListenAddress address, int port, SocketException e)
    {
        var where = string.Join(", ", address.Addresses.Select(EndPointText.Of));
        var why = e.SocketErrorCode switch
        {
            SocketError.AccessDenied => $"The process may not listen on port {port} on {where}. Ports below 1024 need a privilege; set another port.",
            SocketError.AddressNotAvailable => $"This host has none of the addresses to listen on ({where}). Set one of its own, or 0.0.0.0 or :: for all.",
            _ => $"Cannot listen on port {port} on {where}: {e.Message}.",
        };
        return new ListenFailedException(where, port, inUse: false, why, e);
    }
}
