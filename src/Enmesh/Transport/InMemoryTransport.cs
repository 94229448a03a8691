using System.Collections.Concurrent;
using System.Net;
using System.Threading.Channels;

namespace Enmesh.Transport;

/// <summary>A network inside the process: host names are labels, ports are numbers, nothing leaves it.</summary>
/// <remarks>A dial reaches whoever listens on that port of this instance, whatever host it names.</remarks>
internal sealed class InMemoryTransport(int bufferBytes = InMemoryConnection.DefaultBufferBytes) : ITransport
{
    private const int FirstFreePort = 50_000;

    private readonly ConcurrentDictionary<int, Listener> _listeners = new();
    private int _lastPort = FirstFreePort;

    public ValueTask<TransportConnection> ConnectAsync(
        string host, int port, CancellationToken cancellationToken = default)
    {
        cancellationToken.ThrowIfCancellationRequested();
        var (ours, theirs) = InMemoryConnection.CreatePair(
            bufferBytes, $"memory {EndPointText.HostAndPort(host, port)}");
        return _listeners.TryGetValue(port, out var listener) && listener.TryEnqueue(theirs)
            ? new ValueTask<TransportConnection>(ours)
            : throw new PeerUnreachableException(
                host, port, UnreachableReason.Refused, $"Nothing listens on port {port} of this in-memory network.");
    }

    public ITransportListener Listen(ListenAddress address)
    {
        for (var port = address.FirstPort; port <= address.LastPort; port++)
        {
            var listener = new Listener(this, port == 0 ? Interlocked.Increment(ref _lastPort) : port);
            if (_listeners.TryAdd(listener.Port, listener))
                return listener;
        }

        throw new ListenFailedException(
            "memory", address.FirstPort, inUse: true, $"The {address.Ports} of this in-memory network: in use.");
    }

    private sealed class Listener(InMemoryTransport network, int port) : ITransportListener
    {
        private readonly Channel<TransportConnection> _queue = Channel.CreateBounded<TransportConnection>(128);

        public int Port => port;

        public IReadOnlyList<EndPoint> EndPoints => [];

        public bool TryEnqueue(TransportConnection connection) => _queue.Writer.TryWrite(connection);

        public async ValueTask<TransportConnection> AcceptAsync(CancellationToken cancellationToken = default)
        {
            try
            {
                return await _queue.Reader.ReadAsync(cancellationToken).ConfigureAwait(false);
            }
            catch (ChannelClosedException e)
            {
                throw new ObjectDisposedException("The listener has been disposed.", e);
            }
        }

        public ValueTask DisposeAsync()
        {
            network._listeners.TryRemove(new(port, this));
            _queue.Writer.TryComplete();
            while (_queue.Reader.TryRead(out var left))
                left.Abort();
            return default;
        }
    }
}
