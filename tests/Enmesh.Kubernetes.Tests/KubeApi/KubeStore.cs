using System.Collections.Immutable;
using System.Globalization;
using System.Text.Json.Nodes;

namespace Enmesh.Kubernetes.Tests.KubeApi;

/// <summary>Where an object is: its kind as <c>plural.group</c>, its namespace and its name.</summary>
internal readonly record struct KubeKey(string Resource, string Namespace, string Name) : IComparable<KubeKey>
{
    public int CompareTo(KubeKey other) => string.CompareOrdinal(ToString(), other.ToString());

    public override string ToString() => $"{Resource}\0{Namespace}\0{Name}";
}

/// <summary>A change of an object; null stands for an object that is not there.</summary>
internal sealed record KubeChange(long Revision, KubeKey Key, JsonObject? Before, JsonObject? After);

/// <summary>
/// The objects, and their history as etcd keeps it: one counter of revisions for everything, old states until they are
/// compacted.
/// </summary>
internal sealed class KubeStore
{
    private readonly Lock _gate = new();
    private readonly List<KubeChange> _history = [];
    private readonly Dictionary<long, ImmutableSortedDictionary<KubeKey, JsonObject>> _snapshots = [];
    private ImmutableSortedDictionary<KubeKey, JsonObject> _objects = ImmutableSortedDictionary<KubeKey, JsonObject>.Empty;
    private TaskCompletionSource _changed = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private long _revision = 1000;
    private long _compacted;
    private int _uids;

    internal long Revision
    {
        get
        {
            lock (_gate)
                return _revision;
        }
    }

    /// <summary>Completes at the next change.</summary>
    internal Task Changed
    {
        get
        {
            lock (_gate)
                return _changed.Task;
        }
    }

    /// <summary>The state of now, which stays readable at its revision until it is compacted.</summary>
    internal (long Revision, ImmutableSortedDictionary<KubeKey, JsonObject> Objects) Snapshot()
    {
        lock (_gate)
        {
            _snapshots[_revision] = _objects;
            return (_revision, _objects);
        }
    }

    /// <summary>An earlier state; null when it is compacted.</summary>
    internal ImmutableSortedDictionary<KubeKey, JsonObject>? SnapshotAt(long revision)
    {
        lock (_gate)
            return revision < _compacted ? null : _snapshots.GetValueOrDefault(revision);
    }

    internal JsonObject? Find(KubeKey key)
    {
        lock (_gate)
            return _objects.GetValueOrDefault(key);
    }

    /// <summary>What happened after a revision. A watch that is open gets it whether or not that is
    /// compacted.</summary>
    internal IReadOnlyList<KubeChange> After(long revision)
    {
        lock (_gate)
            return [.. _history.Where(change => change.Revision > revision)];
    }

    /// <summary>Whether no watch can begin at a revision any more.</summary>
    internal bool IsCompacted(long revision)
    {
        lock (_gate)
            return revision < _compacted;
    }

    /// <summary>Forgets the past: new watches from before, and pages of lists from before, have expired.</summary>
    internal void Compact()
    {
        lock (_gate)
        {
            _compacted = ++_revision;
            _snapshots.Clear();
        }
    }

    /// <summary>Changes one object: gets it as it is, gives it as it is to be, null for none.</summary>
    /// <returns>The object, or the last state of it.</returns>
    internal JsonObject? Change(KubeKey key, Func<JsonObject?, JsonObject?> change)
    {
        TaskCompletionSource waiting;
        JsonObject? after;
        lock (_gate)
        {
            var before = _objects.GetValueOrDefault(key);
            after = change((JsonObject?)before?.DeepClone());
            if (before is null && after is null)
                return null;
            if (before is not null && after is not null && JsonNode.DeepEquals(before, after))
                return before;
            _revision++;
            var last = after ?? (JsonObject)before!.DeepClone();
            Stamp(last, key, before);
            _objects = after is null ? _objects.Remove(key) : _objects.SetItem(key, last);
            _history.Add(new(_revision, key, before, after is null ? null : last));
            // The state that a watcher is told of when the object has gone.
            if (after is null)
                _history[^1] = _history[^1] with { Before = last };
            after = last;
            waiting = _changed;
            _changed = new(TaskCreationOptions.RunContinuationsAsynchronously);
        }
        waiting.SetResult();
        return after;
    }

    private void Stamp(JsonObject stamped, KubeKey key, JsonObject? before)
    {
        var metadata = stamped["metadata"] as JsonObject ?? [];
        stamped["metadata"] = metadata;
        metadata["name"] = key.Name;
        metadata["namespace"] = key.Namespace;
        metadata["resourceVersion"] = _revision.ToString(CultureInfo.InvariantCulture);
        metadata["uid"] ??= before?["metadata"]?["uid"]?.DeepClone() ?? $"00000000-0000-0000-0000-{++_uids:d12}";
        metadata["creationTimestamp"] ??= before?["metadata"]?["creationTimestamp"]?.DeepClone() ?? "2030-01-01T00:00:00Z";
    }
}
