using Microsoft.Extensions.Logging;

namespace Enmesh.Telemetry;

/// <summary>What EPMD reports, as client and as server.</summary>
internal static partial class EpmdLog
{
    [LoggerMessage(EventId = EventIds.EpmdListening, Level = LogLevel.Information,
        Message = "This process serves as EPMD on {Addresses}.")]
    internal static partial void EpmdListening(this ILogger logger, string addresses);

    [LoggerMessage(EventId = EventIds.EpmdJoined, Level = LogLevel.Information,
        Message = "Port {Port} is in use: another process serves as EPMD, and this node registers there.")]
    internal static partial void EpmdJoined(this ILogger logger, int port);

    [LoggerMessage(EventId = EventIds.EpmdRegistered, Level = LogLevel.Information,
        Message = "Registered '{Name}' with port {Port} at EPMD on {Epmd}.")]
    internal static partial void EpmdRegistered(this ILogger logger, string name, int port, string epmd);

    [LoggerMessage(EventId = EventIds.EpmdRegistrationLost, Level = LogLevel.Warning,
        Message =
            "EPMD on {Epmd} has gone, and with it the registration of '{Name}'. Registering again in {DelayMs} ms.")]
    internal static partial void EpmdRegistrationLost(this ILogger logger, string name, string epmd, double delayMs);

    [LoggerMessage(EventId = EventIds.EpmdRegistrationFailed, Level = LogLevel.Warning,
        Message = "'{Name}' could not be registered: {Problem} Trying again in {DelayMs} ms.")]
    internal static partial void EpmdRegistrationFailed(
        this ILogger logger, string name, string problem, double delayMs);

    [LoggerMessage(EventId = EventIds.EpmdNodeRegistered, Level = LogLevel.Debug,
        Message = "EPMD: '{Name}' is registered with port {Port}.")]
    internal static partial void EpmdNodeRegistered(this ILogger logger, string name, int port);

    [LoggerMessage(EventId = EventIds.EpmdNodeUnregistered, Level = LogLevel.Debug,
        Message = "EPMD: '{Name}' has gone.")]
    internal static partial void EpmdNodeUnregistered(this ILogger logger, string name);

    [LoggerMessage(EventId = EventIds.EpmdForeignRegistration, Level = LogLevel.Warning,
        Message = "EPMD: {Peer} asked to register a node and was refused, for it is on another host.")]
    internal static partial void EpmdForeignRegistration(this ILogger logger, string peer);

    [LoggerMessage(EventId = EventIds.EpmdBadRequest, Level = LogLevel.Debug,
        Message = "EPMD: the connection of {Peer} was closed: {Problem}.")]
    internal static partial void EpmdBadRequest(this ILogger logger, string peer, string problem);

    [LoggerMessage(EventId = EventIds.EpmdConnectionEvicted, Level = LogLevel.Debug,
        Message = "EPMD: {Peer} had asked nothing yet and made room for a newer connection.")]
    internal static partial void EpmdConnectionEvicted(this ILogger logger, string peer);

    [LoggerMessage(EventId = EventIds.EpmdNodeRefused, Level = LogLevel.Warning,
        Message = "EPMD: '{Name}' could not be registered: the name is taken, is none, or {MaxNames} are registered already.")]
    internal static partial void EpmdNodeRefused(this ILogger logger, string name, int maxNames);
}
