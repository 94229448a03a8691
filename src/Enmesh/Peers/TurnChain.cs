namespace Enmesh.Peers;

/// <summary>
/// What one thread of the pool does at a stretch: a turn, then the first process that it has woken, and so on. Two
/// processes that talk to each other take no thread but this one.
/// </summary>
/// <remarks>
/// A turn that goes on must not hold back what it has woken, and is helped: whoever sends it a number of messages hands
/// it over to the pool (<see cref="TurnScheduler.Release"/>), and so does the node's <see cref="Pulse"/> after a few
/// milliseconds. The decision is docs/decisions/0003-turns.md.
/// </remarks>
internal sealed class TurnChain
{
    /// <summary>After so many turns, or two looks of the pulse, the rest of the pool's work has its chance.</summary>
    private const int MostTurns = 4096;

    private ITurn? _held;
    private long _holds;
    private long _holdsSeen; // the pulse's
    private long _runs;
    private long _runsSeen; // the pulse's
    private volatile bool _givesWay;
    private Pulse? _watchedBy;

    /// <summary>Whether a turn of this thread is under way.</summary>
    internal bool IsOpen { get; private set; }

    /// <summary>Whether something waits for the turn's end. From any thread.</summary>
    internal bool IsHolding => Volatile.Read(ref _held) is not null;

    /// <summary>Runs a turn and all that follows from it.</summary>
    internal void Run(ITurn turn)
    {
        var context = ExecutionContext.Capture()!;
        _runs++;
        _givesWay = false;
        IsOpen = true;
        try
        {
            for (var turns = 1; ; turns++)
            {
                turn.Run();
                ResetThread(context);
                if (Interlocked.Exchange(ref _held, null) is not { } next)
                    return;
                turn = next;
                if (turns >= MostTurns || _givesWay)
                    break;
            }
        }
        finally
        {
            IsOpen = false;
        }
        TurnScheduler.ScheduleLater(turn);
    }

    /// <summary>Keeps a turn until the present one ends, unless there is one already.</summary>
    internal bool TryHold(ITurn turn)
    {
        if (_held is not null)
            return false;
        _holds++;
        // With a fence: either the pulse sees it, or we see that the pulse no longer looks.
        Interlocked.Exchange(ref _held, turn);
        var pulse = turn.Pulse;
        if (Volatile.Read(ref _watchedBy) != pulse)
        {
            Volatile.Write(ref _watchedBy, pulse);
            pulse.Watch(this);
        }
        pulse.WatchTurns();
        return true;
    }

    /// <summary>Takes back a turn, if that is what is held.</summary>
    internal bool TryTake(ITurn turn) =>
        ReferenceEquals(_held, turn) && Interlocked.CompareExchange(ref _held, null, turn) == turn;

    /// <summary>Called by the pulse: at the second look that finds the same turn held, the pool gets it.</summary>
    /// <returns>Whether something is held.</returns>
    internal bool Help()
    {
        var runs = Volatile.Read(ref _runs);
        if (runs == _runsSeen)
            _givesWay = true;
        _runsSeen = runs;
        if (Volatile.Read(ref _held) is not { } turn)
            return false;
        var holds = Volatile.Read(ref _holds);
        if (holds != _holdsSeen)
        {
            _holdsSeen = holds;
            return true;
        }
        if (Interlocked.CompareExchange(ref _held, null, turn) == turn)
            TurnScheduler.ScheduleLater(turn);
        return false;
    }

    /// <summary>
    /// Called by the pulse that no longer looks here: the next one who holds something calls it again.
    /// </summary>
    internal void Forget(Pulse pulse) => Interlocked.CompareExchange(ref _watchedBy, null, pulse);

    // As the pool does it after each of its items: what a process sets in its context is not the next one's.
    private static void ResetThread(ExecutionContext context)
    {
        if (ExecutionContext.IsFlowSuppressed())
            ExecutionContext.RestoreFlow();
        if (ExecutionContext.Capture() is { } now && now != context)
            ExecutionContext.Restore(context);
        if (SynchronizationContext.Current is not null)
            SynchronizationContext.SetSynchronizationContext(null);
    }
}
