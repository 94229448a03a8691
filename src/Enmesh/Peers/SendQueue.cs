using Enmesh.Wire;

namespace Enmesh.Peers;

/// <summary>
/// What is to go out over a link, in its order. No IO: the flusher takes a batch, writes it, and says so.
/// </summary>
/// <remarks>
/// Small messages are copied into the batch that gathers. A large one queues as a source of fragments: each batch takes
/// some of every source, so that ticks and the messages of others pass it. What the same sender sends behind its own
/// large message waits for that, or the order between two processes would break.
/// </remarks>
internal sealed class SendQueue
{
    /// <summary>Messages up to this size are copied; longer ones are sources.</summary>
    internal const int LargeBytes = FragmentHeader.DataBytes;

    private const int FragmentsPerBatch = 8;
    private static readonly object Nobody = new();

    private readonly Lock _gate = new();
    private readonly FrameWriter _frames;
    private readonly long _limit;
    private readonly List<Source> _sources = [];
    private Gathering _gathering = new();
    private Gathering _taken = new();
    private long _pendingBytes;
    private long _messages;
    private long _bytesWritten;
    private ulong _sequence;
    private int _nextSource;
    private TaskCompletionSource? _drained;
    private bool _writing;
    private bool _completed; // takes nothing more, and what it has is still written
    private bool _closed;

    internal SendQueue(FrameWriter frames, long limit)
    {
        _frames = frames;
        _limit = limit;
    }

    /// <summary>What became of a message.</summary>
    internal enum Outcome
    {
        /// <summary>It queues, and nobody has taken on the writing: see that somebody does.</summary>
        Wake,

        /// <summary>It queues, and a writer is at work or on its way.</summary>
        Queued,

        /// <summary>The link is full; it does not queue.</summary>
        Full,

        /// <summary>The link is closed; it does not queue.</summary>
        Closed,
    }

    /// <summary>Bytes that are queued, those being written included.</summary>
    /// <summary>What has been handed to the connection so far.</summary>
    internal long BytesWritten => Volatile.Read(ref _bytesWritten);

    /// <summary>Messages taken so far, ticks not among them.</summary>
    internal long Messages => Volatile.Read(ref _messages);

    internal long PendingBytes => Volatile.Read(ref _pendingBytes);

    /// <summary>How many small messages gather at the moment; a hint, read without the lock.</summary>
    internal int GatheredFrames => _gathering.Frames;

    internal bool IsFull => PendingBytes > _limit;

    /// <summary>Whether the last that will ever be written is written.</summary>
    internal bool IsFinished
    {
        get
        {
            lock (_gate)
                return _completed && !_writing && _pendingBytes == 0;
        }
    }

    /// <summary>Queues a message. The buffer is taken over, whatever the outcome.</summary>
    /// <param name="sender">Whose it is, for the order; null for nobody's.</param>
    /// <param name="message">Control and payload, encoded.</param>
    /// <param name="unlessFull">Whether to refuse it when the link is full.</param>
    internal Outcome Add(object? sender, MessageBuffer message, bool unlessFull)
    {
        var copied = false;
        try
        {
            lock (_gate)
            {
                if (_closed || _completed)
                    return Outcome.Closed;
                if (unlessFull && _pendingBytes > _limit)
                    return Outcome.Full;
                var before = _pendingBytes;
                _pendingBytes += message.Length;
                _messages++;
                if (_sources.Count > 0 && FindSource(sender) is { } ahead)
                {
                    (ahead.Followers ??= new()).Enqueue(message);
                }
                else if (message.IsPlain && message.Length <= LargeBytes)
                {
                    _pendingBytes += WriteFrame(message) - message.Length;
                    copied = true;
                }
                else
                {
                    _sources.Add(new Source(sender ?? Nobody, message));
                }
                return _writing || before > 0 ? Outcome.Queued : Outcome.Wake;
            }
        }
        finally
        {
            if (copied)
                message.Release();
        }
    }

    /// <summary>Queues a tick, unless there is something to be sent anyway.</summary>
    internal Outcome AddTick()
    {
        lock (_gate)
        {
            if (_closed || _completed)
                return Outcome.Closed;
            if (_pendingBytes > 0)
                return Outcome.Queued;
            _gathering.Reserve(FrameWriter.LengthBytes).Clear();
            _gathering.Commit(FrameWriter.LengthBytes);
            _pendingBytes += FrameWriter.LengthBytes;
            return _writing ? Outcome.Queued : Outcome.Wake;
        }
    }

    /// <summary>Completes when the link is no longer full, or closed.</summary>
    internal Task WhenDrained()
    {
        lock (_gate)
        {
            if (_closed || _pendingBytes <= _limit)
                return Task.CompletedTask;
            return (_drained ??= new(TaskCreationOptions.RunContinuationsAsynchronously)).Task;
        }
    }

    /// <summary>Takes what is to be written next, if there is anything and nobody else is writing.</summary>
    /// <returns>Null when there is nothing to do for the caller.</returns>
    internal List<ArraySegment<byte>>? TryTake()
    {
        lock (_gate)
        {
            if (_writing || _closed)
                return null;
            return TakeLocked();
        }
    }

    /// <summary>The batch taken last is written.</summary>
    /// <param name="takeNext">Whether the caller goes on with the next batch, if there is one.</param>
    /// <param name="more">Whether there is more, not taken.</param>
    internal List<ArraySegment<byte>>? Written(bool takeNext, out bool more)
    {
        TaskCompletionSource? drained = null;
        List<ArraySegment<byte>>? next = null;
        lock (_gate)
        {
            _pendingBytes -= _taken.Bytes;
            _bytesWritten += _taken.Bytes;
            _taken.Clear();
            _writing = false;
            if (_pendingBytes <= _limit / 2)
                (drained, _drained) = (_drained, null);
            if (takeNext && !_closed)
                next = TakeLocked();
            more = next is null && !_closed && _pendingBytes > 0;
            if (_closed)
                _taken.Clear();
        }
        drained?.TrySetResult();
        return next;
    }

    /// <summary>Refuses everything from now on; what is queued is still to be written.</summary>
    /// <returns>Whether nothing is.</returns>
    internal bool Complete()
    {
        lock (_gate)
            _completed = true;
        return IsFinished;
    }

    /// <summary>Refuses everything from now on, forgets what is queued, and lets those waiting go.</summary>
    internal void Close()
    {
        TaskCompletionSource? drained;
        lock (_gate)
        {
            if (_closed)
                return;
            _closed = true;
            (drained, _drained) = (_drained, null);
            _sources.Clear();
            _gathering.Clear();
            if (!_writing)
                _taken.Clear();
        }
        drained?.TrySetResult();
    }

    private List<ArraySegment<byte>>? TakeLocked()
    {
        TakeFragments();
        if (_gathering.Bytes == 0)
            return null;
        (_taken, _gathering) = (_gathering, _taken);
        _writing = true;
        return _taken.Finish();
    }

    private Source? FindSource(object? sender)
    {
        sender ??= Nobody;
        foreach (var source in _sources)
        {
            if (ReferenceEquals(source.Sender, sender))
                return source;
        }
        return null;
    }

    private int WriteFrame(MessageBuffer message)
    {
        var atoms = message.Atoms.Atoms;
        var body = message.Bytes;
        var frame = _gathering.Reserve(FrameWriter.MaxOpeningBytes(atoms) + body.Length);
        var opening = _frames.WriteOpening(frame, body.Length, atoms);
        body.CopyTo(frame[opening..]);
        _gathering.Commit(opening + body.Length);
        _gathering.Frames++;
        return opening + body.Length;
    }

    // Some fragments of every source in turn. A batch of them is about half a MiB: long enough for the kernel, short
    // enough for a tick behind it.
    private void TakeFragments()
    {
        for (var taken = 0; taken < FragmentsPerBatch && _sources.Count > 0; taken++)
        {
            if (_nextSource >= _sources.Count)
                _nextSource = 0;
            var source = _sources[_nextSource];
            WriteFragment(source, source.Message);
            if (source.Sent == source.Message.Length)
            {
                _gathering.Release(source.Message);
                TakeFollower(source);
            }
            else
            {
                _nextSource++;
            }
        }
    }

    /// <summary>Goes on with what the sender of a finished message has sent behind it.</summary>
    private void TakeFollower(Source source)
    {
        while (source.Followers is { } followers && followers.TryDequeue(out var next))
        {
            if (!next.IsPlain || next.Length > LargeBytes)
            {
                source.Begin(next);
                return;
            }
            _pendingBytes += WriteFrame(next) - next.Length;
            next.Release();
        }
        _sources.Remove(source);
    }

    private void WriteFragment(Source source, MessageBuffer message)
    {
        var first = source.Sent == 0;
        var fragmented = _frames.CutsMessages && message.Length > LargeBytes;
        if (first)
            source.Plan(fragmented, ++_sequence);
        var data = (int)Math.Min(source.FragmentBytes, message.Length - source.Sent);
        var atoms = message.Atoms.Atoms;
        var frame = _gathering.Reserve(FrameWriter.MaxOpeningBytes(first ? atoms : default));
        var opening = !fragmented ? _frames.WriteOpening(frame, data, atoms)
            : first ? _frames.WriteFirstFragment(frame, data, source.Sequence, source.Remaining, atoms)
            : FrameWriter.WriteNextFragment(frame, data, source.Sequence, source.Remaining);
        _gathering.Commit(opening);
        _pendingBytes += opening;
        _gathering.Append(message, source.Sent, source.Sent + data);
        source.Advance(data);
    }

    /// <summary>A large message under way, and what its sender has sent since.</summary>
    private sealed class Source(object sender, MessageBuffer message)
    {
        internal object Sender { get; } = sender;

        internal MessageBuffer Message { get; private set; } = message;

        internal Queue<MessageBuffer>? Followers { get; set; }

        internal long Sent { get; private set; }

        internal long FragmentBytes { get; private set; }

        internal ulong Sequence { get; private set; }

        /// <summary>Fragments to come, the next one included.</summary>
        internal ulong Remaining { get; private set; }

        internal void Begin(MessageBuffer next)
        {
            Message = next;
            Sent = 0;
        }

        // The control message stands whole in the first fragment, however long it is.
        internal void Plan(bool fragmented, ulong sequence)
        {
            FragmentBytes = fragmented ? Math.Max(FragmentHeader.DataBytes, Message.ControlBytes) : Message.Length;
            Sequence = sequence;
            Remaining = (ulong)((Message.Length + FragmentBytes - 1) / FragmentBytes);
        }

        internal void Advance(long bytes)
        {
            Sent += bytes;
            Remaining--;
        }
    }
}
