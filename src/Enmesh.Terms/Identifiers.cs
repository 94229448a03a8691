namespace Enmesh.Terms;

/// <summary>A process identifier: which process of which incarnation of which node.</summary>
/// <param name="Node">The node's name.</param>
/// <param name="Id">The first number, <c>ID</c> in the external term format.</param>
/// <param name="Serial">The second number.</param>
/// <param name="Creation">Which start of the node; 0 matches none and is legal.</param>
public sealed record Pid(Atom Node, uint Id, uint Serial, uint Creation)
{
    /// <inheritdoc/>
    public bool Equals(Pid? other) =>
        ReferenceEquals(this, other) || (other is not null && Id == other.Id && Serial == other.Serial
            && Creation == other.Creation && Node == other.Node);

    /// <inheritdoc/>
    public override int GetHashCode() => HashCode.Combine(Id, Serial, Creation);

    /// <summary>The same as <see cref="Term.ToString"/>.</summary>
    public override string ToString() => ((Term)this).ToString();
}

/// <summary>A port identifier of some node.</summary>
/// <param name="Node">The node's name.</param>
/// <param name="Id">The number; up to 28 bits towards OTP 23, 64 bits from then on.</param>
/// <param name="Creation">Which start of the node.</param>
public sealed record PortId(Atom Node, ulong Id, uint Creation)
{
    /// <inheritdoc/>
    public bool Equals(PortId? other) =>
        ReferenceEquals(this, other)
            || (other is not null && Id == other.Id && Creation == other.Creation && Node == other.Node);

    /// <inheritdoc/>
    public override int GetHashCode() => HashCode.Combine(Id, Creation);

    /// <summary>The same as <see cref="Term.ToString"/>.</summary>
    public override string ToString() => ((Term)this).ToString();
}

/// <summary>A reference: a value that some incarnation of a node has made only once.</summary>
public sealed class Reference : IEquatable<Reference>
{
    /// <summary>The greatest number of 32-bit words in a reference.</summary>
    public const int MaxWords = 5;

    private readonly ulong _low;
    private readonly ulong _high;
    private readonly uint _last;

    /// <summary>Makes a reference from the words it has on the wire.</summary>
    /// <exception cref="ArgumentException">There are more than five words.</exception>
    public Reference(Atom node, uint creation, params ReadOnlySpan<uint> words)
    {
        ArgumentNullException.ThrowIfNull(node);
        if (words.Length > MaxWords)
            throw new ArgumentException($"A reference has at most {MaxWords} words.", nameof(words));
        Node = node;
        Creation = creation;
        WordCount = words.Length;
        _low = WordAt(words, 0) | ((ulong)WordAt(words, 1) << 32);
        _high = WordAt(words, 2) | ((ulong)WordAt(words, 3) << 32);
        _last = WordAt(words, 4);
    }

    /// <summary>The name of the node that made it.</summary>
    public Atom Node { get; }

    /// <summary>Which start of that node.</summary>
    public uint Creation { get; }

    /// <summary>How many 32-bit words it has: 3, or 5 for aliases of newer releases; 0 to 5 are legal.</summary>
    public int WordCount { get; }

    /// <summary>
    /// The first word in the low half, the second in the high one; 0 for those that it does not have.
    /// </summary>
    internal ulong Words01 => _low;

    /// <summary>The third and fourth word.</summary>
    internal ulong Words23 => _high;

    /// <summary>The fifth word.</summary>
    internal uint Word4 => _last;

    /// <summary>One word, in the order of the wire.</summary>
    public uint this[int index]
    {
        get
        {
            ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual((uint)index, (uint)WordCount, nameof(index));
            return index switch
            {
                0 => (uint)_low,
                1 => (uint)(_low >> 32),
                2 => (uint)_high,
                3 => (uint)(_high >> 32),
                _ => _last,
            };
        }
    }

    /// <summary>Whether the two are the same reference.</summary>
    public static bool operator ==(Reference? left, Reference? right) =>
        ReferenceEquals(left, right) || (left is not null && left.Equals(right));

    /// <summary>Whether the two differ.</summary>
    public static bool operator !=(Reference? left, Reference? right) => !(left == right);

    /// <inheritdoc/>
    public bool Equals(Reference? other) =>
        ReferenceEquals(this, other) || (other is not null && WordCount == other.WordCount && _low == other._low
            && _high == other._high && _last == other._last && Creation == other.Creation && Node == other.Node);

    /// <inheritdoc/>
    public override bool Equals(object? obj) => Equals(obj as Reference);

    /// <inheritdoc/>
    public override int GetHashCode() => HashCode.Combine(_low, _high, _last);

    /// <summary>The same as <see cref="Term.ToString"/>.</summary>
    public override string ToString() => ((Term)this).ToString();

    private static uint WordAt(ReadOnlySpan<uint> words, int index) => index < words.Length ? words[index] : 0;
}
