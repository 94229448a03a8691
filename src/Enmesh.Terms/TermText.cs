using Enmesh.Terms.Text;

namespace Enmesh.Terms;

public readonly partial struct Term
{
    /// <summary>
    /// The term in Erlang's syntax, on one line and not too long for a log: what does not fit is <c>...</c>
    /// </summary>
    /// <remarks>To print all of it, and to choose how, there is <see cref="ErlangText.Print"/>.</remarks>
    public override string ToString() => ErlangText.Describe(this);
}
