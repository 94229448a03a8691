using System.Diagnostics.CodeAnalysis;

namespace Enmesh.Resolver;

/// <summary>Bytes that are no DNS message.</summary>
internal sealed class DnsFormatException : FormatException
{
    internal DnsFormatException(string problem, int offset)
        : base($"{problem} (at byte {offset})")
    {
        Offset = offset;
    }

    /// <summary>Where in the message the problem was found.</summary>
    internal int Offset { get; }

    [DoesNotReturn]
    internal static void Throw(string problem, int offset) => throw new DnsFormatException(problem, offset);
}
