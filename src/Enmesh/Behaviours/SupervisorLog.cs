using Enmesh.Processes;
using Enmesh.Telemetry;
using Enmesh.Terms;
using Microsoft.Extensions.Logging;

namespace Enmesh.Behaviours;

// The reports of OTP's supervisors, under their names.
internal static partial class SupervisorLog
{
    [LoggerMessage(EventId = EventIds.ChildTerminated, EventName = "child_terminated", Level = LogLevel.Error,
        Message = "Supervisor {Supervisor}: child_terminated: {Child} {Pid} ({Restart}) ended: {Reason}.")]
    internal static partial void ChildTerminated(
        this ILogger logger, string supervisor, ChildId child, Pid pid, ChildRestart restart, Term reason);

    [LoggerMessage(EventId = EventIds.ChildStartError, EventName = "start_error", Level = LogLevel.Error,
        Message = "Supervisor {Supervisor}: start_error: {Child} ({Restart}) did not start: {Reason}.")]
    internal static partial void ChildStartError(
        this ILogger logger, string supervisor, ChildId child, ChildRestart restart, Term reason);

    [LoggerMessage(EventId = EventIds.ChildShutdownError, EventName = "shutdown_error", Level = LogLevel.Error,
        Message = "Supervisor {Supervisor}: shutdown_error: {Child} {Pid} ({Restart}) was to stop, " +
            "and ended otherwise: {Reason}.")]
    internal static partial void ChildShutdownError(
        this ILogger logger, string supervisor, ChildId child, Pid pid, ChildRestart restart, Term reason);

    [LoggerMessage(EventId = EventIds.RestartIntensityReached, EventName = "shutdown", Level = LogLevel.Error,
        Message = "Supervisor {Supervisor}: shutdown: reached_max_restart_intensity with {Child} ({Restart}): " +
            "more than {Intensity} restarts within {PeriodSeconds} s.")]
    internal static partial void RestartIntensityReached(
        this ILogger logger, string supervisor, ChildId child, ChildRestart restart, int intensity,
        double periodSeconds);

    [LoggerMessage(EventId = EventIds.ChildStarted, EventName = "progress", Level = LogLevel.Debug,
        Message = "Supervisor {Supervisor}: progress: {Child} started as {Pid}.")]
    internal static partial void ChildStarted(this ILogger logger, string supervisor, ChildId child, Pid pid);

    [LoggerMessage(EventId = EventIds.SupervisorOfNodeEnded, Level = LogLevel.Critical,
        Message =
            "Supervisor {Supervisor}, which was started with the node, has ended and its servers with it: {Reason}.")]
    internal static partial void SupervisorOfNodeEnded(this ILogger logger, ProcessAddress supervisor, Term reason);

    [LoggerMessage(EventId = EventIds.ChildFunctionMissing, Level = LogLevel.Warning,
        Message = "Supervisor {Supervisor} was to start a child by {Module}:{Function}/{Arity}, " +
            "which this node does not export.")]
    internal static partial void ChildFunctionMissing(
        this ILogger logger, string supervisor, string module, string function, int arity);
}
