using System.Globalization;

namespace Enmesh.Terms;

/// <summary>Numbers of things, for messages: <c>1 byte</c>, <c>2 bytes</c>.</summary>
internal static class Counted
{
    internal static string Bytes(long count) => Of(count, "byte");

    internal static string Of(long count, string thing) =>
        string.Create(CultureInfo.InvariantCulture, $"{count} {thing}{(count == 1 ? "" : "s")}");
}
