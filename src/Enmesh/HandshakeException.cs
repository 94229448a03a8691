namespace Enmesh;

/// <summary>Why two nodes did not become connected.</summary>
public enum HandshakeFailure
{
    /// <summary>The two nodes have different cookies.</summary>
    CookieMismatch,

    /// <summary>The peer, or this node, does not allow the connection.</summary>
    NotAllowed,

    /// <summary>The node that answered is not the one that was dialled.</summary>
    NameMismatch,

    /// <summary>The peer bears this node's own name.</summary>
    OwnName,

    /// <summary>What the peer gave as its name is none.</summary>
    InvalidName,

    /// <summary>The peer lacks capabilities that the protocol of today needs.</summary>
    MissingFlags,

    /// <summary>Another attempt between the same two nodes goes ahead of this one.</summary>
    AlreadyConnecting,

    /// <summary>The peer speaks a version of the handshake that is too old.</summary>
    UnsupportedVersion,

    /// <summary>The peer sent something that is no message of the handshake, or not at this place.</summary>
    Malformed,

    /// <summary>The peer announced a message that is longer than any of the handshake.</summary>
    TooLong,

    /// <summary>The peer closed the connection without a word.</summary>
    ClosedByPeer,

    /// <summary>The peer was silent for too long.</summary>
    Timeout,

    /// <summary>This node gave it up, since it is shutting down.</summary>
    ClosedHere,
}

/// <summary>Two nodes did not become connected; says at which step and why.</summary>
public sealed class HandshakeException : EnmeshException
{
    /// <summary>Makes the exception.</summary>
    /// <param name="failure">Why.</param>
    /// <param name="peer">The other node, when its name is known.</param>
    /// <param name="message">What happened, in words.</param>
    /// <param name="inner">The cause, if another exception is.</param>
    public HandshakeException(HandshakeFailure failure, NodeName? peer, string message, Exception? inner = null)
        : base(message, inner)
    {
        Failure = failure;
        Peer = peer;
    }

    /// <summary>Why.</summary>
    public HandshakeFailure Failure { get; }

    /// <summary>The other node; null when it never said who it is.</summary>
    public NodeName? Peer { get; }
}
