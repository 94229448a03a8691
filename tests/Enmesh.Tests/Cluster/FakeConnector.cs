using System.Net;
using Enmesh.Cluster;
using Enmesh.Discovery;

namespace Enmesh.Tests.Cluster;

/// <summary>A node without a network: the test says which peers answer, and brings links up and down.</summary>
internal sealed class FakeConnector(NodeName self) : IPeerConnector
{
    private readonly Lock _gate = new();
    private readonly Dictionary<NodeName, long> _connected = [];
    private readonly List<DiscoveredPeer> _dialled = [];
    private Action<PeerLinkNotice>? _observer;
    private long _session;
    private int _looks;

    public NodeName Self => self;

    public int? Port { get; init; } = 4370;

    public IReadOnlyList<IPAddress> Addresses { get; init; } = [IPAddress.IPv6Any];

    public IReadOnlyCollection<NodeName> Connected
    {
        get
        {
            lock (_gate)
                return [.. _connected.Keys];
        }
    }

    /// <summary>What a peer does when it is dialled. Without a script it answers.</summary>
    internal Func<DiscoveredPeer, CancellationToken, Task>? Script { get; set; }

    internal IReadOnlyList<DiscoveredPeer> Dialled
    {
        get
        {
            lock (_gate)
                return [.. _dialled];
        }
    }

    public async Task ConnectAsync(DiscoveredPeer peer, CancellationToken cancellationToken)
    {
        lock (_gate)
            _dialled.Add(peer);
        if (Script is { } script)
            await script(peer, cancellationToken);
        LinkUp(peer.Name);
    }

    public IReadOnlyCollection<NodeName> Visible => Connected;

    /// <summary>How often a peer was asked whom it sees.</summary>
    internal int Looks => Volatile.Read(ref _looks);

    /// <summary>Whom a peer sees. Without a script it sees everybody.</summary>
    internal Func<NodeName, IReadOnlyCollection<NodeName>>? Sees { get; set; }

    public Task<IReadOnlyCollection<NodeName>> AskVisibleAsync(
        NodeName peer, int max, CancellationToken cancellationToken)
    {
        Interlocked.Increment(ref _looks);
        return Task.FromResult(Sees?.Invoke(peer) ?? [.. Connected.Append(Self).Where(node => node != peer)]);
    }

    public void Disconnect(NodeName peer, string reason) => LinkDown(peer);

    public IDisposable Subscribe(Action<PeerLinkNotice> observer)
    {
        _observer = observer;
        return new Subscription(this);
    }

    internal void LinkUp(NodeName peer, bool notice = true)
    {
        lock (_gate)
        {
            if (!_connected.TryAdd(peer, ++_session))
                return;
        }
        if (notice)
            _observer?.Invoke(new PeerLinkNotice.Up(peer, _session));
    }

    internal void LinkDown(NodeName peer, bool notice = true)
    {
        long session;
        lock (_gate)
        {
            if (!_connected.Remove(peer, out session))
                return;
        }
        if (notice)
            _observer?.Invoke(new PeerLinkNotice.Down(peer, session, PeerStage.Tick, "it was silent for 60 s"));
    }

    private sealed class Subscription(FakeConnector owner) : IDisposable
    {
        public void Dispose() => owner._observer = null;
    }
}

/// <summary>A strategy that answers what the test says.</summary>
internal sealed class FakeDiscovery(Func<CancellationToken, Task<PeerSnapshot>> answer) : IPeerDiscovery
{
    private int _asked;

    internal FakeDiscovery(PeerSnapshot answer)
        : this(_ => Task.FromResult(answer))
    {
    }

    internal int Asked => Volatile.Read(ref _asked);

    public async ValueTask<PeerSnapshot> DiscoverAsync(NodeName self, CancellationToken cancellationToken)
    {
        Interlocked.Increment(ref _asked);
        return await answer(cancellationToken);
    }
}
