using System.Collections.Immutable;

namespace Enmesh.Groups;

/// <summary>Two nodes whose releases break each other in a scope that both have.</summary>
/// <remarks>
/// A scope of OTP 29 greets others with a message at which one of OTP 23 to 25 crashes. It is started again,
/// greeted again, and the fifth crash within an hour ends its node when the scope is the default one. Nothing that
/// a third node does prevents it: upgrade the older node to OTP 26 or later first, or keep the scope off one of the
/// two.
/// </remarks>
/// <param name="Scope">The scope.</param>
/// <param name="OldNode">The node whose scope crashes.</param>
/// <param name="OldRelease">Its release; null when only its crashes were seen.</param>
/// <param name="NewNode">The node of OTP 29 or later.</param>
public sealed record PgConflict(string Scope, string OldNode, int? OldRelease, string NewNode);

/// <summary>The conflicts that were found since the node began, the latest ones.</summary>
internal sealed class PgConflicts
{
    private const int MaxKept = 64;
    private ImmutableArray<PgConflict> _found = [];

    internal IReadOnlyList<PgConflict> Found => _found;

    internal void Add(PgConflict conflict) => ImmutableInterlocked.Update(
        ref _found,
        static (found, one) => found.Contains(one) ? found
            : found.Length < MaxKept ? found.Add(one)
            : found.RemoveAt(0).Add(one),
        conflict);
}
