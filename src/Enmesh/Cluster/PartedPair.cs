namespace Enmesh.Cluster;

/// <summary>Two nodes of which one does not see the other, while some member sees it.</summary>
/// <param name="One">The one whose name comes first.</param>
/// <param name="Other">The other.</param>
public sealed record PartedPair(NodeName One, NodeName Other) : IComparable<PartedPair>
{
    /// <inheritdoc/>
    public int CompareTo(PartedPair? other) =>
        other is null ? 1 : One.CompareTo(other.One) is var first and not 0 ? first : Other.CompareTo(other.Other);

    /// <inheritdoc/>
    public override string ToString() => $"{One} and {Other}";

    /// <summary>Whether the first comes before the second.</summary>
    public static bool operator <(PartedPair? left, PartedPair? right) => Comparer<PartedPair>.Default.Compare(left, right) < 0;

    /// <inheritdoc cref="op_LessThan"/>
    public static bool operator >(PartedPair? left, PartedPair? right) => right < left;

    /// <inheritdoc cref="op_LessThan"/>
    public static bool operator <=(PartedPair? left, PartedPair? right) => !(right < left);

    /// <inheritdoc cref="op_LessThan"/>
    public static bool operator >=(PartedPair? left, PartedPair? right) => !(left < right);
}
