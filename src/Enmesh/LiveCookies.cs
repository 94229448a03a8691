using Enmesh.Files;
using Enmesh.Handshake;
using Enmesh.Telemetry;
using Microsoft.Extensions.Logging;

namespace Enmesh;

/// <summary>Where a node's cookies come from.</summary>
/// <param name="Source">The file.</param>
/// <param name="Insecure">Whether weak ones are taken.</param>
/// <param name="PreviousFor">How long one that has left the file is accepted.</param>
internal sealed record CookieFile(CookieSource Source, bool Insecure, TimeSpan PreviousFor)
{
    /// <exception cref="CookieException">There is no good cookie there.</exception>
    internal string[] Read() => [.. Source.Read(Insecure).Select(cookie => cookie.Value)];
}

/// <summary>
/// The cookies of a running node: read anew when their file changes, with those that have left it for some time more.
/// </summary>
internal sealed class LiveCookies : IDisposable
{
    /// <summary>How long a file is left alone after a change, so that it is not read half written.</summary>
    internal static readonly TimeSpan Settling = TimeSpan.FromMilliseconds(200);

    /// <summary>Cookies changed again and again must not make the digest of each caller cost more and more.</summary>
    private const int MostPrevious = 4;

    private readonly Lock _gate = new();
    private readonly CookieFile _file;
    private readonly TimeProvider _time;
    private readonly ILogger _logger;
    private readonly ITimer _reading;
    private readonly ITimer _forgetting;
    private readonly FileWatch _watch;
    private readonly List<(string Cookie, long LeftAt)> _previous = []; // the one that left last comes first
    private string[] _lines;
    private PeerCookies _cookies;
    private string? _complaint;
    private bool _disposed;

    /// <summary>Reads the file, and watches it from here on.</summary>
    /// <exception cref="CookieException">There is no good cookie there.</exception>
    internal LiveCookies(CookieFile file, TimeProvider time, ILogger logger)
    {
        (_file, _time, _logger) = (file, time, logger);
        _lines = file.Read();
        _cookies = new PeerCookies(_lines[0], _lines.AsSpan(1));
        _reading = time.CreateTimer(static me => ((LiveCookies)me!).Read(), this, Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
        _forgetting = time.CreateTimer(static me => ((LiveCookies)me!).Forget(), this, Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
        _watch = new FileWatch([file.Source.Path], () => Wake(_reading, Settling), time);
        Wake(_reading, Settling); // whatever happened before the watch began
    }

    /// <summary>Those that count now.</summary>
    internal PeerCookies Current => Volatile.Read(ref _cookies);

    public void Dispose()
    {
        lock (_gate)
            _disposed = true;
        _watch.Dispose();
        _reading.Dispose();
        _forgetting.Dispose();
    }

    private void Read()
    {
        lock (_gate)
        {
            if (_disposed)
                return;
            string[] lines;
            try
            {
                lines = _file.Read();
                _complaint = null;
            }
            catch (CookieException e)
            {
                // Nobody is parted for a file that is wrong, and it is said once.
                if (_complaint != e.Message)
                    _logger.CookieNotRead(e.Message);
                _complaint = e.Message;
                return;
            }
            if (lines.AsSpan().SequenceEqual(_lines))
                return;
            var left = _lines.Except(lines, StringComparer.Ordinal).ToList();
            _lines = lines;
            _previous.RemoveAll(previous => Array.IndexOf(lines, previous.Cookie) >= 0);
            if (_file.PreviousFor > TimeSpan.Zero)
                _previous.InsertRange(0, left.Select(cookie => (cookie, _time.GetTimestamp())));
            if (_previous.Count > MostPrevious)
                _previous.RemoveRange(MostPrevious, _previous.Count - MostPrevious);
            Use();
            _logger.CookieChanged(_file.Source.Path, left.Count == 0 ? TimeSpan.Zero : _file.PreviousFor);
        }
    }

    private void Forget()
    {
        lock (_gate)
        {
            if (_disposed || _previous.RemoveAll(previous => Remaining(previous.LeftAt) <= TimeSpan.Zero) == 0)
                return;
            Use();
            _logger.PreviousCookieForgotten(_file.Source.Path);
        }
    }

    // Under the gate.
    private void Use()
    {
        Volatile.Write(ref _cookies, new PeerCookies(_lines[0], [.. _lines.AsSpan(1), .. _previous.Select(previous => previous.Cookie)]));
        if (_previous.Count > 0)
            Wake(_forgetting, _previous.Min(previous => Remaining(previous.LeftAt)));
    }

    private TimeSpan Remaining(long leftAt) => _file.PreviousFor - _time.GetElapsedTime(leftAt);

    private static void Wake(ITimer? timer, TimeSpan after)
    {
        try
        {
            timer?.Change(after > TimeSpan.Zero ? after : TimeSpan.Zero, Timeout.InfiniteTimeSpan);
        }
        catch (ObjectDisposedException)
        {
            // The node is ending.
        }
    }
}

internal static partial class CookieLog
{
    [LoggerMessage(EventId = EventIds.CookieChanged, Level = LogLevel.Information,
        Message = "The cookie file {File} has changed: handshakes use its first cookie from now on. One that has left it is accepted for {PreviousFor} more.")]
    internal static partial void CookieChanged(this ILogger logger, string file, TimeSpan previousFor);

    [LoggerMessage(EventId = EventIds.CookieNotRead, Level = LogLevel.Error,
        Message = "The cookies stay as they were, since their file has changed and is of no use: {Problem}")]
    internal static partial void CookieNotRead(this ILogger logger, string problem);

    [LoggerMessage(EventId = EventIds.PreviousCookieForgotten, Level = LogLevel.Information,
        Message = "A cookie that has left {File} is no longer accepted.")]
    internal static partial void PreviousCookieForgotten(this ILogger logger, string file);
}
