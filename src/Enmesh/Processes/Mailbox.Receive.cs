using System.Threading.Tasks.Sources;
using Enmesh.Peers;
using Enmesh.Terms;

#pragma warning disable MA0064 // See Mailbox.cs.

namespace Enmesh.Processes;

// The consumer's side: the body of the process, one receive at a time.
internal sealed partial class Mailbox
{
    /// <summary>How many messages a process may take at a stretch before others get the thread.</summary>
    private const int MessagesPerTurn = 1000;

    private ManualResetValueTaskSourceCore<Term?> _receive;
    private Term[] _batch = [];
    private int _batchNext;
    private int _batchCount;
    private long _batchBytes;
    private List<Term>? _skipped;
    private int _skippedHead; // those before it are taken
    private int _skippedSeen; // those before it have been looked at by the present receive
    private int _skippedUrgent; // so many from the head on have priority
    private long _skippedBytes;
    private int _budget = MessagesPerTurn;
    private Func<Term, bool>? _filter;
    private Waiting? _waiting;

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

    /// <summary>Takes out the messages that the filter accepts, for the body: what a monitor has sent before it was taken back.</summary>
    internal void Remove(Func<Term, bool> filter)
    {
        var kept = new List<Term>();
        RequireTurn();
        _skippedSeen = 0;
        while (TakeSkipped(null, out var message) || TakeNew(null, out message))
        {
            if (!filter(message))
                kept.Add(message);
        }
        if (kept.Count == 0)
            return;
        (_skipped, _skippedHead, _skippedSeen, _skippedUrgent) = (kept, 0, 0, 0);
    }

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

    /// <summary>The body is over: what it has not taken is forgotten.</summary>
    internal void Clear()
    {
        _owner.Budget.Return(_batchBytes + _skippedBytes);
        (_batch, _batchCount, _batchNext, _batchBytes) = ([], 0, 0, 0);
        (_skipped, _skippedBytes) = (null, 0);
        _filter = null;
        _waiting?.Dispose();
    }

    private bool TryReceiveNow(Func<Term, bool>? filter, CancellationToken cancellationToken, out Term message)
    {
        cancellationToken.ThrowIfCancellationRequested();
        RequireTurn();
        message = default;
        _skippedSeen = 0;
        if (_budget <= 0 || !(TakeSkipped(filter, out message) || TakeNew(filter, out message)))
            return false;
        _budget--;
        return true;
    }

    private void RequireTurn()
    {
        lock (this)
        {
            if ((_signals & Signals.Exit) != Signals.None)
                throw _owner.ExitException();
            if (_closed || _state != State.Running)
            {
                throw new InvalidOperationException(_closed
                    ? "The process has ended; its context can no longer be used."
                    : "The process already awaits a message. Only its own body may receive, one message at a time.");
            }
            _signals = Signals.None;
        }
        TakeUrgent(null, out _);
    }

    private short Await(Func<Term, bool>? filter, TimeSpan timeout, CancellationToken cancellationToken)
    {
        _receive.Reset();
        (_isAwaited, _isSet) = (false, false);
        var token = _receive.Version;
        _filter = filter;
        if (timeout != Timeout.InfiniteTimeSpan || cancellationToken.CanBeCanceled)
            (_waiting ??= new Waiting(this, _owner.Thread?.Clock ?? _owner.TimeProvider)).Arm(timeout, cancellationToken);
        bool again;
        lock (this)
        {
            _state = State.Idle;
            // Out of budget with messages left, or something came since the last look.
            again = _inboxCount > 0 || _urgent is not null || _batchNext < _batchCount || _signals != Signals.None || _budget <= 0;
            if (again)
                _state = State.Scheduled;
            else
                TrimIdle();
        }
        if (again)
            TurnScheduler.ScheduleLater(this);
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
                    if (_inboxCount > 0 || _urgent is not null)
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
    private bool TakeAgain(out Term message) =>
        TakeUrgent(_filter ?? Anything, out message) || TakeSkipped(_filter, out message) || TakeNew(_filter, out message);

    private void Await(Action<object?> continuation, object? state, short token, ValueTaskSourceOnCompletedFlags flags)
    {
        if (_owner.Thread is not { } thread)
        {
            _receive.OnCompleted(continuation, state, token, flags);
            return;
        }
        lock (this)
        {
            if (!_isSet)
            {
                _receive.OnCompleted(continuation, state, token, flags);
                _isAwaited = true;
                return;
            }
        }
        thread.Queue(continuation, state);
    }

    private void Set(Term? message, Exception? error)
    {
        lock (this)
        {
            _state = State.Running;
            if (_owner.Thread is not null && !_isAwaited)
            {
                // A service that is not yet awaiting it goes on on its thread all the same, not on the pool.
                _isSet = true;
                SetResult(message, error);
                return;
            }
        }
        SetResult(message, error);
    }

    private void SetResult(Term? message, Exception? error)
    {
        if (error is null)
            _receive.SetResult(message);
        else
            _receive.SetException(error);
    }

    private void Complete(Term? message)
    {
        Disarm();
        Set(message, null);
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
        Set(null, error);
    }

    private void Disarm()
    {
        _filter = null;
        _waiting?.Disarm();
        lock (this)
            _signals &= Signals.Exit;
    }

    private static readonly Func<Term, bool> Anything = static _ => true;

    /// <summary>Moves what has come with priority in front of the skipped messages, but for the first that the filter accepts.</summary>
    private bool TakeUrgent(Func<Term, bool>? filter, out Term message)
    {
        message = default;
        if (Volatile.Read(ref _urgent) is null)
            return false;
        List<Term> urgent;
        lock (this)
            (urgent, _urgent) = (_urgent ?? [], null);
        var taken = false;
        foreach (var next in urgent)
        {
            if (!taken && filter is not null && filter(next))
            {
                (message, taken) = (next, true);
                continue;
            }
            (_skipped ??= []).Insert(_skippedHead + _skippedUrgent++, next);
            if (filter is not null && !taken)
                _skippedSeen++;
        }
        return taken;
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
        if (index < _skippedHead + _skippedUrgent)
            _skippedUrgent--;
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
            _owner.Budget.Return(_skippedBytes);
            (_skipped, _skippedHead, _skippedBytes) = (null, 0, 0);
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
            Skip(message);
        }
        message = default;
        return false;
    }

    private void Skip(Term message)
    {
        (_skipped ??= []).Add(message);
        _skippedSeen = _skipped.Count;
        if (_batchBytes == 0)
            return;
        var share = _batchBytes / (_batchCount - _batchNext + 1);
        _skippedBytes += share;
        _batchBytes -= share;
    }

    private bool TakeInbox()
    {
        var consumed = _batchBytes;
        lock (this)
        {
            (_batch, _inbox) = (_inbox, _batch);
            (_batchNext, _batchCount, _inboxCount) = (0, _inboxCount, 0);
            (_batchBytes, _inboxBytes) = (_inboxBytes, 0);
        }
        if (consumed > 0)
            _owner.Budget.Return(consumed);
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
}
