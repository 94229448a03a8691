using Enmesh.Telemetry;
using Microsoft.Extensions.Logging;

namespace Enmesh.Services;

internal static partial class ServiceLog
{
    [LoggerMessage(EventId = EventIds.ServiceRestarted, Level = LogLevel.Warning, Message = "The service {Service} was ended and is started again.")]
    internal static partial void ServiceRestarted(this ILogger logger, string service);

    [LoggerMessage(EventId = EventIds.AllowListChanged, Level = LogLevel.Information, Message = "Only these nodes and hosts may be connected from now on: {Allowed}.")]
    internal static partial void AllowListChanged(this ILogger logger, string allowed);

    [LoggerMessage(EventId = EventIds.NetTickTimeChanging, Level = LogLevel.Information,
        Message = "The net_ticktime is being changed from {From} s to {To} s; the other nodes have {Transition} s to follow.")]
    internal static partial void NetTickTimeChanging(this ILogger logger, double from, double to, double transition);

    [LoggerMessage(EventId = EventIds.NetTickTimeChanged, Level = LogLevel.Information, Message = "The net_ticktime is {NetTickTime} s.")]
    internal static partial void NetTickTimeChanged(this ILogger logger, double netTickTime);
}
