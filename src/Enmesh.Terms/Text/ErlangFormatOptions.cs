namespace Enmesh.Terms.Text;

/// <summary>
/// How <see cref="ErlangText.Format(string, ReadOnlySpan{Term})"/> prints what the format leaves open.
/// </summary>
public sealed record ErlangFormatOptions
{
    /// <summary>As a node without special settings prints.</summary>
    public static ErlangFormatOptions Default { get; } = new();

    /// <summary>
    /// Whether <c>~tp</c> takes all of Unicode for text, as on a node started with <c>+pc unicode</c>. Default false.
    /// </summary>
    public bool PrintableUnicode { get; init; }

    /// <summary>The node whose pids, ports and references are printed short. Default: none.</summary>
    public LocalNode? LocalNode { get; init; }

    /// <summary>The greatest length of the text. Default 16 Mi characters; at least 16.</summary>
    /// <exception cref="ArgumentOutOfRangeException">The value is out of range.</exception>
    public int MaxLength
    {
        get;
        init
        {
            ArgumentOutOfRangeException.ThrowIfLessThan(value, 16);
            ArgumentOutOfRangeException.ThrowIfGreaterThan(value, ErlangPrintOptions.Unlimited);
            field = value;
        }
    } = 16 << 20;
}
