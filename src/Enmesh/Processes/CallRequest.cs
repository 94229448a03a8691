using Enmesh.Terms;

namespace Enmesh.Processes;

/// <summary>A request that awaits an answer: what <c>gen_server:call</c> sends.</summary>
public readonly struct CallRequest
{
    private CallRequest(Pid from, Term tag, Term request)
    {
        From = from;
        Tag = tag;
        Request = request;
    }

    /// <summary>Who asks.</summary>
    public Pid From { get; }

    /// <summary>What the answer is told apart by. Its form is the caller's.</summary>
    public Term Tag { get; }

    /// <summary>The request.</summary>
    public Term Request { get; }

    /// <summary>Recognises <c>{'$gen_call', {From, Tag}, Request}</c>.</summary>
    public static bool TryRead(Term message, out CallRequest call)
    {
        call = default;
        return message.TupleElements is [{ Atom: { } marker }, { IsTuple: true } caller, var request]
            && marker == GenAtoms.GenCall
            && TryRead(caller, request, out call);
    }

    /// <summary>A request of somebody who is <c>{From, Tag}</c>.</summary>
    internal static bool TryRead(Term caller, Term request, out CallRequest call)
    {
        call = default;
        if (caller.TupleElements is not [{ Pid: { } from }, var tag])
            return false;
        call = new CallRequest(from, tag, request);
        return true;
    }

    /// <summary>Where the answer goes: the alias in the tag if there is one, else the caller.</summary>
    internal ProcessAddress ReplyAddress => AliasOf(Tag) is { } alias ? alias : From;

    /// <summary>The reference in the tag, which is that of the caller's monitor as well.</summary>
    internal Reference? TagReference => Tag.Reference ?? AliasOf(Tag);

    /// <summary>
    /// The alias in <c>[alias|Ref]</c> or <c>[[alias|Ref]|_]</c>, the tags that ask for an answer through it.
    /// </summary>
    private static Reference? AliasOf(Term tag)
    {
        if (tag.AsList is not { IsProper: false, Count: 1 } list)
            return null;
        if (list[0].IsAtom(GenAtoms.Alias))
            return list.Tail.Reference;
        return list[0].AsList is { IsProper: false, Count: 1 } inner && inner[0].IsAtom(GenAtoms.Alias)
            ? inner.Tail.Reference
            : null;
    }
}

/// <summary>The atoms of OTP's generic protocols.</summary>
internal static class GenAtoms
{
    internal static Atom GenCall { get; } = new("$gen_call");

    internal static Atom GenCast { get; } = new("$gen_cast");

    internal static Atom Alias { get; } = new("alias");

    internal static Atom Down { get; } = new("DOWN");

    internal static Atom Process { get; } = new("process");

    internal static Atom Timeout { get; } = new("timeout");
}
