using Enmesh.Terms;
using Enmesh.Terms.External;
using Enmesh.Wire;

namespace Enmesh.Peers;

// The sending side. A message is encoded on the caller's thread, queued under a short lock, and written by whoever
// flushes: at the end of a process's turn that is the process's own thread, else a work item on the pool. One flush at
// a time; what gathers while it writes goes out with the next.
internal sealed partial class PeerLink
{
    /// <summary>
    /// Gathered messages beyond which a turn gets help, so that it and the writing go on side by side.
    /// </summary>
    private const int TurnMessages = 8;

    private int _heldByTurn;
    private int _flushWaits; // 1: the pool was asked to flush; 2: and has been for a while

    internal long BytesWritten => _queue.BytesWritten;

    internal long MessagesSent => _queue.Messages;

    internal long PendingBytes => _queue.PendingBytes;

    /// <summary>
    /// Sends a message. The task is pending while the link has over its limit waiting; the message queues at once.
    /// </summary>
    internal ValueTask SendAsync(
        object? sender, in ControlMessage control, Term payload, CancellationToken cancellationToken)
    {
        Queue(sender, control, payload, unlessFull: false);
        return _queue.IsFull ? new(_queue.WhenDrained().WaitAsync(cancellationToken)) : default;
    }

    /// <summary>Sends a message, unless the link is full or gone.</summary>
    internal bool TrySend(object? sender, in ControlMessage control, Term payload) =>
        !_queue.IsFull && Queue(sender, control, payload, unlessFull: true);

    /// <summary>Sends a reply or a signal with a payload. Never waits.</summary>
    /// <returns>False when the link is gone.</returns>
    internal bool Signal(object? sender, in ControlMessage control, Term payload) =>
        Queue(sender, control, payload, unlessFull: false);

    /// <summary>Sends a signal. Never waits.</summary>
    /// <returns>False when the link is gone.</returns>
    internal bool Signal(object? sender, in ControlMessage control)
    {
        return Queue(sender, control, default, unlessFull: false);
    }

    void IFlushAtTurnEnd.FlushAtTurnEnd()
    {
        if (Interlocked.Exchange(ref _heldByTurn, 0) != 0)
            Flush(once: true);
    }

    void IThreadPoolWorkItem.Execute()
    {
        Volatile.Write(ref _flushWaits, 0);
        Flush(once: false);
    }

    /// <summary>
    /// A turn that computes on after a send, or on the reader's thread, is helped out: called every few milliseconds
    /// while there are any.
    /// </summary>
    /// <returns>Whether there still is one.</returns>
    internal bool HelpTurn() => HelpSender() | HelpFlusher() | _connection.HelpReader();

    private bool HelpSender()
    {
        if (Volatile.Read(ref _heldByTurn) == 0)
            return false;
        // Held at two looks in a row: the turn is a long one.
        if (Interlocked.CompareExchange(ref _heldByTurn, 2, 1) == 1)
            return true;
        if (Interlocked.CompareExchange(ref _heldByTurn, 0, 2) == 2)
            WakeFlusher();
        return false;
    }

    private bool HelpFlusher()
    {
        if (Volatile.Read(ref _flushWaits) == 0)
            return false;
        if (Interlocked.CompareExchange(ref _flushWaits, 2, 1) == 1)
            return true;
        // The pool has no thread for it: this one writes.
        if (Interlocked.CompareExchange(ref _flushWaits, 0, 2) == 2)
            Flush(once: false);
        return false;
    }

    private bool Queue(object? sender, in ControlMessage control, Term payload, bool unlessFull)
    {
        var message = MessageBuffer.Rent();
        Encode(message, control, payload);
        return Queue(sender, message, unlessFull);
    }

    private void Encode(MessageBuffer message, in ControlMessage control, Term payload)
    {
        var writer = new TermWriter(message, _dialect, _frameWriter.GathersAtoms ? message.Atoms : null);
        var follows = control.Write(ref writer, Negotiated);
        message.ControlBytes = (int)writer.BytesWritten;
        if (follows)
        {
            if (!_frameWriter.UsesHeader)
                writer.WriteVersion();
            writer.WriteTerm(control.HasPayload ? payload : control.Argument);
        }
        writer.Flush();
        if (message.Length > _options.Limits.MaxMessageBytes)
            throw new ArgumentException(
                $"The message takes {message.Length} bytes; {_options.Limits.MaxMessageBytes} are the limit.",
                nameof(payload));
    }

    private bool Queue(object? sender, MessageBuffer message, bool unlessFull)
    {
        switch (_queue.Add(sender, message, unlessFull))
        {
            case SendQueue.Outcome.Wake:
                HoldOrWake();
                return true;
            case SendQueue.Outcome.Queued:
                if (Volatile.Read(ref _heldByTurn) != 0)
                    JoinTurn();
                return true;
            default:
                return false;
        }
    }

    private void HoldOrWake()
    {
        if (SendTurn.Current is not { } turn)
        {
            WakeFlusher();
            return;
        }
        Interlocked.Exchange(ref _heldByTurn, 1);
        turn.Add(this);
        _pulse.WatchTurns();
    }

    // Something is held back by a turn, our own or another's: our message must not wait for another's end.
    private void JoinTurn()
    {
        if (SendTurn.Current is { } turn && _queue.GatheredFrames <= TurnMessages)
            turn.Add(this);
        else if (Interlocked.Exchange(ref _heldByTurn, 0) != 0)
            WakeFlusher();
    }

    private void WakeFlusher()
    {
        Volatile.Write(ref _flushWaits, 1);
        _pulse.WatchTurns();
        ThreadPool.UnsafeQueueUserWorkItem(this, preferLocal: false);
    }

    private void Flush(bool once)
    {
        if (_queue.TryTake() is { } batch)
            _ = WriteAsync(batch, once);
    }

    private async Task WriteAsync(List<ArraySegment<byte>> first, bool once)
    {
        try
        {
            for (var batch = first; batch is not null;)
            {
                await _connection.WriteAsync(batch, CancellationToken.None).ConfigureAwait(false);
                batch = _queue.Written(takeNext: !once, out var more);
                if (more)
                    WakeFlusher();
            }
            if (_queue.IsFinished)
                _connection.CompleteWrites();
        }
        catch (IOException e)
        {
            Close(new LinkEnd(LinkEndCause.ClosedByPeer, $"writing to it failed: {e.Message}"));
        }
    }
}
