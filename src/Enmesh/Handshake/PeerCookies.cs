namespace Enmesh.Handshake;

/// <summary>
/// The cookie shared with one peer, and those still accepted from it while the cookie is being changed.
/// </summary>
/// <remarks>
/// To change a cookie without an interruption: first let every node accept the new one as well, then let every node
/// use the new one and accept the old one, and at last drop the old one.
/// </remarks>
internal sealed class PeerCookies
{
    private readonly string[] _accepted;

    internal PeerCookies(string current, params ReadOnlySpan<string> alsoAccepted)
    {
        Current = current;
        _accepted = [current, .. alsoAccepted];
    }

    /// <summary>The one we use when we dial.</summary>
    internal string Current { get; }

    /// <summary>The cookie with which the peer made this digest, or null: it has none of ours.</summary>
    internal string? FindUsed(ReadOnlySpan<byte> digest, uint challenge)
    {
        string? used = null;
        // All are tried, so that the time does not tell which one it was.
        foreach (var cookie in _accepted)
        {
            if (ChallengeDigest.Matches(digest, cookie, challenge))
                used ??= cookie;
        }
        return used;
    }

    /// <summary>
    /// One after the other as the one to use, for a peer that does not know the first: it has not heard of a new one yet,
    /// or knows only one.
    /// </summary>
    internal IEnumerable<PeerCookies> InTurn() => _accepted.Length == 1 ? [this] : _accepted.Select(cookie => new PeerCookies(cookie));

    /// <summary>Never the cookies themselves.</summary>
    public override string ToString() => $"{_accepted.Length} cookie(s)";
}
