using System.Collections.Concurrent;
using Enmesh.Peers;
using Enmesh.Terms;

namespace Enmesh.Processes;

/// <summary>The calls under way, by the number in their reference.</summary>
/// <remarks>
/// It stands beside the mailboxes: a reply finds its call here and nowhere else, so that one that comes too late is
/// dropped instead of turning up as a message.
/// </remarks>
internal sealed class CallTable
{
    private readonly ConcurrentDictionary<ulong, PendingCall> _calls = new();

    internal int Count => _calls.Count;

    internal void Add(PendingCall call) => _calls[References.NumberOf(call.Reference)] = call;

    internal void Remove(PendingCall call) => _calls.TryRemove(References.NumberOf(call.Reference), out _);

    internal PendingCall? Find(Reference reference) =>
        References.KindOf(reference) == ReferenceKind.Call
            && _calls.TryGetValue(References.NumberOf(reference), out var call)
            && call.Reference == reference ? call : null;

    /// <summary>Takes a message that is the answer to a call, in time or late.</summary>
    /// <returns>False when the message is something else.</returns>
    internal bool TryTakeReply(Term message, Atom self)
    {
        if (message.TupleElements is not [var tag, var reply] || ReferenceOf(tag) is not { } reference)
            return false;
        if (reference.Node != self || References.KindOf(reference) != ReferenceKind.Call)
            return false;
        Find(reference)?.Reply(reply);
        return true;
    }

    /// <summary>Whether a process awaits an answer.</summary>
    internal bool IsAwaitedBy(Pid caller) => _calls.Values.Any(call => call.From == caller);

    internal void LinkLost(PeerLink link)
    {
        foreach (var (_, call) in _calls)
        {
            if (call.Link == link)
                call.FailWith(ExitReason.NoConnection);
        }
    }

    private static Reference? ReferenceOf(Term tag) =>
        tag.Reference ?? (tag.AsList is { IsProper: false, Count: 1 } list && list[0].IsAtom(GenAtoms.Alias) ? list.Tail.Reference : null);
}

/// <summary>What a reference of this node is for; it stands in the reference's third word.</summary>
internal enum ReferenceKind : uint
{
    Plain = 0,
    Call = 1,
    Monitor = 2,
    Alias = 3,
    Timer = 4,
    Spawn = 5,
}

/// <summary>Makes this node's references. 3 words, the first of 18 bits, which every release takes.</summary>
internal sealed class References(Atom node, uint creation)
{
    private const int FirstWordBits = 18;
    private long _last;

    internal Reference Next(ReferenceKind kind)
    {
        var number = (ulong)Interlocked.Increment(ref _last);
        return new Reference(
            node, creation, (uint)(number & ((1u << FirstWordBits) - 1)), (uint)(number >> FirstWordBits), (uint)kind);
    }

    internal static ulong NumberOf(Reference reference) =>
        reference.WordCount < 3 ? 0 : reference[0] | ((ulong)reference[1] << FirstWordBits);

    internal static ReferenceKind KindOf(Reference reference) =>
        reference.WordCount == 3 ? (ReferenceKind)reference[2] : ReferenceKind.Plain;
}
