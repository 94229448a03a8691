using Enmesh.Peers;
using Enmesh.Terms;

namespace Enmesh.Processes;

/// <summary>How a process of this node is started.</summary>
public sealed record SpawnOptions
{
    internal static SpawnOptions Default { get; } = new();

    /// <summary>A name to register it under, before it can miss a message.</summary>
    public Atom? Name { get; init; }

    /// <summary>Where its output goes. Default: the starting process's group leader, else the node's own.</summary>
    public Pid? GroupLeader { get; init; }

    /// <summary>How many messages may wait for it, and what happens to more. Default: any number.</summary>
    public MailboxLimit? MailboxLimit { get; init; }

    /// <summary>Ends the process when it is cancelled, with reason <c>shutdown</c>, whether it traps exits or not. Default: nothing does.</summary>
    public CancellationToken EndWhen { get; init; }

    /// <summary>
    /// One of the node's own services: its turns are done by a thread of the node, so that it answers whatever user code
    /// does to the pool. It must not block.
    /// </summary>
    internal bool IsSystem { get; init; }

    /// <summary>Called with the reason when it has ended and everybody has been told.</summary>
    internal Action<Term>? Ended { get; init; }

    /// <summary>The object that its body makes the process of, for those who find the process.</summary>
    internal object? Behaviour { get; init; }
}

/// <summary>How many messages may wait for a process, and what happens to those beyond.</summary>
/// <remarks>Signals are never held back by it: <c>DOWN</c> and <c>EXIT</c> always come through.</remarks>
public sealed record MailboxLimit
{
    /// <param name="maxMessages">The most messages that may wait; at least 1.</param>
    /// <param name="whenFull">What happens when one more comes.</param>
    /// <exception cref="ArgumentOutOfRangeException">The number is below 1.</exception>
    public MailboxLimit(int maxMessages, MailboxFullMode whenFull)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(maxMessages, 1);
        MaxMessages = maxMessages;
        WhenFull = whenFull;
    }

    /// <summary>The most messages that may wait.</summary>
    public int MaxMessages { get; }

    /// <summary>What happens when one more comes.</summary>
    public MailboxFullMode WhenFull { get; }
}

/// <summary>What happens to a message for a process that has as many waiting as it may.</summary>
public enum MailboxFullMode
{
    /// <summary>The message is dropped.</summary>
    DropNewest,

    /// <summary>The process ends with reason <c>{mailbox_full, MaxMessages}</c>.</summary>
    Exit,
}

/// <summary>What only few processes have.</summary>
internal sealed record ProcessTraits(MailboxLimit? MailboxLimit, TurnThread? Thread, Action<Term>? Ended, object? Behaviour)
{
    internal bool IsSystem { get; init; }

    internal string? Label { get; set; }

    /// <summary>What ends it; taken back when it has ended.</summary>
    internal CancellationTokenRegistration EndWhen { get; set; }
}
