using Enmesh.Telemetry;
using Microsoft.Extensions.Logging;

namespace Enmesh.Services;

internal static partial class ServiceLog
{
    [LoggerMessage(EventId = EventIds.ServiceRestarted, Level = LogLevel.Warning, Message = "The service {Service} was ended and is started again.")]
    internal static partial void ServiceRestarted(this ILogger logger, string service);
}
