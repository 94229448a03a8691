using Enmesh.Telemetry;
using Microsoft.Extensions.Logging;

namespace Enmesh.Kubernetes;

/// <summary>What somebody should set right.</summary>
internal static partial class KubernetesLog
{
    [LoggerMessage(EventId = EventIds.OwnNameDiffers, Level = LogLevel.Warning,
        Message = "Discovery makes {Found} of this pod, but the node's name is {Self}: others dial it by a name that it does not have. Name and Naming must agree.")]
    internal static partial void OwnNameDiffers(this ILogger logger, NodeName self, NodeName found);

    [LoggerMessage(EventId = EventIds.NamespaceNotWatched, Level = LogLevel.Warning,
        Message = "The namespace '{Space}' cannot be watched, and is tried again every 30 s; until then its changes wait for the interval: {Problem}")]
    internal static partial void NamespaceNotWatched(this ILogger logger, string space, string problem);
}
