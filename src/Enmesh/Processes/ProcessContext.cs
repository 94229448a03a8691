using Enmesh.Terms;

namespace Enmesh.Processes;

/// <summary>What a process has in its hands: its pid, its messages, and the ways to reach others.</summary>
/// <remarks>
/// It belongs to the body it was given to. Receiving is for that body alone, one receive at a time; a second one at the
/// same time, or any after the process has ended, throws <see cref="InvalidOperationException"/>. Sending, calling and
/// monitoring keep their order only when the body awaits one before it begins the next.
/// </remarks>
public sealed partial class ProcessContext
{
    private readonly ProcessRuntime _runtime;
    private readonly Func<ProcessContext, Task> _body;

    internal ProcessContext(ProcessRuntime runtime, Pid self, Func<ProcessContext, Task> body, ProcessTraits? traits)
    {
        _runtime = runtime;
        _body = body;
        Self = self;
        Traits = traits;
        Mailbox = new Mailbox(this);
    }

    /// <summary>The process's own pid.</summary>
    public Pid Self { get; }

    /// <summary>The node's name.</summary>
    public NodeName Node => _runtime.Name;

    /// <summary>The clock of the node.</summary>
    public TimeProvider TimeProvider => _runtime.TimeProvider;

    /// <summary>The number of messages that wait.</summary>
    public int MessageCount => Mailbox.Count;

    /// <summary>Cancelled when the process is sent an exit signal: for what it awaits besides messages.</summary>
    public CancellationToken Exiting
    {
        get
        {
            lock (Mailbox)
            {
                _exiting ??= new CancellationTokenSource();
                if (_exitReason is null)
                    return _exiting.Token;
            }
            _exiting.Cancel();
            return _exiting.Token;
        }
    }

    /// <summary>
    /// Cancelled when nobody waits for the result any more: the process was sent an exit signal, or it runs a function
    /// for a caller (<c>erpc</c>, <c>rpc</c>) that has given up, has ended, or is out of reach.
    /// </summary>
    /// <remarks>For a process that nobody awaits, a spawned one or a cast, it is <see cref="Exiting"/>.</remarks>
    public CancellationToken Abandoned => RelationsIfAny?.AbandonedOr(Exiting) ?? Exiting;

    /// <summary>Takes the next message, waiting for one without end.</summary>
    /// <exception cref="OperationCanceledException">The token was cancelled; no message was taken.</exception>
    /// <exception cref="ProcessExitException">The process was sent an exit signal.</exception>
    public ValueTask<Term> ReceiveAsync(CancellationToken cancellationToken = default) =>
        Mailbox.ReceiveAsync(null, cancellationToken);

    /// <summary>
    /// Takes the first message that the filter accepts, waiting for one without end. The others keep their order.
    /// </summary>
    /// <remarks>The filter sees each message once, on the process's own turn.</remarks>
    /// <exception cref="OperationCanceledException">The token was cancelled; no message was taken.</exception>
    /// <exception cref="ProcessExitException">The process was sent an exit signal.</exception>
    public ValueTask<Term> ReceiveAsync(Func<Term, bool> filter, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(filter);
        return Mailbox.ReceiveAsync(filter, cancellationToken);
    }

    /// <summary>Takes the next message, or gives null when none comes in time: <c>receive … after T -> …</c>.</summary>
    /// <exception cref="OperationCanceledException">The token was cancelled; no message was taken.</exception>
    /// <exception cref="ProcessExitException">The process was sent an exit signal.</exception>
    public ValueTask<Term?> ReceiveAsync(TimeSpan timeout, CancellationToken cancellationToken = default) =>
        ReceiveCoreAsync(null, timeout, cancellationToken);

    /// <summary>Takes the first message that the filter accepts, or gives null when none comes in time.</summary>
    /// <exception cref="OperationCanceledException">The token was cancelled; no message was taken.</exception>
    /// <exception cref="ProcessExitException">The process was sent an exit signal.</exception>
    public ValueTask<Term?> ReceiveAsync(
        Func<Term, bool> filter, TimeSpan timeout, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(filter);
        return ReceiveCoreAsync(filter, timeout, cancellationToken);
    }

    /// <summary>Sends a message. As in Erlang, sending to nobody is no error.</summary>
    /// <returns>
    /// Completed nearly always; pending while the link to the node has over its limit of bytes waiting, or is being set
    /// up. The message keeps its place in the order either way.
    /// </returns>
    public ValueTask SendAsync(ProcessAddress to, Term message, CancellationToken cancellationToken = default) =>
        _runtime.SendAsync(this, to, message, cancellationToken);

    /// <summary>Sends a message if that takes no waiting.</summary>
    /// <returns>False when the node is not connected or its link is full; the message was not sent.</returns>
    public bool TrySend(ProcessAddress to, Term message) => _runtime.TrySend(this, to, message);

    /// <summary>Calls a gen_server, or anything that answers <c>$gen_call</c>, and gives its reply.</summary>
    /// <param name="to">Who is called.</param>
    /// <param name="request">The request, as <c>handle_call/3</c> sees it.</param>
    /// <param name="timeout">How long to wait for the reply; 5 s when null, as in Erlang.</param>
    /// <param name="cancellationToken">Gives the call up. The other side may still work on it.</param>
    /// <exception cref="TimeoutException">No reply came in time. A late one is dropped.</exception>
    /// <exception cref="CallExitException">It has ended, does not exist, or is out of reach.</exception>
    public ValueTask<Term> CallAsync(
        ProcessAddress to, Term request, TimeSpan? timeout = null, CancellationToken cancellationToken = default) =>
        _runtime.CallAsync(this, to, request, timeout, cancellationToken);

    /// <summary>Casts to a gen_server: <c>{'$gen_cast', Request}</c>.</summary>
    public ValueTask CastAsync(ProcessAddress to, Term request, CancellationToken cancellationToken = default) =>
        _runtime.CastAsync(this, to, request, cancellationToken);

    /// <summary>Answers a call. Never waits: an answer is not held up behind data.</summary>
    public void Reply(in CallRequest call, Term reply) => _runtime.Reply(this, call, reply);

    /// <summary>Gives the process a name on this node.</summary>
    /// <exception cref="InvalidOperationException">The name is taken.</exception>
    public void Register(Atom name) => _runtime.Register(name, this);

    private ValueTask<Term?> ReceiveCoreAsync(
        Func<Term, bool>? filter, TimeSpan timeout, CancellationToken cancellationToken)
    {
        if (timeout < TimeSpan.Zero && timeout != Timeout.InfiniteTimeSpan)
            throw new ArgumentOutOfRangeException(
                nameof(timeout), timeout, "A time-out is zero, positive, or infinite.");
        return Mailbox.ReceiveAsync(filter, timeout, cancellationToken);
    }
}
