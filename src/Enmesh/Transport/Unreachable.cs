using System.Net.Sockets;

namespace Enmesh.Transport;

/// <summary>The words for a connection that did not come about.</summary>
internal static class Unreachable
{
    public static PeerUnreachableException TimedOut(string host, int port, TimeSpan after, Exception? cause) => new(
        host,
        port,
        UnreachableReason.TimedOut,
        $"{EndPointText.HostAndPort(host, port)} did not answer within {after.TotalSeconds:0.#} s: " +
        "the host is down, or a firewall or network policy drops the packets.",
        cause);

    public static PeerUnreachableException NameNotFound(string host, int port, Exception? cause) => new(
        host,
        port,
        UnreachableReason.NameNotFound,
        $"The host name '{host}' does not resolve" + (cause is null ? "." : $": {cause.Message}."),
        cause);

    public static PeerUnreachableException From(string host, int port, SocketException cause)
    {
        var (reason, why) = Explain(cause.SocketErrorCode);
        return new PeerUnreachableException(
            host, port, reason,
            $"{EndPointText.HostAndPort(host, port)} {why ?? $"cannot be reached: {cause.Message}"}.", cause);
    }

    /// <summary>Several addresses of one name were tried, each in vain.</summary>
    public static PeerUnreachableException From(
        string host, int port, IReadOnlyList<(System.Net.IPAddress Address, SocketException Cause)> attempts)
    {
        if (attempts is [var (address, only)])
        {
            return EndPointText.Of(address) == host
                ? From(host, port, only)
                : From($"{host} ({EndPointText.Of(address)})", host, port, only);
        }

        var each = attempts.Select(
            a => $"{EndPointText.Of(a.Address)} {Explain(a.Cause.SocketErrorCode).Why ?? a.Cause.Message}");
        // The address that got furthest tells most: a refusal comes from a host that is there.
        var best = attempts.MinBy(a => Explain(a.Cause.SocketErrorCode).Reason).Cause;
        return new PeerUnreachableException(
            host,
            port,
            Explain(best.SocketErrorCode).Reason,
            $"{EndPointText.HostAndPort(host, port)} cannot be reached at any of its addresses: {string.Join("; ", each)}.",
            best);
    }

    private static PeerUnreachableException From(string shown, string host, int port, SocketException cause)
    {
        var (reason, why) = Explain(cause.SocketErrorCode);
        return new PeerUnreachableException(
            host, port, reason, $"{shown} port {port} {why ?? $"cannot be reached: {cause.Message}"}.", cause);
    }

    private static (UnreachableReason Reason, string? Why) Explain(SocketError error) => error switch
    {
        SocketError.ConnectionRefused => (UnreachableReason.Refused, "refused the connection: nothing listens there"),
        SocketError.TimedOut => (UnreachableReason.TimedOut, "did not answer in time"),
        SocketError.HostUnreachable or SocketError.NetworkUnreachable or SocketError.NetworkDown or SocketError.HostDown =>
            (UnreachableReason.NoRoute, "cannot be reached: there is no route to it"),
        SocketError.AddressFamilyNotSupported or SocketError.AddressNotAvailable =>
            (UnreachableReason.NoRoute, "cannot be reached: this host has no address of that kind"),
        SocketError.HostNotFound or SocketError.NoData or SocketError.TryAgain =>
            (UnreachableReason.NameNotFound, "does not resolve"),
        _ => (UnreachableReason.Other, null),
    };
}
