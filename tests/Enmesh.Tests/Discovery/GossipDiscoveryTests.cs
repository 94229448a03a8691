using System.Net;
using System.Net.Sockets;
using System.Threading.Channels;
using Enmesh.Discovery;
using Enmesh.Testing;
using Xunit;

namespace Enmesh.Tests.Discovery;

/// <summary>The strategy <c>gossip</c> over sockets that a test has in its hands.</summary>
[Trait("Ring", "pure")]
public sealed class GossipDiscoveryTests : IAsyncLifetime
{
    private static readonly NodeName Self = NodeName.Parse("orders@10.0.0.1");
    private static readonly TimeSpan FarOff = TimeSpan.FromSeconds(60);
    private readonly VirtualTime _time = new();
    private readonly FakeSocket _socket = new();
    private readonly CancellationTokenSource _stop = new();
    private readonly Channel<bool> _changes = Channel.CreateUnbounded<bool>();
    private readonly GossipDiscovery _discovery;
    private readonly LibclusterCodec _codec = new([]);
    private Task _watching = Task.CompletedTask;
    private int _opened;

    public GossipDiscoveryTests() => _discovery = new GossipDiscovery(
        new GossipDiscoveryOptions(), () => _opened++ == 0 ? [_socket] : throw new DiscoveryException("the second time it fails"), _time);

    public ValueTask InitializeAsync()
    {
        _watching = _discovery.WatchAsync(Self, () => _changes.Writer.TryWrite(true), _stop.Token);
        return default;
    }

    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        await _watching.ContinueWith(_ => { }, TaskScheduler.Default).WaitAsync(FarOff);
        _stop.Dispose();
    }

    [Fact]
    public async Task It_says_its_name_at_once_and_again_within_each_interval()
    {
        for (var i = 0; i < 5; i++)
        {
            var sent = _socket.NextSentAsync();
            while (!sent.IsCompleted)
            {
                // The pause is chance, and at most the interval.
                _time.Advance(TimeSpan.FromMilliseconds(500));
                await Task.Yield();
            }
            Assert.Equal(GossipRefusal.None, _codec.Read(await sent, out var node));
            Assert.Equal(Self, node);
        }
    }

    [Fact]
    public async Task A_new_name_is_a_change_and_a_member_and_an_old_one_is_no_change()
    {
        Assert.Empty(Assert.IsType<PeerSnapshot.Incomplete>(await AskAsync()).Peers);
        _socket.Deliver(_codec.Write(NodeName.Parse("orders@10.0.0.2")));
        await _changes.Reader.ReadAsync().AsTask().WaitAsync(FarOff);
        Assert.Equal(["orders@10.0.0.2"], await CompleteAsync());

        _socket.Deliver(_codec.Write(NodeName.Parse("orders@10.0.0.2")));
        _socket.Deliver(_codec.Write(Self));
        _socket.Deliver([1, 2, 3]);
        _socket.Deliver(new byte[IGossipCodec.MaxBytes + 1]);
        _socket.Deliver(_codec.Write(NodeName.Parse("orders@10.0.0.3")));
        await _changes.Reader.ReadAsync().AsTask().WaitAsync(FarOff);
        Assert.False(_changes.Reader.TryRead(out _));
        Assert.Equal(["orders@10.0.0.1", "orders@10.0.0.2", "orders@10.0.0.3"], await CompleteAsync());
    }

    [Fact]
    public async Task A_socket_that_breaks_ends_the_watch_and_the_next_failure_is_told()
    {
        Assert.Empty(Assert.IsType<PeerSnapshot.Incomplete>(await AskAsync()).Peers);
        _socket.Break();
        await Assert.ThrowsAsync<SocketException>(() => _watching.WaitAsync(FarOff));
        Assert.True(_socket.IsDisposed);
        Assert.IsType<SocketException>(Assert.IsType<PeerSnapshot.Unavailable>(await AskAsync()).Cause);
        await Assert.ThrowsAsync<DiscoveryException>(() => _discovery.WatchAsync(Self, () => { }, _stop.Token));
        Assert.Equal("the second time it fails", Assert.IsType<PeerSnapshot.Unavailable>(await AskAsync()).Cause.Message);
    }

    [Fact]
    public async Task Told_to_stop_it_closes_its_socket()
    {
        await _stop.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => _watching.WaitAsync(FarOff));
        Assert.True(_socket.IsDisposed);
    }

    [Fact]
    public void All_problems_are_named_at_once_by_key()
    {
        var options = new GossipDiscoveryOptions
        {
            Groups = ["233.252.1.32", "somewhere", "53"],
            Interface = "nowhere0",
            Protocol = GossipProtocol.Sealed,
            SilentAfter = TimeSpan.FromSeconds(9),
            ForgetAfter = TimeSpan.FromSeconds(8),
        };
        Assert.Equal(
            ["Groups:1", "Groups:2", "Interface", "ForgetAfter", "SilentAfter", "SecretFile"],
            options.Validate().Select(problem => problem[..problem.IndexOf(": ", StringComparison.Ordinal)]));
        Assert.Empty(new GossipDiscoveryOptions().Validate());
        Assert.Throws<ArgumentException>(() => new GossipDiscovery(options));
        Assert.Throws<ArgumentOutOfRangeException>(() => options.Port = 0);
        Assert.Throws<ArgumentOutOfRangeException>(() => options.Ttl = 256);
    }

    [Fact]
    public void A_secret_comes_from_a_file_that_only_its_owner_reads()
    {
        var path = Path.GetTempFileName();
        try
        {
            var options = new GossipDiscoveryOptions { SecretFile = path };
            Assert.EndsWith("is empty.", Assert.Single(options.Validate()), StringComparison.Ordinal);
            File.WriteAllText(path, "short\nand a longer one for later\n");
            Assert.Empty(options.Validate());
            Assert.Equal(["short", "and a longer one for later"], GossipSecrets.Read(path, options.Protocol).Select(System.Text.Encoding.Latin1.GetString));
            options.Protocol = GossipProtocol.Sealed;
            Assert.Contains("less than 20 characters", Assert.Single(options.Validate()), StringComparison.Ordinal);
            if (OperatingSystem.IsWindows())
                return;
            File.SetUnixFileMode(path, UnixFileMode.UserRead | UnixFileMode.OtherRead);
            Assert.Contains("may be read or written by others", Assert.Single(options.Validate()), StringComparison.Ordinal);
        }
        finally
        {
            File.Delete(path);
        }
    }

    private async Task<PeerSnapshot> AskAsync() =>
        await _discovery.DiscoverAsync(Self, CancellationToken.None).AsTask().WaitAsync(FarOff);

    private async Task<IEnumerable<string>> CompleteAsync() =>
        Assert.IsType<PeerSnapshot.Complete>(await AskAsync()).Peers.Select(peer => peer.Name.Text).Order(StringComparer.Ordinal);

    private sealed class FakeSocket : IGossipSocket
    {
        private static readonly IPEndPoint From = new(IPAddress.Parse("10.0.0.9"), 45892);
        private readonly Channel<byte[]> _incoming = Channel.CreateUnbounded<byte[]>();
        private readonly Channel<byte[]> _sent = Channel.CreateUnbounded<byte[]>();

        public bool HearsItself => true;

        internal bool IsDisposed { get; private set; }

        internal void Deliver(byte[] packet) => _incoming.Writer.TryWrite(packet);

        internal void Break() => _incoming.Writer.TryComplete(new SocketException((int)SocketError.NetworkDown));

        internal Task<byte[]> NextSentAsync() => _sent.Reader.ReadAsync().AsTask();

        public ValueTask SendAsync(ReadOnlyMemory<byte> packet, CancellationToken cancellationToken) =>
            _sent.Writer.WriteAsync(packet.ToArray(), cancellationToken);

        public async ValueTask<(int Bytes, IPEndPoint From)> ReceiveAsync(Memory<byte> buffer, CancellationToken cancellationToken)
        {
            try
            {
                var packet = await _incoming.Reader.ReadAsync(cancellationToken);
                packet.CopyTo(buffer);
                return (packet.Length, From);
            }
            catch (ChannelClosedException e) when (e.InnerException is SocketException inner)
            {
                throw inner;
            }
        }

        public void Dispose() => IsDisposed = true;
    }
}
