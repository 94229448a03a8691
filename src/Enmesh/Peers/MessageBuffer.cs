using System.Buffers;
using System.Runtime.InteropServices;
using Enmesh.Terms.External;

namespace Enmesh.Peers;

/// <summary>
/// One message as its sender encodes it, outside any lock: the bytes of control and payload, the large binaries in it
/// by reference, and the atoms that its header will list.
/// </summary>
internal sealed class MessageBuffer : IReferencingBufferWriter
{
    private const int InitialBytes = 1024;

    /// <summary>A thread's own buffer larger than this goes back to the pool.</summary>
    private const int KeptBytes = 64 * 1024;

    [ThreadStatic]
    private static MessageBuffer? _own;

    private readonly List<Insert> _inserts = [];
    private byte[] _bytes = ArrayPool<byte>.Shared.Rent(InitialBytes);
    private int _count;
    private long _insertedBytes;

    private readonly record struct Insert(int At, ReadOnlyMemory<byte> Bytes);

    internal AtomReferences Atoms { get; } = new();

    /// <summary>How many of the bytes are the control message.</summary>
    internal int ControlBytes { get; set; }

    /// <summary>Control and payload together.</summary>
    internal long Length => _count + _insertedBytes;

    /// <summary>Whether all of it lies in <see cref="Bytes"/>.</summary>
    internal bool IsPlain => _inserts.Count == 0;

    /// <summary>The bytes, without those that are referenced.</summary>
    internal ReadOnlySpan<byte> Bytes => _bytes.AsSpan(0, _count);

    /// <summary>
    /// The calling thread's buffer, empty. Give it back with <see cref="Release"/>, or keep it and never do.
    /// </summary>
    internal static MessageBuffer Rent()
    {
        var buffer = _own ?? new MessageBuffer();
        _own = null;
        return buffer;
    }

    /// <summary>Done with it: it is the thread's for the next message.</summary>
    internal void Release()
    {
        Atoms.Clear();
        _inserts.Clear();
        _insertedBytes = 0;
        _count = 0;
        if (_own is not null)
        {
            ArrayPool<byte>.Shared.Return(_bytes);
            return;
        }
        if (_bytes.Length > KeptBytes)
        {
            ArrayPool<byte>.Shared.Return(_bytes);
            _bytes = ArrayPool<byte>.Shared.Rent(InitialBytes);
        }
        _own = this;
    }

    public void Advance(int count) => _count += count;

    public Memory<byte> GetMemory(int sizeHint = 0)
    {
        Grow(sizeHint);
        return _bytes.AsMemory(_count);
    }

    public Span<byte> GetSpan(int sizeHint = 0)
    {
        Grow(sizeHint);
        return _bytes.AsSpan(_count);
    }

    public void WriteReference(ReadOnlyMemory<byte> bytes)
    {
        _inserts.Add(new Insert(_count, bytes));
        _insertedBytes += bytes.Length;
    }

    /// <summary>
    /// The pieces that make up bytes <paramref name="from"/> to <paramref name="to"/> of the message.
    /// </summary>
    internal void AddSegments(long from, long to, List<ArraySegment<byte>> segments)
    {
        long at = 0; // where in the message the next piece begins
        var own = 0;
        foreach (var insert in _inserts)
        {
            AddPart(_bytes.AsMemory(own, insert.At - own), ref at, from, to, segments);
            AddPart(insert.Bytes, ref at, from, to, segments);
            own = insert.At;
        }
        AddPart(_bytes.AsMemory(own, _count - own), ref at, from, to, segments);
    }

    private static void AddPart(
        ReadOnlyMemory<byte> piece, ref long at, long from, long to, List<ArraySegment<byte>> segments)
    {
        var start = Math.Max(from, at);
        var end = Math.Min(to, at + piece.Length);
        if (start < end)
        {
            var part = piece.Slice((int)(start - at), (int)(end - start));
            segments.Add(
                MemoryMarshal.TryGetArray(part, out var array) ? array : new ArraySegment<byte>(part.ToArray()));
        }
        at += piece.Length;
    }

    private void Grow(int sizeHint)
    {
        var wanted = Math.Max(sizeHint, 1);
        if (_bytes.Length - _count >= wanted)
            return;
        var larger = ArrayPool<byte>.Shared.Rent(
            Math.Max(checked(_count + wanted), (int)Math.Min(_bytes.Length * 2L, Array.MaxLength)));
        _bytes.AsSpan(0, _count).CopyTo(larger);
        ArrayPool<byte>.Shared.Return(_bytes);
        _bytes = larger;
    }
}
