using System.Buffers;

namespace Enmesh.Terms.Tests.External;

/// <summary>An output that never offers more room at a time than it has to, or than a given size.</summary>
internal sealed class PiecewiseOutput(int size) : IBufferWriter<byte>
{
    private readonly List<byte> _written = [];
    private byte[] _piece = [];

    public void Advance(int count) => _written.AddRange(_piece.AsSpan(0, count));

    public Memory<byte> GetMemory(int sizeHint = 0)
    {
        // New each time, and filled with garbage: nobody may write to what was given before, or count on zeros.
        _piece = new byte[Math.Max(size, sizeHint)];
        _piece.AsSpan().Fill(0xEE);
        return _piece;
    }

    public Span<byte> GetSpan(int sizeHint = 0) => GetMemory(sizeHint).Span;

    internal byte[] ToArray() => [.. _written];
}
