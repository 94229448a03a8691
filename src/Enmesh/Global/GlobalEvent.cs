using Enmesh.Terms;

namespace Enmesh.Global;

/// <summary>What can happen to <see cref="GlobalMachine"/>.</summary>
internal abstract record GlobalEvent
{
    /// <summary>A published node is connected; its messages follow.</summary>
    internal sealed record NodeUp(Atom Node) : GlobalEvent;

    /// <summary>A published node is no longer connected; nothing comes from that connection any more.</summary>
    internal sealed record NodeDown(Atom Node) : GlobalEvent;

    /// <summary>A message to <c>global_name_server</c>: a call, a cast or a plain one.</summary>
    internal sealed record Message(Term Content) : GlobalEvent;

    /// <summary>
    /// The answer to a <see cref="GlobalEffect.Ask"/> or <see cref="GlobalEffect.Resolve"/>; null when there will be
    /// none.
    /// </summary>
    internal sealed record Answered(long Question, Term? Answer) : GlobalEvent;

    /// <summary>A watched process has ended, or is out of reach.</summary>
    /// <param name="Watch">The watch.</param>
    /// <param name="LostWith">Its node, when it is out of reach because the connection to that was lost.</param>
    internal sealed record Gone(long Watch, Atom? LostWith = null) : GlobalEvent;

    /// <summary>A <see cref="GlobalEffect.Connect"/> came to nothing.</summary>
    internal sealed record Unreachable(Atom Node) : GlobalEvent;

    /// <summary>Somebody on this node wants something; <see cref="GlobalEffect.Done"/> tells the outcome.</summary>
    internal sealed record Wanted(long Token, GlobalCommand Command) : GlobalEvent;

    /// <summary>The time of <see cref="GlobalMachine.NextWake"/> has come.</summary>
    internal sealed record Wake : GlobalEvent;

    /// <summary>The node is about to close its links: nobody is to be told that they were lost.</summary>
    internal sealed record Leaving : GlobalEvent;
}

/// <summary>What programs of this node want of <c>global</c>.</summary>
internal abstract record GlobalCommand
{
    /// <summary>Done with <c>yes</c> or <c>no</c>.</summary>
    internal sealed record Register(Term Name, Pid Pid, Term Method) : GlobalCommand;

    /// <summary>Done with <c>yes</c>.</summary>
    internal sealed record ReRegister(Term Name, Pid Pid, Term Method) : GlobalCommand;

    /// <summary>Done with <c>yes</c> or <c>no</c>.</summary>
    internal sealed record RegisterExternal(Term Name, Pid Pid, Term Method) : GlobalCommand;

    /// <summary>Done with <c>ok</c>.</summary>
    internal sealed record Unregister(Term Name) : GlobalCommand;

    /// <summary>
    /// Done with <c>ok</c> when each of the nodes has the same names, or is gone. Null: all that are connected.
    /// </summary>
    internal sealed record Sync(IReadOnlyCollection<Atom>? Nodes) : GlobalCommand;

    /// <summary>Done with the list of nodes when all are disconnected.</summary>
    internal sealed record Disconnect : GlobalCommand;
}
