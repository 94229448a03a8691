using System.Collections.Immutable;
using System.Security.Cryptography;
using Enmesh.Kubernetes.Api;
using Enmesh.Kubernetes.Models;

namespace Enmesh.Kubernetes;

/// <summary>The objects of a namespace in which members are found.</summary>
internal interface IWatchedObjects
{
    /// <summary>The members at the last answer.</summary>
    IEnumerable<Member> Members { get; }

    /// <summary>Lists the objects, unless the watch is well and knows them.</summary>
    Task AskAsync(CancellationToken cancellationToken);

    /// <summary>Watches from the last list on, until it is told to end or cannot go on.</summary>
    Task WatchAsync(Action changed, CancellationToken cancellationToken);
}

/// <summary>
/// A copy of the objects of a kind, kept by a watch, and by lists while there is none. Lists are made by questions
/// alone and watches by the watch alone; the version is what they hand to each other.
/// </summary>
/// <typeparam name="T">The objects' model.</typeparam>
internal sealed class WatchedObjects<T>(
    IKubernetesClient client, KubernetesResource<T> resource, string space, ListOptions selection,
    Func<T, IEnumerable<Member>> read, TimeProvider time) : IWatchedObjects
    where T : KubernetesObject
{
    private static readonly TimeSpan MaxPause = TimeSpan.FromSeconds(30);

    // A stream that ends sooner, and says nothing, is no way to watch.
    private static readonly TimeSpan ShortLife = TimeSpan.FromSeconds(1);

    private readonly Lock _gate = new();
    private ImmutableDictionary<string, T> _objects = ImmutableDictionary<string, T>.Empty;
    private string? _version;
    private int _lists;
    private int _asking;
    private bool _isWatched;
    private (TimeSpan Until, KubernetesException Why)? _leftAlone;
    private TaskCompletionSource _listed = new(TaskCreationOptions.RunContinuationsAsynchronously);

    public IEnumerable<Member> Members
    {
        get
        {
            ImmutableDictionary<string, T> objects;
            lock (_gate)
                objects = _objects;
            // The order of names, so that equal answers are equal.
            return objects.OrderBy(pair => pair.Key, StringComparer.Ordinal).SelectMany(pair => read(pair.Value));
        }
    }

    private TimeSpan Now => time.GetElapsedTime(0);

    public async Task AskAsync(CancellationToken cancellationToken)
    {
        lock (_gate)
        {
            if (_isWatched)
                return;
            if (_leftAlone is { } told && Now < told.Until)
                throw told.Why;
            _asking++;
        }
        KubernetesList<T> list;
        try
        {
            list = await client.ListAsync(resource, space, selection, cancellationToken).ConfigureAwait(false);
        }
        catch (Exception e)
        {
            lock (_gate)
            {
                _asking--;
                if (e is KubernetesException { RetryAfter: { } wait } refused)
                    _leftAlone = (Now + wait, refused);
            }
            throw;
        }
        lock (_gate)
        {
            _asking--;
            // A watch that has begun meanwhile knows more than this list.
            if (_isWatched)
                return;
            _objects = list.Items!.ToImmutableDictionary(Key, StringComparer.Ordinal);
            _version = list.Metadata.ResourceVersion;
            _lists++;
            _listed.TrySetResult();
        }
    }

    public async Task WatchAsync(Action changed, CancellationToken cancellationToken)
    {
        var failures = 0;
        try
        {
            while (true)
            {
                var (version, list) = await ListedAsync(changed, cancellationToken).ConfigureAwait(false);
                var end = await FollowAsync(version, list, changed, cancellationToken).ConfigureAwait(false);
                if (end.How == WatchEnd.Superseded)
                    continue;
                failures = end.WasOfUse ? 0 : failures;
                // That a version has expired is no failure at first, only when its successor does at once as well.
                var pauses = end.How == WatchEnd.Broken || (end.How == WatchEnd.InOrder && !end.WasOfUse)
                    ? failures + 1
                    : failures;
                if (pauses > 0)
                {
                    NotWatched();
                    await Task.Delay(Pause(pauses, end.Wait), time, cancellationToken).ConfigureAwait(false);
                }
                failures = end.How == WatchEnd.Expired ? pauses + 1 : pauses;
                if (end.How == WatchEnd.Expired)
                    Forget();
            }
        }
        finally
        {
            NotWatched();
        }
    }

    private static string Key(T found) => found.Metadata?.Name ?? "";

    private static TimeSpan Pause(int failures, TimeSpan? told)
    {
        var pause = TimeSpan.FromSeconds(0.5) * (1 << Math.Min(failures - 1, 6));
        pause = pause > MaxPause ? MaxPause : pause;
        // All pods lose their watches when a server goes; they do not come back in step.
        pause += pause * (RandomNumberGenerator.GetInt32(1000) / 2000.0);
        return told > pause ? told.Value : pause;
    }

    /// <summary>Follows one stream to its end.</summary>
    private async Task<(WatchEnd How, bool WasOfUse, TimeSpan? Wait)> FollowAsync(
        string version, int list, Action changed, CancellationToken cancellationToken)
    {
        var begun = time.GetTimestamp();
        var said = false;
        WatchEnd how;
        TimeSpan? wait = null;
        try
        {
            var options = new WatchOptions
            {
                ResourceVersion = version,
                LabelSelector = selection.LabelSelector,
                FieldSelector = selection.FieldSelector,
            };
            var watch = await client.WatchAsync(resource, space, options, cancellationToken).ConfigureAwait(false);
            await using (watch.ConfigureAwait(false))
            {
                // A list that came while we were opening is newer than where this stream begins.
                if (!TryBeWatched(list))
                    return (WatchEnd.Superseded, false, null);
                await foreach (var happened in watch.ReadAllAsync(cancellationToken).ConfigureAwait(false))
                {
                    said = true;
                    if (Apply(happened))
                        changed();
                }
            }
            how = WatchEnd.InOrder;
        }
        catch (KubernetesException e) when (e.Failure == KubernetesFailure.Gone)
        {
            how = WatchEnd.Expired;
        }
        catch (KubernetesException e) when (e.IsTransient)
        {
            (how, wait) = (WatchEnd.Broken, e.RetryAfter);
        }
        return (how, said || time.GetElapsedTime(begun) >= ShortLife, wait);
    }

    /// <summary>Waits until there is a list, and gives its version and its number. Questions are asked for until one brings it: the next one
    /// by itself may be a day away.</summary>
    private async Task<(string Version, int List)> ListedAsync(Action changed, CancellationToken cancellationToken)
    {
        for (var asked = 1; ; asked++)
        {
            Task listed;
            bool isDue;
            lock (_gate)
            {
                if (_version is { } version)
                    return (version, _lists);
                listed = _listed.Task;
                // The very first question comes unbidden, and one under way may bring it.
                isDue = _asking == 0 && (asked > 1 || _lists > 0);
            }
            if (isDue)
                changed();
            await listed.WaitAsync(Pause(asked, null), time, cancellationToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            cancellationToken.ThrowIfCancellationRequested();
        }
    }

    private bool TryBeWatched(int list)
    {
        lock (_gate)
            return _isWatched = list == _lists;
    }

    private void NotWatched()
    {
        lock (_gate)
            _isWatched = false;
    }

    /// <summary>The next question lists anew. What was known is kept until then.</summary>
    private void Forget()
    {
        lock (_gate)
        {
            _isWatched = false;
            _version = null;
            _listed = new(TaskCreationOptions.RunContinuationsAsynchronously);
        }
    }

    /// <returns>Whether it makes a difference for who the members are.</returns>
    private bool Apply(KubernetesEvent<T> happened)
    {
        lock (_gate)
        {
            _version = happened.Object.Metadata.ResourceVersion;
            if (happened.Type == KubernetesEventType.Bookmark)
                return false;
            var key = Key(happened.Object);
            var before = _objects.GetValueOrDefault(key);
            var after = happened.Type == KubernetesEventType.Deleted ? null : happened.Object;
            _objects = after is null ? _objects.Remove(key) : _objects.SetItem(key, after);
            return !Prints(before).SequenceEqual(Prints(after), StringComparer.Ordinal);
        }
    }

    private IEnumerable<string> Prints(T? found) =>
        found is null ? [] : read(found).Select(member => member.Fingerprint);
}

/// <summary>How the stream of a watch ended.</summary>
internal enum WatchEnd
{
    /// <summary>The server ended it, as it does after its time.</summary>
    InOrder,

    /// <summary>It broke, or did not come about, and may do so later.</summary>
    Broken,

    /// <summary>Its version is too old.</summary>
    Expired,

    /// <summary>A newer list was there before it began.</summary>
    Superseded,
}
