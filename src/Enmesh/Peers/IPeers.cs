using Enmesh.Terms;
using Enmesh.Terms.External;
using Enmesh.Wire;

namespace Enmesh.Peers;

/// <summary>The links of a node, as those see them who send.</summary>
internal interface IPeers
{
    /// <summary>The links that are up.</summary>
    IReadOnlyCollection<PeerLink> Links { get; }

    /// <summary>What helps turns that hold others back.</summary>
    Pulse Pulse { get; }

    /// <summary>The link to a node that is connected.</summary>
    PeerLink? Find(Atom node);

    /// <summary>The link to a node, connecting first when there is none.</summary>
    /// <returns>Null when the node cannot be reached.</returns>
    /// <exception cref="OperationCanceledException">The token was cancelled.</exception>
    ValueTask<PeerLink?> ConnectAsync(Atom node, CancellationToken cancellationToken);

    /// <summary>The same for the node's own services, which cannot wait for a thread of the pool.</summary>
    /// <param name="node">Which node.</param>
    /// <param name="then">Called once, on any thread, with null when the node cannot be reached: return soon.</param>
    void Connect(Atom node, Action<PeerLink?> then);
}

/// <summary>Who takes what peers send.</summary>
internal interface IPeerHandler
{
    /// <summary>A link is up; its messages follow.</summary>
    void OnUp(PeerLink link);

    /// <summary>A message came. Called by the link's reader, one message after the other: return soon.</summary>
    /// <exception cref="EnmeshException">The message breaks the protocol. It costs the peer its link.</exception>
    void OnMessage(PeerLink link, in ControlMessage control, InboundPayload payload);

    /// <summary>The link is gone; nothing comes from it any more.</summary>
    void OnDown(PeerLink link);
}

/// <summary>The payload of a message that came: bytes until somebody wants the term.</summary>
internal readonly ref struct InboundPayload
{
    private readonly ReadOnlySpan<byte> _bytes;
    private readonly ReadOnlySpan<Atom> _references;
    private readonly ReadOnlyMemory<byte> _owner;
    private readonly TermDecodeOptions _options;

    /// <param name="bytes">The term.</param>
    /// <param name="references">What <c>82 i</c> stands for in it.</param>
    /// <param name="owner">The same bytes where they will never change; empty where they will.</param>
    /// <param name="options">Limits, and the node's atoms.</param>
    internal InboundPayload(
        ReadOnlySpan<byte> bytes, ReadOnlySpan<Atom> references, ReadOnlyMemory<byte> owner, TermDecodeOptions options)
    {
        _bytes = bytes;
        _references = references;
        _owner = owner;
        _options = options;
    }

    /// <summary>Its length in bytes.</summary>
    internal int Length => _bytes.Length;

    /// <summary>The term. Bytes behind it are ignored, as on the BEAM.</summary>
    /// <exception cref="TermFormatException">The bytes are none.</exception>
    internal Term Decode() => new TermReader(_bytes, _options, _references, _owner).ReadTerm();
}
