using Enmesh.Telemetry;
using Microsoft.Extensions.Logging;

namespace Enmesh.Hosting;

/// <summary>The end of a host.</summary>
internal static partial class HostingLog
{
    [LoggerMessage(EventId = EventIds.DrainDelayCut, Level = LogLevel.Warning,
        Message = "DrainDelay is {DelaySeconds} s, and this host stops within {ShutdownSeconds} s: it serves on for {LimitSeconds} s only. Raise its ShutdownTimeout, "
            + "and terminationGracePeriodSeconds above that.")]
    internal static partial void DrainDelayCut(this ILogger logger, double delaySeconds, double limitSeconds, double shutdownSeconds);

    [LoggerMessage(EventId = EventIds.DrainHurried, Level = LogLevel.Information,
        Message = "A second signal: this program does not wait any more, and ends now.")]
    internal static partial void DrainHurried(this ILogger logger);

    [LoggerMessage(EventId = EventIds.DrainHookDone, Level = LogLevel.Information,
        Message = "The drain hook {Hook} is done after {Seconds} s.")]
    internal static partial void DrainHookDone(this ILogger logger, string hook, double seconds);

    [LoggerMessage(EventId = EventIds.DrainHookCut, Level = LogLevel.Warning,
        Message = "The drain hook {Hook} was not done after {Seconds} s: there is no time left, and what it had still to do is left.")]
    internal static partial void DrainHookCut(this ILogger logger, string hook, double seconds);

    [LoggerMessage(EventId = EventIds.DrainHookFailed, Level = LogLevel.Error,
        Message = "The drain hook {Hook} failed; this program stops all the same.")]
    internal static partial void DrainHookFailed(this ILogger logger, Exception exception, string hook);

    [LoggerMessage(EventId = EventIds.CertificateRenewalEnded, Level = LogLevel.Critical,
        Message = "The certificate is not renewed any more, for a reason that nobody has thought of. This program stops.")]
    internal static partial void CertificateRenewalEnded(this ILogger logger, Exception exception);
}
