using Enmesh.Terms;

namespace Enmesh.Global;

/// <summary>
/// Who has told us of losing whom, so that a message that everybody passes on to everybody is acted upon once.
/// </summary>
internal sealed class LostConnections
{
    /// <summary>By then every copy has arrived or died with its connection.</summary>
    private static readonly TimeSpan Kept = TimeSpan.FromHours(1);

    /// <summary>Beyond this the oldest are given up, whatever peers send.</summary>
    private const int MaxKept = 10_000;

    private readonly Dictionary<(Atom From, Atom To), Loss> _losses = [];
    private readonly Queue<(TimeSpan At, (Atom From, Atom To) Pair)> _byAge = new();

    internal int Count => _losses.Count;

    /// <summary>Takes a report.</summary>
    /// <param name="from">Who lost.</param>
    /// <param name="creation">Which start of it.</param>
    /// <param name="number">Its own number for the loss, ever growing.</param>
    /// <param name="to">Whom it lost.</param>
    /// <param name="now">The time.</param>
    /// <returns>False when it was seen before.</returns>
    internal bool IsNew(Atom from, Term creation, long number, Atom to, TimeSpan now)
    {
        Expire(now);
        var pair = (from, to);
        if (_losses.TryGetValue(pair, out var known) && known.Creation == creation && number <= known.Number)
            return false;
        _losses[pair] = new Loss(creation, number, now);
        _byAge.Enqueue((now, pair));
        return true;
    }

    private void Expire(TimeSpan now)
    {
        while (_byAge.TryPeek(out var oldest) && (now - oldest.At >= Kept || _byAge.Count >= MaxKept))
        {
            _byAge.Dequeue();
            // A newer report of the same pair has an entry of its own.
            if (_losses.TryGetValue(oldest.Pair, out var loss) && loss.At <= oldest.At)
                _losses.Remove(oldest.Pair);
        }
    }

    private sealed record Loss(Term Creation, long Number, TimeSpan At);
}
