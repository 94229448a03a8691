using Enmesh.Terms;

namespace Enmesh.Groups;

/// <summary>Processes have joined a group, or left it.</summary>
/// <param name="Group">The group.</param>
/// <param name="HaveJoined">Whether they have joined; else they have left.</param>
/// <param name="Members">Who, each as often as it did.</param>
public sealed record GroupChange(Term Group, bool HaveJoined, IReadOnlyList<Pid> Members)
{
    /// <summary>Recognises a message of a monitor: <c>{Ref, join | leave, Group, Pids}</c>.</summary>
    /// <param name="message">The message.</param>
    /// <param name="monitor">The reference that the monitor's messages carry.</param>
    /// <param name="change">What it says.</param>
    /// <returns>False when it is another message.</returns>
    public static bool TryRead(Term message, Reference monitor, out GroupChange change)
    {
        ArgumentNullException.ThrowIfNull(monitor);
        var isOne = PgMessages.TryReadNotice(message, monitor, out var joined, out var group, out var members);
        change = isOne ? new(group, joined, members) : null!;
        return isOne;
    }
}

/// <summary>A monitor of a group has begun.</summary>
/// <param name="Id">The reference that its messages carry.</param>
/// <param name="Members">Who is in the group at this moment; of each later change a message tells.</param>
public sealed record GroupMonitor(Reference Id, IReadOnlyList<Pid> Members);

/// <summary>A monitor of a whole scope has begun.</summary>
/// <param name="Id">The reference that its messages carry.</param>
/// <param name="Groups">All groups and their members at this moment; of each later change a message tells.</param>
public sealed record ScopeMonitor(Reference Id, IReadOnlyDictionary<Term, IReadOnlyList<Pid>> Groups);
