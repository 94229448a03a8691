namespace Enmesh.Cluster;

/// <summary>Some of many, for a line that somebody is to read.</summary>
internal static class Listing
{
    private const int Shown = 5;

    internal static string Some<T>(IReadOnlyCollection<T> all, Func<T, string?> text)
    {
        var some = string.Join(", ", all.Take(Shown).Select(text));
        return all.Count > Shown ? $"{some} and {all.Count - Shown} more" : some;
    }

    /// <summary>Peers by name, with why they are not connected.</summary>
    internal static string Missing(IReadOnlyCollection<(NodeName Name, PeerFailure? Failure)> peers) =>
        Some(peers, peer => peer.Failure is { } failure
            ? $"{peer.Name} ({failure.Stage}: {failure.Message})"
            : peer.Name.Text);
}
