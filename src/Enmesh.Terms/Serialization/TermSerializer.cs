using System.Buffers;
using Enmesh.Terms.External;

namespace Enmesh.Terms.Serialization;

/// <summary>C# values to and from terms, and straight to and from their bytes.</summary>
/// <remarks>
/// What a type is as a term is said by attributes on it and found out by a source generator: there is no reflection.
/// See docs/serialization.md.
/// </remarks>
public static class TermSerializer
{
    /// <summary>
    /// The greatest number of tuples, lists and maps inside one another that a C# type is written to or read from.
    /// </summary>
    /// <remarks>
    /// Types are read recursively, so that the depth is bounded by the stack. <see cref="Term"/> itself has no such
    /// limit.
    /// </remarks>
    public const int MaxDepth = 256;

    /// <summary>The value as a term.</summary>
    /// <exception cref="TermSerializationException">The value has no term.</exception>
    public static Term ToTerm<T>(T value, TermTypeInfo<T> info)
    {
        ArgumentNullException.ThrowIfNull(info);
        return info.TermOf(value);
    }

    /// <summary>The value that a term stands for.</summary>
    /// <exception cref="TermSerializationException">The term is not of this type.</exception>
    public static T FromTerm<T>(Term term, TermTypeInfo<T> info)
    {
        ArgumentNullException.ThrowIfNull(info);
        return info.ValueOf(term);
    }

    /// <summary>The value in the external term format, from the version byte 131 on.</summary>
    /// <exception cref="TermSerializationException">The value has no term.</exception>
    public static byte[] Encode<T>(T value, TermTypeInfo<T> info)
    {
        const int InitialCapacity = 512;
        using var buffer = new PooledBuffer(InitialCapacity);
        Encode(value, info, buffer);
        return buffer.Written.ToArray();
    }

    /// <summary>Writes the value in the external term format, from the version byte 131 on.</summary>
    /// <exception cref="TermSerializationException">The value has no term; some of it may have been
    /// written.</exception>
    public static void Encode<T>(T value, TermTypeInfo<T> info, IBufferWriter<byte> output)
    {
        ArgumentNullException.ThrowIfNull(output);
        var writer = new TermWriter(output);
        writer.WriteVersion();
        Write(ref writer, value, info);
        writer.Flush();
    }

    /// <summary>Reads a value out of the external term format. It must be the whole input.</summary>
    /// <exception cref="TermSerializationException">The term is not of this type.</exception>
    /// <exception cref="TermFormatException">The bytes are no term.</exception>
    public static T Decode<T>(ReadOnlySpan<byte> input, TermTypeInfo<T> info, TermDecodeOptions? options = null)
    {
        var bytes = ExternalTermFormat.Decompress(input, options);
        var reader = new TermReader(bytes, options);
        reader.ReadVersion();
        ArgumentNullException.ThrowIfNull(info);
        var from = new TermInput(reader);
        var value = info.Read(ref from);
        return from.Position == bytes.Length
            ? value
            : throw new TermFormatException("The term ends here, but more bytes follow.", from.Position);
    }

    /// <summary>Writes the value as one term of a larger one.</summary>
    /// <exception cref="TermSerializationException">The value has no term; some of it may have been
    /// written.</exception>
    public static void Write<T>(ref TermWriter writer, T value, TermTypeInfo<T> info)
    {
        ArgumentNullException.ThrowIfNull(info);
        var output = new TermOutput(writer);
        try
        {
            info.Write(ref output, value);
        }
        finally
        {
            writer = output.Writer;
        }
    }

    /// <summary>Reads one term of a larger one as a value.</summary>
    /// <exception cref="TermSerializationException">The term is not of this type; some of it may have been
    /// read.</exception>
    /// <exception cref="TermFormatException">The bytes are no term.</exception>
    public static T Read<T>(ref TermReader reader, TermTypeInfo<T> info)
    {
        ArgumentNullException.ThrowIfNull(info);
        var input = new TermInput(reader);
        try
        {
            return info.Read(ref input);
        }
        finally
        {
            reader = input.Reader;
        }
    }

    internal static TermSerializationException TooDeep() =>
        new($"more than {MaxDepth} tuples, lists and maps are inside one another; read such terms as Enmesh.Terms.Term");
}
