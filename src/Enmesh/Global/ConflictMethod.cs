using Enmesh.Terms;

namespace Enmesh.Global;

/// <summary>Two processes have the same global name: their partitions have met.</summary>
/// <param name="Name">The name.</param>
/// <param name="Theirs">The process of the other partition.</param>
/// <param name="Ours">The process of the partition that decides.</param>
public sealed record NameConflict(Term Name, Pid Theirs, Pid Ours);

/// <summary>How it is settled when two processes have the same global name.</summary>
/// <remarks>
/// A method goes with the name to all nodes, and runs on the node of one of the two processes. While it runs no name
/// can be registered anywhere.
/// </remarks>
public sealed class ConflictMethod
{
    private ConflictMethod(Atom module, Atom function) => Fun = new FunTerm(module, function, 3);

    private ConflictMethod(Func<NameConflict, ValueTask<Pid?>> decide) => Delegate = decide;

    /// <summary>
    /// <c>fun global:random_exit_name/3</c>, the default: the process on the node with the smaller name keeps it, the
    /// other one is killed.
    /// </summary>
    public static ConflictMethod RandomExit { get; } = new(GlobalAtoms.Global, GlobalAtoms.RandomExitName);

    /// <summary>
    /// <c>fun global:random_notify_name/3</c>: the process on the node with the smaller name keeps it, the other one is
    /// sent <c>{global_name_conflict, Name}</c>.
    /// </summary>
    public static ConflictMethod RandomNotify { get; } = new(GlobalAtoms.Global, GlobalAtoms.RandomNotifyName);

    /// <summary>
    /// <c>fun global:notify_all_name/3</c>: neither keeps it, and both are sent <c>{global_name_conflict, Name,
    /// OtherPid}</c>.
    /// </summary>
    public static ConflictMethod NotifyAll { get; } = new(GlobalAtoms.Global, GlobalAtoms.NotifyAllName);

    /// <summary>The method as a term; null for a delegate.</summary>
    internal FunTerm? Fun { get; }

    internal Func<NameConflict, ValueTask<Pid?>>? Delegate { get; }

    /// <summary><c>fun Module:Function/3</c>, which the nodes of the processes must have.</summary>
    public static ConflictMethod Function(string module, string function) => new(new Atom(module), new Atom(function));

    /// <summary>
    /// A delegate of this program: gives the process that keeps the name, or null when neither is to. Only for
    /// processes of this node; an exception takes the name from both.
    /// </summary>
    public static ConflictMethod From(Func<NameConflict, ValueTask<Pid?>> decide)
    {
        ArgumentNullException.ThrowIfNull(decide);
        return new(decide);
    }
}
