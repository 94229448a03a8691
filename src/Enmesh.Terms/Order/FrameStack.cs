using System.Buffers;
using System.Runtime.CompilerServices;

namespace Enmesh.Terms.Order;

/// <summary>
/// The stack of a walk through terms: on the thread's own stack while it is small, else in a rented array.
/// </summary>
internal ref struct FrameStack<T>
{
    private Inline _inline;
    private T[]? _rented;
    private int _count;

    internal readonly int Count => _count;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal void Push(in T frame)
    {
        if (_rented is null && _count < Inline.Length)
            _inline[_count++] = frame;
        else
            PushRented(frame);
    }

    /// <summary>Takes the last frame off.</summary>
    /// <returns>False when there is none.</returns>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal bool TryPop(out T frame)
    {
        if (_count == 0)
        {
            frame = default!;
            return false;
        }
        _count--;
        frame = _rented is null ? _inline[_count] : _rented[_count];
        return true;
    }

    /// <summary>Gives a rented array back. Call it however the walk ends.</summary>
    internal void Dispose()
    {
        if (_rented is { } rented)
            ArrayPool<T>.Shared.Return(rented, clearArray: true);
        _rented = null;
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private void PushRented(in T frame)
    {
        if (_rented is null || _count == _rented.Length)
        {
            var larger = ArrayPool<T>.Shared.Rent(Math.Max(64, _count * 2));
            (_rented is null ? _inline : _rented.AsSpan(0, _count)).CopyTo(larger);
            Dispose();
            _rented = larger;
        }
        _rented[_count++] = frame;
    }

    [InlineArray(Length)]
    private struct Inline
    {
        internal const int Length = 8;
        private T _first;
    }
}
