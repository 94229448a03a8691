using System.Text;
using System.Text.Unicode;

namespace Enmesh.Epmd;

/// <summary>What EPMD knows of a node.</summary>
/// <param name="Name">The part of the node's name before the <c>@</c>, one character per byte, see
/// <see cref="EpmdName"/>.</param>
/// <param name="Port">Where the node listens.</param>
/// <param name="NodeType">77 for an Erlang node, 72 for a hidden one; OTP registers 77 for both.</param>
/// <param name="Protocol">0: TCP over IPv4, which OTP registers for everything.</param>
/// <param name="HighestVersion">The highest version of the distribution protocol, 6 since OTP 23.</param>
/// <param name="LowestVersion">The lowest, 5 or 6.</param>
/// <param name="Extra">Bytes without a meaning that everybody gives back.</param>
internal sealed record EpmdEntry(
    string Name,
    int Port,
    byte NodeType = EpmdEntry.ErlangNode,
    byte Protocol = 0,
    int HighestVersion = 6,
    int LowestVersion = 5,
    ReadOnlyMemory<byte> Extra = default)
{
    public const byte ErlangNode = 77;
}

/// <summary>
/// Names at EPMD are bytes: UTF-8 by custom, anything by fact. A name is kept as a string with one character per byte,
/// which gives everybody back exactly the bytes that were registered.
/// </summary>
internal static class EpmdName
{
    public const int MaxBytes = 255;

    /// <summary>The name that a node is registered under.</summary>
    public static string Of(NodeName node) => FromBytes(Encoding.UTF8.GetBytes(node.Alive));

    public static string FromBytes(ReadOnlySpan<byte> bytes) => Encoding.Latin1.GetString(bytes);

    public static byte[] ToBytes(string name) => Encoding.Latin1.GetBytes(name);

    /// <summary>The name for people: as UTF-8 where it is that, and byte by byte where not.</summary>
    public static string Readable(string name)
    {
        var bytes = ToBytes(name);
        return Utf8.IsValid(bytes) ? Encoding.UTF8.GetString(bytes) : name;
    }
}

/// <summary>One line of the names that EPMD knows.</summary>
/// <param name="Name">The name, one character per byte, see <see cref="EpmdName"/>.</param>
/// <param name="Port">Where the node listens.</param>
internal sealed record EpmdListing(string Name, int Port);
