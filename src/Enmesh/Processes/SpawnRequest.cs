using System.Diagnostics;
using Enmesh.Terms;

namespace Enmesh.Processes;

/// <summary>A peer's wish for a new process: <c>spawn(Node, Module, Function, Arguments)</c>.</summary>
/// <param name="From">Who asks.</param>
/// <param name="GroupLeader">Where the process's output goes.</param>
/// <param name="Module">The module of its entry point.</param>
/// <param name="Function">The function.</param>
/// <param name="Arguments">Its arguments.</param>
/// <param name="IsMonitored">Whether whoever asks monitors the process from its beginning.</param>
/// <param name="Trace">What trace the wish is part of.</param>
internal readonly record struct SpawnRequest(
    Pid From, Pid GroupLeader, Atom Module, Atom Function, ListTerm Arguments, bool IsMonitored = false,
    ActivityContext Trace = default);

/// <summary>A process that was started on another node.</summary>
/// <param name="Pid">The process.</param>
/// <param name="Monitor">The monitor set on it; null when none was asked for.</param>
public readonly record struct RemoteProcess(Pid Pid, Reference? Monitor);

/// <summary>How a process is started on another node.</summary>
public sealed record RemoteSpawnOptions
{
    internal static RemoteSpawnOptions Default { get; } = new();

    /// <summary>Whether the new process is linked to the one that starts it.</summary>
    public bool Link { get; init; }

    /// <summary>Whether the starting process monitors the new one.</summary>
    public bool Monitor { get; init; }

    /// <summary>What stands in the monitor's message instead of <c>DOWN</c>.</summary>
    public Term? Tag { get; init; }

    /// <summary>Where the new process's output goes. Default: the starting process's group leader.</summary>
    public Pid? GroupLeader { get; init; }
}

/// <summary>A process could not be started on another node.</summary>
public sealed class SpawnException : EnmeshException
{
    internal SpawnException(NodeName node, string function, Term reason)
        : base($"{function} could not be spawned on {node}: {reason}.")
    {
        Node = node;
        Reason = reason;
    }

    /// <summary>The node it was to be started on.</summary>
    public NodeName Node { get; }

    /// <summary>
    /// Why not: <c>noconnection</c> (out of reach, or lost meanwhile), <c>notsup</c> (the node starts none for others),
    /// <c>badopt</c>, <c>system_limit</c>, or what the node says.
    /// </summary>
    public Term Reason { get; }
}
