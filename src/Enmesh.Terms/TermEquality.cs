namespace Enmesh.Terms;

public readonly partial struct Term
{
    /// <summary>Exact equality, as <c>=:=</c>.</summary>
    public bool Equals(Term other) => Order.ExactEquality.AreEqual(this, other);

    /// <inheritdoc/>
    public override int GetHashCode() => Order.ExactEquality.Hash(this);
}
