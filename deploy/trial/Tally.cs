using System.Globalization;

namespace Enmesh.Trial;

/// <summary>How calls went. Safe for any number of threads.</summary>
internal sealed class Tally
{
    private readonly Lock _gate = new();
    private readonly SortedDictionary<string, int> _versions = new(StringComparer.Ordinal);
    private readonly SortedDictionary<string, int> _failures = new(StringComparer.Ordinal);
    private readonly HashSet<string> _greeters = [];
    private TimeSpan _longest;

    internal int Failed => _failures.Values.Sum();

    internal void Answer((string Name, string Version) greeter, TimeSpan taken)
    {
        lock (_gate)
        {
            _greeters.Add(greeter.Name);
            _versions[greeter.Version] = _versions.GetValueOrDefault(greeter.Version) + 1;
            _longest = taken > _longest ? taken : _longest;
        }
    }

    internal void Fail(string why)
    {
        lock (_gate)
            _failures[why] = _failures.GetValueOrDefault(why) + 1;
    }

    /// <summary>One line; a further one for each way to fail.</summary>
    internal string Summary(TimeSpan taken)
    {
        var answered = _versions.Values.Sum();
        var versions = string.Join(", ", _versions.Select(pair => $"{pair.Value} by version {pair.Key}"));
        return string.Create(
            CultureInfo.InvariantCulture,
            $"{answered + Failed} calls in {taken.TotalSeconds:F0} s, {Failed} failed; answered: {versions}; {_greeters.Count} nodes; at most {_longest.TotalMilliseconds:F0} ms")
            + string.Concat(_failures.Select(pair => $"\nfailed {pair.Value} times: {pair.Key}"));
    }
}
