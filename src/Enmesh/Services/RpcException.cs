using Enmesh.Processes;
using Enmesh.Terms;
using Enmesh.Terms.Text;

namespace Enmesh.Services;

/// <summary>A function on another node failed, or there is none of that name.</summary>
public sealed class RpcException : EnmeshException
{
    // A peer may have put anything there.
    private const int MostArguments = 255;
    private const int LongestText = 500;

    private static readonly Atom Cause = new("cause");

    internal RpcException(NodeName node, string function, ErlangExceptionClass errorClass, Term reason,
        Term stack = default, bool isSignal = false)
        : base(
            $"{function} on {node} failed: {errorClass.ToString().ToLowerInvariant()} {reason}{WrongArguments(stack)}")
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

    // EEP 54: the innermost frame may say what is wrong with which argument, [{error_info, #{cause => #{1 => Text}}}].
    private static string WrongArguments(Term stack)
    {
        if (stack.AsList is not { Count: > 0 } frames
            || frames[0].TupleElements is not [_, _, _, { AsList: { IsProper: true } location }])
            return "";
        var texts = new List<string>();
        foreach (var item in location)
        {
            if (item.TupleElements is not [{ AtomText: "error_info" }, { AsMap: { } info }]
                || !info.TryGetValue(Cause, out var cause) || cause.AsMap is not { Count: <= MostArguments } arguments)
                continue;
            foreach (var (_, why) in arguments.OrderBy(static pair => pair.Key.Int64 ?? long.MaxValue))
            {
                if (CharData.TryGetText(why, CharEncoding.Utf8, out var text))
                    texts.Add(text.Length <= LongestText ? text : $"{text[..LongestText]}...");
            }
        }
        return texts.Count == 0 ? "" : $" ({string.Join("; ", texts)})";
    }
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
