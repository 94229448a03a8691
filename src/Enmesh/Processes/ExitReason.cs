using Enmesh.Terms;

namespace Enmesh.Processes;

/// <summary>The exit reasons that the runtime itself gives.</summary>
public static class ExitReason
{
    /// <summary><c>normal</c>: it has done what it was for.</summary>
    public static Term Normal { get; } = Atoms.Normal;

    /// <summary><c>kill</c>: the signal that no process survives.</summary>
    public static Term Kill { get; } = new Atom("kill");

    /// <summary><c>killed</c>: what others see of a process that got <c>kill</c>.</summary>
    public static Term Killed { get; } = new Atom("killed");

    /// <summary><c>shutdown</c>: asked to end in good order, or cancelled.</summary>
    public static Term Shutdown { get; } = new Atom("shutdown");

    /// <summary><c>noproc</c>: there is no such process.</summary>
    public static Term NoProc { get; } = new Atom("noproc");

    /// <summary><c>noconnection</c>: the node cannot be reached, or is not any more.</summary>
    public static Term NoConnection { get; } = new Atom("noconnection");

    internal static bool IsNormal(Term reason) => reason.IsAtom(Atoms.Normal);

    /// <summary>Whether it is no crash: <c>normal</c>, <c>shutdown</c>, <c>{shutdown, _}</c>.</summary>
    internal static bool IsInGoodOrder(Term reason) =>
        IsNormal(reason) || reason == Shutdown || (reason.TupleElements is [var first, _] && first == Shutdown);

    /// <summary>
    /// <c>{exception, Type, Message, [Frame]}</c>: what an unhandled exception becomes; one of Erlang's is its own
    /// reason.
    /// </summary>
    internal static Term FromException(Exception error) => error switch
    {
        ErlangException { Class: ErlangExceptionClass.Exit } erlang => erlang.Reason,
        ErlangException { Class: ErlangExceptionClass.Error } erlang =>
            Term.Tuple(erlang.Reason, erlang.Stack ?? StackTerms.Of(error)),
        ErlangException erlang => Term.Tuple(Term.Tuple(new Atom("nocatch"), erlang.Reason), StackTerms.Of(error)),
        _ => Term.Tuple(
            new Atom("exception"), Term.Binary(error.GetType().FullName ?? error.GetType().Name),
            Term.Binary(error.Message),
            Term.List([.. StackTerms.LinesOf(error).Select(line => Term.Binary(line))])),
    };
}

/// <summary>
/// Ends the process whose body throws it, with a reason of its choice: <c>exit(Reason)</c>. The runtime throws it out
/// of a receive when an exit signal ends the process; caught then, it comes again.
/// </summary>
public sealed class ProcessExitException : EnmeshException
{
    /// <param name="reason">The exit reason.</param>
    public ProcessExitException(Term reason)
        : base($"The process exits with reason {reason}.") => Reason = reason;

    /// <summary>The exit reason.</summary>
    public Term Reason { get; }
}

/// <summary>The other side of a call has ended, was not there, or is out of reach.</summary>
public sealed class CallExitException : EnmeshException
{
    internal CallExitException(ProcessAddress target, Term reason)
        : base($"The call to {target} failed: it exited with reason {reason}.")
    {
        Target = target;
        Reason = reason;
    }

    /// <summary>Who was called.</summary>
    public ProcessAddress Target { get; }

    /// <summary>Why there is no answer: <c>noproc</c>, <c>noconnection</c>, or what the process exited with.</summary>
    public Term Reason { get; }
}
