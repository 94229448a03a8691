using Enmesh.Telemetry;
using Microsoft.Extensions.Logging;

namespace Enmesh.Kubernetes.Leases;

/// <summary>Who leads, and who no longer does.</summary>
internal static partial class LeaseLog
{
    [LoggerMessage(EventId = EventIds.LeaseAcquired, Level = LogLevel.Information,
        Message = "Lease '{Lease}' is ours: {Identity} leads.")]
    internal static partial void LeaseAcquired(this ILogger logger, string lease, string identity);

    [LoggerMessage(EventId = EventIds.LeaseLost, Level = LogLevel.Warning,
        Message = "Lease '{Lease}' is lost: {Why}.")]
    internal static partial void LeaseLost(this ILogger logger, string lease, string why);

    [LoggerMessage(EventId = EventIds.LeaseReleased, Level = LogLevel.Information,
        Message = "Lease '{Lease}' is given up.")]
    internal static partial void LeaseReleased(this ILogger logger, string lease);

    [LoggerMessage(EventId = EventIds.LeaseNotReleased, Level = LogLevel.Information,
        Message = "Lease '{Lease}' could not be given up, so the others wait until it expires: {Problem}")]
    internal static partial void LeaseNotReleased(this ILogger logger, string lease, string problem);

    [LoggerMessage(EventId = EventIds.LeaseAttemptFailed, Level = LogLevel.Debug,
        Message = "An attempt to acquire or renew the lease '{Lease}' failed: {Problem}")]
    internal static partial void LeaseAttemptFailed(this ILogger logger, string lease, string problem);

    [LoggerMessage(EventId = EventIds.LeaseRefused, Level = LogLevel.Warning,
        Message = "Lease '{Lease}' is refused to us, and tried again: {Problem}")]
    internal static partial void LeaseRefused(this ILogger logger, string lease, string problem);

    [LoggerMessage(EventId = EventIds.LeaseWorkInterrupted, Level = LogLevel.Warning,
        Message = "What was done under lease '{Lease}' ended with an exception after the lease was lost; it is done again at the next turn.")]
    internal static partial void LeaseWorkInterrupted(this ILogger logger, string lease, Exception problem);
}
