using System.Net;
using Enmesh.Handshake;
using Enmesh.Peers;
using Enmesh.Transport;

namespace Enmesh.Cli.Tests.Doctor;

/// <summary>A peer that is right up to the last message of the handshake, and does nothing after that.</summary>
internal sealed class HandshakingPeer : IAsyncDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    private readonly ITransportListener _listener;
    private readonly CancellationTokenSource _stop = new();
    private readonly Task _serving;

    private HandshakingPeer(ITransportListener listener, HandshakeSettings settings, bool endAtOnce)
    {
        _listener = listener;
        _serving = ServeAsync(settings, endAtOnce);
    }

    internal int Port => _listener.Port;

    internal static HandshakingPeer Start(string name, string cookie, bool endAtOnce = false) => new(
        new TcpTransport().Listen(ListenAddress.On(IPAddress.Loopback, 0)),
        new HandshakeSettings { Name = NodeName.Parse(name), Creation = 77, Cookies = _ => new PeerCookies(cookie) },
        endAtOnce);

    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        await _listener.DisposeAsync();
        await _serving;
        _stop.Dispose();
    }

    private async Task ServeAsync(HandshakeSettings settings, bool endAtOnce)
    {
        try
        {
            await using var connection = await _listener.AcceptAsync(_stop.Token);
            var driver = new HandshakeDriver(
                connection, new AcceptorHandshake(settings), static _ => new NodeAnswer.Admission(PeerStanding.Unconnected), static _ => { },
                new(Patience, Patience), TimeProvider.System);
            await driver.RunAsync(_stop.Token);
            if (!endAtOnce)
                await Task.Delay(Timeout.Infinite, _stop.Token);
        }
        catch (Exception e) when (e is OperationCanceledException or ObjectDisposedException or EnmeshException)
        {
            // The test is over.
        }
    }
}
