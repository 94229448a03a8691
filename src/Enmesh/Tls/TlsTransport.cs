using System.Net;
using Enmesh.Transport;
using Microsoft.Extensions.Logging;

namespace Enmesh.Tls;

/// <summary>TLS over another transport. Whoever dials or accepts opens the connection, on its own thread.</summary>
/// <param name="inner">The transport below.</param>
/// <param name="source">The certificates; it is the caller's.</param>
/// <param name="identity">Which of them may call as whom.</param>
/// <param name="time">The clock.</param>
/// <param name="logger">Where handshakes are told.</param>
internal sealed class TlsTransport(ITransport inner, TlsSource source, TlsIdentity identity, TimeProvider time, ILogger logger) : ITransport
{
    public async ValueTask<TransportConnection> ConnectAsync(
        string host, int port, CancellationToken cancellationToken = default) => new TlsConnection(
            await inner.ConnectAsync(host, port, cancellationToken).Here(), source, identity, isServer: false, time, logger);

    public ITransportListener Listen(ListenAddress address) => new Listener(this, inner.Listen(address));

    private TlsConnection Accepted(TransportConnection connection) =>
        new(connection, source, identity, isServer: true, time, logger);

    private sealed class Listener(TlsTransport owner, ITransportListener inner) : ITransportListener
    {
        public int Port => inner.Port;

        public IReadOnlyList<EndPoint> EndPoints => inner.EndPoints;

        public async ValueTask<TransportConnection> AcceptAsync(CancellationToken cancellationToken = default) =>
            owner.Accepted(await inner.AcceptAsync(cancellationToken).Here());

        public ValueTask DisposeAsync() => inner.DisposeAsync();
    }
}
