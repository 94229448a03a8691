using System.Diagnostics;
using System.Threading.Tasks.Sources;
using Enmesh.Peers;
using Enmesh.Telemetry;
using Enmesh.Terms;
using Enmesh.Wire;

namespace Enmesh.Processes;

/// <summary>A call under way: its reply, the end of the other side, its time-out or its cancellation, whichever is first.</summary>
/// <remarks>It stands in the table of calls under its reference, which is tag, alias and monitor in one.</remarks>
internal class PendingCall : IValueTaskSource<Term>, ITurn
{
    private readonly ProcessRuntime _runtime;
    private ManualResetValueTaskSourceCore<Term> _result;
    private Term _reply;
    private Exception? _error;
    private ITimer? _timer;
    private CancellationTokenRegistration _registration;
    private int _done;
    private bool _isAwaited; // under _gate, as is the next
    private bool _isSet;

    internal PendingCall(ProcessRuntime runtime, ProcessContext? caller, ProcessAddress target)
    {
        _runtime = runtime;
        From = (caller ?? runtime.Anonymous).Self;
        Asked = Target = target;
        Reference = runtime.MakeCallReference();
    }

    /// <summary>The pid that the other side sees as the caller.</summary>
    internal Pid From { get; }

    /// <summary>Who is called. A process that is started for the call is known from the answer on.</summary>
    internal ProcessAddress Target { get; set; }

    /// <summary>Who was asked for, before a name was looked up.</summary>
    internal ProcessAddress Asked { get; }

    /// <summary>The call's span; null when nobody listens.</summary>
    internal Activity? Span { get; set; }

    /// <summary>What the other side knows the request by.</summary>
    internal CallForm Form { get; init; }

    /// <summary>Whether the exit reason of the other side is what is waited for.</summary>
    internal bool AwaitsExit { get; init; }

    internal Reference Reference { get; }

    /// <summary>The thread on which the caller goes on; null for the pool.</summary>
    internal TurnThread? Thread { get; init; }

    /// <summary>The link the call went over; null for a local one, or before it is known.</summary>
    internal PeerLink? Link { get; set; }

    /// <summary>The process of this node that was called; null for one elsewhere.</summary>
    internal ProcessContext? Watched { get; set; }

    internal ValueTask<Term> Task => new(this, Version);

    private protected short Version => _result.Version;

    internal void Arm(TimeSpan timeout, CancellationToken cancellationToken)
    {
        if (timeout != Timeout.InfiniteTimeSpan)
        {
            _timer = (Thread?.Clock ?? _runtime.TimeProvider).CreateTimer(
                static me => ((PendingCall)me!).OnTimer(), this, timeout, Timeout.InfiniteTimeSpan);
        }
        if (cancellationToken.CanBeCanceled)
        {
            _registration = cancellationToken.UnsafeRegister(
                static (me, token) => ((PendingCall)me!).Fail(new OperationCanceledException(token)), this);
        }
        if (Volatile.Read(ref _done) != 0)
            Release(); // it ended before the timer stood in its field
    }

    internal bool Reply(Term reply)
    {
        if (!TryFinish())
            return false;
        _reply = reply;
        TurnScheduler.Schedule(this);
        return true;
    }

    internal void Fail(Exception error)
    {
        if (!TryFinish())
            return;
        _error = error;
        TurnScheduler.Schedule(this);
    }

    /// <summary>The other side has ended: its monitor is spent.</summary>
    internal void Ended(Term reason)
    {
        if (AwaitsExit)
        {
            (Link, Watched) = (null, null);
            Reply(reason);
        }
        else
        {
            FailWith(reason);
        }
    }

    /// <summary>The other side has ended without an answer, or was never there: its monitor is spent.</summary>
    internal void FailWith(Term reason)
    {
        if (!TryFinish())
            return;
        (Link, Watched) = (null, null);
        _error = new CallExitException(Asked, reason);
        TurnScheduler.Schedule(this);
    }

    /// <summary>Whether it was answered, failed, or was given up.</summary>
    internal bool IsFinished => Volatile.Read(ref _done) != 0;

    // A call from outside any process goes on on the pool in any case.
    TurnThread? ITurn.Thread => Thread ?? (From != _runtime.Anonymous.Self ? _runtime.UserThread : null);

    Pulse ITurn.Pulse => _runtime.Pulse;

    // The caller's code goes on in a turn of its own.
    void ITurn.Run()
    {
        Release();
        if (Span is { } span)
            Traces.End(span, _error);
        var turn = SendTurn.Begin();
        try
        {
            // In the turn of the caller, so that it goes out together with what the caller sends next.
            Watched?.GetRelations().RemoveWatcher(Reference);
            if (!AwaitsExit || Target.Pid is not null)
                Link?.Signal(null, ControlMessage.Demonitor(From, Target.Pid is { } pid ? pid : Target.Name!, Reference));
            Set();
        }
        finally
        {
            turn.End();
        }
    }

    public Term GetResult(short token) => _result.GetResult(token);

    public ValueTaskSourceStatus GetStatus(short token) => _result.GetStatus(token);

    public void OnCompleted(Action<object?> continuation, object? state, short token, ValueTaskSourceOnCompletedFlags flags)
    {
        if (Thread is not { } thread)
        {
            _result.OnCompleted(continuation, state, token, flags);
            return;
        }
        lock (_runtime.Calls)
        {
            if (!_isSet)
            {
                _result.OnCompleted(continuation, state, token, flags);
                _isAwaited = true;
                return;
            }
        }
        thread.Queue(continuation, state);
    }

    private void Set()
    {
        if (Thread is not null)
        {
            // Nobody awaits it yet: who comes too late for the result goes on on that thread all the same, not on the pool.
            lock (_runtime.Calls)
            {
                if (!_isAwaited)
                {
                    _isSet = true;
                    SetResult();
                    return;
                }
            }
        }
        SetResult();
    }

    private void SetResult()
    {
        if (_error is null)
            _result.SetResult(_reply);
        else
            _result.SetException(_error);
    }

    private void OnTimer() => Fail(new TimeoutException($"The call to {Asked} was not answered in time."));

    private bool TryFinish()
    {
        if (Interlocked.Exchange(ref _done, 1) != 0)
            return false;
        _runtime.Calls.Remove(this);
        return true;
    }

    private void Release()
    {
        _timer?.Dispose();
        _registration.Dispose();
    }
}

/// <summary>What a request is known by: the first element of its message.</summary>
internal enum CallForm
{
    /// <summary><c>'$gen_call'</c>: gen_server, gen_statem, and everything that answers like them.</summary>
    GenServer,

    /// <summary>The caller's pid: gen_event.</summary>
    GenEvent,
}
