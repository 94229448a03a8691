using Enmesh.Processes;
using Enmesh.Terms;

namespace Enmesh.Services;

/// <summary>How a function that a peer called has ended.</summary>
/// <remarks>
/// The forms are those of <c>erpc:execute_call/4</c>, <c>erpc:execute_cast/3</c> and <c>rpc</c>'s server of OTP 27;
/// peers of every release read them.
/// </remarks>
internal readonly record struct Outcome(OutcomeKind Kind, Term Value, Term Stack)
{
    private static readonly Atom ReturnAtom = new("return");
    private static readonly Atom ThrowAtom = new("throw");
    private static readonly Atom ExitAtom = new("exit");
    private static readonly Atom ErrorAtom = new("error");
    private static readonly Atom Exception = new("exception");
    private static readonly Atom NoCatch = new("nocatch");
    private static readonly Atom BadRpc = new("badrpc");
    private static readonly Atom UpperExit = new("EXIT");
    private static readonly Term CastFrame = Term.List(
        Term.Tuple(new Atom("erpc"), new Atom("execute_cast"), 3, Term.Nil));

    internal static Outcome Return(Term value) => new(OutcomeKind.Return, value, default);

    internal static Outcome Throw(Term value) => new(OutcomeKind.Throw, value, default);

    internal static Outcome Exit(Term reason) => new(OutcomeKind.Exit, reason, default);

    internal static Outcome Error(Term reason, Term stack) => new(OutcomeKind.Error, reason, stack);

    /// <summary>The exit reason of a process that has run <c>erpc:execute_call(ResultRef, M, F, A)</c>.</summary>
    internal Term ToErpc(Term resultRef) => Kind switch
    {
        OutcomeKind.Return => Term.Tuple(resultRef, ReturnAtom, Value),
        OutcomeKind.Throw => Term.Tuple(resultRef, ThrowAtom, Value),
        OutcomeKind.Exit => Term.Tuple(resultRef, ExitAtom, Value),
        _ => Term.Tuple(resultRef, ErrorAtom, Value, Stack),
    };

    /// <summary>The exit reason of a process that has run <c>erpc:execute_cast(M, F, A)</c>.</summary>
    internal Term ToCast() => Kind switch
    {
        OutcomeKind.Return => ExitReason.Normal,
        OutcomeKind.Throw => Term.Tuple(Term.Tuple(NoCatch, Value), CastFrame),
        OutcomeKind.Exit => Value,
        _ => Term.Tuple(Term.Tuple(Exception, Term.Tuple(Value, Stack)), CastFrame),
    };

    /// <summary>The exit reason of a process that has run the function itself.</summary>
    internal Term ToExit() => Kind switch
    {
        OutcomeKind.Return => ExitReason.Normal,
        OutcomeKind.Throw => Term.Tuple(Term.Tuple(NoCatch, Value), Term.Nil),
        OutcomeKind.Exit => Value,
        _ => Term.Tuple(Value, Stack),
    };

    /// <summary>What <c>rex</c> answers.</summary>
    internal Term ToRex() => Kind switch
    {
        OutcomeKind.Return or OutcomeKind.Throw => Value,
        OutcomeKind.Exit => Bad(Value),
        _ => Bad(Term.Tuple(Value, Stack)),
    };

    /// <summary><c>{badrpc, {'EXIT', Reason}}</c></summary>
    internal static Term Bad(Term reason) => Term.Tuple(BadRpc, Term.Tuple(UpperExit, reason));
}

internal enum OutcomeKind : byte
{
    Return,
    Throw,
    Exit,
    Error,
}
