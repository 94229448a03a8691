using System.Net;
using System.Net.Security;
using System.Security.Authentication;
using System.Security.Cryptography.X509Certificates;
using Enmesh.Certificates;
using Enmesh.Transport;
using Microsoft.Extensions.Logging;

namespace Enmesh.Tls;

/// <summary>TLS over a connection, on whose own thread it reads: whoever blocks the pool does not hold it up.</summary>
internal sealed partial class TlsConnection : TransportConnection
{
    private const int RecordBytes = 16 * 1024;
    private static readonly TimeSpan Farewell = TimeSpan.FromSeconds(1);

    private readonly TransportConnection _inner;
    private readonly TlsSource _source;
    private readonly ILogger _logger;
    private readonly TlsIdentity _identity;
    private readonly TimeProvider _time;
    private readonly bool _isServer;
    private readonly RecordStream _records;
    private readonly SslStream _tls;
    private byte[] _plain = [];
    private TlsMaterial? _material;
    private TlsWords? _words;
    private Verdict? _verdict;
    private int _closed;
    private int _completed;
    private CertificateNames? _peerNames;
    private TlsLink? _session;

    /// <summary>Takes over a connection.</summary>
    internal TlsConnection(TransportConnection inner, TlsSource source, TlsIdentity identity, bool isServer, TimeProvider time, ILogger logger)
    {
        _inner = inner;
        _source = source;
        _identity = identity;
        _isServer = isServer;
        _time = time;
        _logger = logger;
        _records = new RecordStream(inner);
        _tls = new SslStream(_records, leaveInnerStreamOpen: true);
    }

    public override EndPoint? LocalEndPoint => _inner.LocalEndPoint;

    public override EndPoint? RemoteEndPoint => _inner.RemoteEndPoint;

    public override string Description =>
        $"{(_session is { } session ? session.Version : "TLS")} {_inner.Description[(_inner.Description.IndexOf(' ', StringComparison.Ordinal) + 1)..]}";

    public override int HandshakePrefixBytes => 4;

    public override bool HasUnread => _records.HasAhead || _inner.HasUnread;

    public override bool IsReadingThread => _inner.IsReadingThread;

    public override TlsLink? Security => _session;

    private bool IsClosed => Volatile.Read(ref _closed) != 0;

    public override void ReadOnOwnThread(Action afterwards) => _inner.ReadOnOwnThread(afterwards);

    public override ReadingHop GoOnReading() => _inner.GoOnReading();

    public override bool HelpReader() => _inner.HelpReader();

    public override async ValueTask OpenAsync(string? name, TimeSpan limit, CancellationToken cancellationToken)
    {
        using var deadline = new CancellationTokenSource(limit, _time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(deadline.Token, cancellationToken);
        var state = _source.Current;
        _material = _isServer ? state.Server : state.Client;
        var peer = name is null || name == AddressText ? AddressText : $"{name} ({AddressText})";
        _words = new TlsWords(peer, _material, _isServer);
        var begun = _time.GetTimestamp();
        _logger.TlsHandshakeBegun(AddressText, _isServer ? "called" : "dialling", name ?? "");
        try
        {
            if (_isServer)
                await _tls.AuthenticateAsServerAsync(ServerOptions(peer), either.Token).ConfigureAwait(false);
            else
                await _tls.AuthenticateAsClientAsync(ClientOptions(peer, name!), either.Token).ConfigureAwait(false);
        }
#pragma warning disable CA1031 // Whatever it was, it is this handshake's failure, and the caller is told as such.
        catch (Exception e)
#pragma warning restore CA1031
        {
            cancellationToken.ThrowIfCancellationRequested();
            var failure = deadline.IsCancellationRequested ? _words.TimedOut(limit, _records.Opening)
                : _verdict is { } verdict ? new TlsException(verdict.Failure, verdict.Message, e)
                : _words.Explain(e, _records.Opening, _records.SawEnd);
            _logger.TlsHandshakeFailed(AddressText, failure.Failure, failure.Message);
            throw failure;
        }
        _session = MakeSession();
        if (_logger.IsEnabled(LogLevel.Debug))
        {
            _logger.TlsHandshakeDone(
                AddressText, _session.Version, _session.CipherSuite, _session.Peer, _session.OwnNotAfter,
                _time.GetElapsedTime(begun).TotalMilliseconds);
        }
    }

    // Whom we have dialled has shown who it is before anything was said.
    public override string? WhyNot(string host, bool isHidden) =>
        _isServer ? _identity.WhyNot(_peerNames!, _session!.Peer, host, isHidden) : null;

    public override void CompleteWrites()
    {
        if (_session is null || Interlocked.Exchange(ref _completed, 1) != 0)
        {
            _inner.CompleteWrites();
            return;
        }
        _ = SayFarewellAsync();
    }

    public override void Abort()
    {
        Volatile.Write(ref _closed, 1);
        _inner.Abort();
    }

    public override async ValueTask DisposeAsync()
    {
        try
        {
            if (Interlocked.Exchange(ref _closed, 1) == 0 && _session is not null && Interlocked.Exchange(ref _completed, 1) == 0)
                await SayFarewellAsync().ConfigureAwait(false);
        }
        finally
        {
            await _inner.DisposeAsync().ConfigureAwait(false);
            await _tls.DisposeAsync().ConfigureAwait(false);
        }
    }

    /// <summary>For tests: what lies below.</summary>
    internal TransportConnection Below => _inner;

    private string AddressText => EndPointText.Of(_inner.RemoteEndPoint);

    // A peer that reads no more must not keep us from our end: the farewell is for those that do.
    private async Task SayFarewellAsync()
    {
        try
        {
            await _tls.ShutdownAsync().WaitAsync(Farewell, _time).ConfigureAwait(false);
        }
        catch (TimeoutException)
        {
            _inner.Abort();
            return;
        }
#pragma warning disable CA1031 // Whatever it was, there is no farewell, and the end must go on.
        catch (Exception)
#pragma warning restore CA1031
        {
            // It has ended already, never began, or something is still being written: that says as much.
        }
        _inner.CompleteWrites();
    }

    private SslClientAuthenticationOptions ClientOptions(string peer, string name) => new()
    {
        // An address is left out of the message by the runtime, as RFC 6066 has it; it is checked all the same.
        TargetHost = name,
        EnabledSslProtocols = _material!.Files.Versions,
        ClientCertificateContext = _material.Chain,
        CertificateChainPolicy = ChainVerdict.Policy(_material, _time.GetUtcNow(), KeyUsages.ServerAuth),
        RemoteCertificateValidationCallback = (_, certificate, chain, _) => Check(peer, name, certificate, chain),
        // Nobody gets in by what an older certificate was good for.
        AllowTlsResume = false,
        AllowRenegotiation = true, // the BEAM's own, after 2^28 records of TLS 1.2
    };

    private SslServerAuthenticationOptions ServerOptions(string peer) => new()
    {
        EnabledSslProtocols = _material!.Files.Versions,
        ServerCertificateContext = _material.Chain,
        ClientCertificateRequired = true,
        CertificateChainPolicy = ChainVerdict.Policy(_material, _time.GetUtcNow(), KeyUsages.ClientAuth),
        RemoteCertificateValidationCallback = (_, certificate, chain, _) => Check(peer, null, certificate, chain),
        AllowTlsResume = false,
        AllowRenegotiation = true,
    };

    private bool Check(string peer, string? name, X509Certificate? certificate, X509Chain? chain)
    {
        _verdict = certificate is not X509Certificate2 shown || chain is null || chain.ChainElements.Count == 0
            ? new(TlsFailure.NoCertificate, $"{peer} showed no certificate. {(_isServer ? "Give it one for dialling: certfile and keyfile in the section client of its option file." : "")}".TrimEnd())
            : ChainVerdict.OfPeer(peer, _material!, chain, _time.GetUtcNow()) ?? NameVerdict(name, shown);
        return _verdict is null;
    }

    private static Verdict? NameVerdict(string? name, X509Certificate2 certificate)
    {
        try
        {
            var names = CertificateNames.Of(certificate);
            return name is null || names.Covers(name, HostRule.Enmesh) ? null : new(TlsFailure.WrongName, TlsIdentity.Mismatch(
                $"The node that answered for {name}: its", ChainVerdict.Short(certificate), name));
        }
        catch (CertificateException e)
        {
            return new(TlsFailure.BadCertificate, e.Message);
        }
    }

    private TlsLink MakeSession()
    {
        // By the handshake it is an X509Certificate2 that lives as long as the stream.
        var certificate = (X509Certificate2)_tls.RemoteCertificate!;
        _peerNames = CertificateNames.Of(certificate);
        return new TlsLink
        {
            Version = _tls.SslProtocol == SslProtocols.Tls13 ? "TLS 1.3" : "TLS 1.2",
            CipherSuite = _tls.NegotiatedCipherSuite.ToString(),
            Peer = ChainVerdict.Short(certificate),
            PeerNotAfter = TlsMaterial.Instant(certificate.NotAfter),
            PeerSerialNumber = certificate.SerialNumber,
            Own = ChainVerdict.Short(_material!.Certificate),
            OwnNotAfter = _material.NotAfter,
            OwnSerialNumber = _material.Certificate.SerialNumber,
            Since = _time.GetUtcNow(),
        };
    }
}
