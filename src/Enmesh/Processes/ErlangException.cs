using Enmesh.Terms;

namespace Enmesh.Processes;

/// <summary>The class of an Erlang exception.</summary>
public enum ErlangExceptionClass
{
    /// <summary>A failure, with the stack of where it happened: <c>error(Reason)</c>.</summary>
    Error,

    /// <summary>The end of a process on purpose: <c>exit(Reason)</c>.</summary>
    Exit,

    /// <summary>A value for whoever catches it: <c>throw(Value)</c>.</summary>
    Throw,
}

/// <summary>
/// An exception as Erlang has them. Thrown by an exported function it reaches the caller on the other node as what it
/// is; it ends a process with <c>Reason</c> (exit), <c>{Reason, Stack}</c> (error) or <c>{{nocatch, Value}, Stack}</c>
/// (throw).
/// </summary>
public sealed class ErlangException : EnmeshException
{
    private ErlangException(
        ErlangExceptionClass errorClass, Term reason, Term? stack, Exception? innerException = null)
        : base($"{errorClass.ToString().ToLowerInvariant()}: {reason}", innerException)
    {
        Class = errorClass;
        Reason = reason;
        Stack = stack;
    }

    private ErlangException(ErlangException same)
        : base(same.Message, same.InnerException) => (Class, Reason, Stack) = (same.Class, same.Reason, same.Stack);

    /// <summary>Its class.</summary>
    public ErlangExceptionClass Class { get; }

    /// <summary>The reason, or the value thrown.</summary>
    public Term Reason { get; }

    /// <summary>
    /// The stack that goes with an error, <c>[{Module, Function, ArityOrArguments, Location}]</c>; null lets the frames
    /// of .NET stand for it.
    /// </summary>
    public Term? Stack { get; }

    /// <summary><c>error(Reason)</c></summary>
    /// <param name="reason">The reason.</param>
    /// <param name="stack">The stack, as <see cref="Stack"/> describes it.</param>
    public static ErlangException Error(Term reason, Term? stack = null) =>
        new(ErlangExceptionClass.Error, reason, stack);

    /// <summary>An error that stands for an exception of .NET.</summary>
    internal static ErlangException Error(Term reason, Term stack, Exception innerException) =>
        new(ErlangExceptionClass.Error, reason, stack, innerException);

    /// <summary>The same without the frames of .NET that it has gone through.</summary>
    internal ErlangException Renewed() => new(this);

    /// <summary><c>exit(Reason)</c></summary>
    public static ErlangException Exit(Term reason) => new(ErlangExceptionClass.Exit, reason, null);

    /// <summary><c>throw(Value)</c></summary>
    public static ErlangException Throw(Term value) => new(ErlangExceptionClass.Throw, value, null);

    /// <summary><c>error(badarg)</c>: an argument is wrong.</summary>
    public static ErlangException BadArgument() => Error(BadArg);

    private static Atom BadArg { get; } = new("badarg");
}
