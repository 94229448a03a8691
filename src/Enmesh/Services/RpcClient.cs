using System.Diagnostics;
using Enmesh.Processes;
using Enmesh.Telemetry;
using Enmesh.Terms;

namespace Enmesh.Services;

/// <summary>Calls functions on other nodes: <c>erpc</c> and <c>rpc</c>.</summary>
/// <remarks>
/// Calls go by <c>erpc</c> where the node starts processes for others, and else by its <c>rex</c>, as to an old C node.
/// A call that is not awaited at once is what <c>erpc:send_request</c> is. What functions print appears at this node's
/// <c>user</c> process.
/// </remarks>
public sealed class RpcClient
{
    private static readonly Atom Call = new("call");
    private static readonly Atom BlockCall = new("block_call");
    private static readonly Atom Cast = new("cast");
    private static readonly Atom SynchronousCast = new("sbcast");
    private static readonly Atom BadRpc = new("badrpc");
    private static readonly Atom UpperExit = new("EXIT");
    private static readonly Atom ErpcAtom = new("erpc");

    private readonly ProcessRuntime _runtime;
    private readonly FunctionRunner _runner;

    internal RpcClient(ProcessRuntime runtime, FunctionRunner runner)
    {
        _runtime = runtime;
        _runner = runner;
    }

    /// <summary>Calls a function: <c>erpc:call/5</c>.</summary>
    /// <param name="node">The node; this one runs what it exports.</param>
    /// <param name="module">The module.</param>
    /// <param name="function">The function.</param>
    /// <param name="arguments">Its arguments.</param>
    /// <param name="timeout">How long to wait; 5 s when null.</param>
    /// <param name="cancellationToken">Gives the call up; the other node may go on with it.</param>
    /// <exception cref="RpcException">It failed there, or does not exist.</exception>
    /// <exception cref="CallExitException">The node is out of reach: <c>noconnection</c>.</exception>
    /// <exception cref="TimeoutException">No answer came in time.</exception>
    public Task<Term> CallAsync(
        NodeName node, string module, string function, IReadOnlyList<Term> arguments, TimeSpan? timeout = null,
        CancellationToken cancellationToken = default)
    {
        var target = TargetOf(node, module, function, arguments);
        return Traces.IsOn && Traces.StartCall($"{target} on {node}") is { } span
            ? CallTracedAsync(node, target, span, timeout, cancellationToken)
            : CallByErpcAsync(node, target, timeout, cancellationToken);
    }

    /// <summary>The same, where what the function prints goes to another group leader than the node's own.</summary>
    internal Task<Term> CallPrintingAsync(
        NodeName node, SpawnTarget target, Pid groupLeader, TimeSpan? timeout, CancellationToken cancellationToken) =>
        CallByErpcAsync(node, target, timeout, cancellationToken, groupLeader: groupLeader);

    /// <summary>The same of a node that is connected: nobody is dialled for it.</summary>
    internal async Task<Term> CallConnectedAsync(
        NodeName node, string module, string function, IReadOnlyList<Term> arguments, TimeSpan timeout, CancellationToken cancellationToken)
    {
        var target = TargetOf(node, module, function, arguments);
        var result = _runtime.MakeReference();
        var execute = new SpawnTarget(Erpc.Module, Erpc.ExecuteCall, ListOf(result, target.Module, target.Function, target.Arguments));
        try
        {
            var reason = await _runtime.SpawnAndAwaitExitAsync(
                null, node, execute, null, timeout, cancellationToken, connect: false).ConfigureAwait(false);
            return ReadResult(node, target, result, reason);
        }
        catch (SpawnException e)
        {
            throw new CallExitException((Rex.Name, node), e.Reason);
        }
    }

    private async Task<Term> CallTracedAsync(
        NodeName node, SpawnTarget target, Activity span, TimeSpan? timeout, CancellationToken cancellationToken)
    {
        try
        {
            var result = await CallByErpcAsync(node, target, timeout, cancellationToken, span).ConfigureAwait(false);
            Traces.End(span, null);
            return result;
        }
        catch (Exception e)
        {
            Traces.End(span, e);
            throw;
        }
    }

    private async Task<Term> CallByErpcAsync(
        NodeName node, SpawnTarget target, TimeSpan? timeout, CancellationToken cancellationToken,
        Activity? span = null, Pid? groupLeader = null)
    {
        if (node == _runtime.Name)
            return await CallHereAsync(target, span, timeout, cancellationToken).ConfigureAwait(false);
        var result = _runtime.MakeReference();
        var execute = new SpawnTarget(
            Erpc.Module, Erpc.ExecuteCall, ListOf(result, target.Module, target.Function, target.Arguments));
        try
        {
            var reason = await _runtime.SpawnAndAwaitExitAsync(
                null, node, execute, groupLeader, timeout, cancellationToken, span).ConfigureAwait(false);
            return ReadResult(node, target, result, reason);
        }
        catch (SpawnException e) when (e.Reason.IsAtom("notsup"))
        {
            return await CallRexAsync(_runtime, Call, node, target, timeout, cancellationToken).ConfigureAwait(false);
        }
        catch (SpawnException e)
        {
            throw e.Reason == ExitReason.NoConnection
                ? new CallExitException((Rex.Name, node), e.Reason)
                : new RpcException(node, target.ToString(), ErlangExceptionClass.Error, Term.Tuple(ErpcAtom, e.Reason));
        }
    }

    /// <summary>Calls a function on several nodes at once: <c>erpc:multicall/5</c>.</summary>
    /// <returns>
    /// What each node has answered, in the order of the nodes; nothing is thrown for one that failed.
    /// </returns>
    /// <inheritdoc cref="CallAsync"/>
    public async Task<IReadOnlyList<RpcResult>> MulticallAsync(
        IReadOnlyList<NodeName> nodes, string module, string function, IReadOnlyList<Term> arguments,
        TimeSpan? timeout = null,
        CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(nodes);
        return await Task.WhenAll(nodes.Select(async node =>
        {
            try
            {
                return new RpcResult(node, await CallAsync(
                    node, module, function, arguments, timeout, cancellationToken).ConfigureAwait(false), null);
            }
            catch (Exception e) when (e is RpcException or CallExitException or TimeoutException)
            {
                return new RpcResult(node, default, e);
            }
        })).ConfigureAwait(false);
    }

    /// <summary>Has a function run without waiting for it, or learning how it ends: <c>erpc:cast/4</c>.</summary>
    /// <param name="node">The node; one out of reach is no error.</param>
    /// <param name="module">The module.</param>
    /// <param name="function">The function.</param>
    /// <param name="arguments">Its arguments.</param>
    /// <param name="cancellationToken">Ends the waiting for a connection.</param>
    public async Task CastAsync(
        NodeName node, string module, string function, IReadOnlyList<Term> arguments,
        CancellationToken cancellationToken = default)
    {
        var target = TargetOf(node, module, function, arguments);
        using var span = Traces.IsOn ? Traces.StartCast($"{target} on {node}") : null;
        try
        {
            await _runtime.SpawnAsync(
                _runtime.Anonymous, node, new(
                    Erpc.Module, Erpc.ExecuteCast, ListOf(target.Module, target.Function, target.Arguments)),
                RemoteSpawnOptions.Default, cancellationToken, span).ConfigureAwait(false);
        }
        catch (SpawnException e) when (e.Reason.IsAtom("notsup"))
        {
            var request = Term.Tuple(
                Cast, target.Module, target.Function, target.Arguments, _runtime.DefaultGroupLeader);
            await _runtime.SendAsync(
                null, (Rex.Name, node), Term.Tuple(GenAtoms.GenCast, request), cancellationToken).ConfigureAwait(false);
        }
        catch (SpawnException)
        {
            // Nobody there: a cast is lost without a word, as in Erlang.
        }
    }

    /// <summary>
    /// Has a function run on this node and all that are connected, without waiting for it:
    /// <c>rpc:eval_everywhere/3</c>.
    /// </summary>
    /// <param name="module">The module.</param>
    /// <param name="function">The function.</param>
    /// <param name="arguments">Its arguments.</param>
    /// <param name="nodes">The nodes; this one and all visible ones that are connected when null.</param>
    /// <param name="cancellationToken">Ends the sending.</param>
    public Task EvalEverywhereAsync(
        string module, string function, IReadOnlyList<Term> arguments, IReadOnlyList<NodeName>? nodes = null,
        CancellationToken cancellationToken = default) =>
        Task.WhenAll(
            (nodes ?? Everywhere()).Select(node => CastAsync(node, module, function, arguments, cancellationToken)));

    /// <summary>
    /// Calls a function in the node's <c>rex</c> itself, one such call after the other: <c>rpc:block_call/5</c>.
    /// </summary>
    /// <inheritdoc cref="CallAsync"/>
    public Task<Term> BlockCallAsync(
        NodeName node, string module, string function, IReadOnlyList<Term> arguments, TimeSpan? timeout = null,
        CancellationToken cancellationToken = default) =>
        CallRexAsync(
            _runtime, BlockCall, node, TargetOf(node, module, function, arguments), timeout, cancellationToken);

    /// <summary>
    /// Asks a process by <c>{self(), Message}</c>, which answers <c>{ReplyWrapper, Node, Reply}</c>:
    /// <c>rpc:server_call/4</c>.
    /// </summary>
    /// <exception cref="CallExitException">The node or the process is not there.</exception>
    /// <exception cref="TimeoutException">No answer came in time.</exception>
    public Task<Term> ServerCallAsync(
        NodeName node, string name, Term replyWrapper, Term message, TimeSpan? timeout = null)
    {
        ArgumentNullException.ThrowIfNull(node);
        return InProcessAsync(context => context.AskAsync(
            (name, node),
            _ => Term.Tuple(context.Self, message),
            (answer, _) => answer.TupleElements is [var wrapper, { Atom: { } from }, var reply]
                && wrapper == replyWrapper && from == node.Atom ? reply : (Term?)null,
            timeout ?? _runtime.CallTimeout));
    }

    /// <summary>
    /// Sends a message to a name on several nodes, and waits until it has arrived there: <c>rpc:sbcast/3</c>.
    /// </summary>
    /// <returns>The nodes on which there was somebody of that name.</returns>
    public Task<IReadOnlyList<NodeName>> SbcastAsync(IReadOnlyList<NodeName> nodes, string name, Term message)
    {
        ArgumentNullException.ThrowIfNull(nodes);
        return InProcessAsync(async context =>
        {
            var reached = new List<NodeName>();
            foreach (var node in nodes)
            {
                if (await SbcastAsync(context, node, name, message).ConfigureAwait(false))
                    reached.Add(node);
            }
            return (IReadOnlyList<NodeName>)reached;
        });
    }

    /// <summary>Sends a message to a name on several nodes: <c>rpc:abcast/3</c>.</summary>
    public Task AbcastAsync(
        IReadOnlyList<NodeName> nodes, string name, Term message, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(nodes);
        return Task.WhenAll(
            nodes.Select(node => _runtime.SendAsync(null, (name, node), message, cancellationToken).AsTask()));
    }

    /// <summary>
    /// Calls a function through the node's <c>rex</c>, for services of this node that are below its functions.
    /// </summary>
    internal static Task<Term> CallThroughRexAsync(
        ProcessRuntime runtime, NodeName node, Atom module, Atom function, IReadOnlyList<Term> arguments,
        TimeSpan? timeout, CancellationToken cancellationToken) =>
        CallRexAsync(runtime, Call, node, new(module, function, ListOf([.. arguments])), timeout, cancellationToken);

    private static async ValueTask<bool> SbcastAsync(ProcessContext context, NodeName node, string name, Term message)
    {
        try
        {
            // {rex, Node, Node}, or {rex, Node, {nonexisting_name, Name}}
            var answer = await context.AskAsync(
                (Rex.Name, node),
                _ => Term.Tuple(context.Self, Term.Tuple(SynchronousCast, new Atom(name), message)),
                (answer, _) => answer.TupleElements is [{ Atom: { } rex }, { Atom: { } from }, var result]
                    && rex == Rex.Name && from == node.Atom ? result : (Term?)null,
                Timeout.InfiniteTimeSpan).ConfigureAwait(false);
            return answer.IsAtom(node.Atom);
        }
        catch (CallExitException)
        {
            return false;
        }
    }

    private static SpawnTarget TargetOf(NodeName node, string module, string function, IReadOnlyList<Term> arguments)
    {
        ArgumentNullException.ThrowIfNull(node);
        ArgumentNullException.ThrowIfNull(arguments);
        return new(new Atom(module), new Atom(function), ListOf([.. arguments]));
    }

    private static ListTerm ListOf(params ReadOnlySpan<Term> elements) => Term.List(elements).AsList!.Value;

    private static Term ReadResult(NodeName node, in SpawnTarget target, Reference result, Term reason)
    {
        var function = target.ToString();
        if (reason.TupleElements is not [{ Reference: { } own }, { AtomText: { } kind }, .. var rest] || own != result)
            throw new RpcException(node, function, ErlangExceptionClass.Exit, reason, isSignal: true);
        return (kind, rest.ToArray()) switch
        {
            ("return", [var value]) => value,
            ("throw", [var value]) => throw new RpcException(node, function, ErlangExceptionClass.Throw, value),
            ("exit", [var why]) => throw new RpcException(node, function, ErlangExceptionClass.Exit, why),
            ("error", [var why, var stack]) =>
                throw new RpcException(node, function, ErlangExceptionClass.Error, why, stack),
            ("error", [var why]) =>
                throw new RpcException(node, function, ErlangExceptionClass.Error, why), // {erpc, Reason}
            _ => throw new RpcException(node, function, ErlangExceptionClass.Exit, reason, isSignal: true),
        };
    }

    private static async Task<Term> CallRexAsync(
        ProcessRuntime runtime, Atom kind, NodeName node, SpawnTarget target, TimeSpan? timeout,
        CancellationToken cancellationToken)
    {
        var request = Term.Tuple(kind, target.Module, target.Function, target.Arguments, runtime.DefaultGroupLeader);
        var reply = await runtime.CallAsync(
            null, (Rex.Name, node), request, timeout, cancellationToken).ConfigureAwait(false);
        if (reply.TupleElements is not [{ Atom: { } tag }, var reason] || tag != BadRpc)
            return reply;
        if (reason.TupleElements is not [{ Atom: { } exit }, var why] || exit != UpperExit)
            throw new RpcException(node, target.ToString(), ErlangExceptionClass.Error, reason);
        // rpc does not say whether it was an error or an exit; only an error brings a stack.
        throw why.TupleElements is [var error, { AsList: { Count: > 0 } stack }] && stack[0].TupleElements.Length == 4
            ? new RpcException(node, target.ToString(), ErlangExceptionClass.Error, error, stack)
            : new RpcException(node, target.ToString(), ErlangExceptionClass.Exit, why);
    }

    private async Task<Term> CallHereAsync(
        SpawnTarget target, Activity? span, TimeSpan? timeout, CancellationToken cancellationToken)
    {
        var running = InProcessAsync(
            context => _runner.ApplyTracedAsync(
                context, target.Module, target.Function, target.Arguments, span?.Context ?? default),
            out var process);
        Outcome outcome;
        try
        {
            outcome = await running.WaitAsync(
                timeout ?? _runtime.CallTimeout, _runtime.TimeProvider, cancellationToken).ConfigureAwait(false);
        }
        catch (Exception e) when (e is TimeoutException or OperationCanceledException)
        {
            process.Abandon();
            throw;
        }
        return outcome.Kind switch
        {
            OutcomeKind.Return => outcome.Value,
            OutcomeKind.Throw =>
                throw new RpcException(_runtime.Name, target.ToString(), ErlangExceptionClass.Throw, outcome.Value),
            OutcomeKind.Exit =>
                throw new RpcException(_runtime.Name, target.ToString(), ErlangExceptionClass.Exit, outcome.Value),
            _ => throw new RpcException(
                _runtime.Name, target.ToString(), ErlangExceptionClass.Error, outcome.Value, outcome.Stack),
        };
    }

    /// <summary>Does something in a process of its own and gives the result to whoever is outside.</summary>
    private Task<T> InProcessAsync<T>(Func<ProcessContext, ValueTask<T>> body) => InProcessAsync(body, out _);

    /// <param name="body">What is done.</param>
    /// <param name="process">The process, to be told when nobody waits any more.</param>
    private Task<T> InProcessAsync<T>(Func<ProcessContext, ValueTask<T>> body, out ProcessRelations process)
    {
        var result = new TaskCompletionSource<T>(TaskCreationOptions.RunContinuationsAsynchronously);
        var worker = _runtime.Create(
            async context =>
            {
                try
                {
                    result.TrySetResult(await body(context).ConfigureAwait(false));
                }
#pragma warning disable CA1031 // Whatever it is, the caller gets it.
                catch (Exception e)
#pragma warning restore CA1031
                {
                    result.TrySetException(e);
                }
            },
            SpawnOptions.Default);
        process = worker.GetRelations();
        process.IsAwaitedBy(null);
        ProcessRuntime.Begin(worker);
        return result.Task;
    }

    private List<NodeName> Everywhere() =>
        [_runtime.Name, .. _runtime.Links.Where(link => link.PeerIsPublished).Select(link => link.Peer)];
}
