using System.Diagnostics.CodeAnalysis;
using Enmesh.Terms;

namespace Enmesh.Behaviours;

/// <summary>What a server does next. The default goes on.</summary>
public readonly struct ServerResult
{
    private ServerResult(Term? reason, TimeSpan? timeout, Term? argument)
    {
        StopReason = reason;
        Timeout = timeout;
        Argument = argument;
    }

    internal Term? StopReason { get; }

    internal TimeSpan? Timeout { get; }

    internal Term? Argument { get; }

    /// <summary>Has <c>timeout</c> handled as a message when no other comes for so long.</summary>
    /// <exception cref="ArgumentOutOfRangeException">The time is negative.</exception>
    public ServerResult AndTimeout(TimeSpan timeout)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(timeout, TimeSpan.Zero);
        return new(StopReason, timeout, null);
    }

    /// <summary>Has <see cref="GenServer.HandleContinueAsync"/> called before the next message.</summary>
    public ServerResult AndContinue(Term argument) => new(StopReason, null, argument);

    /// <summary>As a handler gives it.</summary>
    public static implicit operator ValueTask<ServerResult>(ServerResult result) => new(result);

    /// <summary>As the handler of a call gives it.</summary>
    [SuppressMessage("Usage", "CA2225", Justification = "There is Task for those without conversions.")]
    public static implicit operator ValueTask<CallResult>(ServerResult result) => new(new CallResult(result, null));

    internal static ServerResult Stop(Term reason) => new(reason, null, null);
}

/// <summary>What a server answers to a call, and does next.</summary>
public readonly struct CallResult
{
    internal CallResult(ServerResult next, Term? reply)
    {
        Next = next;
        Answer = reply;
    }

    internal ServerResult Next { get; }

    internal Term? Answer { get; }

    /// <inheritdoc cref="ServerResult.AndTimeout"/>
    public CallResult AndTimeout(TimeSpan timeout) => new(Next.AndTimeout(timeout), Answer);

    /// <inheritdoc cref="ServerResult.AndContinue"/>
    public CallResult AndContinue(Term argument) => new(Next.AndContinue(argument), Answer);

    /// <summary>As the handler of a call gives it.</summary>
    public static implicit operator ValueTask<CallResult>(CallResult result) => new(result);

    /// <summary>No answer yet.</summary>
    public static implicit operator CallResult(ServerResult result) => new(result, null);

    internal static CallResult Reply(Term reply) => new(default, reply);

    internal static CallResult Stop(Term reason, Term reply) => new(ServerResult.Stop(reason), reply);
}

/// <summary>How a server begins.</summary>
public readonly struct InitResult
{
    private InitResult(ServerResult next, Term? failure)
    {
        Next = next;
        Failure = failure;
    }

    internal ServerResult Next { get; }

    /// <summary>Why it does not begin; the atom <c>ignore</c> when it need not.</summary>
    internal Term? Failure { get; }

    /// <summary>It begins.</summary>
    public static InitResult Ok() => default;

    /// <summary>It does not begin: whoever starts it gets the reason.</summary>
    public static InitResult Stop(Term reason) => new(default, reason);

    /// <summary>It does not begin, and that is in order: a supervisor goes on without it.</summary>
    public static InitResult Ignore() => new(default, ServerLoop.IgnoreAtom);

    /// <inheritdoc cref="ServerResult.AndTimeout"/>
    public InitResult AndTimeout(TimeSpan timeout) => new(Next.AndTimeout(timeout), Failure);

    /// <inheritdoc cref="ServerResult.AndContinue"/>
    public InitResult AndContinue(Term argument) => new(Next.AndContinue(argument), Failure);

    /// <summary>As <see cref="GenServer.InitAsync"/> gives it.</summary>
    public static implicit operator ValueTask<InitResult>(InitResult result) => new(result);
}
