using System.Buffers;

namespace Enmesh.Terms.External;

/// <summary>An output that can take bytes over where they are, instead of a copy.</summary>
internal interface IReferencingBufferWriter : IBufferWriter<byte>
{
    /// <summary>Binaries from this length on are referenced.</summary>
    internal const int Threshold = 64 * 1024;

    /// <summary>Puts the bytes behind what was written so far. They never change.</summary>
    void WriteReference(ReadOnlyMemory<byte> bytes);
}
