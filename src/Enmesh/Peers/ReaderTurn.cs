using Enmesh.Transport;

namespace Enmesh.Peers;

/// <summary>The work that a link's reader may do itself, once it has read all there is.</summary>
/// <remarks>
/// <para>
/// It is for the message that comes alone: a request, a reply. A second one woken by the same read, or a read with more
/// behind it, and all of it goes to the pool, since the processes shall run beside each other and beside the reading.
/// </para>
/// <para>
/// Nobody's code can hold up a link: turns that mostly take more than a moment make the reader keep to reading for a
/// while, and one that goes on for milliseconds costs the thread the reading altogether
/// (<see cref="TransportConnection.HelpReader"/>).
/// </para>
/// </remarks>
internal sealed class ReaderTurn(TimeProvider timeProvider)
{
    /// <summary>
    /// So many more slow turns than fast ones: it is the code, not a thread that did not get the processor.
    /// </summary>
    private const int MostlySlow = 8;

    private static readonly TimeSpan Moment = TimeSpan.FromMicroseconds(100);
    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(100);

    private ITurn? _held;
    private bool _declines;
    private long _pausedSince;
    private int _slow;
    private bool _paused;
    private volatile bool _isRunning;

    /// <summary>Whether there is something to do.</summary>
    internal bool IsHolding => _held is not null;

    /// <summary>Begins to read what has come.</summary>
    internal void Open()
    {
        if (_paused && timeProvider.GetElapsedTime(_pausedSince) >= Pause)
            _paused = false;
        _declines = _paused || _isRunning; // the latter: on another thread, which this one has replaced
        TurnScheduler.SetReading(this);
    }

    /// <summary>All that has come is read, or the reading failed.</summary>
    internal static void Close() => TurnScheduler.SetReading(null);

    internal bool TryHold(ITurn work)
    {
        if (_declines)
            return false;
        if (_held is null)
        {
            _held = work;
            return true;
        }
        _declines = true;
        Release();
        return false;
    }

    /// <summary>Leaves what is held to its own thread, or the pool.</summary>
    internal void Release()
    {
        if (_held is not { } work)
            return;
        _held = null;
        TurnScheduler.ScheduleLater(work);
    }

    /// <summary>Does what is held, here and now.</summary>
    internal void Run()
    {
        if (_held is not { } work)
            return;
        _held = null;
        _isRunning = true;
        var start = timeProvider.GetTimestamp();
        // As the pool does it: what the work sets in its context must not stay on the thread.
        ExecutionContext.Run(ExecutionContext.Capture()!, static held => ((ITurn)held!).Run(), work);
        var end = timeProvider.GetTimestamp();
        _isRunning = false;
        if (timeProvider.GetElapsedTime(start, end) <= Moment)
            _slow = Math.Max(0, _slow - 1);
        else if (++_slow == MostlySlow)
            (_paused, _pausedSince, _slow) = (true, end, MostlySlow / 2);
    }
}
