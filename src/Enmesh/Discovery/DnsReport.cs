using Enmesh.Resolver;

namespace Enmesh.Discovery;

/// <summary>
/// What keeps an answer made of many look-ups from being complete; once for each look-up of a strategy.
/// </summary>
internal sealed class DnsReport
{
    private readonly List<string> _doubts = [];
    private int _questions;
    private int _failures;

    /// <summary>Something is missing or doubtful.</summary>
    internal void Doubt(string doubt) => _doubts.Add(doubt);

    /// <summary>Takes the answers to all questions about one domain.</summary>
    /// <returns>Whether any of them failed.</returns>
    internal bool Weigh(string domain, IReadOnlyList<DnsType> types, ReadOnlySpan<DnsAnswer> answers)
    {
        var failures = new List<(string Type, string Message)>();
        for (var i = 0; i < answers.Length; i++)
        {
            if (answers[i] is DnsAnswer.Failed failed)
                failures.Add((Text(types[i]), failed.Message));
        }
        _questions += answers.Length;
        _failures += failures.Count;
        foreach (var same in
            failures.GroupBy(failure => failure.Message, failure => failure.Type, StringComparer.Ordinal))
            Doubt($"the look-up of {domain} ({string.Join(", ", same)}) failed: {same.Key}");
        return failures.Count > 0;
    }

    /// <summary>What it all comes to. Only when nobody could say anything there is no answer.</summary>
    internal PeerSnapshot Snapshot(IReadOnlyCollection<DiscoveredPeer> peers)
    {
        var doubts = string.Join("; ", _doubts);
        if (_failures == _questions)
            return new PeerSnapshot.Unavailable(new DiscoveryException(doubts));
        return _doubts.Count == 0 ? new PeerSnapshot.Complete(peers) : new PeerSnapshot.Incomplete(peers, doubts);
    }

    internal static string Text(DnsType type) => type.ToString().ToUpperInvariant();
}

/// <summary>Remembers for each domain how often and how long it has been empty, until that is believed.</summary>
internal sealed class EmptyDomains(DnsStrategyOptions options, TimeProvider time)
{
    private readonly EmptyAnswers[] _empty = new EmptyAnswers[options.Domains.Count];
    private readonly string[] _domains = [.. options.Domains];
    private readonly int _confirmations = options.EmptyConfirmations;
    private readonly TimeSpan _age = options.EmptyAge;

    /// <summary>Somebody is there, or nobody knows: what was said before was not said in a row.</summary>
    internal void Interrupted(int domain) => _empty[domain] = default;

    /// <summary>Nobody is there, says a server.</summary>
    /// <returns>The doubt about it; null when it is believed by now.</returns>
    internal string? Doubt(int domain, string what)
    {
        var now = time.GetElapsedTime(0);
        var empty = _empty[domain] = _empty[domain].Add(now);
        return empty.AreBelieved(now, _confirmations, _age)
            ? null
            : FormattableString.Invariant(
                $"{_domains[domain]} is empty: {what} (believed after {_confirmations} such answers and {_age.TotalSeconds:0.#} s; so far {empty.Count})");
    }
}
