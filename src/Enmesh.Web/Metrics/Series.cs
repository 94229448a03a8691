using System.Diagnostics.Metrics;

namespace Enmesh.Web.Metrics;

/// <summary>The figures of one instrument for one set of tags. Under the lock of its <see cref="Family"/>.</summary>
internal sealed class Series(Tags tags, IReadOnlyList<double>? bounds)
{
    private readonly long[]? _buckets = bounds is null ? null : new long[bounds.Count + 1];

    internal Tags Tags { get; } = tags;

    /// <summary>The value, or the sum of what a histogram was given.</summary>
    internal double Value { get; private set; }

    internal long Count { get; private set; }

    /// <summary>The look at which it was measured last, for those that are measured at each.</summary>
    internal long SeenAt { get; set; }

    internal void Set(double value) => Value = value;

    internal void Add(double value) => Value += value;

    internal void Record(double value)
    {
        Value += value;
        Count++;
        var bucket = 0;
        while (bucket < bounds!.Count && value > bounds[bucket])
            bucket++;
        _buckets![bucket]++;
    }

    /// <summary>The bounds with how many were at or below each; without the last one, which all are below.</summary>
    internal IEnumerable<(double Bound, long Count)> Cumulated()
    {
        long count = 0;
        for (var i = 0; i < bounds!.Count; i++)
            yield return (bounds[i], count += _buckets![i]);
    }
}

/// <summary>A set of tags, by value and without regard to their order.</summary>
internal sealed class Tags
{
    private readonly KeyValuePair<string, object?>[] _tags;

    internal Tags(ReadOnlySpan<KeyValuePair<string, object?>> tags) => _tags = tags.ToArray();

    internal ReadOnlySpan<KeyValuePair<string, object?>> Span => _tags;

    /// <summary>Finds a set by the tags of a measurement, so that none is made for one that is known.</summary>
    internal sealed class Comparer : IEqualityComparer<Tags>, IAlternateEqualityComparer<ReadOnlySpan<KeyValuePair<string, object?>>, Tags>
    {
        public bool Equals(Tags? x, Tags? y) => x is null ? y is null : y is not null && Equals(x.Span, y);

        public int GetHashCode(Tags tags) => GetHashCode(tags.Span);

        public bool Equals(ReadOnlySpan<KeyValuePair<string, object?>> alternate, Tags other)
        {
            if (alternate.Length != other._tags.Length)
                return false;
            foreach (var (key, value) in alternate)
            {
                if (!Has(other._tags, key, value))
                    return false;
            }
            return true;
        }

        public int GetHashCode(ReadOnlySpan<KeyValuePair<string, object?>> tags)
        {
            var hash = 0;
            foreach (var (key, value) in tags)
                hash += HashCode.Combine(key, value); // in any order
            return hash;
        }

        public Tags Create(ReadOnlySpan<KeyValuePair<string, object?>> alternate) => new(alternate);

        private static bool Has(KeyValuePair<string, object?>[] tags, string key, object? value)
        {
            foreach (var tag in tags)
            {
                if (tag.Key == key)
                    return Equals(tag.Value, value);
            }
            return false;
        }
    }
}

/// <summary>All series of one instrument.</summary>
internal sealed class Family
{
    /// <summary>Tags that somebody outside chooses must not fill the memory.</summary>
    internal const int MostSeries = 2000;

    // What OpenTelemetry takes for durations in seconds, and for anything else.
    private static readonly double[] Seconds = [0.005, 0.01, 0.025, 0.05, 0.075, 0.1, 0.25, 0.5, 0.75, 1, 2.5, 5, 7.5, 10];
    private static readonly double[] Others = [0, 5, 10, 25, 50, 75, 100, 250, 500, 750, 1000, 2500, 5000, 7500, 10000];

    private readonly Lock _gate = new();
    private readonly Dictionary<Tags, Series> _series = new(new Tags.Comparer());
    private readonly double[]? _bounds;
    private readonly bool _isObservable;
    private readonly bool _accumulates;
    private long _look;

    internal Family(Instrument instrument)
    {
        Kind = PrometheusNames.KindOf(instrument);
        Name = PrometheusNames.Of(instrument.Name, instrument.Unit, Kind);
        Help = instrument.Description ?? "";
        _isObservable = instrument.IsObservable;
        _accumulates = PrometheusNames.IsSum(instrument);
        if (Kind == SeriesKind.Histogram)
            _bounds = BoundsOf(instrument) ?? (instrument.Unit == "s" ? Seconds : Others);
    }

    internal string Name { get; }

    internal string Help { get; }

    internal SeriesKind Kind { get; }

    /// <summary>Measurements whose tags were one set too many.</summary>
    internal long Refused { get; private set; }

    internal void Record(double value, ReadOnlySpan<KeyValuePair<string, object?>> tags)
    {
        // One that is no number would spoil a sum for good.
        if (!double.IsFinite(value) && (_accumulates || _bounds is not null))
            return;
        lock (_gate)
        {
            if (!_series.GetAlternateLookup<ReadOnlySpan<KeyValuePair<string, object?>>>().TryGetValue(tags, out var series))
            {
                if (_series.Count >= MostSeries)
                {
                    Refused++;
                    return;
                }
                series = new Series(new Tags(tags), _bounds);
                _series.Add(series.Tags, series);
            }
            series.SeenAt = _look;
            if (_bounds is not null)
                series.Record(value);
            else if (_accumulates)
                series.Add(value);
            else
                series.Set(value);
        }
    }

    /// <summary>What is measured at each look begins anew.</summary>
    internal void BeginLook()
    {
        lock (_gate)
            _look++;
    }

    /// <summary>What was measured; of an instrument that is asked, only what it has said at this look.</summary>
    internal void Read(Action<Series> read)
    {
        lock (_gate)
        {
            if (_isObservable)
            {
                foreach (var gone in _series.Values.Where(series => series.SeenAt != _look).ToArray())
                    _series.Remove(gone.Tags);
            }
            foreach (var series in _series.Values)
                read(series);
        }
    }

    private static double[]? BoundsOf(Instrument instrument) => instrument switch
    {
        Histogram<double> { Advice.HistogramBucketBoundaries: { Count: > 0 } bounds } => [.. bounds],
        Histogram<float> { Advice.HistogramBucketBoundaries: { Count: > 0 } bounds } => [.. bounds.Select(bound => (double)bound)],
        Histogram<long> { Advice.HistogramBucketBoundaries: { Count: > 0 } bounds } => [.. bounds.Select(bound => (double)bound)],
        Histogram<int> { Advice.HistogramBucketBoundaries: { Count: > 0 } bounds } => [.. bounds.Select(bound => (double)bound)],
        _ => null,
    };
}
