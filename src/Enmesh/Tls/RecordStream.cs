using System.Buffers;
using System.Runtime.CompilerServices;
using Enmesh.Transport;

namespace Enmesh.Tls;

/// <summary>
/// The connection below as the stream that <see cref="System.Net.Security.SslStream"/> wants: many records for one system
/// call where many are under way, and no copy where one is.
/// </summary>
/// <remarks>One reader and one writer, beside each other. Nothing here ever waits for the pool.</remarks>
internal sealed class RecordStream(TransportConnection inner) : Stream
{
    /// <summary>A record of TLS with all that stands around it, at most.</summary>
    internal const int MaxRecordBytes = (16 * 1024) + 512;

    private const int AheadBytes = 256 * 1024;
    private const int GatherBytes = 128 * 1024;
    private const int OpeningBytes = 8;
    private const byte ApplicationData = 0x17;

    // TLS 1.2 negotiated anew: the reader's records come between the writer's. Else there is nobody to wait for.
    private readonly SemaphoreSlim _writing = new(1);
    private readonly byte[] _opening = new byte[OpeningBytes];
    private byte[] _ahead = [];
    private int _aheadStart;
    private int _aheadEnd;
    private bool _readsAhead; // the last read filled what there was room for
    private byte[] _gathered = [];
    private int _gatheredBytes;
    private bool _gathers;
    private int _opened;

    /// <summary>The first bytes that came, as many as have.</summary>
    internal ReadOnlySpan<byte> Opening => _opening.AsSpan(0, _opened);

    /// <summary>Whether the connection below has ended, with or without the farewell of TLS.</summary>
    internal bool SawEnd { get; private set; }

    /// <summary>Whether bytes have been read here that nobody has taken yet.</summary>
    internal bool HasAhead => Volatile.Read(ref _aheadEnd) > Volatile.Read(ref _aheadStart);

    public override bool CanRead => true;

    public override bool CanWrite => true;

    public override bool CanSeek => false;

    public override long Length => throw new NotSupportedException();

    public override long Position
    {
        get => throw new NotSupportedException();
        set => throw new NotSupportedException();
    }

    /// <summary>From here on what is written gathers until <see cref="SendGatheredAsync"/>.</summary>
    internal void Gather() => _gathers = true;

    /// <summary>Writes what has gathered.</summary>
    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder))]
    internal async ValueTask SendGatheredAsync(CancellationToken cancellationToken)
    {
        await EnterAsync(cancellationToken).ConfigureAwait(false);
        try
        {
            _gathers = false;
            await WriteGatheredAsync(cancellationToken).ConfigureAwait(false);
            if (_gathered.Length > 0)
                ArrayPool<byte>.Shared.Return(_gathered);
            _gathered = [];
        }
        finally
        {
            _writing.Release();
        }
    }

    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder<>))]
    public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
    {
        // SslStream asks for nothing in order to hold no buffer while it waits; the next read waits as well.
        if (buffer.IsEmpty)
            return 0;
        if (_aheadEnd == _aheadStart)
        {
            // With nothing there it may be a long wait, for which no large buffer is held.
            if (!_readsAhead || !inner.HasUnread)
                return await ReadPastAsync(buffer, cancellationToken).ConfigureAwait(false);
            await ReadAheadAsync(cancellationToken).ConfigureAwait(false);
        }
        var taken = Math.Min(buffer.Length, _aheadEnd - _aheadStart);
        _ahead.AsSpan(_aheadStart, taken).CopyTo(buffer.Span);
        Volatile.Write(ref _aheadStart, _aheadStart + taken);
        return taken;
    }

    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder))]
    public override async ValueTask WriteAsync(
        ReadOnlyMemory<byte> buffer, CancellationToken cancellationToken = default)
    {
        await EnterAsync(cancellationToken).ConfigureAwait(false);
        try
        {
            // The writer waits for a handshake, so that this is not its to send.
            if (!_gathers || buffer.Length > GatherBytes || buffer.Span[0] != ApplicationData)
            {
                await WriteGatheredAsync(cancellationToken).ConfigureAwait(false);
                await inner.WriteAsync(buffer, cancellationToken).ConfigureAwait(false);
                return;
            }
            await GatherAsync(buffer, cancellationToken).ConfigureAwait(false);
        }
        finally
        {
            _writing.Release();
        }
    }

    public override Task<int> ReadAsync(byte[] buffer, int offset, int count, CancellationToken cancellationToken) =>
        ReadAsync(buffer.AsMemory(offset, count), cancellationToken).AsTask();

    public override Task WriteAsync(byte[] buffer, int offset, int count, CancellationToken cancellationToken) =>
        WriteAsync(buffer.AsMemory(offset, count), cancellationToken).AsTask();

    public override Task FlushAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public override void Flush()
    {
        // What gathers is sent when whoever gathers says so.
    }

    public override int Read(byte[] buffer, int offset, int count) => throw new NotSupportedException();

    public override void Write(byte[] buffer, int offset, int count) => throw new NotSupportedException();

    public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

    public override void SetLength(long value) => throw new NotSupportedException();

#pragma warning disable VSTHRD103 // Of no time it does not block, and takes no task.
    private ValueTask EnterAsync(CancellationToken cancellationToken) =>
        _writing.Wait(0, CancellationToken.None) ? default : new(_writing.WaitAsync(cancellationToken));
#pragma warning restore VSTHRD103

    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder))]
    private async ValueTask GatherAsync(ReadOnlyMemory<byte> buffer, CancellationToken cancellationToken)
    {
        if (_gathered.Length == 0)
            _gathered = ArrayPool<byte>.Shared.Rent(GatherBytes);
        if (_gatheredBytes + buffer.Length > _gathered.Length)
            await WriteGatheredAsync(cancellationToken).ConfigureAwait(false);
        buffer.Span.CopyTo(_gathered.AsSpan(_gatheredBytes));
        _gatheredBytes += buffer.Length;
    }

    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder<>))]
    private async ValueTask<int> ReadPastAsync(Memory<byte> buffer, CancellationToken cancellationToken)
    {
        ReturnAhead();
        var read = await inner.ReadAsync(buffer, cancellationToken).ConfigureAwait(false);
        Note(buffer.Span[..read]);
        // More than a record was there at once: more is to come.
        _readsAhead = read == buffer.Length && read >= MaxRecordBytes / 2;
        return read;
    }

    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder))]
    private async ValueTask ReadAheadAsync(CancellationToken cancellationToken)
    {
        if (_ahead.Length == 0)
            _ahead = ArrayPool<byte>.Shared.Rent(AheadBytes);
        Volatile.Write(ref _aheadEnd, 0);
        Volatile.Write(ref _aheadStart, 0);
        var read = await inner.ReadAsync(_ahead, cancellationToken).ConfigureAwait(false);
        Note(_ahead.AsSpan(0, read));
        Volatile.Write(ref _aheadEnd, read);
        _readsAhead = read > MaxRecordBytes;
    }

    private void Note(ReadOnlySpan<byte> read)
    {
        if (read.IsEmpty)
            SawEnd = true;
        if (_opened == OpeningBytes)
            return;
        var more = read[..Math.Min(read.Length, OpeningBytes - _opened)];
        more.CopyTo(_opening.AsSpan(_opened));
        _opened += more.Length;
    }

    private void ReturnAhead()
    {
        if (_ahead.Length > 0)
            ArrayPool<byte>.Shared.Return(_ahead);
        _ahead = [];
        Volatile.Write(ref _aheadEnd, 0);
        Volatile.Write(ref _aheadStart, 0);
    }

    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder))]
    private async ValueTask WriteGatheredAsync(CancellationToken cancellationToken)
    {
        if (_gatheredBytes == 0)
            return;
        var bytes = _gatheredBytes;
        _gatheredBytes = 0;
        await inner.WriteAsync(_gathered.AsMemory(0, bytes), cancellationToken).ConfigureAwait(false);
    }
}
