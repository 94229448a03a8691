using System.Net.Sockets;
using System.Threading.Tasks.Sources;

namespace Enmesh.Transport;

/// <summary>
/// Waits until a socket can be read, or written, on a thread of its own, which then goes on with whoever waited.
/// </summary>
/// <remarks>
/// <para>
/// The runtime's own way wakes two threads per message, its poller and one of the pool; here the thread that the kernel
/// wakes does the work (docs/decisions/0002-receive-loop.md has the figures). It must be the socket's only way of
/// waiting: one asynchronous operation on the socket, and the runtime's poller wakes up as well for ever after.
/// </para>
/// <para>One wait may be under way at a time. The thread begins with the first and ends when nobody has waited for a
/// while.</para>
/// </remarks>
internal sealed class SocketWaiter : IValueTaskSource
{
    private const int IdleMilliseconds = 10_000;

    [ThreadStatic]
    private static Runner? _runningHere;

    private readonly Lock _gate = new();
    private readonly Socket _socket;
    private readonly SelectMode _mode;
    private readonly string _name;
    private ManualResetValueTaskSourceCore<bool> _core = new() { RunContinuationsAsynchronously = true };
    private Action? _afterwards;
    private Runner? _runner;
    private Action? _posted;
    private volatile bool _wanted;
    private volatile bool _closed;

    /// <param name="socket">The socket. It stays the caller's, and does not block.</param>
    /// <param name="mode">What to wait for.</param>
    /// <param name="name">The name of the thread.</param>
    internal SocketWaiter(Socket socket, SelectMode mode, string name)
    {
        _socket = socket;
        _mode = mode;
        _name = name;
    }

    /// <summary>Whether this is the thread that waits.</summary>
    internal bool IsHere => _runningHere is { } me && me == _runner;

    /// <summary>
    /// From here on whoever waited goes on on this thread itself, not on the pool. When he waits again, or for
    /// something else, the thread calls <paramref name="afterwards"/>.
    /// </summary>
    internal void ContinueHere(Action? afterwards)
    {
        _core.RunContinuationsAsynchronously = false;
        _afterwards = afterwards;
    }

    /// <summary>
    /// Completes when the socket is ready, has failed, or is closed: whatever the next operation on it tells.
    /// </summary>
    internal ValueTask WaitAsync()
    {
        _core.Reset();
        return new(this, _core.Version);
    }

    /// <summary>Has something done on the thread, before it waits for anything.</summary>
    internal void Post(Action action)
    {
        Volatile.Write(ref _posted, action);
        CallRunner();
    }

    /// <summary>
    /// Called every few milliseconds: at the second call that finds the thread in the same <c>afterwards</c>, another
    /// one takes its place.
    /// </summary>
    /// <returns>Whether the thread is in there.</returns>
    internal bool Help()
    {
        if (Volatile.Read(ref _runner)?.IsBusySince(out _) != true)
            return false;
        lock (_gate)
        {
            if (_runner is not { } runner || !runner.IsBusySince(out var turn))
                return false;
            if (runner.SeenTurn != turn)
            {
                runner.SeenTurn = turn;
                return true;
            }
            if (runner.TryDismiss(turn))
                StartRunner();
            return false;
        }
    }

    /// <summary>Lets the thread end. Whoever waits goes on: close the socket first.</summary>
    internal void Close()
    {
        _closed = true;
        lock (_gate)
            _runner?.Call.Set();
    }

    void IValueTaskSource.GetResult(short token) => _core.GetResult(token);

    ValueTaskSourceStatus IValueTaskSource.GetStatus(short token) => _core.GetStatus(token);

    void IValueTaskSource.OnCompleted(
        Action<object?> continuation, object? state, short token, ValueTaskSourceOnCompletedFlags flags)
    {
        _core.OnCompleted(continuation, state, token, flags);
        // Not before: the pool would have to go on with one who comes too late.
        _wanted = true;
        if (!IsHere)
            CallRunner();
    }

    private bool IsWanted => _wanted || Volatile.Read(ref _posted) is not null;

    private void CallRunner()
    {
        lock (_gate)
        {
            if (_runner is null)
                StartRunner();
            else
                _runner.Call.Set();
        }
    }

    private void StartRunner()
    {
        var runner = new Runner();
        _runner = runner;
        new Thread(() => Run(runner)) { IsBackground = true, Name = _name }.UnsafeStart();
    }

    private void Run(Runner me)
    {
        _runningHere = me;
        while (TakeWait(me))
        {
            if (Interlocked.Exchange(ref _posted, null) is { } posted)
            {
                posted();
                continue;
            }
            _wanted = false;
            Poll();
            _core.SetResult(true);
            if (_afterwards is { } afterwards && !me.Run(afterwards))
                return; // dismissed: another thread waits by now
        }
    }

    private bool TakeWait(Runner me)
    {
        while (!IsWanted)
        {
            var called = !_closed && me.Call.WaitOne(IdleMilliseconds);
            if (called || IsWanted)
                continue;
            lock (_gate)
            {
                if (IsWanted)
                    continue;
                _runner = null;
            }
            me.Call.Dispose();
            return false;
        }
        return true;
    }

    private void Poll()
    {
        try
        {
            _socket.Poll(Timeout.Infinite, _mode);
        }
        catch (Exception e) when (e is SocketException or ObjectDisposedException)
        {
            // The operation that follows fails in the same way, and tells.
        }
    }

    /// <summary>A thread that waits for the socket.</summary>
    private sealed class Runner
    {
        private const long Dismissed = -1;

        private long _turn; // odd: in a call of `afterwards`

        internal AutoResetEvent Call { get; } = new(false);

        internal long SeenTurn { get; set; }

        internal bool IsBusySince(out long turn)
        {
            turn = Volatile.Read(ref _turn);
            return (turn & 1) != 0 && turn != Dismissed;
        }

        internal bool TryDismiss(long turn) => Interlocked.CompareExchange(ref _turn, Dismissed, turn) == turn;

        /// <returns>False when it took so long that this thread was dismissed.</returns>
        internal bool Run(Action afterwards)
        {
            var turn = _turn + 1;
            Volatile.Write(ref _turn, turn);
            afterwards();
            return Interlocked.CompareExchange(ref _turn, turn + 1, turn) == turn;
        }
    }
}
