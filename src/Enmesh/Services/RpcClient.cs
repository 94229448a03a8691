using Enmesh.Processes;
using Enmesh.Terms;

namespace Enmesh.Services;

/// <summary>Calls functions on other nodes through their <c>rex</c>, which every release from OTP 23 on has.</summary>
internal static class RpcClient
{
    private static readonly Atom Call = new("call");
    private static readonly Atom User = new("user");
    private static readonly Atom BadRpc = new("badrpc");

    internal static async Task<Term> CallAsync(
        ProcessRuntime runtime, NodeName node, Atom module, Atom function, IReadOnlyList<Term> arguments, TimeSpan? timeout, CancellationToken cancellationToken)
    {
        // What the function prints goes to the node's own user process.
        var request = Term.Tuple(Call, module, function, Term.List([.. arguments]), User);
        var reply = await runtime.CallAsync(null, (Rex.Name, node), request, timeout, cancellationToken).ConfigureAwait(false);
        return reply.TupleElements is [{ Atom: { } tag }, var reason] && tag == BadRpc
            ? throw new RpcException(node, $"{module}:{function}/{arguments.Count}", reason)
            : reply;
    }
}

/// <summary>A function on another node failed, or there is none of that name.</summary>
public sealed class RpcException : EnmeshException
{
    internal RpcException(NodeName node, string function, Term reason)
        : base($"{function} on {node} failed: {reason}")
    {
        Node = node;
        Reason = reason;
    }

    /// <summary>The node it was called on.</summary>
    public NodeName Node { get; }

    /// <summary>The reason in <c>{badrpc, Reason}</c>.</summary>
    public Term Reason { get; }
}
