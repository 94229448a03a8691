using Enmesh.Telemetry;
using Microsoft.Extensions.Logging;

namespace Enmesh.Kubernetes;

/// <summary>What somebody should set right.</summary>
internal static partial class KubernetesLog
{
    [LoggerMessage(EventId = EventIds.OwnNameDiffers, Level = LogLevel.Warning,
        Message = "Discovery makes {Found} of this pod, but the node's name is {Self}: others dial it by a name that it does not have. Name and Naming must agree.")]
    internal static partial void OwnNameDiffers(this ILogger logger, NodeName self, NodeName found);
}
