using System.Runtime.CompilerServices;

namespace Enmesh.Peers;

/// <summary>What runs turns one after another, in place of the pool.</summary>
internal abstract class TurnThread
{
    /// <summary>Whether the caller is in one of these turns.</summary>
    internal virtual bool IsCurrent => false;

    /// <summary>A clock whose timers go off on this thread: what they call must be brief. Null for the node's own.</summary>
    internal virtual TimeProvider? Clock => null;

    /// <summary>Has the work done after what was queued before it.</summary>
    internal abstract void Queue(ITurn work);

    /// <summary>Has an action done as if it were a turn.</summary>
    internal void Queue(Action work) => Queue(new ActionTurn(this, work));

    /// <summary>Goes on with somebody who awaits what is there already.</summary>
    internal void Queue(Action<object?> continuation, object? state) => Queue(() => continuation(state));

    /// <summary>Awaited, lets the code that follows go on here: it must be brief.</summary>
    internal Hop GoOnHere() => new(this);

    /// <summary>The way onto a thread.</summary>
    internal readonly struct Hop(TurnThread thread) : ICriticalNotifyCompletion
    {
        public bool IsCompleted => false;

        public Hop GetAwaiter() => this;

        public void GetResult()
        {
            // There is nothing to tell.
        }

        public void OnCompleted(Action continuation) => UnsafeOnCompleted(continuation);

        public void UnsafeOnCompleted(Action continuation) => thread.Queue(continuation);
    }

    private sealed class ActionTurn(TurnThread owner, Action action) : ITurn
    {
        TurnThread ITurn.Thread => owner;

        Pulse ITurn.Pulse => throw new NotSupportedException("Only what runs on the pool is helped.");

        void ITurn.Run() => action();
    }
}
