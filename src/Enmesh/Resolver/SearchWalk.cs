namespace Enmesh.Resolver;

/// <summary>
/// The order in which the full names behind a short one are tried, and what their answers mean together, as glibc's
/// <c>res_search</c> does it. Ask for <see cref="Current"/>, hand the answer to <see cref="Next"/>, until
/// <see cref="Result"/> is there.
/// </summary>
/// <remarks>
/// One thing differs from glibc: when any of the names could not be asked for and none was found, the result is the
/// failure. glibc may report "no such host" then, and a failure that looks like an empty answer is what discovery must
/// never see.
/// </remarks>
internal sealed class SearchWalk
{
    private readonly List<string> _names = [];
    private readonly int _searchFrom;
    private readonly int _searchTo;
    private readonly bool _asIsFirst;
    private int _index;
    private DnsAnswer? _firstNegative;
    private DnsAnswer.NoData? _noData;
    private DnsAnswer.Failed? _failure;

    internal SearchWalk(string name, ResolvConf conf)
    {
        var absolute = name[^1] == '.';
        var asIs = absolute ? name[..^1] : name;
        var dots = asIs.AsSpan().Count('.');
        _asIsFirst = absolute || dots >= conf.Ndots;
        if (_asIsFirst)
            _names.Add(asIs);
        _searchFrom = _names.Count;
        if (!absolute)
            _names.AddRange(conf.Search.Select(domain => domain.Length == 0 ? asIs : $"{asIs}.{domain}"));
        _searchTo = _names.Count;
        // With the root on the list the name has had its turn as it stands.
        if (!_asIsFirst && !conf.Search.Contains(""))
            _names.Add(asIs);
        // A domain may be too long for this name; there can be nothing there.
        Skip();
    }

    /// <summary>The full name to ask for; null when the walk is over.</summary>
    internal string? Current => Result is null && _index < _names.Count ? _names[_index] : null;

    /// <summary>What the walk came to; null while it goes on.</summary>
    internal DnsAnswer? Result { get; private set; }

    /// <summary>Takes the answer for <see cref="Current"/>.</summary>
    internal void Next(DnsAnswer answer)
    {
        var searched = _index >= _searchFrom && _index < _searchTo;
        switch (answer)
        {
            case DnsAnswer.Found:
                Result = answer;
                return;
            case DnsAnswer.Failed { Problem: DnsProblem.Unreachable } unreachable when searched:
                Result = unreachable;
                return;
            case DnsAnswer.Failed failed:
                _failure ??= failed;
                // A server that fails at one domain may know the next; one that is silent would be silent again.
                if (searched && failed.Problem != DnsProblem.ServerFailure)
                    _index = _searchTo - 1;
                break;
            default:
                _noData ??= answer as DnsAnswer.NoData;
                if (_index == 0 && _asIsFirst)
                    _firstNegative = answer;
                break;
        }
        _index++;
        Skip();
    }

    private void Skip()
    {
        while (_index < _names.Count && DnsName.Problem(_names[_index]) is not null)
            _index++;
        if (_index >= _names.Count)
            Result = (DnsAnswer?)_failure ?? _firstNegative ?? (DnsAnswer?)_noData ?? new DnsAnswer.NoSuchName();
    }
}
