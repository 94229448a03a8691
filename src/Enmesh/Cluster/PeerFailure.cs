namespace Enmesh.Cluster;

/// <summary>How far a connection came before it failed.</summary>
public enum PeerStage
{
    /// <summary>The host name of the peer does not resolve.</summary>
    Dns,

    /// <summary>EPMD on the peer's host could not be asked, or does not know the name.</summary>
    Epmd,

    /// <summary>No TCP connection came about: refused, no route, or no answer.</summary>
    Tcp,

    /// <summary>TLS refused: a certificate that is expired, of a foreign authority, or for somebody else.</summary>
    Tls,

    /// <summary>Somebody answers at that address, but under another name.</summary>
    Name,

    /// <summary>The peer does not want us: its status was <c>not_allowed</c>.</summary>
    NotAllowed,

    /// <summary>The cookies differ.</summary>
    Cookie,

    /// <summary>One side lacks a capability that the other demands.</summary>
    Flags,

    /// <summary>The handshake failed in another way: silence, garbage, an unknown status.</summary>
    Handshake,

    /// <summary>The peer fell silent after the link was up, longer than the net tick time allows.</summary>
    Tick,

    /// <summary>The link was up and was closed, by the peer, by us, or by the network.</summary>
    Link,

    /// <summary>Something else; the message says what.</summary>
    Other,
}

/// <summary>Why a peer is not connected.</summary>
/// <param name="Stage">How far the connection came.</param>
/// <param name="Message">What went wrong, as a sentence for the operator.</param>
/// <param name="At">When.</param>
public sealed record PeerFailure(PeerStage Stage, string Message, DateTimeOffset At)
{
    internal static PeerFailure From(Exception exception, DateTimeOffset at)
    {
        var stage = exception switch
        {
            PeerUnreachableException { Reason: UnreachableReason.NameNotFound } => PeerStage.Dns,
            PeerUnreachableException => PeerStage.Tcp,
            EpmdException => PeerStage.Epmd,
            TlsException => PeerStage.Tls,
            HandshakeException handshake => StageOf(handshake.Failure),
            _ => PeerStage.Other,
        };
        return new PeerFailure(stage, exception.Message, at);
    }

    private static PeerStage StageOf(HandshakeFailure failure) => failure switch
    {
        HandshakeFailure.CookieMismatch => PeerStage.Cookie,
        HandshakeFailure.NotAllowed => PeerStage.NotAllowed,
        HandshakeFailure.NameMismatch or HandshakeFailure.OwnName or HandshakeFailure.InvalidName => PeerStage.Name,
        HandshakeFailure.MissingFlags => PeerStage.Flags,
        _ => PeerStage.Handshake,
    };
}
