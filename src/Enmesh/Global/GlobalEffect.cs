using Enmesh.Processes;
using Enmesh.Terms;

namespace Enmesh.Global;

/// <summary>What <see cref="GlobalMachine"/> wants done, in order.</summary>
internal abstract record GlobalEffect
{
    /// <summary>Send this to the server of a node, if it is connected; never connect for it.</summary>
    internal sealed record Send(Atom Node, Term Message) : GlobalEffect;

    /// <summary>Send this to a process, if its node is connected.</summary>
    internal sealed record SendTo(Pid To, Term Message) : GlobalEffect;

    /// <summary>
    /// Call a registered process of a node; <see cref="GlobalEvent.Answered"/> tells. Never connect for it.
    /// </summary>
    internal sealed record Ask(long Question, Atom Node, Atom Server, Term Request) : GlobalEffect;

    /// <summary>Answer a call.</summary>
    internal sealed record Reply(CallRequest Call, Term Answer) : GlobalEffect;

    /// <summary>
    /// Watch a process, connecting to its node if need be and wanted; <see cref="GlobalEvent.Gone"/> tells of its end,
    /// or that its node is out of reach.
    /// </summary>
    internal sealed record Watch(long Id, Pid Pid, bool MayConnect) : GlobalEffect;

    /// <summary>Watch it no longer; nothing is told after this.</summary>
    internal sealed record Unwatch(long Id) : GlobalEffect;

    /// <summary>Link to the process of a node that takes no part, which is registered through us.</summary>
    internal sealed record Link(Pid Pid) : GlobalEffect;

    /// <summary>Take that link back.</summary>
    internal sealed record Unlink(Pid Pid) : GlobalEffect;

    /// <summary>
    /// Connect to a node; it is <see cref="GlobalEvent.NodeUp"/> or <see cref="GlobalEvent.Unreachable"/> then.
    /// </summary>
    internal sealed record Connect(Atom Node) : GlobalEffect;

    /// <summary>Close the link to a node.</summary>
    internal sealed record Disconnect(Atom Node) : GlobalEffect;

    /// <summary>
    /// Decide between two processes by a method, on this node; <see cref="GlobalEvent.Answered"/> tells.
    /// </summary>
    internal sealed record Resolve(long Question, Term Method, Term Name, Pid Theirs, Pid Ours) : GlobalEffect;

    /// <summary>No name has this method any more.</summary>
    internal sealed record Forget(Term Method) : GlobalEffect;

    /// <summary>A command is done.</summary>
    internal sealed record Done(long Token, Term Result) : GlobalEffect;

    /// <summary>Something worth a line in the log.</summary>
    internal sealed record Report(GlobalReport What, Atom? Node, Term Detail) : GlobalEffect;
}

/// <summary>What is worth a line in the log.</summary>
internal enum GlobalReport
{
    /// <summary>This node and another have the same names from now on.</summary>
    Synced,

    /// <summary>A node was asked to disconnect from us, since another one lost it.</summary>
    AskedToDisconnect,

    /// <summary>We disconnected from a node, since one of us was lost to another.</summary>
    Disconnected,

    /// <summary>A node that others know could not be reached.</summary>
    NotReached,

    /// <summary>A conflict could not be settled by its method; the name is gone.</summary>
    MethodFailed,

    /// <summary>A process may have one global name only.</summary>
    SecondName,

    /// <summary>An attempt of an old node does not fit ours.</summary>
    OutOfStep,

    /// <summary>A node was connected for long without becoming one of ours; it is disconnected to begin anew.</summary>
    Unsettled,

    /// <summary>A message that means nothing to us.</summary>
    Unexpected,
}
