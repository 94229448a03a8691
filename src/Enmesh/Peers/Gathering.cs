using System.Buffers;

namespace Enmesh.Peers;

/// <summary>A batch: rented chunks for what is copied, and references to what is not.</summary>
internal sealed class Gathering
{
    private const int ChunkBytes = 64 * 1024;
    private const int FirstChunkBytes = 16 * 1024;

    private readonly List<ArraySegment<byte>> _segments = [];
    private readonly List<byte[]> _chunks = [];
    private readonly List<MessageBuffer> _messages = [];
    private byte[] _chunk = [];
    private int _start; // in the chunk, of the segment under construction
    private int _end;

    internal long Bytes { get; private set; }

    internal int Frames { get; set; }

    internal Span<byte> Reserve(int bytes)
    {
        if (_chunk.Length - _end < bytes)
        {
            CloseSegment();
            _chunk = ArrayPool<byte>.Shared.Rent(
                Math.Max(bytes, _chunks.Count == 0 ? FirstChunkBytes : ChunkBytes));
            _chunks.Add(_chunk);
            _start = _end = 0;
        }
        return _chunk.AsSpan(_end, bytes);
    }

    internal void Commit(int bytes)
    {
        _end += bytes;
        Bytes += bytes;
    }

    internal void Append(MessageBuffer message, long from, long to)
    {
        CloseSegment();
        message.AddSegments(from, to, _segments);
        Bytes += to - from;
    }

    /// <summary>Gives the message back once the batch is written.</summary>
    internal void Release(MessageBuffer message) => _messages.Add(message);

    internal List<ArraySegment<byte>> Finish()
    {
        CloseSegment();
        return _segments;
    }

    internal void Clear()
    {
        _segments.Clear();
        foreach (var message in _messages)
            message.Release();
        _messages.Clear();
        // All of them, always: a quiet link holds no buffers.
        foreach (var chunk in _chunks)
            ArrayPool<byte>.Shared.Return(chunk);
        _chunks.Clear();
        _chunk = [];
        _start = _end = 0;
        Bytes = 0;
        Frames = 0;
    }

    private void CloseSegment()
    {
        if (_end > _start)
            _segments.Add(new ArraySegment<byte>(_chunk, _start, _end - _start));
        _start = _end;
    }
}
