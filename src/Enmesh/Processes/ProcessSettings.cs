using Enmesh.Telemetry;

namespace Enmesh.Processes;

/// <summary>What holds for all processes of a node.</summary>
internal sealed record ProcessSettings
{
    /// <summary>Whether the node is one of the cluster's visible ones.</summary>
    internal bool IsPublished { get; init; }

    /// <summary>The bytes of peers' messages that may wait in all mailboxes together.</summary>
    internal long MaxMailboxBytes { get; init; } = long.MaxValue;

    internal required NodeMetrics Metrics { get; init; }
}
