using System.Net;
using System.Threading.Tasks.Sources;
using Enmesh.Peers;
using Enmesh.Transport;

namespace Enmesh.Testing;

/// <summary>
/// One end of a connection between two nodes of a test: unbounded, half-closable, abortable. A read that has to wait
/// goes on on the cluster's thread.
/// </summary>
internal sealed class VirtualConnection : TransportConnection, IValueTaskSource<int>, ITurn
{
    private readonly Lock _gate; // of both ends
    private readonly ClusterThread _thread;
    private readonly Func<bool> _isSilent;
    private readonly Queue<byte[]> _incoming = new();
    private VirtualConnection _other = null!; // from CreatePair on
    private ManualResetValueTaskSourceCore<int> _read;
    private Memory<byte> _destination;
    private CancellationToken _token;
    private CancellationTokenRegistration _registration;
    private int _taken; // of the first of the incoming
    private bool _isWaiting; // a read waits for something to come
    private bool _isWoken; // and goes on
    private bool _hasEnded; // nothing more comes
    private bool _isOver; // this side has closed
    private string? _broken;

    private VirtualConnection(Lock gate, ClusterThread thread, Func<bool> isSilent, string description)
    {
        _gate = gate;
        _thread = thread;
        _isSilent = isSilent;
        Description = description;
    }

    public override EndPoint? LocalEndPoint => null;

    public override EndPoint? RemoteEndPoint => null;

    public override string Description { get; }

    public override int HandshakePrefixBytes => 2;

    public override bool HasUnread
    {
        get
        {
            lock (_gate)
                return HasSomething && !_isOver;
        }
    }

    /// <summary>Whether whoever reads here has something to do, or has not come back from it.</summary>
    internal bool IsBusy
    {
        get
        {
            lock (_gate)
                return !_isOver && (!_isWaiting || _isWoken || HasSomething);
        }
    }

    internal bool IsOver
    {
        get
        {
            lock (_gate)
                return _isOver;
        }
    }

    // What is silent still notices a reset: that is the test's own doing.
    private bool HasSomething => _broken is not null || ((_incoming.Count > 0 || _hasEnded) && !_isSilent());

    TurnThread ITurn.Thread => _thread;

    Pulse ITurn.Pulse => throw new NotSupportedException("Only what runs on the pool is helped.");

    internal static (VirtualConnection Ours, VirtualConnection Theirs) CreatePair(
        ClusterThread thread, Func<bool> isSilent, NodeName from, NodeName to)
    {
        var gate = new Lock();
        var ours = new VirtualConnection(gate, thread, isSilent, $"test network to {to}");
        var theirs = new VirtualConnection(gate, thread, isSilent, $"test network from {from}");
        (ours._other, theirs._other) = (theirs, ours);
        return (ours, theirs);
    }

    public override ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
    {
        if (buffer.IsEmpty)
            throw new ArgumentException("A read needs room for at least one byte.", nameof(buffer));
        cancellationToken.ThrowIfCancellationRequested();
        lock (_gate)
        {
            if (HasSomething)
                return new(Take(buffer.Span));
            _read.Reset();
            (_destination, _token, _isWaiting) = (buffer, cancellationToken, true);
        }
        _registration = cancellationToken.UnsafeRegister(static me => ((VirtualConnection)me!).Abort(), this);
        return new(this, _read.Version);
    }

    public override ValueTask WriteAsync(ReadOnlyMemory<byte> buffer, CancellationToken cancellationToken = default)
    {
        cancellationToken.ThrowIfCancellationRequested();
        lock (_gate)
        {
            ThrowIfBroken();
            if (_other._hasEnded)
                throw new IOException($"{Description}: the connection is closed for writing.");
            if (!buffer.IsEmpty)
                _other._incoming.Enqueue(buffer.ToArray());
            _other.WakeLocked();
        }
        return default;
    }

    public override async ValueTask WriteAsync(
        IReadOnlyList<ArraySegment<byte>> segments, CancellationToken cancellationToken = default)
    {
        foreach (var segment in segments)
            await WriteAsync(segment.AsMemory(), cancellationToken).ConfigureAwait(false);
    }

    public override void CompleteWrites()
    {
        lock (_gate)
        {
            _other._hasEnded = true;
            _other.WakeLocked();
        }
    }

    public override void Abort()
    {
        Break("the other end reset the connection", "the connection was closed on this side");
        lock (_gate)
            _isOver = true;
    }

    public override ValueTask DisposeAsync()
    {
        lock (_gate)
        {
            if (_isOver)
                return default;
            _isOver = true;
            _other._hasEnded = true;
            _broken ??= "the connection was closed on this side";
            WakeLocked();
            _other.WakeLocked();
        }
        return default;
    }

    /// <summary>Breaks it for both ends.</summary>
    internal void Break(string why) => Break(why, why);

    /// <summary>What comes may have been let through again.</summary>
    internal void Look()
    {
        lock (_gate)
            WakeLocked();
    }

    void ITurn.Run()
    {
        int read = 0;
        Exception? error = null;
        _registration.Dispose();
        lock (_gate)
        {
            (_isWaiting, _isWoken) = (false, false);
            try
            {
                read = Take(_destination.Span);
            }
            catch (IOException e)
            {
                error = _token.IsCancellationRequested ? new OperationCanceledException(_token) : e;
            }
            _destination = default;
        }
        if (error is null)
            _read.SetResult(read);
        else
            _read.SetException(error);
    }

    int IValueTaskSource<int>.GetResult(short token) => _read.GetResult(token);

    ValueTaskSourceStatus IValueTaskSource<int>.GetStatus(short token) => _read.GetStatus(token);

    void IValueTaskSource<int>.OnCompleted(
        Action<object?> continuation, object? state, short token, ValueTaskSourceOnCompletedFlags flags) =>
        _read.OnCompleted(continuation, state, token, flags);

    private void Break(string forThem, string forUs)
    {
        lock (_gate)
        {
            _broken ??= forUs;
            _other._broken ??= forThem;
            WakeLocked();
            _other.WakeLocked();
        }
    }

    private void WakeLocked()
    {
        if (!_isWaiting || _isWoken || !HasSomething)
            return;
        _isWoken = true;
        _thread.Queue(this);
    }

    private int Take(Span<byte> destination)
    {
        ThrowIfBroken();
        var read = 0;
        while (read < destination.Length && _incoming.TryPeek(out var next))
        {
            var part = Math.Min(destination.Length - read, next.Length - _taken);
            next.AsSpan(_taken, part).CopyTo(destination[read..]);
            read += part;
            _taken += part;
            if (_taken < next.Length)
                continue;
            _incoming.Dequeue();
            _taken = 0;
        }
        return read;
    }

    private void ThrowIfBroken()
    {
        if (_broken is not null)
            throw new IOException($"{Description}: {_broken}.");
    }
}
