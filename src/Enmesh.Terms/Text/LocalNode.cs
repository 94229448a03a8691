namespace Enmesh.Terms.Text;

/// <summary>Which node text is printed or parsed for: its own identifiers are short, <c>&lt;0.97.0&gt;</c>.</summary>
/// <param name="Name">The node's name.</param>
/// <param name="Creation">Which start of the node.</param>
public sealed record LocalNode(Atom Name, uint Creation);
