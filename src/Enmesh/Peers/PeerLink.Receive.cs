using System.Buffers;
using System.Buffers.Binary;
using Enmesh.Terms;
using Enmesh.Terms.External;
using Enmesh.Wire;

namespace Enmesh.Peers;

// The receiving side. What has come lies in one rented buffer, and frames are read where they lie. The rest of a frame
// that does not fit goes straight into an array of its own, which large binaries then are views of.
internal sealed partial class PeerLink
{
    private const int LengthBytes = 4;
    private const int BufferBytes = 64 * 1024;

    /// <summary>The buffer while little comes at a time: most links of a mesh do nothing but tick.</summary>
    private const int QuietBufferBytes = 4 * 1024;

    /// <summary>So many small reads in a row make a link a quiet one.</summary>
    private const int QuietReads = 64;

    /// <summary>After a large frame so much is read at once: the next one's beginning, and little that must be copied.</summary>
    private const int PeekBytes = 4 * 1024;

    private FrameReader _frames = null!;
    private TermDecodeOptions _decode = null!;
    private byte[] _buffer = [];
    private int _start;
    private int _end;
    private bool _expectsLarge;
    private int _smallReads; // in a row
    private long _bytesRead;
    private long _messagesRead;
    private long _bytesReadAtTick;
    private long _bytesWrittenAtTick;
    private int _silentTicks;

    internal long BytesRead => Volatile.Read(ref _bytesRead);

    internal long MessagesRead => Volatile.Read(ref _messagesRead);

    /// <summary>Receives until the link ends.</summary>
    internal async Task RunAsync()
    {
        try
        {
            _connection.ReadOnOwnThread(RunTurn);
            await ReceiveAsync().ConfigureAwait(false);
            await AwaitPeersEndAsync().ConfigureAwait(false);
        }
        catch (IOException e)
        {
            Close(new LinkEnd(LinkEndCause.ClosedByPeer, $"the connection broke: {e.Message.TrimEnd('.')}"));
        }
        catch (DistributionProtocolException e)
        {
            Close(new LinkEnd(LinkEndCause.Protocol, $"it broke the distribution protocol: {e.Message}"));
        }
        catch (TermFormatException e)
        {
            Close(new LinkEnd(LinkEndCause.Protocol, $"it sent a message that is no term: {e.Message}"));
        }
#pragma warning disable CA1031 // A fault of our own must cost this link and nothing else, and must be seen.
        catch (Exception e)
#pragma warning restore CA1031
        {
            _logger.LinkFaulted(Peer, e);
            Close(new LinkEnd(LinkEndCause.ClosedHere, $"a fault in this node: {e.Message}"));
        }
        _turn.Release();
        ReturnBuffer();
        if (_leaveTimer is { } timer)
            await timer.DisposeAsync().ConfigureAwait(false);
        await _connection.DisposeAsync().ConfigureAwait(false);
    }

    /// <summary>The end has been told to everybody.</summary>
    internal void Ended()
    {
        _closed.TrySetResult();
        _endTold.TrySetResult();
    }

    /// <summary>Sends a tick if nothing was sent since the last time.</summary>
    internal void SendTick()
    {
        if (BytesWritten == _bytesWrittenAtTick)
        {
            _queue.AddTick();
            Flush(once: true);
        }
        _bytesWrittenAtTick = BytesWritten;
    }

    /// <summary>Called <paramref name="intensity"/> times per net_ticktime: counts silence.</summary>
    internal void CheckSilence(int intensity, TimeSpan interval)
    {
        var read = BytesRead;
        _silentTicks = read == _bytesReadAtTick ? _silentTicks + 1 : 0;
        _bytesReadAtTick = read;
        // One more than there are in the time, as on the BEAM: the peer's own tick may be that late.
        // And not when its bytes wait here because the pool has no thread for the reader: then it is us who are late.
        if (_silentTicks > intensity && !_connection.HasUnread)
        {
            Close(new LinkEnd(
                LinkEndCause.NoTick, $"nothing came from it for {(interval * _silentTicks).TotalSeconds:0.#} s, not even a tick"));
        }
    }

    private void InitializeReceive(Atom ownNode, AtomTable atoms)
    {
        _decode = new TermDecodeOptions { Atoms = atoms };
        _frames = new FrameReader(Negotiated, ownNode, _decode, _options.Limits);
    }

    private async Task ReceiveAsync()
    {
        while (IsUp)
        {
            RentBuffer();
            var room = _buffer.AsMemory(_end, _expectsLarge ? Math.Min(PeekBytes, _buffer.Length - _end) : _buffer.Length - _end);
            var read = await ReadAsync(room).ConfigureAwait(false);
            if (read == 0)
            {
                Close(_end > _start
                    ? new LinkEnd(LinkEndCause.ClosedByPeer, "it closed the connection in the midst of a frame")
                    : new LinkEnd(LinkEndCause.ClosedByPeer, "it closed the connection") { IsInGoodOrder = true });
                return;
            }
            Count(read);
            _end += read;
            _smallReads = read < QuietBufferBytes / 2 ? _smallReads + 1 : 0;
            while (ReadWhole() is { } rest)
                await ReadRestAsync(rest).ConfigureAwait(false);
        }
    }

    // We are leaving: what the peer has sent until it hears of that is dropped. It must be read, or the kernel would
    // turn our farewell into a reset.
    private async Task AwaitPeersEndAsync()
    {
        if (End is not { Cause: LinkEndCause.ClosedHere })
            return;
        RentBuffer();
        while (await ReadAsync(_buffer).ConfigureAwait(false) > 0)
        {
            // dropped
        }
    }

    private ValueTask<int> ReadAsync(Memory<byte> destination)
    {
        var reading = _connection.ReadAsync(destination);
        // There is more at once: what was woken runs beside the reading of it.
        if (reading.IsCompleted)
            _turn.Release();
        return reading;
    }

    /// <summary>On the reader's thread, when it has read all there is.</summary>
    private void RunTurn()
    {
        if (!_turn.IsHolding)
            return;
        _pulse.WatchTurns();
        _turn.Run();
    }

    private LargeFrame? ReadWhole()
    {
        // Only that thread comes back to what it holds.
        if (!_connection.IsReadingThread)
            return ReadFrames();
        _turn.Open();
        try
        {
            return ReadFrames();
        }
        finally
        {
            ReaderTurn.Close();
        }
    }

    /// <summary>Reads what lies complete in the buffer.</summary>
    /// <returns>A frame too large to wait for in the buffer, begun there; null when more must be read into the buffer.</returns>
    private LargeFrame? ReadFrames()
    {
        while (_end - _start >= LengthBytes && IsUp)
        {
            var length = _frames.CheckLength(BinaryPrimitives.ReadUInt32BigEndian(_buffer.AsSpan(_start)));
            var available = _end - _start - LengthBytes;
            var there = _buffer.AsSpan(_start + LengthBytes, Math.Min(length, available));
            _expectsLarge = length >= BufferBytes / 2;
            if (length <= available)
            {
                _start += LengthBytes + length;
                if (length > 0)
                    ReadFrame(there);
                continue;
            }
            if (!_expectsLarge || available < FragmentHeader.Bytes)
                break;
            _start = _end = 0;
            return Begin(there, length);
        }
        return null;
    }

    private void ReadFrame(ReadOnlySpan<byte> frame)
    {
        if (!_frames.TryReadFragmentHeader(frame, out var header))
        {
            Deliver(_frames.Read(frame), frame, default);
            return;
        }
        frame[FragmentHeader.Bytes..].CopyTo(_frames.Reserve(header, frame.Length).Span);
        CommitFragment(header);
    }

    private LargeFrame Begin(ReadOnlySpan<byte> there, int length)
    {
        Memory<byte> destination;
        byte[]? whole = null;
        if (_frames.TryReadFragmentHeader(there, out var header))
        {
            destination = _frames.Reserve(header, length);
            there = there[FragmentHeader.Bytes..];
        }
        else
        {
            destination = whole = GC.AllocateUninitializedArray<byte>(length);
        }
        there.CopyTo(destination.Span);
        return new LargeFrame(header, whole, destination[there.Length..]);
    }

    private async ValueTask ReadRestAsync(LargeFrame frame)
    {
        for (var rest = frame.Rest; !rest.IsEmpty;)
        {
            var read = await ReadAsync(rest).ConfigureAwait(false);
            if (read == 0)
                throw new IOException("the peer closed it in the midst of a frame");
            Count(read);
            rest = rest[read..];
        }
        if (!IsUp)
            return;
        if (frame.Whole is { } whole)
            Deliver(_frames.Read(whole), whole, whole);
        else
            CommitFragment(frame.Header);
    }

    private void CommitFragment(FragmentHeader header)
    {
        if (_frames.Commit(header, out var message, out var bytes))
            Deliver(message, bytes.Span, bytes);
    }

    private void Deliver(in InboundMessage message, ReadOnlySpan<byte> bytes, ReadOnlyMemory<byte> owner)
    {
        var payload = new InboundPayload(
            bytes[message.PayloadOffset..],
            message.References.Span,
            owner.IsEmpty ? default : owner[message.PayloadOffset..],
            _decode);
        Volatile.Write(ref _messagesRead, _messagesRead + 1);
        _handler.OnMessage(this, message.Control, payload);
    }

    private void Count(int read) => Volatile.Write(ref _bytesRead, _bytesRead + read);

    // The beginning of a frame moves to the front.
    private void RentBuffer()
    {
        var rest = _end - _start;
        var size = SizeFor(rest);
        if (size != _buffer.Length)
        {
            var other = ArrayPool<byte>.Shared.Rent(size);
            _buffer.AsSpan(_start, rest).CopyTo(other);
            ReturnBuffer();
            _buffer = other;
        }
        else if (rest > 0 && _start > 0)
        {
            _buffer.AsSpan(_start, rest).CopyTo(_buffer);
        }
        (_start, _end) = (0, rest);
    }

    private int SizeFor(int rest)
    {
        if (_buffer.Length == 0 || (rest == 0 && _smallReads >= QuietReads))
            return QuietBufferBytes;
        if (_end < _buffer.Length)
            return _buffer.Length;
        // It was full. One that is large already has in it a frame just below the size that gets an array of its own.
        return rest < BufferBytes ? BufferBytes : _buffer.Length * 2;
    }

    private void ReturnBuffer()
    {
        if (_buffer.Length > 0)
            ArrayPool<byte>.Shared.Return(_buffer);
        _buffer = [];
    }

    /// <summary>A frame whose rest is read straight to where it belongs.</summary>
    private readonly record struct LargeFrame(FragmentHeader Header, byte[]? Whole, Memory<byte> Rest);
}
