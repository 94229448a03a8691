using Enmesh.Telemetry;
using Enmesh.Terms;
using Microsoft.Extensions.Logging;

namespace Enmesh.Behaviours;

internal static partial class ServerLog
{
    [LoggerMessage(EventId = EventIds.ServerStopped, Level = LogLevel.Error,
        Message = "Server {Process} ({Server}) stopped: {Reason}.")]
    internal static partial void ServerStopped(this ILogger logger, string process, string server, Term reason);

    [LoggerMessage(EventId = EventIds.ServerDropped, Level = LogLevel.Warning,
        Message = "Server {Process} ({Server}) dropped a {What} that it does not handle.")]
    internal static partial void ServerDropped(this ILogger logger, string process, string server, string what);

    [LoggerMessage(EventId = EventIds.ServerRefused, Level = LogLevel.Warning,
        Message = "Server {Process} ({Server}) refused a call from {Node}: {Why}.")]
    internal static partial void ServerRefused(
        this ILogger logger, string process, string server, string why, Atom node);
}
