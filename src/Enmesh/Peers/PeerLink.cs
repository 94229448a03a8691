using System.Net;
using Enmesh.Handshake;
using Enmesh.Terms;
using Enmesh.Terms.External;
using Enmesh.Transport;
using Enmesh.Wire;
using Microsoft.Extensions.Logging;

namespace Enmesh.Peers;

/// <summary>The link to one peer, from the end of the handshake to the end of the connection.</summary>
/// <remarks>
/// Anybody may send, from any thread (PeerLink.Send.cs); one reader receives (PeerLink.Receive.cs); the ticker looks in
/// (<see cref="Pulse"/>). It ends once, for one reason, whoever finds it first.
/// </remarks>
internal sealed partial class PeerLink : IFlushAtTurnEnd, IThreadPoolWorkItem
{
    /// <summary>How long writing what is queued, and the peer's own end, are awaited when this node leaves.</summary>
    internal static readonly TimeSpan LeaveTime = TimeSpan.FromSeconds(1);

    private readonly TransportConnection _connection;
    private readonly IPeerHandler _handler;
    private readonly PeerLinkOptions _options;
    private readonly ILogger _logger;
    private readonly Pulse _pulse;
    private readonly FrameWriter _frameWriter;
    private readonly SendQueue _queue;
    private readonly ReaderTurn _turn;
    private readonly TermDialect _dialect;
    private readonly TaskCompletionSource _closed = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly TaskCompletionSource _endTold = new();
    private LinkEnd? _linkEnd;
    private ITimer? _leaveTimer;

    internal PeerLink(
        long session, HandshakeResult handshake, TransportConnection connection, IPeerHandler handler,
        PeerLinkOptions options,
        Pulse pulse, Atom ownNode, AtomTable atoms, ILogger logger)
    {
        Session = session;
        Peer = handshake.Peer;
        PeerCreation = handshake.PeerCreation;
        PeerIsPublished = handshake.PeerIsPublished;
        Negotiated = handshake.Negotiated;
        _connection = connection;
        _handler = handler;
        _options = options;
        _pulse = pulse;
        _logger = logger;
        _frameWriter = new FrameWriter(handshake.Negotiated);
        _queue = new SendQueue(_frameWriter, options.SendBufferBytes);
        _dialect = handshake.Negotiated.Dialect();
        _turn = new ReaderTurn(pulse.TimeProvider);
        InitializeReceive(ownNode, atoms);
    }

    /// <summary>Tells the links to one peer apart.</summary>
    internal long Session { get; }

    internal NodeName Peer { get; }

    internal uint PeerCreation { get; }

    internal bool PeerIsPublished { get; }

    internal DistributionFlags Negotiated { get; }

    /// <summary>Whether the peer answers when a link between processes is taken back, as from OTP 26 on.</summary>
    internal bool AcknowledgesUnlink => Negotiated.Has(DistributionFlags.UnlinkId);

    internal string Transport => _connection.Description;

    /// <summary>The peer's end; null where there is no such thing as an address.</summary>
    internal EndPoint? RemoteEndPoint => _connection.RemoteEndPoint;

    /// <summary>What the two have agreed on; null where nothing is encrypted.</summary>
    internal TlsLink? Security => _connection.Security;

    /// <summary>Whether messages still go through; only a hint, it may end at any moment.</summary>
    internal bool IsUp => Volatile.Read(ref _linkEnd) is null;

    /// <summary>Why it ended; null while it is up.</summary>
    internal LinkEnd? End => Volatile.Read(ref _linkEnd);

    /// <summary>Ends the link, unless it has ended already.</summary>
    /// <remarks>
    /// When this node leaves, what is queued is still written and the connection closed in good order: a reset could
    /// overtake the last messages, and looks like a fault to the peer. In every other case it ends at once.
    /// </remarks>
    internal void Close(LinkEnd end)
    {
        var isFirst = Interlocked.CompareExchange(ref _linkEnd, end, null) is null;
        if (end.Cause != LinkEndCause.ClosedHere)
            Abort(); // also when it is leaving: there is nobody left to wait for
        else if (isFirst)
            Leave();
    }

    /// <summary>Nothing comes from it any more, and everybody knows. Who awaits it goes on on the thread that has told them.</summary>
    internal Task EndTold => _endTold.Task;

    /// <summary>Ends the link and waits until nothing comes from it any more.</summary>
    internal async Task CloseAndWaitAsync(LinkEnd end)
    {
        Close(end);
        await _closed.Task.ConfigureAwait(false);
    }

    private void Leave()
    {
        _leaveTimer = _pulse.TimeProvider.CreateTimer(
            static link => ((PeerLink)link!).Abort(), this, LeaveTime, Timeout.InfiniteTimeSpan);
        if (_queue.Complete())
            _connection.CompleteWrites();
        else
            WakeFlusher();
    }

    private void Abort()
    {
        _queue.Close();
        _connection.Abort();
    }
}

/// <summary>Why a link ended.</summary>
/// <param name="Cause">The kind of end.</param>
/// <param name="Reason">In words.</param>
internal sealed record LinkEnd(LinkEndCause Cause, string Reason)
{
    /// <summary>Whether nothing went wrong: one of the two has left.</summary>
    internal bool IsInGoodOrder { get; init; } = Cause is LinkEndCause.ClosedHere or LinkEndCause.Replaced;

    internal LogLevel LogLevel => IsInGoodOrder ? LogLevel.Information : LogLevel.Warning;
}

/// <summary>The kinds of a link's end.</summary>
internal enum LinkEndCause
{
    /// <summary>The peer closed the connection, or it broke.</summary>
    ClosedByPeer,

    /// <summary>The peer was silent for the whole net_ticktime.</summary>
    NoTick,

    /// <summary>The peer broke the protocol.</summary>
    Protocol,

    /// <summary>This node closed it.</summary>
    ClosedHere,

    /// <summary>A newer link to the same peer took its place.</summary>
    Replaced,
}

/// <summary>What holds for every link of a node.</summary>
internal sealed record PeerLinkOptions
{
    /// <summary>Bytes that may wait before senders do. Default 1 MiB.</summary>
    internal long SendBufferBytes { get; init; } = 1 << 20;

    /// <summary>Silence after which a peer counts as lost. Default 60 s.</summary>
    internal TimeSpan NetTickTime { get; init; } = TimeSpan.FromSeconds(60);

    /// <summary>How often in that time a tick is due. Default 4.</summary>
    internal int NetTickIntensity { get; init; } = 4;

    /// <summary>What one peer may make us hold.</summary>
    internal FrameLimits Limits { get; init; } = FrameLimits.Default;
}
