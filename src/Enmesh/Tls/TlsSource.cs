using Enmesh.Files;
using Microsoft.Extensions.Logging;

namespace Enmesh.Tls;

/// <summary>What a node shows and trusts in handshakes that begin now.</summary>
/// <param name="Client">For dialling.</param>
/// <param name="Server">For being called.</param>
/// <param name="Since">Since when.</param>
internal sealed record TlsState(TlsMaterial Client, TlsMaterial Server, DateTimeOffset Since);

/// <summary>
/// Keeps a node's certificates as their files say: the newest that are whole, belong together and are valid already.
/// </summary>
internal sealed class TlsSource : IDisposable
{
    // A pair is two files, and written one after the other.
    private static readonly TimeSpan Settling = TimeSpan.FromMilliseconds(100);
    private static readonly TimeSpan Retry = TimeSpan.FromSeconds(10);

    // What runs out without a change of a file.
    private static readonly TimeSpan Look = TimeSpan.FromHours(1);

    private readonly Lock _gate = new();
    private readonly TlsFiles _files;
    private readonly TimeProvider _time;
    private readonly ILogger _logger;
    private readonly FileWatch _watch;
    private readonly ITimer _timer;
    private TlsState _state;
    private string? _complaint;
    private string _outdated = "";
    private bool _disposed;

    /// <summary>Reads the files and watches them from here on.</summary>
    /// <exception cref="TlsSettingsException">They cannot be used; the message says which, and what to do.</exception>
    internal TlsSource(TlsFiles files, TimeProvider time, ILogger logger)
    {
        _files = files;
        _time = time;
        _logger = logger;
        _state = Load();
        _logger.TlsLoaded(_state.Server.Names.Text, _state.Server.Certificate.Issuer, _state.Server.NotAfter);
        _timer = time.CreateTimer(static source => ((TlsSource)source!).Reload(), this, Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
        _watch = new FileWatch(files.All, () => Wake(Settling), time);
        Wake(Settling); // whatever happened before the watch began
    }

    /// <summary>What handshakes that begin now use.</summary>
    internal TlsState Current => Volatile.Read(ref _state);

    /// <summary>Why what the files hold now is not used; null when it is.</summary>
    internal string? Problem => Volatile.Read(ref _complaint);

    /// <inheritdoc/>
    public void Dispose()
    {
        lock (_gate)
            _disposed = true;
        _watch.Dispose();
        _timer.Dispose();
    }

    /// <summary>Reads the files now; those that cannot be used change nothing, and are told of once.</summary>
    internal void Reload()
    {
        lock (_gate)
        {
            if (_disposed)
                return;
            try
            {
                var fresh = Load();
                var complained = _complaint is not null;
                _complaint = null;
                TellOutdated(fresh);
                Wake(Look);
                if (Same(fresh, _state))
                {
                    if (complained)
                        _logger.TlsUsableAgain(_state.Server.NotAfter);
                    return;
                }
                _state = fresh;
            }
#pragma warning disable CA1031 // Files are anybody's, and nothing may leave a timer's callback: it would end the program.
            catch (Exception e)
#pragma warning restore CA1031
            {
                // Half written, or not valid yet: both pass without another change of a file.
                Wake(Retry);
                if (e.Message == _complaint)
                    return;
                _complaint = e.Message;
                _logger.TlsNotReloaded(e.Message, _state.Server.NotAfter);
                return;
            }
            _logger.TlsReloaded(_state.Server.Names.Text, _state.Server.Certificate.Issuer, _state.Server.NotAfter);
        }
    }

    // Under the gate. Such a list still revokes, but whoever makes the lists has stopped.
    private void TellOutdated(TlsState state)
    {
        var outdated = string.Join("; ", state.Server.Revoked.Outdated(state.Since).Concat(state.Client.Revoked.Outdated(state.Since)).Distinct(StringComparer.Ordinal));
        if (outdated.Length > 0 && outdated != _outdated)
            _logger.TlsListOutdated(outdated);
        _outdated = outdated;
    }

    private static bool Same(TlsState one, TlsState other) => Same(one.Client, other.Client) && Same(one.Server, other.Server);

    private static bool Same(TlsMaterial one, TlsMaterial other) =>
        one.Certificate.RawDataMemory.Span.SequenceEqual(other.Certificate.RawDataMemory.Span)
        && one.Chain.IntermediateCertificates.Select(c => c.Thumbprint).SequenceEqual(other.Chain.IntermediateCertificates.Select(c => c.Thumbprint))
        && one.Authorities.Select(c => c.Thumbprint).SequenceEqual(other.Authorities.Select(c => c.Thumbprint))
        && one.Revoked.IsSameAs(other.Revoked);

    private void Wake(TimeSpan after)
    {
        try
        {
            _timer?.Change(after, Timeout.InfiniteTimeSpan);
        }
        catch (ObjectDisposedException)
        {
            // The node is ending.
        }
    }

    private TlsState Load()
    {
        var now = _time.GetUtcNow();
        var server = TlsMaterial.Load(_files.Server, now);
        return new(_files.Client.Equals(_files.Server) ? server : TlsMaterial.Load(_files.Client, now), server, now);
    }
}
