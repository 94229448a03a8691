using Enmesh.Telemetry;
using Microsoft.Extensions.Logging;

namespace Enmesh.Processes;

internal static partial class ProcessLog
{
    [LoggerMessage(EventId = EventIds.ProcessCrashed, Level = LogLevel.Error, Message = "Process {Process} crashed.")]
    internal static partial void ProcessCrashed(this ILogger logger, string process, Exception error);

    [LoggerMessage(EventId = EventIds.ProcessesRemain, Level = LogLevel.Warning, Message = "{Count} processes have not ended within {Seconds} s of the node's end.")]
    internal static partial void ProcessesRemain(this ILogger logger, int count, double seconds);
}
