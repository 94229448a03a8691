using Enmesh.Telemetry;
using Microsoft.Extensions.Logging;

namespace Enmesh.Global;

internal static partial class GlobalLog
{
    [LoggerMessage(EventId = EventIds.GlobalSynced, Level = LogLevel.Debug,
        Message = "Global names are in sync with {Peer}; {Known} nodes are known.")]
    internal static partial void GlobalSynced(this ILogger logger, string peer, long known);

    [LoggerMessage(EventId = EventIds.GlobalAskedToDisconnect, Level = LogLevel.Warning,
        Message = "{Peer} was asked to disconnect, since another node has lost it: partitions must not overlap.")]
    internal static partial void GlobalAskedToDisconnect(this ILogger logger, string peer);

    [LoggerMessage(EventId = EventIds.GlobalDisconnected, Level = LogLevel.Warning,
        Message = "Disconnected from {Peer}, since one of us was lost to another node: partitions must not overlap.")]
    internal static partial void GlobalDisconnected(this ILogger logger, string peer);

    [LoggerMessage(EventId = EventIds.GlobalNotReached, Level = LogLevel.Warning,
        Message =
            "{Peer}, which other nodes of the cluster know, could not be connected; all nodes part from one of us.")]
    internal static partial void GlobalNotReached(this ILogger logger, string peer);

    [LoggerMessage(EventId = EventIds.GlobalMethodFailed, Level = LogLevel.Warning,
        Message =
            "The global name {Name}, which {Peer} has as well, is gone from both: its conflict method gave {Verdict}.")]
    internal static partial void GlobalMethodFailed(this ILogger logger, string? name, string peer, string? verdict);

    [LoggerMessage(EventId = EventIds.GlobalSecondName, Level = LogLevel.Error,
        Message = "Process {Pid} has a global name already and was not registered as {Name}.")]
    internal static partial void GlobalSecondName(this ILogger logger, string? pid, string? name);

    [LoggerMessage(EventId = EventIds.GlobalUnsettled, Level = LogLevel.Warning,
        Message = "{Peer} is connected, but the global name servers have not come to terms; " +
            "it is disconnected to begin anew.")]
    internal static partial void GlobalUnsettled(this ILogger logger, string peer);

    [LoggerMessage(EventId = EventIds.GlobalOutOfStep, Level = LogLevel.Debug,
        Message = "{Peer} has begun to exchange global names again before it was done.")]
    internal static partial void GlobalOutOfStep(this ILogger logger, string peer);

    [LoggerMessage(EventId = EventIds.GlobalUnexpected, Level = LogLevel.Debug,
        Message = "The global name server got a message that means nothing to it: {Content}.")]
    internal static partial void GlobalUnexpected(this ILogger logger, string? content);

    [LoggerMessage(EventId = EventIds.GlobalCrashed, Level = LogLevel.Error,
        Message = "The global name server failed at {Event} and begins anew with all nodes.")]
    internal static partial void GlobalCrashed(this ILogger logger, string @event, Exception error);
}
