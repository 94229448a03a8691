namespace Enmesh.Terms.Text;

/// <summary>
/// What <see cref="ErlangText.Parse"/> accepts. The limits are there because a short text can ask for much.
/// </summary>
public sealed record ErlangParseOptions
{
    internal static ErlangParseOptions Default { get; } = new();

    /// <summary>
    /// The node that <c>&lt;0.97.0&gt;</c>, <c>#Ref&lt;0.1.2.3&gt;</c> and <c>#Port&lt;0.5&gt;</c> belong to. Default
    /// null: identifiers are only accepted in full, as <c>#Pid&lt;orders@10.0.0.7 97.0/6b003654&gt;</c>.
    /// </summary>
    public LocalNode? LocalNode { get; init; }

    /// <summary>How deep terms may be nested. Default 100,000; at least 1.</summary>
    /// <exception cref="ArgumentOutOfRangeException">The value is below 1.</exception>
    public int MaxDepth
    {
        get;
        init { ArgumentOutOfRangeException.ThrowIfLessThan(value, 1); field = value; }
    } = 100_000;

    /// <summary>
    /// How many bits an integer may have. Default 4,194,303, which is what Erlang itself can hold; at least 64.
    /// </summary>
    /// <exception cref="ArgumentOutOfRangeException">The value is below 64.</exception>
    public int MaxIntegerBits
    {
        get;
        init { ArgumentOutOfRangeException.ThrowIfLessThan(value, 64); field = value; }
    } = 4_194_303;

    /// <summary>How many bytes all the binaries of a text may have together. Default 64 MiB.</summary>
    /// <exception cref="ArgumentOutOfRangeException">The value is negative.</exception>
    public int MaxBinaryBytes
    {
        get;
        init { ArgumentOutOfRangeException.ThrowIfNegative(value); field = value; }
    } = 64 * 1024 * 1024;

    /// <summary>
    /// Where atoms are remembered. Default null: equal atoms are then the same instance only within one text.
    /// </summary>
    public AtomTable? Atoms { get; init; }
}
