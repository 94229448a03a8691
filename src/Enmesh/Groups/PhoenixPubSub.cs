using System.Runtime.CompilerServices;
using System.Threading.Channels;
using Enmesh.Processes;
using Enmesh.Services;
using Enmesh.Terms;
using Microsoft.Extensions.Logging;

namespace Enmesh.Groups;

// The protocol of Phoenix.PubSub's own adapter, Phoenix.PubSub.PG2, versions 2.0 to 2.2: in the pg scope
// 'Elixir.Phoenix.PubSub' there is a group a partition, 'Elixir.Name.Adapter', 'Elixir.Name.Adapter_2', and so on,
// with one process of each node in it, registered under the group's name. A broadcast is {forward_to_local, Topic,
// Message, Dispatcher} to every member of one of the groups on other nodes; the member hands the message to its
// node's subscribers.

/// <summary>
/// Takes part in a cluster's <c>Phoenix.PubSub</c>: messages broadcast on a topic reach its subscribers on every
/// node.
/// </summary>
/// <remarks>
/// Broadcasts of this node on one topic arrive everywhere in their order. Everything here may be used from any thread.
/// </remarks>
public sealed class PhoenixPubSub
{
    /// <summary>The scope that all of Phoenix.PubSub uses.</summary>
    public const string Scope = "Elixir.Phoenix.PubSub";

    private static readonly Atom ForwardToLocal = new("forward_to_local");
    private static readonly Atom DefaultDispatcher = new("Elixir.Phoenix.PubSub");

    private readonly ProcessRuntime _runtime;
    private readonly ProcessGroups _groups;
    private readonly Atom[] _partitions;
    private readonly int _broadcastPartitions;
    private readonly PhoenixSubscribers _subscribers;

    private PhoenixPubSub(ProcessRuntime runtime, ProcessGroups groups, PhoenixPubSubOptions options)
    {
        _runtime = runtime;
        _groups = groups;
        Name = options.Name;
        _partitions = [.. Enumerable.Range(1, options.PoolSize).Select(number => new Atom(options.GroupName(number)))];
        _broadcastPartitions = options.BroadcastPoolSize ?? options.PoolSize;
        _subscribers = new PhoenixSubscribers(runtime);
    }

    /// <summary>The name it was started with.</summary>
    public string Name { get; }

    /// <summary>
    /// Sends a message to all subscribers of a topic, on all nodes: <c>Phoenix.PubSub.broadcast/4</c>.
    /// </summary>
    /// <param name="topic">The topic.</param>
    /// <param name="message">What the subscribers receive.</param>
    /// <param name="dispatcher">
    /// The Elixir module that hands it out on other nodes; that of Phoenix.PubSub when null.
    /// </param>
    /// <param name="cancellationToken">Ends the wait; the message is on its way all the same.</param>
    /// <returns>Pending while the link to a node has over its limit of bytes waiting.</returns>
    public Task BroadcastAsync(
        string topic, Term message, string? dispatcher = null, CancellationToken cancellationToken = default) =>
        BroadcastFromAsync(null, topic, message, dispatcher, cancellationToken);

    /// <summary>
    /// As <see cref="BroadcastAsync"/>, but not to one subscriber of this node:
    /// <c>Phoenix.PubSub.broadcast_from/5</c>.
    /// </summary>
    /// <inheritdoc cref="BroadcastAsync"/>
    /// <param name="from">The subscriber that does not receive it.</param>
    /// <param name="topic">The topic.</param>
    /// <param name="message">What the subscribers receive.</param>
    /// <param name="dispatcher">
    /// The Elixir module that hands it out on other nodes; that of Phoenix.PubSub when null.
    /// </param>
    /// <param name="cancellationToken">Ends the wait; the message is on its way all the same.</param>
    public async Task BroadcastFromAsync(
        Pid? from, string topic, Term message, string? dispatcher = null, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(topic);
        var name = Term.Binary(topic);
        var forward = Forward(name, message, dispatcher);
        List<Task>? pending = null;
        foreach (var member in _groups.Members(PartitionOf(name)))
        {
            if (member.Node == _runtime.Name.Atom)
                continue;
            // Each has its place in the order now; a full link holds up the caller, not the other nodes.
            var sending = _runtime.SendAsync(null, member, forward, cancellationToken);
            if (!sending.IsCompletedSuccessfully)
                (pending ??= []).Add(sending.AsTask());
        }
        _subscribers.Dispatch(name, message, from);
        if (pending is not null)
            await Task.WhenAll(pending).ConfigureAwait(false);
    }

    /// <summary>
    /// Sends a message to the subscribers of this node only: <c>Phoenix.PubSub.local_broadcast/4</c>.
    /// </summary>
    public void LocalBroadcast(string topic, Term message)
    {
        ArgumentNullException.ThrowIfNull(topic);
        _subscribers.Dispatch(Term.Binary(topic), message, null);
    }

    /// <summary>Sends a message to the subscribers of one node: <c>Phoenix.PubSub.direct_broadcast/5</c>.</summary>
    /// <inheritdoc cref="BroadcastAsync"/>
    /// <param name="node">The node; connected to if it is not.</param>
    /// <param name="topic">The topic.</param>
    /// <param name="message">What the subscribers receive.</param>
    /// <param name="dispatcher">The Elixir module that hands it out there; that of Phoenix.PubSub when null.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    public ValueTask DirectBroadcastAsync(
        NodeName node, string topic, Term message, string? dispatcher = null,
        CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(node);
        ArgumentNullException.ThrowIfNull(topic);
        var name = Term.Binary(topic);
        var worker = ProcessAddress.FromName(PartitionOf(name), node);
        return _runtime.SendAsync(null, worker, Forward(name, message, dispatcher), cancellationToken);
    }

    /// <summary>
    /// Has a process of this node receive what is broadcast on a topic, until it ends or is taken out.
    /// </summary>
    /// <remarks>Subscribed twice, it receives everything twice, as in Phoenix.</remarks>
    /// <exception cref="ArgumentException">The process is not of this node.</exception>
    public void Subscribe(string topic, Pid subscriber)
    {
        ArgumentNullException.ThrowIfNull(topic);
        ArgumentNullException.ThrowIfNull(subscriber);
        if (subscriber.Node != _runtime.Name.Atom)
            throw new ArgumentException(
                $"{subscriber} is not a process of this node; a process subscribes on its own node.",
                nameof(subscriber));
        _subscribers.Add(Term.Binary(topic), subscriber);
    }

    /// <summary>Takes a process out of a topic altogether.</summary>
    public void Unsubscribe(string topic, Pid subscriber)
    {
        ArgumentNullException.ThrowIfNull(topic);
        ArgumentNullException.ThrowIfNull(subscriber);
        _subscribers.Remove(Term.Binary(topic), subscriber);
    }

    /// <summary>
    /// What is broadcast on a topic from the call's first step on, in order, until the reading ends or the node
    /// does.
    /// </summary>
    /// <remarks>What comes while the reader is busy waits for it in memory.</remarks>
    public async IAsyncEnumerable<Term> ReadAsync(
        string topic, [EnumeratorCancellation] CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(topic);
        var messages = Channel.CreateBounded<Term>(
            new BoundedChannelOptions(1) { SingleReader = true, SingleWriter = true });
        using var done = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        var reader = _runtime.Spawn(context => ForwardAsync(context, messages.Writer, done.Token));
        Subscribe(topic, reader.Self);
        try
        {
            await foreach (var message in messages.Reader.ReadAllAsync(cancellationToken).ConfigureAwait(false))
                yield return message;
        }
        finally
        {
            Unsubscribe(topic, reader.Self);
            await done.CancelAsync().ConfigureAwait(false);
        }
    }

    /// <summary>Starts it, and waits until its processes have joined their groups.</summary>
    /// <exception cref="InvalidOperationException">It runs already.</exception>
    internal static async Task<PhoenixPubSub> StartAsync(
        ProcessRuntime runtime, ProcessGroups groups, PhoenixPubSubOptions options, ILogger logger,
        CancellationToken cancellationToken)
    {
        var pubSub = new PhoenixPubSub(runtime, groups, options);
        var joined = new List<Task>();
        foreach (var partition in pubSub._partitions)
        {
            var ready = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
            joined.Add(ready.Task);
            KeptService.Start(runtime, partition, context => pubSub.ServeAsync(context, partition, ready), logger);
        }
        await Task.WhenAll(joined).WaitAsync(cancellationToken).ConfigureAwait(false);
        return pubSub;
    }

    private static async Task ForwardAsync(
        ProcessContext context, ChannelWriter<Term> messages, CancellationToken cancellationToken)
    {
        try
        {
            while (true)
            {
                var message = await context.ReceiveAsync(cancellationToken).ConfigureAwait(false);
                await messages.WriteAsync(message, cancellationToken).ConfigureAwait(false);
            }
        }
        finally
        {
            messages.TryComplete();
        }
    }

    private static Term Forward(Term topic, Term message, string? dispatcher) =>
        Term.Tuple(ForwardToLocal, topic, message, dispatcher is null ? DefaultDispatcher : new Atom(dispatcher));

    // Phoenix takes one by the sender's pid, which keeps the order of each sender; the topic keeps that of each topic.
    private Atom PartitionOf(Term topic) => _partitions[(int)((uint)topic.GetHashCode() % (uint)_broadcastPartitions)];

    private async Task ServeAsync(ProcessContext context, Atom partition, TaskCompletionSource ready)
    {
        await _groups.JoinAsync(partition, context.Self).ConfigureAwait(false);
        ready.TrySetResult();
        while (true)
        {
            var message = await context.ReceiveAsync().ConfigureAwait(false);
            // The dispatcher is code of Elixir's; ours hands out to each subscriber, as Phoenix.PubSub's own does.
            if (message.TupleElements is [{ Atom: { } verb }, var topic, var payload, { Atom: not null }]
                && verb == ForwardToLocal)
                _subscribers.Dispatch(topic, payload, null);
        }
    }
}
