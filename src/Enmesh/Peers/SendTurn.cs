namespace Enmesh.Peers;

/// <summary>Something that holds back what was written to it until the writer's turn ends.</summary>
internal interface IFlushAtTurnEnd
{
    /// <summary>Writes out what has gathered. Never throws and never waits.</summary>
    void FlushAtTurnEnd();
}

/// <summary>
/// A stretch of work on one thread at whose end the links written to are flushed: what a process sends between two
/// awaits goes out in one write, on its own thread, without waking another.
/// </summary>
/// <remarks>
/// It is the common case of a reply, and saves the hop to a flusher. A turn that sends more, or goes on computing, is
/// helped: the second message to a link wakes the flusher (see <see cref="PeerLink"/>).
/// </remarks>
internal sealed class SendTurn
{
    [ThreadStatic]
    private static SendTurn? _current;

    private readonly List<IFlushAtTurnEnd> _dirty = [];
    private bool _active;

    /// <summary>The turn that the calling thread is in, if any.</summary>
    internal static SendTurn? Current => _current is { _active: true } turn ? turn : null;

    /// <summary>Begins a turn on this thread. Turns do not nest: a turn within a turn joins it.</summary>
    internal static Scope Begin()
    {
        var turn = _current ??= new SendTurn();
        if (turn._active)
            return default;
        turn._active = true;
        return new Scope(turn);
    }

    /// <summary>Has the link flushed at the end of this turn.</summary>
    internal void Add(IFlushAtTurnEnd link) => _dirty.Add(link);

    private void End()
    {
        _active = false;
        foreach (var link in _dirty)
            link.FlushAtTurnEnd();
        _dirty.Clear();
    }

    /// <summary>A turn under way.</summary>
    internal readonly ref struct Scope(SendTurn? turn)
    {
        internal void End() => turn?.End();
    }
}
