using System.Collections.Concurrent;
using Enmesh.Terms;

namespace Enmesh.Processes;

/// <summary>
/// Messages that are sent when their time has come: <c>erlang:send_after/3</c>, <c>erlang:start_timer/3</c>.
/// </summary>
internal sealed class TimerTable(TimeProvider timeProvider)
{
    private readonly ConcurrentDictionary<Reference, Entry> _timers = new();

    internal int Count => _timers.Count;

    internal void Start(Reference reference, TimeSpan delay, Action send)
    {
        var entry = new Entry(this, reference, send, timeProvider.GetTimestamp(), delay);
        _timers[reference] = entry;
        entry.Timer = timeProvider.CreateTimer(
            static state => ((Entry)state!).Fire(), entry, delay, Timeout.InfiniteTimeSpan);
        if (!_timers.ContainsKey(reference))
            entry.Timer.Dispose(); // it fired, or was cancelled, before it stood in its field
    }

    /// <returns>What was left of its time; null when it has sent, was cancelled, or never was.</returns>
    internal TimeSpan? Cancel(Reference reference)
    {
        if (!_timers.TryRemove(reference, out var entry))
            return null;
        entry.Timer?.Dispose();
        return Left(entry);
    }

    /// <returns>What is left of its time; null when it has sent, was cancelled, or never was.</returns>
    internal TimeSpan? Read(Reference reference) => _timers.TryGetValue(reference, out var entry) ? Left(entry) : null;

    private TimeSpan Left(Entry entry)
    {
        var left = entry.Delay - timeProvider.GetElapsedTime(entry.Start);
        return left > TimeSpan.Zero ? left : TimeSpan.Zero;
    }

    private sealed class Entry(TimerTable table, Reference reference, Action send, long start, TimeSpan delay)
    {
        internal long Start => start;

        internal TimeSpan Delay => delay;

        internal ITimer? Timer { get; set; }

        internal void Fire()
        {
            if (!table._timers.TryRemove(reference, out _))
                return;
            Timer?.Dispose();
            send();
        }
    }
}
