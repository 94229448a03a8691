using Microsoft.Extensions.Logging;

namespace Enmesh.Telemetry;

/// <summary>What the transport reports.</summary>
internal static partial class TransportLog
{
    [LoggerMessage(EventId = EventIds.AcceptDelayed, Level = LogLevel.Warning,
        Message = "No connection can be accepted at {Address} now: {Problem}. Trying again in {DelayMs} ms.")]
    internal static partial void AcceptDelayed(this ILogger logger, string address, string problem, double delayMs);

    [LoggerMessage(EventId = EventIds.AcceptedConnectionLost, Level = LogLevel.Debug,
        Message = "A connection to {Address} ended before it was taken: {Problem}.")]
    internal static partial void AcceptedConnectionLost(this ILogger logger, string address, string problem);
}
