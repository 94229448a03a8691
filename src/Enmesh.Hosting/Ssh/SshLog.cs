using System.Net;
using Enmesh.Telemetry;
using Microsoft.Extensions.Logging;

namespace Enmesh.Hosting.Ssh;

/// <summary>What SSH reports: who came, with which key, and what became of the server.</summary>
internal static partial class SshLog
{
    [LoggerMessage(EventId = EventIds.SshListening, Level = LogLevel.Information,
        Message = "SSH listens on {EndPoint} with OpenSSH {Version}; its host key is {Fingerprint}.")]
    internal static partial void SshListening(this ILogger logger, IPEndPoint endPoint, Version version, string fingerprint);

    [LoggerMessage(EventId = EventIds.SshEnded, Level = LogLevel.Error,
        Message = "sshd has ended with {Status}: {LastWords} It is started again in {DelaySeconds} s.")]
    internal static partial void SshEnded(this ILogger logger, int status, string lastWords, double delaySeconds);

    [LoggerMessage(EventId = EventIds.SshAccepted, Level = LogLevel.Information,
        Message = "SSH login of {User} from {Address} with {Key} {Fingerprint}, certificate '{Certificate}'.")]
    internal static partial void SshAccepted(this ILogger logger, string user, string address, string key, string fingerprint, string certificate);

    [LoggerMessage(EventId = EventIds.SshRefused, Level = LogLevel.Information, Message = "SSH login refused: {Line}")]
    internal static partial void SshRefused(this ILogger logger, string line);

    [LoggerMessage(EventId = EventIds.SshSessionOpened, Level = LogLevel.Information,
        Message = "SSH session {Session} opened from {Address} with {Key} {Fingerprint}, certificate '{Certificate}', interactive {Interactive}.")]
    internal static partial void SshSessionOpened(
        this ILogger logger, long session, string address, string key, string fingerprint, string certificate, bool interactive);

    [LoggerMessage(EventId = EventIds.SshSessionClosed, Level = LogLevel.Information,
        Message = "SSH session {Session} from {Address} with {Fingerprint} ended after {Seconds} s and {Expressions} expressions.")]
    internal static partial void SshSessionClosed(
        this ILogger logger, long session, string address, string fingerprint, double seconds, int expressions);

    [LoggerMessage(EventId = EventIds.SshEvaluating, Level = LogLevel.Information,
        Message = "SSH session {Session} from {Address} with {Fingerprint} evaluates: {Expression}")]
    internal static partial void SshEvaluating(this ILogger logger, long session, string address, string fingerprint, string expression);

    [LoggerMessage(EventId = EventIds.SshSaid, Level = LogLevel.Debug, Message = "sshd: {Line}")]
    internal static partial void SshSaid(this ILogger logger, string line);

    [LoggerMessage(EventId = EventIds.SshComplained, Level = LogLevel.Warning, Message = "sshd: {Line}")]
    internal static partial void SshComplained(this ILogger logger, string line);

    [LoggerMessage(EventId = EventIds.SshHostKeyMade, Level = LogLevel.Information, Message = "A host key for SSH was made: {Fingerprint} in {File}.")]
    internal static partial void SshHostKeyMade(this ILogger logger, string fingerprint, string file);
}
