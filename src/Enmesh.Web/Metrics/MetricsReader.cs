using System.Collections.Concurrent;
using System.Diagnostics.Metrics;

namespace Enmesh.Web.Metrics;

/// <summary>
/// Listens to the instruments of the process: the node's, the runtime's, and those of the program itself.
/// </summary>
/// <remarks>Meters that another host's factory has made are not this host's, and left out.</remarks>
internal sealed class MetricsReader : IDisposable
{
    private readonly IMeterFactory? _factory;
    private readonly MeterListener _listener = new();
    private readonly ConcurrentDictionary<Instrument, Family> _families = new();
    private readonly Lock _looking = new();

    /// <param name="factory">The host's.</param>
    internal MetricsReader(IMeterFactory? factory)
    {
        _factory = factory;
        _listener.InstrumentPublished = Publish;
        _listener.MeasurementsCompleted = (instrument, _) => _families.TryRemove(instrument, out Family? _);
        _listener.SetMeasurementEventCallback<double>(static (_, value, tags, family) => Record(family, value, tags));
        _listener.SetMeasurementEventCallback<float>(static (_, value, tags, family) => Record(family, value, tags));
        _listener.SetMeasurementEventCallback<decimal>(static (_, value, tags, family) => Record(family, (double)value, tags));
        _listener.SetMeasurementEventCallback<long>(static (_, value, tags, family) => Record(family, value, tags));
        _listener.SetMeasurementEventCallback<int>(static (_, value, tags, family) => Record(family, value, tags));
        _listener.SetMeasurementEventCallback<short>(static (_, value, tags, family) => Record(family, value, tags));
        _listener.SetMeasurementEventCallback<byte>(static (_, value, tags, family) => Record(family, value, tags));
        _listener.Start();
    }

    public void Dispose() => _listener.Dispose();

    /// <summary>Measures what is measured when somebody looks, and gives all there is, by name.</summary>
    internal void Look(Action<IReadOnlyList<IGrouping<string, Family>>> read)
    {
        lock (_looking)
        {
            foreach (var family in _families.Values)
                family.BeginLook();
            try
            {
                _listener.RecordObservableInstruments();
            }
            catch (AggregateException)
            {
                // An instrument whose owner fails is missing; all others were asked.
            }
            read([.. _families.Values.GroupBy(family => family.Name, StringComparer.Ordinal).OrderBy(same => same.Key, StringComparer.Ordinal)]);
        }
    }

    private void Publish(Instrument instrument, MeterListener listener)
    {
        if (instrument.Meter.Scope is IMeterFactory other && other != _factory)
            return;
        listener.EnableMeasurementEvents(instrument, _families.GetOrAdd(instrument, static instrument => new Family(instrument)));
    }

    private static void Record(object? family, double value, ReadOnlySpan<KeyValuePair<string, object?>> tags) =>
        ((Family)family!).Record(value, tags);
}
