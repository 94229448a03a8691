using Enmesh.Telemetry;
using Microsoft.Extensions.Logging;

namespace Enmesh.Groups;

internal static partial class PgLog
{
    [LoggerMessage(EventId = EventIds.PgReleasesConflict, Level = LogLevel.Warning,
        Message = "The scope {Scope} of {OldNode} (OTP {Release} or older) crashes whenever it meets that of {NewNode} (OTP 29 or later), and may end its node. Bring {OldNode} to OTP 26 or later, or keep one of the two out of the scope.")]
    internal static partial void ReleasesConflict(
        this ILogger logger, string scope, string oldNode, int release, string newNode);

    [LoggerMessage(EventId = EventIds.PgMessageNotUnderstood, Level = LogLevel.Debug,
        Message = "The scope {Scope} got a message that it does not understand.")]
    internal static partial void MessageNotUnderstood(this ILogger logger, string scope);
}
