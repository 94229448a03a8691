namespace Enmesh.Terms.Text;

/// <summary>
/// How <see cref="ElixirText.Inspect"/> prints. Left as it is, it prints as <c>inspect(term)</c> does.
/// </summary>
public sealed record ElixirInspectOptions
{
    internal static ElixirInspectOptions Default { get; } = new();

    /// <summary>Whether what is too long for a line is broken. Default false: everything stands on one line.</summary>
    public bool Pretty { get; init; }

    /// <summary>The length of a line if <see cref="Pretty"/>. Default 80; at least 0.</summary>
    /// <exception cref="ArgumentOutOfRangeException">The value is negative.</exception>
    public int Width
    {
        get;
        init { ArgumentOutOfRangeException.ThrowIfNegative(value); field = value; }
    } = 80;

    /// <summary>
    /// How many elements are printed of a list, tuple, map or of bytes: what is within an element may have as many as
    /// are left behind it, or all together may have so many (see <see cref="Release"/>). Default 50; null prints all.
    /// </summary>
    /// <exception cref="ArgumentOutOfRangeException">The value is negative.</exception>
    public int? Limit
    {
        get;
        init
        {
            if (value is < 0)
                throw new ArgumentOutOfRangeException(nameof(value), value, "A limit is 0 or more.");
            field = value;
        }
    } = 50;

    /// <summary>Whose ways are followed where releases differ. Default <see cref="ElixirRelease.UpTo118"/>.</summary>
    public ElixirRelease Release { get; init; }

    /// <summary>How many characters are printed of a string or charlist. Default 4096; null prints all.</summary>
    /// <exception cref="ArgumentOutOfRangeException">The value is negative.</exception>
    public int? PrintableLimit
    {
        get;
        init
        {
            if (value is < 0)
                throw new ArgumentOutOfRangeException(nameof(value), value, "A limit is 0 or more.");
            field = value;
        }
    } = 4096;

    /// <summary>Whether binaries of printable characters are printed as text. Default true.</summary>
    public bool Strings { get; init; } = true;

    /// <summary>Whether lists of printable ASCII characters are printed as <c>~c"text"</c>. Default true.</summary>
    public bool Charlists { get; init; } = true;

    /// <summary>Whether maps with a <c>__struct__</c> are printed as structs. Default true.</summary>
    public bool Structs { get; init; } = true;

    /// <summary>
    /// Whether the pairs of a map are printed in the order of their keys. Default true. When false they are printed in
    /// the order in which they are kept, which means nothing.
    /// </summary>
    public bool SortKeys { get; init; } = true;

    /// <summary>
    /// The greatest length of the text, which is cut off there. Default: what a string can hold; at least 16.
    /// </summary>
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
    } = ErlangPrintOptions.Unlimited;

    /// <summary>
    /// The node whose pids, ports and references are printed short, <c>#PID&lt;0.97.0&gt;</c>. Default null.
    /// </summary>
    public LocalNode? LocalNode { get; init; }
}

/// <summary>Releases of Elixir that print the same.</summary>
public enum ElixirRelease
{
    /// <summary>1.15 to 1.18; 1.14 and earlier but for charlists, which were <c>'text'</c>.</summary>
    UpTo118,

    /// <summary>
    /// 1.19 and later: the limit counts the elements of all levels together (and is 100 and 200 there), and a line goes
    /// on up to the end of a group even if what follows the group is then broken.
    /// </summary>
    From119,
}
