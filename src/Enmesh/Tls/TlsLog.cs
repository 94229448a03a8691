using Enmesh.Telemetry;
using Microsoft.Extensions.Logging;

namespace Enmesh.Tls;

internal static partial class TlsLog
{
    [LoggerMessage(EventId = EventIds.TlsLoaded, Level = LogLevel.Information,
        Message = "TLS: this node's certificate names {Names}, is issued by {Issuer} and valid until {NotAfter:u}.")]
    internal static partial void TlsLoaded(this ILogger logger, string names, string issuer, DateTimeOffset notAfter);

    [LoggerMessage(EventId = EventIds.TlsReloaded, Level = LogLevel.Information,
        Message = "TLS: new certificates for handshakes from now on: this node's names {Names}, is issued by {Issuer} and valid until {NotAfter:u}.")]
    internal static partial void TlsReloaded(this ILogger logger, string names, string issuer, DateTimeOffset notAfter);

    [LoggerMessage(EventId = EventIds.TlsUsableAgain, Level = LogLevel.Information,
        Message = "TLS: the files can be used again, and hold what is in use; this node's certificate is valid until {NotAfter:u}.")]
    internal static partial void TlsUsableAgain(this ILogger logger, DateTimeOffset notAfter);

    [LoggerMessage(EventId = EventIds.TlsNotReloaded, Level = LogLevel.Error,
        Message = "TLS: the files have changed and cannot be used: {Problem} Those from before stay in use; this node's certificate is valid until {NotAfter:u}.")]
    internal static partial void TlsNotReloaded(this ILogger logger, string problem, DateTimeOffset notAfter);

    [LoggerMessage(EventId = EventIds.TlsRenewing, Level = LogLevel.Information,
        Message = "TLS: the certificate that {Links} links were made with ends soon: this node leaves its cluster and comes back with the one that is valid until {NotAfter:u}.")]
    internal static partial void TlsRenewing(this ILogger logger, int links, DateTimeOffset notAfter);

    [LoggerMessage(EventId = EventIds.TlsKeysLogged, Level = LogLevel.Warning,
        Message = "TLS: THE KEYS OF EVERY CONNECTION OF THIS PROCESS ARE WRITTEN TO {File}. Whoever reads that file reads every message, also of captures made before. "
            + "Switch Tls:KeyLog off and delete the file when you are done.")]
    internal static partial void TlsKeysLogged(this ILogger logger, string file);

    [LoggerMessage(EventId = EventIds.TlsListOutdated, Level = LogLevel.Warning,
        Message = "TLS: a newer list of revoked certificates is due: {Lists}. What these revoke stays revoked; what has been since is not known here.")]
    internal static partial void TlsListOutdated(this ILogger logger, string lists);

    [LoggerMessage(EventId = EventIds.TlsHandshakeBegun, Level = LogLevel.Debug,
        Message = "TLS with {Peer}: handshake begins ({Side}, {Name}).")]
    internal static partial void TlsHandshakeBegun(this ILogger logger, string peer, string side, string name);

    [LoggerMessage(EventId = EventIds.TlsHandshakeDone, Level = LogLevel.Debug,
        Message = "TLS with {Peer}: {Version}, {CipherSuite}; its certificate: {Chain}; ours is valid until {OwnNotAfter:u}. It took {Milliseconds:0.0} ms.")]
    internal static partial void TlsHandshakeDone(
        this ILogger logger, string peer, string version, string cipherSuite, string chain, DateTimeOffset ownNotAfter, double milliseconds);

    [LoggerMessage(EventId = EventIds.TlsHandshakeFailed, Level = LogLevel.Debug,
        Message = "TLS with {Peer}: handshake failed ({Failure}): {Verdict}")]
    internal static partial void TlsHandshakeFailed(this ILogger logger, string peer, TlsFailure failure, string verdict);
}
