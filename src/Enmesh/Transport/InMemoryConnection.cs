using System.Net;

namespace Enmesh.Transport;

/// <summary>
/// One end of a connection inside the process, with the manners of TCP: bounded, half-closable, abortable.
/// </summary>
internal sealed class InMemoryConnection : TransportConnection
{
    internal const int DefaultBufferBytes = 64 * 1024;
    private const int FirstRingBytes = 4 * 1024;

    private readonly Direction _incoming;
    private readonly Direction _outgoing;
    private int _closed;

    private InMemoryConnection(Direction incoming, Direction outgoing, string description)
    {
        _incoming = incoming;
        _outgoing = outgoing;
        Description = description;
    }

    public override EndPoint? LocalEndPoint => null;

    public override EndPoint? RemoteEndPoint => null;

    public override string Description { get; }

    public override int HandshakePrefixBytes => 2;

    public override bool HasUnread => _incoming.HasBytes;

    /// <summary>Makes both ends. Each direction holds at most that many bytes; further writes wait.</summary>
    public static (InMemoryConnection Left, InMemoryConnection Right) CreatePair(
        int bufferBytes = DefaultBufferBytes, string description = "memory")
    {
        var there = new Direction(bufferBytes);
        var back = new Direction(bufferBytes);
        return (new(back, there, description), new(there, back, description));
    }

    public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
    {
        if (buffer.IsEmpty)
            throw new ArgumentException("A read needs room for at least one byte.", nameof(buffer));
        using var registration = cancellationToken.UnsafeRegister(static c => ((InMemoryConnection)c!).Abort(), this);
        while (true)
        {
            cancellationToken.ThrowIfCancellationRequested();
            if (_incoming.TryRead(buffer.Span, this, out var read, out var changed))
                return read;
            await changed.ConfigureAwait(false);
            AbortIf(cancellationToken);
        }
    }

    public override async ValueTask WriteAsync(
        ReadOnlyMemory<byte> buffer, CancellationToken cancellationToken = default)
    {
        using var registration = cancellationToken.UnsafeRegister(static c => ((InMemoryConnection)c!).Abort(), this);
        while (!buffer.IsEmpty)
        {
            cancellationToken.ThrowIfCancellationRequested();
            if (_outgoing.TryWrite(buffer.Span, this, out var written, out var changed))
            {
                buffer = buffer[written..];
                continue;
            }
            await changed.ConfigureAwait(false);
            AbortIf(cancellationToken);
        }
    }

    public override async ValueTask WriteAsync(
        IReadOnlyList<ArraySegment<byte>> segments, CancellationToken cancellationToken = default)
    {
        foreach (var segment in segments)
            await WriteAsync(segment.AsMemory(), cancellationToken).ConfigureAwait(false);
    }

    public override void CompleteWrites() => _outgoing.End();

    public override void Abort()
    {
        Volatile.Write(ref _closed, 1);
        _incoming.Break(this);
        _outgoing.Break(this);
    }

    public override ValueTask DisposeAsync()
    {
        if (Interlocked.Exchange(ref _closed, 1) == 0)
        {
            _outgoing.End();
            _incoming.Break(this);
        }

        return default;
    }

    // The registration that does it may be taken back before it has.
    private void AbortIf(CancellationToken cancellationToken)
    {
        if (cancellationToken.IsCancellationRequested)
            Abort();
    }

    /// <summary>The bytes on their way in one direction.</summary>
    private sealed class Direction(int capacity)
    {
        private readonly Lock _lock = new();
        private byte[] _ring = new byte[Math.Min(capacity, FirstRingBytes)];
        private int _start;
        private int _count;
        private bool _ended;
        private InMemoryConnection? _brokenBy;
        private TaskCompletionSource? _changed;

        public bool HasBytes
        {
            get
            {
                lock (_lock)
                    return _count > 0 && _brokenBy is null;
            }
        }

        // True: bytes, or 0 for the end. False: nothing yet, `changed` says when to look again.
        public bool TryRead(Span<byte> buffer, InMemoryConnection asker, out int read, out Task changed)
        {
            lock (_lock)
            {
                ThrowIfBroken(asker);
                read = Math.Min(buffer.Length, _count);
                changed = Task.CompletedTask;
                if (read == 0 && !_ended)
                {
                    changed = NextChange();
                    return false;
                }

                var first = Math.Min(read, _ring.Length - _start);
                _ring.AsSpan(_start, first).CopyTo(buffer);
                _ring.AsSpan(0, read - first).CopyTo(buffer[first..]);
                _start = (_start + read) % _ring.Length;
                _count -= read;
                SignalChange();
                return true;
            }
        }

        // True: at least one byte was taken. False: no room, `changed` says when to look again.
        public bool TryWrite(ReadOnlySpan<byte> bytes, InMemoryConnection asker, out int written, out Task changed)
        {
            lock (_lock)
            {
                ThrowIfBroken(asker);
                if (_ended)
                    throw new IOException($"{asker.Description}: the connection is closed for writing.");
                GrowFor(bytes.Length);
                written = Math.Min(bytes.Length, _ring.Length - _count);
                changed = Task.CompletedTask;
                if (written == 0)
                {
                    changed = NextChange();
                    return false;
                }

                var end = (_start + _count) % _ring.Length;
                var first = Math.Min(written, _ring.Length - end);
                bytes[..first].CopyTo(_ring.AsSpan(end));
                bytes[first..written].CopyTo(_ring);
                _count += written;
                SignalChange();
                return true;
            }
        }

        public void End()
        {
            lock (_lock)
            {
                _ended = true;
                SignalChange();
            }
        }

        public void Break(InMemoryConnection by)
        {
            lock (_lock)
            {
                _brokenBy ??= by;
                SignalChange();
            }
        }

        private void GrowFor(int bytes)
        {
            if (bytes <= _ring.Length - _count || _ring.Length == capacity)
                return;
            var larger = new byte[(int)Math.Min(capacity, Math.Max(_ring.Length * 2L, (long)_count + bytes))];
            var first = Math.Min(_count, _ring.Length - _start);
            _ring.AsSpan(_start, first).CopyTo(larger);
            _ring.AsSpan(0, _count - first).CopyTo(larger.AsSpan(first));
            (_ring, _start) = (larger, 0);
        }

        private Task NextChange() =>
            (_changed ??= new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously)).Task;

        private void SignalChange()
        {
            _changed?.SetResult();
            _changed = null;
        }

        private void ThrowIfBroken(InMemoryConnection asker)
        {
            if (_brokenBy is not null)
            {
                throw new IOException(asker.Description + (ReferenceEquals(_brokenBy, asker)
                    ? ": the connection was closed on this side."
                    : ": the other end reset the connection."));
            }
        }
    }
}
