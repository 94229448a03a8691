using Enmesh.Wire;

namespace Enmesh.Handshake;

/// <summary>Something that happened to a handshake.</summary>
internal abstract record HandshakeEvent
{
    /// <summary>The connection stands: the initiator's first event. The acceptor has none.</summary>
    internal sealed record Started : HandshakeEvent;

    /// <summary>A message came; its body without the length prefix.</summary>
    internal sealed record Received(ReadOnlyMemory<byte> Body) : HandshakeEvent;

    /// <summary>The node answered what it was asked with <see cref="HandshakeEffect.Ask"/>.</summary>
    internal sealed record Answered(NodeAnswer Answer) : HandshakeEvent;

    /// <summary>The peer was silent for too long, or the whole takes too long.</summary>
    internal sealed record TimedOut(TimeSpan After) : HandshakeEvent;

    /// <summary>The peer closed the connection.</summary>
    internal sealed record Closed : HandshakeEvent;
}

/// <summary>What is to be done for a handshake, in the order given.</summary>
internal abstract record HandshakeEffect
{
    /// <summary>Send these bytes, with their length prefix.</summary>
    internal sealed record Send(ReadOnlyMemory<byte> Message) : HandshakeEffect;

    /// <summary>Ask the node, and give its answer as <see cref="HandshakeEvent.Answered"/>.</summary>
    internal sealed record Ask(NodeQuestion Question) : HandshakeEffect;

    /// <summary>Give up our own attempt to connect to this peer: its attempt goes ahead.</summary>
    internal sealed record AbandonOwnAttempt(NodeName Peer) : HandshakeEffect;

    /// <summary>The nodes are connected; frames follow, with lengths of 4 bytes.</summary>
    internal sealed record Established(HandshakeResult Result) : HandshakeEffect;

    /// <summary>Close the connection: it came to nothing. What is to be sent before stands before.</summary>
    internal sealed record Failed(HandshakeException Error) : HandshakeEffect;
}

/// <summary>What only the node knows.</summary>
internal abstract record NodeQuestion
{
    /// <summary>
    /// May this peer connect, and how do we stand with it? Answered by <see cref="NodeAnswer.Admission"/>.
    /// </summary>
    internal sealed record Admit(NodeName Peer, bool IsPublished) : NodeQuestion;

    /// <summary>
    /// A name for a node without one on this host. Answered by <see cref="NodeAnswer.Granted"/> or Refused.
    /// </summary>
    internal sealed record GrantName(string Host) : NodeQuestion;
}

/// <summary>How we stand with a node that wants to connect.</summary>
/// <remarks>
/// Another call in its name that has not yet proved anything counts for nothing here: both may go on, and the one that
/// is established later replaces the other, as a node does that was restarted in the midst of a handshake.
/// </remarks>
internal enum PeerStanding
{
    /// <summary>No link, no attempt.</summary>
    Unconnected,

    /// <summary>We are dialling it at this moment.</summary>
    Dialling,

    /// <summary>There is a link to it.</summary>
    Linked,
}

/// <summary>The node's answer.</summary>
internal abstract record NodeAnswer
{
    /// <summary>The peer may connect.</summary>
    internal sealed record Admission(PeerStanding Standing) : NodeAnswer;

    /// <summary>The peer gets this name.</summary>
    internal sealed record Granted(NodeName Name, uint Creation) : NodeAnswer;

    /// <summary>No; the text says why, for the log.</summary>
    internal sealed record Refused(string Why) : NodeAnswer;
}

/// <summary>Two nodes became connected.</summary>
/// <param name="Peer">The other node.</param>
/// <param name="PeerCreation">Which start of it.</param>
/// <param name="PeerFlags">What it can receive.</param>
/// <param name="Negotiated">What may be used: what both said.</param>
/// <param name="OwnName">Our name: the one that was granted, if we asked for one.</param>
/// <param name="OwnCreation">Our creation, granted with the name.</param>
/// <param name="ReplacesLink">Whether this link takes the place of an older one, which is to be closed now.</param>
internal sealed record HandshakeResult(
    NodeName Peer,
    uint PeerCreation,
    DistributionFlags PeerFlags,
    DistributionFlags Negotiated,
    NodeName OwnName,
    uint OwnCreation,
    bool ReplacesLink = false)
{
    /// <summary>Whether the peer is seen in <c>nodes()</c>; otherwise it is hidden.</summary>
    internal bool PeerIsPublished => PeerFlags.Has(DistributionFlags.Published);
}

/// <summary>One side of a handshake: a state, and what each event does to it. No IO, no clock.</summary>
internal abstract class HandshakeMachine
{
    /// <summary>The other node, as soon as it is known.</summary>
    internal abstract NodeName? Peer { get; }

    /// <summary>Whether it has succeeded or failed.</summary>
    internal abstract bool IsOver { get; }

    /// <summary>Takes an event, and says what is to be done. Nothing, once it is over.</summary>
    internal abstract IReadOnlyList<HandshakeEffect> Next(HandshakeEvent happened);
}
