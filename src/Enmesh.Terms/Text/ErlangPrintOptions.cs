namespace Enmesh.Terms.Text;

/// <summary>
/// How <see cref="ErlangText.Print"/> prints. Left as it is, it prints as <c>io_lib:format("~p", [Term])</c>.
/// </summary>
public sealed record ErlangPrintOptions
{
    /// <summary>The greatest <see cref="MaxLength"/>, and its default: what a .NET string can hold.</summary>
    public const int Unlimited = 0x3FFFFFC7;

    /// <summary><c>~p</c></summary>
    public static ErlangPrintOptions Pretty { get; } = new();

    /// <summary><c>~tp</c> on a node started with <c>+pc unicode</c>: all of Unicode is text.</summary>
    public static ErlangPrintOptions PrettyUnicode { get; } = new() { Unicode = true, PrintableUnicode = true };

    /// <summary><c>~w</c></summary>
    public static ErlangPrintOptions Write { get; } = new() { Plain = true };

    /// <summary><c>~tw</c></summary>
    public static ErlangPrintOptions WriteUnicode { get; } = new() { Plain = true, Unicode = true };

    /// <summary>
    /// Prints as <c>~w</c> does: all on one line, and lists and binaries of characters as numbers. Default false: as
    /// <c>~p</c> does.
    /// </summary>
    public bool Plain { get; init; }

    /// <summary>The modifier <c>t</c>: atoms and text beyond Latin-1 are printed as they are. Default false.</summary>
    public bool Unicode { get; init; }

    /// <summary>
    /// With <see cref="Unicode"/>: also characters beyond Latin-1 make a list or a binary count as text, as on a node
    /// started with <c>+pc unicode</c>. Default false.
    /// </summary>
    public bool PrintableUnicode { get; init; }

    /// <summary>
    /// The modifier <c>l</c>, the other way round: whether lists and binaries of characters are printed as text.
    /// Default true.
    /// </summary>
    public bool Strings { get; init; } = true;

    /// <summary>
    /// The depth below which things are left out, as the second argument of <c>~P</c> and <c>~W</c>; the elements of a
    /// list or tuple count as ever deeper, too. Default null: everything is printed.
    /// </summary>
    /// <exception cref="ArgumentOutOfRangeException">The value is negative.</exception>
    public int? Depth
    {
        get;
        init
        {
            if (value is < 0)
                throw new ArgumentOutOfRangeException(nameof(value), value, "A depth is 0 or more.");
            field = value;
        }
    }

    /// <summary>
    /// The length of a line, beyond which <c>~p</c> breaks it. Default 80; at most 65,535; 0 breaks no line at all.
    /// </summary>
    /// <exception cref="ArgumentOutOfRangeException">The value is out of range.</exception>
    public int LineLength
    {
        get;
        init
        {
            ArgumentOutOfRangeException.ThrowIfNegative(value);
            ArgumentOutOfRangeException.ThrowIfGreaterThan(value, ushort.MaxValue);
            field = value;
        }
    } = 80;

    /// <summary>
    /// How many characters a line has at most, its indentation not counted, once it is broken; null for any number. The
    /// shell prints with 60.
    /// </summary>
    internal int? LineCharacters { get; init; }

    /// <summary>
    /// The column at which the text begins, which is how far further lines are indented. Default 1; at most 65,535.
    /// </summary>
    /// <exception cref="ArgumentOutOfRangeException">The value is out of range.</exception>
    public int Column
    {
        get;
        init
        {
            ArgumentOutOfRangeException.ThrowIfLessThan(value, 1);
            ArgumentOutOfRangeException.ThrowIfGreaterThan(value, ushort.MaxValue);
            field = value;
        }
    } = 1;

    /// <summary>
    /// The greatest length of the text. What no longer fits is left out: <c>{ok,[1,2|...]}</c>. Default
    /// <see cref="Unlimited"/>; at least 16.
    /// </summary>
    /// <exception cref="ArgumentOutOfRangeException">The value is out of range.</exception>
    public int MaxLength
    {
        get;
        init
        {
            ArgumentOutOfRangeException.ThrowIfLessThan(value, 16);
            ArgumentOutOfRangeException.ThrowIfGreaterThan(value, Unlimited);
            field = value;
        }
    } = Unlimited;

    /// <summary>
    /// Whether the pairs of a map are printed in the order of their keys, as with the modifier <c>k</c>. Default true.
    /// When false they are printed in the order in which they are kept, which means nothing.
    /// </summary>
    public bool SortKeys { get; init; } = true;

    /// <summary>Whether sorted keys stand backwards, as with <c>K</c> and <c>reversed</c>.</summary>
    internal bool ReverseKeys { get; init; }

    /// <summary>
    /// The node whose pids, ports and references are printed short, <c>&lt;0.97.0&gt;</c>. Those of others, and all of
    /// them by default, are printed in full: <c>#Pid&lt;orders@10.0.0.7 97.0/6b003654&gt;</c>.
    /// </summary>
    public LocalNode? LocalNode { get; init; }
}
