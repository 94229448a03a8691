namespace Enmesh.Terms.External;

/// <summary>
/// Limits for reading the external term format, and where its atoms go. Safe to share between threads.
/// </summary>
public sealed class TermDecodeOptions
{
    /// <summary>The limits that hold unless told otherwise.</summary>
    internal static TermDecodeOptions Default { get; } = new();

    /// <summary>
    /// The greatest number of tuples, lists, maps, records and funs inside one another. Default 100,000.
    /// </summary>
    /// <exception cref="ArgumentOutOfRangeException">The value is negative.</exception>
    public int MaxDepth
    {
        get;
        init { ArgumentOutOfRangeException.ThrowIfNegative(value); field = value; }
    } = 100_000;

    /// <summary>The greatest length of the input in bytes. Default: no limit beyond that of an array.</summary>
    /// <exception cref="ArgumentOutOfRangeException">The value is negative.</exception>
    public int MaxBytes
    {
        get;
        init { ArgumentOutOfRangeException.ThrowIfNegative(value); field = value; }
    } = int.MaxValue;

    /// <summary>The greatest length in bytes that a compressed term may unfold to. Default 64 MiB.</summary>
    /// <exception cref="ArgumentOutOfRangeException">The value is negative.</exception>
    public int MaxDecompressedBytes
    {
        get;
        init { ArgumentOutOfRangeException.ThrowIfNegative(value); field = value; }
    } = 64 << 20;

    /// <summary>
    /// Where equal atoms become one instance. Default null: a table of its own for every decoded term.
    /// </summary>
    public AtomTable? Atoms { get; init; }
}

/// <summary>How to write the external term format. Safe to share between threads.</summary>
public sealed class TermEncodeOptions
{
    internal static TermEncodeOptions Default { get; } = new();

    /// <summary>
    /// Whether to compress with zlib when that makes the term smaller, as <c>term_to_binary(T, [compressed])</c>.
    /// Never for terms that go to a peer: no node accepts them. Default false.
    /// </summary>
    public bool Compress { get; init; }
}

/// <summary>What the receiver of a term understands beyond what every release from OTP 23 on does.</summary>
[Flags]
internal enum TermDialect
{
    /// <summary>
    /// As OTP 23: ports of 28 bits (tag 89), pids of 15 and 13 bits, references of at most three words.
    /// </summary>
    Narrow = 0,

    /// <summary>
    /// V4_NC was negotiated: pids of 32 and 32 bits, ports of 64 (tag 120), references of up to five words.
    /// </summary>
    WideIdentifiers = 1,

    /// <summary>NATIVE_RECORDS was negotiated: tag 67.</summary>
    NativeRecords = 2,

    All = WideIdentifiers | NativeRecords,
}
