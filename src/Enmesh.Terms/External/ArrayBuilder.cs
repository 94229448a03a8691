using System.Buffers;

namespace Enmesh.Terms.External;

/// <summary>
/// The output for one array of the right length: rented pieces, and references to what is too long to copy twice.
/// </summary>
internal sealed class ArrayBuilder(int initialCapacity) : IReferencingBufferWriter, IDisposable
{
    private const int MaxPiece = 1 << 20;

    private List<(byte[]? Rented, ReadOnlyMemory<byte> Bytes)>? _pieces;
    private byte[] _array = ArrayPool<byte>.Shared.Rent(initialCapacity);
    private int _start;
    private int _count;
    private long _before;

    public void Advance(int count) => _count += count;

    public Memory<byte> GetMemory(int sizeHint = 0)
    {
        MakeRoom(sizeHint);
        return _array.AsMemory(_count);
    }

    public Span<byte> GetSpan(int sizeHint = 0)
    {
        MakeRoom(sizeHint);
        return _array.AsSpan(_count);
    }

    public void WriteReference(ReadOnlyMemory<byte> bytes)
    {
        EndPiece(rented: null);
        _pieces!.Add((null, bytes));
        _before += bytes.Length;
    }

    public void Dispose()
    {
        foreach (var (rented, _) in _pieces ?? [])
        {
            if (rented is not null)
                ArrayPool<byte>.Shared.Return(rented);
        }
        ArrayPool<byte>.Shared.Return(_array);
        _pieces = null;
        _array = [];
    }

    /// <exception cref="InvalidOperationException">What was written is longer than an array can be.</exception>
    internal byte[] ToArray()
    {
        var length = _before + _count - _start;
        if (length > Array.MaxLength)
            throw new InvalidOperationException($"The term takes {length} bytes, more than an array can hold.");
        var whole = GC.AllocateUninitializedArray<byte>((int)length);
        var at = 0;
        foreach (var (_, bytes) in _pieces ?? [])
        {
            bytes.Span.CopyTo(whole.AsSpan(at));
            at += bytes.Length;
        }
        _array.AsSpan(_start, _count - _start).CopyTo(whole.AsSpan(at));
        return whole;
    }

    private void MakeRoom(int sizeHint)
    {
        if (_array.Length - _count >= Math.Max(sizeHint, 1))
            return;
        var next = ArrayPool<byte>.Shared.Rent(Math.Max(sizeHint, Math.Min(_array.Length * 2, MaxPiece)));
        EndPiece(_array);
        (_array, _start, _count) = (next, 0, 0);
    }

    private void EndPiece(byte[]? rented)
    {
        (_pieces ??= []).Add((rented, _array.AsMemory(_start, _count - _start)));
        _before += _count - _start;
        _start = _count;
    }
}
