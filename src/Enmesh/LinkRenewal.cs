using System.Security.Cryptography;
using Enmesh.Peers;
using Enmesh.Tls;
using Microsoft.Extensions.Logging;

namespace Enmesh;

/// <summary>
/// Has a node leave its cluster and come back when its links were made with a certificate of its own that ends soon, and
/// there is a newer one: all links at once, for one that is cut alone parts both ends from everybody.
/// </summary>
/// <remarks>
/// Each node goes at a moment of its own within the time that is set, so that the cluster does not go as one. Nobody
/// goes for another's certificate: that one comes by itself.
/// </remarks>
internal sealed class LinkRenewal : IDisposable
{
    private const int LooksPerWindow = 60;

    private readonly PeerTable _peers;
    private readonly TlsSource _source;
    private readonly TimeSpan _window;
    private readonly TimeProvider _time;
    private readonly ILogger _logger;
    private readonly Lock _gate = new();
    private readonly ITimer _timer;
    private DateTimeOffset? _goesAt;

    /// <param name="peers">The links.</param>
    /// <param name="source">The certificates.</param>
    /// <param name="window">How long before the end of the certificate it begins, and over how long the nodes spread.</param>
    /// <param name="time">The clock.</param>
    /// <param name="logger">Where it is told.</param>
    internal LinkRenewal(PeerTable peers, TlsSource source, TimeSpan window, TimeProvider time, ILogger logger)
    {
        _peers = peers;
        _source = source;
        _window = window;
        _time = time;
        _logger = logger;
        var every = window / LooksPerWindow;
        _timer = time.CreateTimer(static renewal => ((LinkRenewal)renewal!).Look(), this, every, every);
    }

    public void Dispose() => _timer.Dispose();

    private void Look()
    {
        var now = _time.GetUtcNow();
        lock (_gate)
        {
            if (!IsDue(now))
            {
                _goesAt = null;
                return;
            }
            // At latest at the end of the first half, so that a second attempt is still in time.
            _goesAt ??= now + (_window / 2 * RandomNumberGenerator.GetInt32(1000) / 1000);
            if (now < _goesAt)
                return;
            _goesAt = null;
        }
        var links = _peers.Links;
        var due = links.Count(link => IsDue(link, now));
        var until = Fresh;
        _logger.TlsRenewing(due, until);
        var end = new LinkEnd(LinkEndCause.ClosedHere, "its certificate ends soon, and is renewed: this node leaves and comes back");
        foreach (var link in links)
            link.Close(end);
    }

    private bool IsDue(DateTimeOffset now) => _peers.Links.Any(link => IsDue(link, now));

    private DateTimeOffset Fresh =>
        _source.Current is var current && current.Server.NotAfter < current.Client.NotAfter ? current.Server.NotAfter : current.Client.NotAfter;

    private bool IsDue(PeerLink link, DateTimeOffset now) =>
        link.Security is { } made && made.OwnNotAfter - _window <= now && made.OwnNotAfter < Fresh;
}
