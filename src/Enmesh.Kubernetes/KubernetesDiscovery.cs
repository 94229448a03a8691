using System.Collections.Immutable;


using Enmesh.Discovery;
using Enmesh.Kubernetes.Api;
using Enmesh.Kubernetes.Models;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;

namespace Enmesh.Kubernetes;

/// <summary>The members are pods, found through the Kubernetes API and watched there.</summary>
/// <remarks>
/// <para><b>Deployment.</b> A headless Service that selects the pods, <c>POD_IP</c> from the downward API as the host
/// part of every node's name, and a Role that lets the pods' service account list and watch EndpointSlices of their
/// namespace.</para>
/// <code>{ "Strategy": "kubernetes", "Service": "orders-headless" }</code>
/// <para><b>Who counts.</b> Pods that are not ready count: a node joins its cluster before it is ready to serve. Pods
/// that terminate, or have ended, do not. A pod that is in several slices, as with two families of addresses, is one
/// member.</para>
/// <para><b>What counts as what.</b> All namespaces answered, or are watched: complete. Nothing matches, not even this
/// pod: incomplete, until that was confirmed <see cref="KubernetesDiscoveryOptions.EmptyConfirmations"/> times and for
/// <see cref="KubernetesDiscoveryOptions.EmptyAge"/>. Some namespaces failed, or a pod has no name of the wanted form:
/// incomplete, with the others. All failed, a denial included: unavailable, with the Role that is missing.</para>
/// </remarks>
public sealed partial class KubernetesDiscovery : IWatchedPeerDiscovery, IDisposable
{
    private static readonly TimeSpan RestOfFailed = TimeSpan.FromSeconds(30);

    private readonly KubernetesDiscoveryOptions _options;
    private readonly ILogger _logger;
    private readonly ImmutableArray<string> _namespaces;
    private readonly TimeProvider _time;
    private readonly OwnPod _ownPod;
    private readonly TaskCompletionSource _open = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private IKubernetesClient? _client;
    private KubernetesClient? _opened;
    private ImmutableArray<IWatchedObjects> _watched = [];
    private ImmutableArray<string> _spaces = [];
    private EmptyAnswers _empty;

    /// <summary>Makes the strategy. The options are copied.</summary>
    /// <param name="options">The options.</param>
    /// <param name="client">The API; null for the one that the options lead to, found at the first question.</param>
    /// <param name="time">The clock; null for the system's.</param>
    /// <param name="logger">Is told what somebody should set right, such as a name that others do not know this node
    /// by.</param>
    /// <exception cref="ArgumentException">The options are not valid; the message has every problem.</exception>
    public KubernetesDiscovery(
        KubernetesDiscoveryOptions options, IKubernetesClient? client = null, TimeProvider? time = null,
        ILogger? logger = null)
    {
        ArgumentNullException.ThrowIfNull(options);
        if (options.Validate() is { Count: > 0 } problems)
            throw new ArgumentException(string.Join(Environment.NewLine, problems), nameof(options));
        _options = options.Copy();
        _namespaces = [.. options.Namespaces.Distinct(StringComparer.Ordinal)];
        _client = client;
        _time = time ?? TimeProvider.System;
        _logger = logger ?? NullLogger.Instance;
        _ownPod = new OwnPod(options.PodName, Environment.GetEnvironmentVariable, _logger);
    }

    /// <summary>True where this process knows which pod it runs in.</summary>
    public bool NamesSelf => _ownPod.IsKnown;

    /// <summary>What it was told.</summary>
    internal KubernetesDiscoveryOptions Options => _options;

    /// <summary>The API that it asks.</summary>
    /// <exception cref="KubernetesException">There is no way to it.</exception>
    internal IKubernetesClient Client
    {
        get
        {
            Open();
            return _client!;
        }
    }

    /// <inheritdoc/>
    public async ValueTask<PeerSnapshot> DiscoverAsync(NodeName self, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(self);
        Open();
        var failures = await Task.WhenAll(_watched.Select(one => AskAsync(one, cancellationToken)))
            .ConfigureAwait(false);
        var doubts = failures.OfType<KubernetesException>().Select(failure => failure.Message).Distinct(StringComparer.Ordinal).ToList();
        if (failures.All(failure => failure is not null))
            return new PeerSnapshot.Unavailable(Cause(failures, doubts));
        var answered = _watched.Where((_, i) => failures[i] is null);
        var members = Members.Merge(answered.SelectMany(one => one.Members));
        var peers = new Dictionary<NodeName, DiscoveredPeer>();
        foreach (var member in members)
        {
            if (Peer(self, member, doubts) is { } peer)
                peers.TryAdd(peer.Name, peer);
        }
        DoubtEmptiness(members.Count, doubts);
        return doubts.Count == 0
            ? new PeerSnapshot.Complete(peers.Values)
            : new PeerSnapshot.Incomplete(peers.Values, string.Join("; ", doubts));
    }

    /// <inheritdoc/>
    public async Task WatchAsync(NodeName self, Action changed, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(self);
        ArgumentNullException.ThrowIfNull(changed);
        if (!_options.Watch)
        {
            await Task.Delay(Timeout.Infinite, cancellationToken).ConfigureAwait(false);
            return;
        }
        // Before the first question has found the API there is nothing to watch, and it says why.
        await _open.Task.WaitAsync(cancellationToken).ConfigureAwait(false);
        // The only one fails for the source; one of several must not cost the others their watches.
        await (_watched is [var only]
            ? only.WatchAsync(changed, cancellationToken)
            : Task.WhenAll(_watched.Zip(_spaces, (one, space) => KeepWatchingAsync(one, space, changed, cancellationToken)))).ConfigureAwait(false);
    }

    /// <summary>Closes the connections, unless the client was given.</summary>
    public void Dispose() => _opened?.Dispose();

    private async Task KeepWatchingAsync(IWatchedObjects objects, string space, Action changed, CancellationToken cancellationToken)
    {
        string? said = null;
        while (true)
        {
            var begun = _time.GetTimestamp();
            try
            {
                await objects.WatchAsync(changed, cancellationToken).ConfigureAwait(false);
            }
            catch (Exception e) when (!cancellationToken.IsCancellationRequested)
            {
                // Such as a Role that is missing there: questions list it meanwhile, and say it too if they may not either.
                var what = e is KubernetesException { Failure: var failure } ? failure.ToString() : e.GetType().Name;
                if (said != what || _time.GetElapsedTime(begun) > RestOfFailed)
                    _logger.NamespaceNotWatched(space, e.Message);
                said = what;
            }
            await Task.Delay(RestOfFailed, _time, cancellationToken).ConfigureAwait(false);
        }
    }

    private static async Task<KubernetesException?> AskAsync(IWatchedObjects objects, CancellationToken cancellationToken)
    {
        try
        {
            await objects.AskAsync(cancellationToken).ConfigureAwait(false);
            return null;
        }
        catch (KubernetesException e)
        {
            // One namespace's failure is told beside what the others know.
            return e;
        }
    }

    private static Exception Cause(KubernetesException?[] failures, List<string> doubts) => doubts.Count == 1
        ? failures[0]!
        : new DiscoveryException(string.Join("; ", doubts), failures[0]);

    /// <exception cref="KubernetesException">There is no way to the API; asked again, it is looked for
    /// again.</exception>
    private void Open()
    {
        if (!_watched.IsEmpty)
            return;
        if (_client is null)
        {
            var access = _options.KubeConfig is null && _options.Context is null
                ? KubernetesAccess.Find()
                : KubernetesAccess.FromKubeConfig(_options.KubeConfig, _options.Context);
            _client = _opened = new KubernetesClient(access, _time);
        }
        _spaces = _namespaces.IsEmpty ? [_client.Namespace] : _namespaces;
        _watched = [.. _spaces.Select(space => Objects(_client, space))];
        _open.TrySetResult();
    }

    private IWatchedObjects Objects(IKubernetesClient client, string space)
    {
        var selection = new ListOptions
        {
            LabelSelector = LabelSelector(),
            FieldSelector = _options is { Lookup: KubernetesLookup.Endpoints, Service: { } service }
                ? $"metadata.name={service}"
                : null,
            ResourceVersion = _options.UseCachedResources ? "0" : null,
        };
        var port = _options.PortName;
        return _options.Lookup switch
        {
            KubernetesLookup.Pods => new WatchedObjects<Pod>(
                client, KubernetesResources.Pods, space, selection, pod => Members.Of(pod, space, port), _time),
            KubernetesLookup.Endpoints => new WatchedObjects<Endpoints>(
                client, KubernetesResources.Endpoints, space, selection, found => Members.Of(found, space, port), _time),
            _ => new WatchedObjects<EndpointSlice>(
                client, KubernetesResources.EndpointSlices, space, selection, slice => Members.Of(slice, space, port), _time),
        };
    }

    private string? LabelSelector()
    {
        if (_options is not { Lookup: KubernetesLookup.EndpointSlices, Service: { } service })
            return _options.Selector;
        var ofService = $"kubernetes.io/service-name={service}";
        return string.IsNullOrWhiteSpace(_options.Selector) ? ofService : $"{ofService},{_options.Selector}";
    }

    private void DoubtEmptiness(int found, List<string> doubts)
    {
        if (found > 0 || doubts.Count > 0)
        {
            _empty = default;
            return;
        }
        var now = _time.GetElapsedTime(0);
        _empty = _empty.Add(now);
        if (_empty.AreBelieved(now, _options.EmptyConfirmations, _options.EmptyAge))
            return;
        doubts.Add(FormattableString.Invariant(
            $"no {What()} in {string.Join(", ", _spaces)} (believed after {_options.EmptyConfirmations} such answers and {_options.EmptyAge.TotalSeconds:0.#} s; so far {_empty.Count})"));
    }

    private string What() => _options.Lookup switch
    {
        KubernetesLookup.Pods => $"pod with an address matches {_options.Selector}",
        KubernetesLookup.Endpoints => $"Endpoints of {_options.Service ?? _options.Selector} have an address",
        _ => $"EndpointSlice of {LabelSelector()} has an endpoint",
    };
}
