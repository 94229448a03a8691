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

    private readonly TimeSpan _patience;

    /// <param name="factory">The host's.</param>
    /// <param name="patience">How long to wait for another look that goes on; 5 s when null.</param>
    internal MetricsReader(IMeterFactory? factory, TimeSpan? patience = null)
    {
        _factory = factory;
        _patience = patience ?? TimeSpan.FromSeconds(5);
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
    /// <returns>False when somebody else's look does not end: an instrument of the program hangs. Each further one would hold one more thread, for ever.</returns>
    internal bool Look(Action<IReadOnlyList<IGrouping<string, Family>>> read)
    {
        if (!_looking.TryEnter(_patience))
            return false;
        try
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
            return true;
        }
        finally
        {
            _looking.Exit();
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
