using Enmesh.Telemetry;
using Enmesh.Terms;
using Microsoft.Extensions.Logging;

namespace Enmesh.Processes;

internal static partial class ProcessLog
{
    [LoggerMessage(EventId = EventIds.ProcessCrashed, Level = LogLevel.Error, Message = "Process {Process} crashed.")]
    internal static partial void ProcessCrashed(this ILogger logger, string process, Exception error);

    [LoggerMessage(EventId = EventIds.ProcessesRemain, Level = LogLevel.Warning, Message = "{Count} processes have not ended within {Seconds} s of the node's end.")]
    internal static partial void ProcessesRemain(this ILogger logger, int count, double seconds);

    [LoggerMessage(EventId = EventIds.MailboxBacklog, Level = LogLevel.Warning, Message = "{Count} messages wait for process {Process}.")]
    internal static partial void MailboxBacklog(this ILogger logger, string process, int count);

    [LoggerMessage(EventId = EventIds.MailboxBytesExceeded, Level = LogLevel.Error,
        Message = "Process {Process} was ended: the messages waiting for it hold {Bytes} bytes, and all of the node's together may hold {Limit} (MaxMailboxBytes).")]
    internal static partial void MailboxBytesExceeded(this ILogger logger, string process, long bytes, long limit);

    [LoggerMessage(EventId = EventIds.SpawnedUndefined, Level = LogLevel.Warning,
        Message =
            "{Node} spawned {Module}:{Function}/{Arity} here, which is not exported: the process exits with undef.")]
    internal static partial void SpawnedUndefined(
        this ILogger logger, Atom module, Atom function, int arity, Atom node);
}
