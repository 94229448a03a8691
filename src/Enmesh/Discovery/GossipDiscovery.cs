using System.Collections.Immutable;
using System.Net;
using System.Net.Sockets;
using System.Security.Cryptography;

namespace Enmesh.Discovery;

/// <summary>
/// The members are those who say so: every node sends its name to a group of its network again and again, and hears the
/// others.
/// </summary>
/// <remarks>
/// <para><b>Deployment.</b> For hosts on one network that carries multicast or broadcast: machines in a rack, Docker's
/// bridge networks, a developer's host. Most clouds and most networks of Kubernetes carry neither; use <c>dns</c> there.
/// Nothing needs to be known beforehand:</para>
/// <code>{ "Strategy": "gossip" }</code>
/// <para>Such a node meets Elixir nodes with <c>Cluster.Strategy.Gossip</c> of libcluster, from version 3.3 on; with its
/// option <c>secret</c>, put the secret into a file and set <c>SecretFile</c>. Clusters of our nodes alone should use
/// <see cref="GossipProtocol.Sealed"/>, which proves where a packet comes from:</para>
/// <code>{ "Strategy": "gossip", "Protocol": "Sealed", "SecretFile": "/run/secrets/gossip", "Interface": "eth1" }</code>
/// <para>A broadcast address among the <see cref="GossipDiscoveryOptions.Groups"/> does where there is no multicast; IPv6
/// has groups as <c>ff02::e52</c>. A packet names a node and no port: without EPMD all nodes have the same distribution
/// port.</para>
/// <para><b>What counts as what.</b> Everybody who was heard is a member, at once. The answer is complete while all of
/// them are heard again within <see cref="GossipDiscoveryOptions.SilentAfter"/>. Who falls silent makes it incomplete,
/// and is still named: silence may be the network's. Only after <see cref="GossipDiscoveryOptions.ForgetAfter"/> of
/// silence a member is left out, and the answer is complete without it. When not even this node's own packets come back,
/// or nothing but packets that cannot be read, the answer is incomplete and says so. When the socket cannot be opened
/// there is none.</para>
/// <para><b>What a stranger can do.</b> Without a secret, anybody on the network can name nodes, which are dialled then;
/// only the cookie keeps them out. libcluster's encryption does not prove who made a packet. At most 1,024 names are
/// kept, a packet of more than 1,024 bytes is not read, and nothing but a map of one name is understood.</para>
/// </remarks>
public sealed class GossipDiscovery : IWatchedPeerDiscovery
{
    private readonly Func<IReadOnlyList<IGossipSocket>> _open;
    private readonly Func<IGossipCodec> _codec;
    private readonly TimeProvider _time;
    private readonly TimeSpan _interval;
    private readonly GossipTable _table;
    private readonly TaskCompletionSource _begun = new(TaskCreationOptions.RunContinuationsAsynchronously);

    /// <summary>Makes the strategy. The options are copied; the file with the secret is read.</summary>
    /// <param name="options">The options.</param>
    /// <param name="time">The clock; null for the system's.</param>
    /// <exception cref="ArgumentException">The options are not valid; the message has every problem.</exception>
    public GossipDiscovery(GossipDiscoveryOptions options, TimeProvider? time = null)
        : this(options, null, time ?? TimeProvider.System)
    {
    }

    internal GossipDiscovery(GossipDiscoveryOptions options, Func<IReadOnlyList<IGossipSocket>>? open, TimeProvider time)
    {
        ArgumentNullException.ThrowIfNull(options);
        if (options.Validate() is { Count: > 0 } problems)
            throw new ArgumentException(string.Join(Environment.NewLine, problems), nameof(options));
        var secrets = options.SecretFile is { } file ? GossipSecrets.Read(file, options.Protocol) : [];
        var skew = options.MaxClockSkew;
        _codec = options.Protocol == GossipProtocol.Sealed
            ? () => new SealedCodec(secrets, time, skew)
            : () => new LibclusterCodec(secrets);
        _open = open ?? Opener(options);
        _time = time;
        _interval = options.Interval;
        _table = new GossipTable(options.SilentAfter, options.ForgetAfter, time);
    }

    /// <inheritdoc/>
    /// <remarks>The first answer waits until <see cref="WatchAsync"/> listens, or cannot.</remarks>
    public async ValueTask<PeerSnapshot> DiscoverAsync(NodeName self, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(self);
        await _begun.Task.WaitAsync(cancellationToken).ConfigureAwait(false);
        return _table.Snapshot(self);
    }

    /// <inheritdoc/>
    public Task WatchAsync(NodeName self, Action changed, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(self);
        ArgumentNullException.ThrowIfNull(changed);
        return RunAsync(self, changed, speaks: true, cancellationToken);
    }

    /// <summary>Hears the others without a word: for whoever looks on and is no node.</summary>
    internal Task ListenAsync(NodeName self, CancellationToken cancellationToken) =>
        RunAsync(self, static () => { }, speaks: false, cancellationToken);

    private async Task RunAsync(NodeName self, Action changed, bool speaks, CancellationToken cancellationToken)
    {
        IReadOnlyList<IGossipSocket> sockets = [];
        try
        {
            sockets = _open();
            _table.Listening(speaks && sockets.Any(socket => socket.HearsItself));
            _begun.TrySetResult();
            await RunAsync(sockets, self, changed, speaks, cancellationToken).ConfigureAwait(false);
        }
        catch (Exception e) when (!cancellationToken.IsCancellationRequested)
        {
            _table.Deaf(e);
            _begun.TrySetResult();
            throw;
        }
        finally
        {
            foreach (var socket in sockets)
                socket.Dispose();
        }
    }

    private static Func<IReadOnlyList<IGossipSocket>> Opener(GossipDiscoveryOptions options)
    {
        ImmutableArray<IPAddress> groups = [.. options.ReadGroups()];
        var (port, ttl) = (options.Port, options.Ttl);
        var named = new GossipDiscoveryOptions { Interface = options.Interface };
        return () =>
        {
            var network = named.Interface is null
                ? null
                : named.FindInterface() ?? throw new DiscoveryException($"This host has no interface '{named.Interface}' any longer.");
            var open = new List<IGossipSocket>();
            try
            {
                foreach (var group in groups)
                    open.Add(GossipSocket.Open(group, port, network, ttl));
                return open;
            }
            catch
            {
                open.ForEach(socket => socket.Dispose());
                throw;
            }
        };
    }

    // One loop for each socket and one that sends. The first that fails ends the others.
    private async Task RunAsync(
        IReadOnlyList<IGossipSocket> sockets, NodeName self, Action changed, bool speaks, CancellationToken cancellationToken)
    {
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        var codec = _codec();
        Task[] loops =
        [
            .. speaks ? [SendAsync(codec, sockets, self, stop.Token)] : Array.Empty<Task>(),
            .. sockets.Select(socket => ReceiveAsync(codec, socket, self, changed, stop.Token)),
        ];
        var first = await Task.WhenAny(loops).ConfigureAwait(false);
        await stop.CancelAsync().ConfigureAwait(false);
        try
        {
            await Task.WhenAll(loops).ConfigureAwait(false);
        }
        catch (Exception)
        {
            // What ended the first is what is told; it ended the others.
        }
        await first.ConfigureAwait(false);
    }

    private async Task SendAsync(
        IGossipCodec codec, IReadOnlyList<IGossipSocket> sockets, NodeName self, CancellationToken cancellationToken)
    {
        while (true)
        {
            string? problem = null;
            foreach (var socket in sockets)
            {
                try
                {
                    await socket.SendAsync(codec.Write(self), cancellationToken).ConfigureAwait(false);
                }
                catch (SocketException e)
                {
                    // A cable may be out for now; others may still be heard.
                    problem = e.Message;
                }
            }
            _table.Sent(problem);
            await Task.Delay(Pause(), _time, cancellationToken).ConfigureAwait(false);
        }
    }

    private async Task ReceiveAsync(
        IGossipCodec codec, IGossipSocket socket, NodeName self, Action changed, CancellationToken cancellationToken)
    {
        // One byte more than is read, so that a longer packet does not look like a good one.
        var buffer = new byte[IGossipCodec.MaxBytes + 1];
        while (true)
        {
            var (bytes, from) = await socket.ReceiveAsync(buffer, cancellationToken).ConfigureAwait(false);
            NodeName? node = null;
            var refusal = bytes > IGossipCodec.MaxBytes
                ? GossipRefusal.Foreign
                : codec.Read(buffer.AsSpan(0, bytes), out node);
            if (node is null && refusal != GossipRefusal.Replayed)
                _table.Refused(from, refusal);
            else if (node is not null && _table.Heard(node) && node != self)
                changed();
        }
    }

    // As libcluster: any time up to the interval, so that a thousand nodes do not speak at once.
    private TimeSpan Pause() => _interval * (RandomNumberGenerator.GetInt32(1, 1001) / 1000.0);
}
