using Enmesh.Telemetry;
using Microsoft.Extensions.Logging;

namespace Enmesh.Kubernetes.Certificates;

/// <summary>Certificates that are requested, renewed, or about to expire. Never a key.</summary>
internal static partial class CertificateLog
{
    [LoggerMessage(EventId = EventIds.CertificateKept, Level = LogLevel.Information,
        Message = "The certificate for '{Host}' is good until {NotAfter:u}; it will be renewed from {Due:u} on.")]
    internal static partial void CertificateKept(this ILogger logger, string host, DateTimeOffset notAfter, DateTimeOffset due);

    [LoggerMessage(EventId = EventIds.CertificateRequested, Level = LogLevel.Information,
        Message = "CertificateRequest '{Request}' for '{Host}' goes to {Issuer}.")]
    internal static partial void CertificateRequested(this ILogger logger, string request, string host, string issuer);

    [LoggerMessage(EventId = EventIds.CertificateAwaited, Level = LogLevel.Information,
        Message = "CertificateRequest '{Request}': {Why}.")]
    internal static partial void CertificateAwaited(this ILogger logger, string request, string why);

    [LoggerMessage(EventId = EventIds.CertificateIssued, Level = LogLevel.Information,
        Message = "The certificate for '{Host}' ({Names}) is there, valid until {NotAfter:u}, serial {Serial}.")]
    internal static partial void CertificateIssued(this ILogger logger, string host, string names, DateTimeOffset notAfter, string serial);

    [LoggerMessage(EventId = EventIds.CertificateDoubtful, Level = LogLevel.Warning,
        Message = "The certificate for '{Host}': {Problem}")]
    internal static partial void CertificateDoubtful(this ILogger logger, string host, string problem);

    [LoggerMessage(EventId = EventIds.CertificateRenewalFailed, Level = LogLevel.Warning,
        Message = "The certificate for '{Host}' could not be renewed; it expires in {Left}, and the next attempt is in {Pause}: {Problem}")]
    internal static partial void CertificateRenewalFailed(this ILogger logger, string host, string left, string pause, string problem);

    [LoggerMessage(EventId = EventIds.CertificateExpires, Level = LogLevel.Error,
        Message = "The certificate for '{Host}' expires in {Left} and cannot be renewed: {Problem}")]
    internal static partial void CertificateExpires(this ILogger logger, string host, string left, string problem);

    [LoggerMessage(EventId = EventIds.CertificateExpired, Level = LogLevel.Critical,
        Message = "The certificate for '{Host}' has expired, so no peer accepts a new connection: {Problem}")]
    internal static partial void CertificateExpired(this ILogger logger, string host, string problem);

    [LoggerMessage(EventId = EventIds.CertificateMissing, Level = LogLevel.Critical,
        Message = "There is no certificate for '{Host}', so no peer accepts a connection; the next attempt is in {Pause}: {Problem}")]
    internal static partial void CertificateMissing(this ILogger logger, string host, string pause, string problem);

    [LoggerMessage(EventId = EventIds.CertificateWatchFailed, Level = LogLevel.Debug,
        Message = "CertificateRequest '{Request}' is asked for every {Seconds} s, since it cannot be watched: {Problem}")]
    internal static partial void CertificateWatchFailed(this ILogger logger, string request, double seconds, string problem);

    [LoggerMessage(EventId = EventIds.CertificateRequestDropped, Level = LogLevel.Information,
        Message = "CertificateRequest '{Request}' from before is given up: {Why}.")]
    internal static partial void CertificateRequestDropped(this ILogger logger, string request, string why);
}
