using System.Collections.Immutable;
using Enmesh.Processes;
using Enmesh.Terms;

namespace Enmesh.Groups;

/// <summary>The processes of this node that are subscribed to topics.</summary>
internal sealed class PhoenixSubscribers(ProcessRuntime runtime)
{
    private const int FirstSweep = 1024;

    private readonly Lock _gate = new();
    private readonly Dictionary<Term, ImmutableArray<Pid>> _topics = [];
    private int _count;
    private int _sweepAt = FirstSweep;

    internal int Count
    {
        get
        {
            lock (_gate)
                return _count;
        }
    }

    internal void Add(Term topic, Pid subscriber)
    {
        lock (_gate)
        {
            _topics[topic] = _topics.GetValueOrDefault(topic, []).Add(subscriber);
            // Those who ended and whose topics nobody broadcasts on any more are found when so many have come again.
            if (++_count >= _sweepAt)
                Sweep();
        }
    }

    internal void Remove(Term topic, Pid subscriber) => Keep(topic, other => other != subscriber);

    /// <summary>Hands a message to all who are subscribed, but for one.</summary>
    internal void Dispatch(Term topic, Term message, Pid? except)
    {
        ImmutableArray<Pid> subscribers;
        lock (_gate)
        {
            if (!_topics.TryGetValue(topic, out subscribers))
                return;
        }
        var someEnded = false;
        foreach (var subscriber in subscribers)
        {
            someEnded |= !runtime.IsAlive(subscriber);
            if (subscriber != except)
                runtime.TrySend(null, subscriber, message);
        }
        if (someEnded)
            Keep(topic, runtime.IsAlive);
    }

    private void Keep(Term topic, Func<Pid, bool> whom)
    {
        lock (_gate)
        {
            if (!_topics.TryGetValue(topic, out var subscribers))
                return;
            ImmutableArray<Pid> kept = [.. subscribers.Where(whom)];
            _count -= subscribers.Length - kept.Length;
            if (kept.IsEmpty)
                _topics.Remove(topic);
            else
                _topics[topic] = kept;
        }
    }

    private void Sweep()
    {
        foreach (var topic in _topics.Keys.ToArray())
            Keep(topic, runtime.IsAlive);
        _sweepAt = Math.Max(FirstSweep, _count * 2);
    }
}
