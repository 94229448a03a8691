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
/// never runs the consumer's code: it puts the mailbox on the pool, where <see cref="IThreadPoolWorkItem.Execute"/> looks for
/// a message, and resumes the process in a turn of its own.
/// </remarks>
internal sealed class Mailbox : IValueTaskSource<Term>, IValueTaskSource<Term?>, IThreadPoolWorkItem
{
    /// <summary>How many messages a process may take at a stretch before others get the thread.</summary>
    private const int MessagesPerTurn = 1000;

    /// <summary>Arrays up to this many messages are kept by an idle process, larger ones are given up.</summary>
    private const int KeptCapacity = 4;

    private readonly ProcessContext _owner;
    private ManualResetValueTaskSourceCore<Term?> _receive;

    // Under the lock on this:
    private State _state = State.Scheduled;
    private Signals _signals;
    private Term[] _inbox = [];
    private int _inboxCount;

    // The consumer's own:
    private Term[] _batch = [];
    private int _batchNext;
    private int _batchCount;
    private List<Term>? _skipped;
    private int _skippedHead; // those before it are taken
    private int _skippedSeen; // those before it have been looked at by the present receive
    private int _budget = MessagesPerTurn;
    private Func<Term, bool>? _filter;
    private Waiting? _waiting;

    internal Mailbox(ProcessContext owner) => _owner = owner;

    private enum State : byte
    {
        Running, // the body has the turn
        Idle, // the body awaits a message, and none of those that came fits
        Scheduled, // on its way to the pool, or there
        Ended,
    }

    [Flags]
    private enum Signals : byte
    {
        None = 0,
        TimedOut = 1,
        Canceled = 2,
        Exit = 4,
    }

    /// <summary>The number of messages that wait, roughly: those being looked at may count or not.</summary>
    internal int Count
    {
        get
        {
            lock (this)
                return _inboxCount + (_batchCount - _batchNext) + (_skipped is null ? 0 : _skipped.Count - _skippedHead);
        }
    }

    /// <summary>Puts a message at the end.</summary>
    /// <returns>False when the process has ended.</returns>
    internal bool Post(Term message)
    {
        bool wake;
        lock (this)
        {
            if (_state == State.Ended)
                return false;
            if (_inboxCount == _inbox.Length)
                Array.Resize(ref _inbox, Math.Max(KeptCapacity, _inboxCount * 2));
            _inbox[_inboxCount++] = message;
            wake = TrySchedule();
        }
        if (wake)
            TurnScheduler.Schedule(this);
        return true;
    }

    /// <summary>Makes the process's next or present receive end with its exit.</summary>
    internal void SignalExit() => Signal(Signals.Exit);

    /// <summary>Refuses further messages and forgets those that wait.</summary>
    internal void End()
    {
        lock (this)
        {
            _state = State.Ended;
            _inbox = [];
            _inboxCount = 0;
        }
        _batch = [];
        _batchCount = _batchNext = 0;
        _skipped = null;
        _filter = null;
        _waiting?.Dispose();
    }

    /// <summary>Takes the first message that the filter accepts, waiting for it without end.</summary>
    internal ValueTask<Term> ReceiveAsync(Func<Term, bool>? filter, CancellationToken cancellationToken)
    {
        if (TryReceiveNow(filter, cancellationToken, out var message))
            return new(message);
        return new(this, Await(filter, Timeout.InfiniteTimeSpan, cancellationToken));
    }

    /// <summary>Takes the first message that the filter accepts, or null when none comes in time.</summary>
    internal ValueTask<Term?> ReceiveAsync(Func<Term, bool>? filter, TimeSpan timeout, CancellationToken cancellationToken)
    {
        if (TryReceiveNow(filter, cancellationToken, out var message))
            return new(message);
        if (timeout == TimeSpan.Zero && _budget > 0)
            return new((Term?)null);
        return new(this, Await(filter, timeout, cancellationToken));
    }

    void IThreadPoolWorkItem.Execute() => Turn();

    /// <summary>Gives the process the thread until it awaits something.</summary>
    internal void Turn()
    {
        var turn = SendTurn.Begin();
        try
        {
            if (!_owner.HasStarted)
            {
                lock (this)
                    _state = State.Running;
                _owner.Start();
                return;
            }
            _budget = MessagesPerTurn;
            Resume();
        }
        finally
        {
            turn.End();
        }
    }

    Term IValueTaskSource<Term>.GetResult(short token) => _receive.GetResult(token)!.Value;

    Term? IValueTaskSource<Term?>.GetResult(short token) => _receive.GetResult(token);

    ValueTaskSourceStatus IValueTaskSource<Term>.GetStatus(short token) => _receive.GetStatus(token);

    ValueTaskSourceStatus IValueTaskSource<Term?>.GetStatus(short token) => _receive.GetStatus(token);

    void IValueTaskSource<Term>.OnCompleted(Action<object?> continuation, object? state, short token, ValueTaskSourceOnCompletedFlags flags) =>
        _receive.OnCompleted(continuation, state, token, flags);

    void IValueTaskSource<Term?>.OnCompleted(Action<object?> continuation, object? state, short token, ValueTaskSourceOnCompletedFlags flags) =>
        _receive.OnCompleted(continuation, state, token, flags);

    private bool TryReceiveNow(Func<Term, bool>? filter, CancellationToken cancellationToken, out Term message)
    {
        cancellationToken.ThrowIfCancellationRequested();
        lock (this)
        {
            if (_state != State.Running)
            {
                throw new InvalidOperationException(_state == State.Ended
                    ? "The process has ended; its context can no longer be used."
                    : "The process already awaits a message. Only its own body may receive, one message at a time.");
            }
            if ((_signals & Signals.Exit) != Signals.None)
                throw _owner.ExitException();
            _signals = Signals.None;
        }
        message = default;
        _skippedSeen = 0;
        if (_budget <= 0 || !(TakeSkipped(filter, out message) || TakeNew(filter, out message)))
            return false;
        _budget--;
        return true;
    }

    private short Await(Func<Term, bool>? filter, TimeSpan timeout, CancellationToken cancellationToken)
    {
        _receive.Reset();
        var token = _receive.Version;
        _filter = filter;
        if (timeout != Timeout.InfiniteTimeSpan || cancellationToken.CanBeCanceled)
            (_waiting ??= new Waiting(this, _owner.TimeProvider)).Arm(timeout, cancellationToken);
        bool again;
        lock (this)
        {
            _state = State.Idle;
            // Out of budget with messages left, or something came since the last look.
            again = _inboxCount > 0 || _batchNext < _batchCount || _signals != Signals.None || _budget <= 0;
            if (again)
                _state = State.Scheduled;
            else
                TrimIdle();
        }
        if (again)
            ThreadPool.UnsafeQueueUserWorkItem(this, preferLocal: false);
        return token;
    }

    // An exit or a cancellation goes before messages, a message goes before the time-out that would miss it.
    private void Resume()
    {
        while (true)
        {
            Signals signals;
            lock (this)
                signals = _signals;
            if ((signals & (Signals.Exit | Signals.Canceled)) == Signals.None && TakeAgain(out var message))
            {
                Complete(message);
                return;
            }
            lock (this)
            {
                signals = _signals;
                if (signals == Signals.None)
                {
                    if (_inboxCount > 0)
                        continue;
                    _state = State.Idle;
                    TrimIdle();
                    return;
                }
            }
            CompleteWith(signals);
            return;
        }
    }

    // A receive that ran out of budget has not looked at the skipped messages yet.
    private bool TakeAgain(out Term message) => TakeSkipped(_filter, out message) || TakeNew(_filter, out message);

    private void Complete(Term? message)
    {
        Disarm();
        lock (this)
            _state = State.Running;
        _receive.SetResult(message);
    }

    private void CompleteWith(Signals signals)
    {
        if ((signals & (Signals.Exit | Signals.Canceled)) == Signals.None)
        {
            Complete(null);
            return;
        }
        Exception error = (signals & Signals.Exit) != Signals.None
            ? _owner.ExitException()
            : new OperationCanceledException(_waiting!.Token);
        Disarm();
        lock (this)
            _state = State.Running;
        _receive.SetException(error);
    }

    private void Disarm()
    {
        _filter = null;
        _waiting?.Disarm();
        lock (this)
            _signals &= Signals.Exit;
    }

    private void Signal(Signals signal)
    {
        bool wake;
        lock (this)
        {
            if (_state == State.Ended)
                return;
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

    // Each skipped message is new to a new receive, whatever an older filter thought of it; within one receive it is
    // looked at once, since newer ones are appended behind.
    private bool TakeSkipped(Func<Term, bool>? filter, out Term message)
    {
        message = default;
        if (_skipped is null)
            return false;
        for (var i = Math.Max(_skippedSeen, _skippedHead); i < _skipped.Count; i++)
        {
            if (filter is not null && !filter(_skipped[i]))
                continue;
            message = _skipped[i];
            RemoveSkipped(i);
            return true;
        }
        _skippedSeen = _skipped.Count;
        return false;
    }

    private void RemoveSkipped(int index)
    {
        if (index > _skippedHead)
        {
            _skipped!.RemoveAt(index);
        }
        else
        {
            _skipped![index] = default;
            _skippedHead++;
        }
        if (_skippedHead == _skipped.Count)
        {
            _skipped = null;
            _skippedHead = 0;
        }
        else if (_skippedHead >= 64 && _skippedHead * 2 >= _skipped.Count)
        {
            _skipped.RemoveRange(0, _skippedHead);
            _skippedHead = 0;
        }
    }

    private bool TakeNew(Func<Term, bool>? filter, out Term message)
    {
        while (_batchNext < _batchCount || TakeInbox())
        {
            message = _batch[_batchNext];
            _batch[_batchNext++] = default;
            if (filter is null || filter(message))
                return true;
            (_skipped ??= []).Add(message);
            _skippedSeen = _skipped.Count;
        }
        message = default;
        return false;
    }

    private bool TakeInbox()
    {
        lock (this)
        {
            (_batch, _inbox) = (_inbox, _batch);
            (_batchNext, _batchCount, _inboxCount) = (0, _inboxCount, 0);
        }
        return _batchCount > 0;
    }

    private void TrimIdle()
    {
        if (_inbox.Length > KeptCapacity)
            _inbox = [];
        if (_batch.Length > KeptCapacity && _batchNext == _batchCount)
        {
            _batch = [];
            _batchNext = _batchCount = 0;
        }
    }

    /// <summary>The time-out and the cancellation of a receive; only made for a process that uses them.</summary>
    private sealed class Waiting(Mailbox mailbox, TimeProvider timeProvider) : IDisposable
    {
        private readonly Lock _gate = new();
        private ITimer? _timer;
        private CancellationTokenRegistration _registration;
        private long _armed;

        internal CancellationToken Token { get; private set; }

        internal void Arm(TimeSpan timeout, CancellationToken cancellationToken)
        {
            Token = cancellationToken;
            lock (_gate)
            {
                _armed++;
                if (timeout != Timeout.InfiniteTimeSpan)
                {
                    // A timer of its own for each wait would be garbage; one that fires late for an earlier wait
                    // is told apart by the state it finds: disarmed, it says nothing.
                    _timer ??= timeProvider.CreateTimer(static me => ((Waiting)me!).OnTimer(), this, Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
                    _deadline = timeProvider.GetTimestamp() + (long)(timeout.TotalSeconds * timeProvider.TimestampFrequency);
                    _timer.Change(timeout, Timeout.InfiniteTimeSpan);
                }
            }
            if (cancellationToken.CanBeCanceled)
                _registration = cancellationToken.UnsafeRegister(static me => ((Waiting)me!).OnCanceled(), this);
        }

        internal void Disarm()
        {
            lock (_gate)
            {
                _deadline = long.MaxValue;
                _timer?.Change(Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
            }
            _registration.Dispose();
            _registration = default;
        }

        public void Dispose()
        {
            Disarm();
            _timer?.Dispose();
        }

        private long _deadline = long.MaxValue;

        private void OnTimer()
        {
            lock (_gate)
            {
                if (_deadline == long.MaxValue)
                    return;
                var left = timeProvider.GetElapsedTime(timeProvider.GetTimestamp(), _deadline);
                if (left > TimeSpan.Zero)
                {
                    _timer!.Change(left, Timeout.InfiniteTimeSpan);
                    return;
                }
                _deadline = long.MaxValue;
                mailbox.Signal(Signals.TimedOut);
            }
        }

        private void OnCanceled() => mailbox.Signal(Signals.Canceled);
    }
}
