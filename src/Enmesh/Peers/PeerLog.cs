using Enmesh.Telemetry;
using Microsoft.Extensions.Logging;

namespace Enmesh.Peers;

internal static partial class PeerLog
{
    [LoggerMessage(EventId = EventIds.PeerUp, Level = LogLevel.Information,
        Message = "Peer {Peer} is up ({Kind}) over {Transport}.")]
    internal static partial void PeerUp(this ILogger logger, NodeName peer, string kind, string transport);

    [LoggerMessage(EventId = EventIds.PeerDown, Message = "Peer {Peer} is down: {Reason}.")]
    internal static partial void PeerDown(this ILogger logger, LogLevel level, NodeName peer, string reason);

    [LoggerMessage(EventId = EventIds.PeerClosed, Level = LogLevel.Information,
        Message = "The link to {Peer} was closed: {Reason}.")]
    internal static partial void PeerClosed(this ILogger logger, NodeName peer, string reason);

    [LoggerMessage(EventId = EventIds.HandshakeFailed, Level = LogLevel.Debug,
        Message = "Dialling {Peer} failed: {Reason}")]
    internal static partial void DialFailed(this ILogger logger, NodeName peer, string reason);

    [LoggerMessage(EventId = EventIds.HandshakeStep, Level = LogLevel.Debug,
        Message = "{Direction} {Peer}: {Text}.")]
    internal static partial void HandshakeStep(this ILogger logger, string direction, string peer, string text);

    [LoggerMessage(EventId = EventIds.FollowerFailed, Level = LogLevel.Warning,
        Message = "Somebody who followed the calls of this node is told no more, as he failed himself.")]
    internal static partial void FollowerFailed(this ILogger logger, Exception exception);

    [LoggerMessage(EventId = EventIds.CallerRefused, Message = "A caller from {Caller} was refused: {Reason}")]
    internal static partial void CallerRefused(this ILogger logger, LogLevel level, string caller, string reason);

    [LoggerMessage(EventId = EventIds.LinkFaulted, Level = LogLevel.Error,
        Message = "The link to {Peer} ended by a fault in this node.")]
    internal static partial void LinkFaulted(this ILogger logger, NodeName peer, Exception error);

    [LoggerMessage(EventId = EventIds.PoolStarved, Level = LogLevel.Warning,
        Message = "Work has waited {Seconds:0.0} s for a thread of the pool: code that blocks its threads holds up every process of this node. Links stay up.")]
    internal static partial void PoolStarved(this ILogger logger, double seconds);

    [LoggerMessage(EventId = EventIds.PoolRecovered, Level = LogLevel.Information,
        Message = "The pool has threads again.")]
    internal static partial void PoolRecovered(this ILogger logger);
}
