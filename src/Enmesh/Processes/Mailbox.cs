using System.Threading.Tasks.Sources;
using Enmesh.Peers;
using Enmesh.Terms;

#pragma warning disable MA0064 // Nobody outside sees a mailbox, and a lock object would cost every process 24 bytes.

namespace Enmesh.Processes;

/// <summary>
/// A process's queue of messages: many producers, one consumer, which is also what the consumer awaits.
/// </summary>
/// <remarks>
/// Producers append under a short lock; the consumer takes all that has gathered in one exchange. What a filter
/// skips moves to a list of its own and is looked at again, in order, by the next receive, and only then. A producer
/// never runs the consumer's code: it has a turn scheduled, in which <see cref="ITurn.Run"/> looks for
/// a message, and resumes the process.
/// </remarks>
internal sealed partial class Mailbox : IValueTaskSource<Term>, IValueTaskSource<Term?>, ITurn
{
    /// <summary>Arrays up to this many messages are kept by an idle process, larger ones are given up.</summary>
    private const int KeptCapacity = 4;

    /// <summary>A process with so many messages does not wait for the end of the turn that has woken it.</summary>
    private const int ReleasedBacklog = 16;

    /// <summary>A backlog of so many messages is worth a warning, and so is each doubling of it.</summary>
    private const int NotableBacklog = 1 << 16;

    private readonly ProcessContext _owner;

    // Under the lock on this:
    private State _state = State.Scheduled;
    private Signals _signals;
    private bool _closed;
    private bool _isAwaited;
    private bool _isSet;
    private Term[] _inbox = [];
    private int _inboxCount;
    private long _inboxBytes;
    private List<Term>? _urgent;

    internal Mailbox(ProcessContext owner) => _owner = owner;

    private enum State : byte
    {
        Running, // the body has the turn
        Idle, // the body awaits a message, and none of those that came fits
        Scheduled, // a turn is on its way
    }

    [Flags]
    private enum Signals : byte
    {
        None = 0,
        TimedOut = 1,
        Canceled = 2,
        Exit = 4,
    }

    internal ProcessContext Owner => _owner;

    /// <summary>Whether the process awaits a message.</summary>
    internal bool IsWaiting
    {
        get
        {
            lock (this)
                return _state == State.Idle;
        }
    }

    /// <summary>The number of messages that wait, roughly: those being looked at may count or not.</summary>
    internal int Count
    {
        get
        {
            lock (this)
                return CountLocked;
        }
    }

    /// <summary>The bytes that the waiting messages took on their way here, roughly; nothing for those of this node.</summary>
    internal long Bytes
    {
        get
        {
            lock (this)
                return _inboxBytes + _batchBytes + _skippedBytes;
        }
    }

    private int CountLocked => _inboxCount + (_urgent?.Count ?? 0) + (_batchCount - _batchNext) + (_skipped is null ? 0 : _skipped.Count - _skippedHead);

    /// <summary>Puts a message at the end, unless there are too many for this process.</summary>
    /// <param name="message">The message.</param>
    /// <param name="bytes">What it took on the wire; 0 for one of this node.</param>
    /// <returns>False when the process has ended.</returns>
    internal bool Post(Term message, int bytes = 0)
    {
        if (_owner.Traits is { MailboxLimit: { } limit } && Count >= limit.MaxMessages)
            return _owner.MailboxIsFull(limit);
        if (!Append(message, bytes, urgent: false))
            return false;
        if (bytes > 0)
            _owner.Budget.Take(bytes);
        return true;
    }

    /// <summary>Puts a signal's message at the end: <c>DOWN</c>, <c>EXIT</c>. No limit holds for those.</summary>
    internal void PostSignal(Term message) => Append(message, 0, urgent: false);

    /// <summary>Puts a message before all that have no priority.</summary>
    internal void PostUrgent(Term message) => Append(message, 0, urgent: true);

    /// <summary>Makes the process's next or present receive end with its exit.</summary>
    internal void SignalExit() => Signal(Signals.Exit);

    /// <summary>Refuses further messages and forgets those that wait.</summary>
    internal void Close()
    {
        long bytes;
        lock (this)
        {
            if (_closed)
                return;
            _closed = true;
            bytes = _inboxBytes;
            (_inbox, _inboxCount, _inboxBytes, _urgent) = ([], 0, 0, null);
        }
        _owner.Budget.Return(bytes);
    }

    TurnThread? ITurn.Thread => _owner.Thread;

    Pulse ITurn.Pulse => _owner.Pulse;

    void ITurn.Run() => Turn();

    Term IValueTaskSource<Term>.GetResult(short token) => _receive.GetResult(token)!.Value;

    Term? IValueTaskSource<Term?>.GetResult(short token) => _receive.GetResult(token);

    ValueTaskSourceStatus IValueTaskSource<Term>.GetStatus(short token) => _receive.GetStatus(token);

    ValueTaskSourceStatus IValueTaskSource<Term?>.GetStatus(short token) => _receive.GetStatus(token);

    void IValueTaskSource<Term>.OnCompleted(Action<object?> continuation, object? state, short token, ValueTaskSourceOnCompletedFlags flags) =>
        Await(continuation, state, token, flags);

    void IValueTaskSource<Term?>.OnCompleted(Action<object?> continuation, object? state, short token, ValueTaskSourceOnCompletedFlags flags) =>
        Await(continuation, state, token, flags);

    private bool Append(Term message, int bytes, bool urgent)
    {
        bool wake;
        int backlog;
        lock (this)
        {
            if (_closed)
                return false;
            if (urgent)
            {
                (_urgent ??= []).Add(message);
            }
            else
            {
                if (_inboxCount == _inbox.Length)
                    Array.Resize(ref _inbox, Math.Max(KeptCapacity, _inboxCount * 2));
                _inbox[_inboxCount++] = message;
                _inboxBytes += bytes;
            }
            backlog = _inboxCount;
            wake = TrySchedule();
        }
        if (wake)
            TurnScheduler.Schedule(this);
        else if (backlog == ReleasedBacklog)
            TurnScheduler.Release(this);
        if (backlog >= NotableBacklog && (backlog & (backlog - 1)) == 0)
            _owner.ReportBacklog(backlog);
        return true;
    }

    private void Signal(Signals signal)
    {
        bool wake;
        lock (this)
        {
            _signals |= signal;
            wake = TrySchedule();
        }
        if (wake)
            TurnScheduler.Schedule(this);
    }

    private bool TrySchedule()
    {
        if (_state != State.Idle)
            return false;
        _state = State.Scheduled;
        return true;
    }
}
