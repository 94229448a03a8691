using Enmesh.Peers;
using Enmesh.Telemetry;
using Enmesh.Terms;

namespace Enmesh.Processes;

/// <summary>What holds for all processes of a node.</summary>
internal sealed record ProcessSettings
{
    /// <summary>Whether the node is one of the cluster's visible ones.</summary>
    internal bool IsPublished { get; init; }

    /// <summary>The bytes of peers' messages that may wait in all mailboxes together.</summary>
    internal long MaxMailboxBytes { get; init; } = long.MaxValue;

    internal required NodeMetrics Metrics { get; init; }

    /// <summary>How long a call waits for its answer unless the caller says.</summary>
    internal TimeSpan CallTimeout { get; init; } = TimeSpan.FromSeconds(5);

    /// <summary>
    /// For tests of users: what runs the turns of all processes, one after another; null for the pool and a thread for
    /// the node's services.
    /// </summary>
    internal TurnThread? Thread { get; init; }

    /// <summary>
    /// For tests of users: called with every process that begins, in the context that its body will run in.
    /// </summary>
    internal Action<ProcessContext>? ProcessBegins { get; init; }

    /// <summary>For tests of users: called with every process that ends, before anybody is told.</summary>
    internal Action<ProcessContext, Term>? ProcessEnded { get; init; }
}
