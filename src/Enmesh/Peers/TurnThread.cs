namespace Enmesh.Peers;

/// <summary>What runs turns one after another, in place of the pool.</summary>
internal abstract class TurnThread
{
    /// <summary>Whether the caller is in one of these turns.</summary>
    internal virtual bool IsCurrent => false;

    /// <summary>Has the work done after what was queued before it.</summary>
    internal abstract void Queue(ITurn work);

    /// <summary>Has an action done as if it were a turn.</summary>
    internal void Queue(Action work) => Queue(new ActionTurn(this, work));

    private sealed class ActionTurn(TurnThread owner, Action action) : ITurn
    {
        TurnThread ITurn.Thread => owner;

        Pulse ITurn.Pulse => throw new NotSupportedException("Only what runs on the pool is helped.");

        void ITurn.Run() => action();
    }
}
