using System.Threading.Tasks.Sources;
using Enmesh.Processes;
using Enmesh.Terms;
using Enmesh.Terms.Serialization;

namespace Enmesh.Behaviours;

/// <summary>What came back from a call to many nodes.</summary>
/// <param name="Replies">The replies, by node.</param>
/// <param name="Failed">
/// The nodes that gave none, and why: <c>noproc</c>, <c>noconnection</c>, <c>timeout</c>, or what the server exited
/// with.
/// </param>
public sealed record MultiCallResult(
    IReadOnlyDictionary<NodeName, Term> Replies, IReadOnlyDictionary<NodeName, Term> Failed);

/// <summary>Calls in forms other than one term to one server.</summary>
internal static class GenCalls
{
    internal static ValueTask<TReply> CallAsync<TRequest, TReply>(
        ProcessRuntime runtime, ProcessContext? caller, ProcessAddress to, TRequest request,
        TermTypeInfo<TRequest> requests, TermTypeInfo<TReply> replies,
        TimeSpan? timeout, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(requests);
        ArgumentNullException.ThrowIfNull(replies);
        var call = new TypedCall<TReply>(runtime, caller, to, replies);
        runtime.BeginCall(call, caller, requests.TermOf(request), timeout, cancellationToken);
        return call.TypedTask;
    }

    internal static async Task<MultiCallResult> MultiCallAsync(
        ProcessRuntime runtime, IReadOnlyCollection<NodeName> nodes, Atom name, Term request, TimeSpan? timeout,
        CancellationToken cancellationToken)
    {
        var outcomes = await Task.WhenAll(nodes.Distinct().Select(CallOneAsync)).ConfigureAwait(false);
        return new(
            outcomes.Where(outcome => outcome.Reply is not null).ToDictionary(
                outcome => outcome.Node, outcome => outcome.Reply!.Value),
            outcomes.Where(outcome => outcome.Failure is not null)
                .ToDictionary(outcome => outcome.Node, outcome => outcome.Failure!.Value));

        async Task<(NodeName Node, Term? Reply, Term? Failure)> CallOneAsync(NodeName node)
        {
            try
            {
                return (node, await runtime.CallAsync(null, (name, node), request, timeout, cancellationToken)
                    .ConfigureAwait(false), null);
            }
            catch (CallExitException e)
            {
                return (node, null, e.Reason);
            }
            catch (TimeoutException)
            {
                return (node, null, GenAtoms.Timeout);
            }
        }
    }

    internal static Task AbcastAsync(
        ProcessRuntime runtime, IReadOnlyCollection<NodeName> nodes, Atom name, Term request,
        CancellationToken cancellationToken) =>
        Task.WhenAll(nodes.Distinct().Select(
            node => runtime.CastAsync(null, (name, node), request, cancellationToken).AsTask()));

    // The reply is read by who awaits it: a call within this node takes a microsecond, and the state of an async method
    // would be felt.
    private sealed class TypedCall<TReply>(
        ProcessRuntime runtime, ProcessContext? caller, ProcessAddress to, TermTypeInfo<TReply> replies)
        : PendingCall(runtime, caller, to), IValueTaskSource<TReply>
    {
        internal ValueTask<TReply> TypedTask => new(this, Version);

        TReply IValueTaskSource<TReply>.GetResult(short token) => replies.ValueOf(GetResult(token));
    }
}
