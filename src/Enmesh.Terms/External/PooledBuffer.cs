using System.Buffers;

namespace Enmesh.Terms.External;

/// <summary>A growing output in one rented array. What was written can be patched until it is disposed.</summary>
internal sealed class PooledBuffer(int initialCapacity) : IBufferWriter<byte>, IDisposable
{
    private byte[] _array = ArrayPool<byte>.Shared.Rent(initialCapacity);
    private int _count;

    internal Span<byte> Written => _array.AsSpan(0, _count);

    public void Advance(int count) => _count += count;

    public Memory<byte> GetMemory(int sizeHint = 0)
    {
        Grow(sizeHint);
        return _array.AsMemory(_count);
    }

    public Span<byte> GetSpan(int sizeHint = 0)
    {
        Grow(sizeHint);
        return _array.AsSpan(_count);
    }

    public void Dispose()
    {
        ArrayPool<byte>.Shared.Return(_array);
        _array = [];
        _count = 0;
    }

    private void Grow(int sizeHint)
    {
        if (_array.Length - _count >= Math.Max(sizeHint, 1))
            return;
        var needed = checked(_count + Math.Max(sizeHint, 1));
        var larger = ArrayPool<byte>.Shared.Rent(Math.Max(needed, (int)Math.Min(_array.Length * 2L, Array.MaxLength)));
        Written.CopyTo(larger);
        ArrayPool<byte>.Shared.Return(_array);
        _array = larger;
    }
}
