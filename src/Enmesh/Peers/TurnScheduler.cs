namespace Enmesh.Peers;

/// <summary>Code of a process that is to run until it awaits something.</summary>
internal interface ITurn : IThreadPoolWorkItem
{
    /// <summary>The thread it belongs on; null for the pool.</summary>
    TurnThread? Thread { get; }

    /// <summary>What helps turns of the same node that hold others back.</summary>
    Pulse Pulse { get; }

    /// <summary>Runs it, here and now.</summary>
    void Run();

    // The pool's own call: whoever else has a thread for it calls Run.
    void IThreadPoolWorkItem.Execute() => TurnScheduler.RunOnPool(this);
}

/// <summary>Where a turn runs that a message has woken.</summary>
/// <remarks>
/// A node's own services run on a thread of the node. For all others a wake-up of a thread costs more than most turns,
/// so the first one woken waits for the thread at hand: for a link's reader that has read all there is
/// (<see cref="ReaderTurn"/>), or for the end of the turn that has woken it (<see cref="TurnChain"/>). All others go to
/// the pool.
/// </remarks>
internal static class TurnScheduler
{
    [ThreadStatic]
    private static ReaderTurn? _reading;

    [ThreadStatic]
    private static TurnChain? _chain;

    /// <summary>Has a turn run soon.</summary>
    internal static void Schedule(ITurn turn)
    {
        var held = _reading is { } reading ? reading.TryHold(turn)
            : _chain is { IsOpen: true } chain && turn.Thread is null && chain.TryHold(turn);
        if (!held)
            ScheduleLater(turn);
    }

    /// <summary>Has a turn run behind all that is waiting already.</summary>
    internal static void ScheduleLater(ITurn turn)
    {
        if (turn.Thread is { } thread)
            thread.Queue(turn);
        else
            ThreadPool.UnsafeQueueUserWorkItem(turn, preferLocal: false);
    }

    /// <summary>
    /// The turn has more to do by now than it should be held back for: if this thread does so, the pool gets it.
    /// </summary>
    internal static void Release(ITurn turn)
    {
        if (_chain is { IsOpen: true } chain && chain.TryTake(turn))
            ScheduleLater(turn);
    }

    /// <summary>Runs a turn, and then what it has woken, on this thread of the pool.</summary>
    internal static void RunOnPool(ITurn turn) => (_chain ??= new TurnChain()).Run(turn);

    /// <summary>Says whose frames this thread is reading, null when it no longer does.</summary>
    internal static void SetReading(ReaderTurn? turn) => _reading = turn;
}
