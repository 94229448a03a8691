using Enmesh.Terms;

namespace Enmesh.Groups;

/// <summary>A change in one group: who came, and who went.</summary>
internal readonly record struct PgChange(Term Group, IReadOnlyList<Pid> Joined, IReadOnlyList<Pid> Left);

/// <summary>The members of one group.</summary>
internal readonly record struct PgEntry(Term Group, IReadOnlyList<Pid> Members);

/// <summary>What happens to a scope.</summary>
internal abstract record PgEvent
{
    /// <summary>A published node is connected.</summary>
    internal sealed record NodeUp(Atom Node) : PgEvent;

    /// <summary>A node is not connected any more.</summary>
    internal sealed record NodeDown(Atom Node) : PgEvent;

    /// <summary>Another node's scope of the same name says that it is there and asks for ours.</summary>
    /// <param name="Peer">The scope.</param>
    /// <param name="Versioned">Whether it said so in the form of OTP 29, which a scope of OTP 23 to 25 dies of.</param>
    internal sealed record Discover(Pid Peer, bool Versioned) : PgEvent;

    /// <summary>All that another scope has.</summary>
    internal sealed record Sync(Pid Peer, IReadOnlyList<PgEntry> Groups) : PgEvent;

    /// <summary>What has changed in another scope, in order.</summary>
    internal sealed record Update(Pid Peer, IReadOnlyList<PgChange> Changes) : PgEvent;

    /// <summary>
    /// Somebody who is watched has ended or is out of reach: a local member, another scope, a subscriber.
    /// </summary>
    internal sealed record Down(Pid Who, Term Reason) : PgEvent;

    /// <summary>Processes of this node join a group. It is answered.</summary>
    internal sealed record Join(Term Group, IReadOnlyList<Pid> Members) : PgEvent;

    /// <summary>Processes of this node leave a group. It is answered.</summary>
    internal sealed record Leave(Term Group, IReadOnlyList<Pid> Members) : PgEvent;

    /// <summary>Somebody wants to be told of changes, in one group or in all. It is answered.</summary>
    internal sealed record Subscribe(Reference Id, Pid Who, Term? Group) : PgEvent;

    /// <summary>Somebody does not any more. It is answered.</summary>
    internal sealed record Unsubscribe(Reference Id) : PgEvent;

    /// <summary>A node has said which OTP release it is.</summary>
    internal sealed record ReleaseKnown(Atom Node, int Release) : PgEvent;
}

/// <summary>What a scope wants done, in this order.</summary>
internal abstract record PgEffect
{
    /// <summary>
    /// Send this to another node's scope over the link over which it is watched: not at all when that one is gone,
    /// whose loss is then still to be told, even if there is a newer one. The scope behind that has forgotten us,
    /// and what is meant for one that knows us could crash it.
    /// </summary>
    internal sealed record Send(Pid To, Term Message) : PgEffect;

    /// <summary>Send this to whoever has the scope's name on a node, unless it is not connected.</summary>
    internal sealed record SendToName(Atom Node, Term Message) : PgEffect;

    /// <summary>
    /// Say, once, when this process has ended or is out of reach; at once if it is already. May be wanted of one
    /// process more than once.
    /// </summary>
    internal sealed record Watch(Pid Who) : PgEffect;

    /// <summary>Takes one <see cref="Watch"/> back.</summary>
    internal sealed record Unwatch(Pid Who) : PgEffect;

    /// <summary>Send this to a subscriber, unless its node is not connected.</summary>
    internal sealed record Tell(Pid Who, Term Message) : PgEffect;

    /// <summary>Give this answer to who asked.</summary>
    internal sealed record Reply(Term Answer) : PgEffect;

    /// <summary>Find out which OTP release a node is.</summary>
    internal sealed record AskRelease(Atom Node) : PgEffect;

    /// <summary>Warn: these two nodes break each other's scopes.</summary>
    internal sealed record Conflict(Atom Old, int? OldRelease, Atom New) : PgEffect;
}
