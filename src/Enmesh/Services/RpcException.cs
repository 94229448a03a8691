using Enmesh.Processes;
using Enmesh.Terms;

namespace Enmesh.Services;

/// <summary>A function on another node failed, or there is none of that name.</summary>
public sealed class RpcException : EnmeshException
{
    internal RpcException(NodeName node, string function, ErlangExceptionClass errorClass, Term reason,
        Term stack = default, bool isSignal = false)
        : base($"{function} on {node} failed: {errorClass.ToString().ToLowerInvariant()} {reason}")
    {
        Node = node;
        Class = errorClass;
        Reason = reason;
        Stack = stack;
        IsSignal = isSignal;
    }

    /// <summary>The node it was called on.</summary>
    public NodeName Node { get; }

    /// <summary>How it failed: an error, an exit, or a value thrown.</summary>
    public ErlangExceptionClass Class { get; }

    /// <summary>
    /// The reason, or the value thrown: <c>undef</c> when there is no such function; <c>{erpc, Reason}</c> when the
    /// node could not run it.
    /// </summary>
    public Term Reason { get; }

    /// <summary>
    /// Where an error happened: <c>[{Module, Function, ArityOrArguments, Location}]</c>. Empty for exits and throws.
    /// </summary>
    public Term Stack { get; }

    /// <summary>Whether the function was ended by an exit signal from somebody else.</summary>
    public bool IsSignal { get; }
}

/// <summary>What one node of several has answered.</summary>
public readonly struct RpcResult
{
    internal RpcResult(NodeName node, Term value, Exception? error)
    {
        Node = node;
        Value = value;
        Error = error;
    }

    /// <summary>The node.</summary>
    public NodeName Node { get; }

    /// <summary>What the function returned; nothing of meaning when it failed.</summary>
    public Term Value { get; }

    /// <summary>
    /// Why there is no value: <see cref="RpcException"/>, <see cref="CallExitException"/> or <see
    /// cref="TimeoutException"/>; null when there is one.
    /// </summary>
    public Exception? Error { get; }

    /// <summary>The value; throws the error when there is none.</summary>
    public Term GetValue() => Error is null ? Value : throw Error;
}
