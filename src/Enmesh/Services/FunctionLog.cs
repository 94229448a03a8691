using Enmesh.Telemetry;
using Enmesh.Terms;
using Microsoft.Extensions.Logging;

namespace Enmesh.Services;

internal static partial class FunctionLog
{
    [LoggerMessage(EventId = EventIds.CallRefused, Level = LogLevel.Information,
        Message = "A peer has called {Module}:{Function}/{Arity}, which is refused: {Reason}")]
    internal static partial void CallRefused(
        this ILogger logger, string module, string function, int arity, string reason);

    [LoggerMessage(EventId = EventIds.CallFailed, Level = LogLevel.Debug,
        Message = "{Module}:{Function}/{Arity}, called by a peer, has failed.")]
    internal static partial void CallFailed(
        this ILogger logger, string module, string function, int arity, Exception error);

    [LoggerMessage(EventId = EventIds.SpawnedFailed, Level = LogLevel.Error,
        Message = "Process {Process}, which was spawned to run a function, has failed: {Reason}")]
    internal static partial void SpawnedFailed(this ILogger logger, string process, Term reason);

    [LoggerMessage(EventId = EventIds.UserPrinted, Level = LogLevel.Information,
        Message = "{Line}")]
    internal static partial void UserPrinted(this ILogger logger, string line);

    [LoggerMessage(EventId = EventIds.UserDeviceFailed, Level = LogLevel.Warning,
        Message = "What was to be printed is lost: the console cannot be written.")]
    internal static partial void UserDeviceFailed(this ILogger logger, Exception error);

    [LoggerMessage(EventId = EventIds.StopRequested, Level = LogLevel.Information,
        Message = "A peer has asked the node to stop, with exit code {ExitCode}.")]
    internal static partial void StopRequested(this ILogger logger, int exitCode);
}
