using System.Diagnostics.Metrics;
using System.Security.Cryptography;
using Enmesh.Certificates;
using Enmesh.Kubernetes.Api;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;

namespace Enmesh.Kubernetes.Certificates;

/// <summary>
/// Keeps a node's certificate fresh: from two thirds of its life on it is requested anew, until there is a new one.
/// </summary>
/// <remarks>
/// One implementation for the sidecar (<c>enmesh certs renew</c>) and for the program of the node itself. Attempts that
/// fail are repeated with pauses of 10 s doubling to 1 h, and never longer than a tenth of the time that is left,
/// or than 5 min when there is none. The one who renews a shared pair elsewhere, or by hand, is noticed each hour.
/// </remarks>
public sealed class NodeCertificateRenewal : IDisposable
{
    private static readonly TimeSpan LongestSleep = TimeSpan.FromHours(1);
    private static readonly TimeSpan FirstPause = TimeSpan.FromSeconds(10);
    private static readonly TimeSpan PauseWhenDenied = TimeSpan.FromMinutes(5);
    private static readonly TimeSpan LongestPause = TimeSpan.FromHours(1);

    private readonly NodeCertificateRequester _requester;
    private readonly TimeProvider _time;
    private readonly ILogger _logger;
    private readonly Meter _meter;
    private readonly Counter<long> _renewals;
    private NodeCertificate? _current;
    private (string Serial, TimeSpan Earlier)? _jitter;

    /// <summary>Makes it; nothing happens before <see cref="RunAsync"/>.</summary>
    /// <param name="requester">Gets the certificates.</param>
    /// <param name="time">The clock; null for the system's.</param>
    /// <param name="logger">Is told of failures, and how much time is left.</param>
    /// <param name="meters">Makes the meter; null for one of its own.</param>
    public NodeCertificateRenewal(
        NodeCertificateRequester requester, TimeProvider? time = null, ILogger? logger = null, IMeterFactory? meters = null)
    {
        ArgumentNullException.ThrowIfNull(requester);
        _requester = requester;
        _time = time ?? TimeProvider.System;
        _logger = logger ?? NullLogger.Instance;
        _meter = meters?.Create("Enmesh") ?? new Meter("Enmesh");
        var host = new KeyValuePair<string, object?>("enmesh.host", requester.Host);
        _renewals = _meter.CreateCounter<long>("enmesh.certificate.renewals", "{attempt}", "Attempts to renew the node's certificate.");
        _meter.CreateObservableGauge(
            "enmesh.certificate.remaining",
            () => _current is { } known ? [new Measurement<double>((known.NotAfter - _time.GetUtcNow()).TotalSeconds, host)] : Array.Empty<Measurement<double>>(),
            "s", "How long the node's certificate is still valid; negative when it has expired.");
    }

    /// <summary>The certificate as it was seen last; null before there was one.</summary>
    public NodeCertificate? Current => _current;

    /// <summary>
    /// Waits until there is a certificate, the one that is there or a first one; whether it is due makes no difference.
    /// </summary>
    /// <exception cref="EnmeshException">There is none, and there will be none; the message says why.</exception>
    public async Task EnsureAsync(CancellationToken cancellationToken = default) =>
        _current = _requester.Current() ?? await _requester.RequestAsync(cancellationToken).ConfigureAwait(false);

    /// <summary>Gets the first certificate where there is none, and renews it from then on, until it is told to end.</summary>
    public async Task RunAsync(CancellationToken cancellationToken = default)
    {
        var failures = 0;
        while (true)
        {
            cancellationToken.ThrowIfCancellationRequested();
            var current = await LookAsync(cancellationToken).ConfigureAwait(false);
            if (current is not null && Due(current) - _time.GetUtcNow() is { Ticks: > 0 } ahead)
            {
                failures = 0;
                // In pieces, since the clock that counts may be set.
                await Task.Delay(ahead < LongestSleep ? ahead : LongestSleep, _time, cancellationToken).ConfigureAwait(false);
                continue;
            }
            var problem = await TryAsync(cancellationToken).ConfigureAwait(false);
            // One that is due as soon as it is issued must not be asked for in a circle.
            if (problem is null && _current is { } made && Due(made) <= _time.GetUtcNow())
                problem = new CertificateRequestException(CertificateRequestFailure.Unusable, $"The one that was issued is due again at once: it is valid from {CertificateCheck.Text(made.NotBefore)} to {CertificateCheck.Text(made.NotAfter)}.");
            failures = problem is null ? 0 : failures + 1;
            if (problem is null)
                continue;
            current = _current;
            var pause = Pause(failures, Left(current), IsForGood(problem));
            Alarm(current, pause, problem);
            await Task.Delay(pause, _time, cancellationToken).ConfigureAwait(false);
        }
    }

    internal Meter Meter => _meter;

    /// <inheritdoc/>
    public void Dispose() => _meter.Dispose();

    /// <summary>The pause after so many failures in a row: longer each time, shorter when time runs out, and not long when it has.</summary>
    internal static TimeSpan Pause(int failures, TimeSpan? left, bool isForGood)
    {
        var pause = FirstPause * (1 << Math.Min(failures - 1, 9));
        if (isForGood && pause < PauseWhenDenied)
            pause = PauseWhenDenied;
        var limit = left switch
        {
            { Ticks: <= 0 } => PauseWhenDenied,
            { } remaining when remaining / 10 < LongestPause => remaining / 10,
            _ => LongestPause,
        };
        if (pause > limit)
            pause = limit;
        if (pause < FirstPause)
            pause = FirstPause;
        // Whoever failed together does not come back in step.
        return pause * (1 + (RandomNumberGenerator.GetInt32(1_000) / 4_000.0));
    }

    // A denial is somebody's decision; asking more often changes nothing.
    private static bool IsForGood(Exception problem) => problem switch
    {
        CertificateRequestException refused => !refused.IsTransient,
        KubernetesException api => !api.IsTransient,
        _ => false,
    };

    private async Task<NodeCertificate?> LookAsync(CancellationToken cancellationToken)
    {
        try
        {
            var usable = _requester.Current();
            // The one that cannot be kept any more is the one that is known all the same: when it expires, or has expired, is of interest.
            _current = usable ?? _current;
            return usable;
        }
        catch (Exception e) when (e is not OperationCanceledException)
        {
            // A volume that cannot be read now may be readable later; a request would end there as well.
            _logger.CertificateDoubtful(_requester.Host, e.Message);
            await Task.Delay(FirstPause, _time, cancellationToken).ConfigureAwait(false);
            return _current;
        }
    }

    private async Task<Exception?> TryAsync(CancellationToken cancellationToken)
    {
        try
        {
            _current = await _requester.RequestAsync(cancellationToken).ConfigureAwait(false);
            _renewals.Add(1, new KeyValuePair<string, object?>("enmesh.host", _requester.Host));
            return null;
        }
        catch (Exception e) when (e is not OperationCanceledException || !cancellationToken.IsCancellationRequested)
        {
            // Whatever it was, the certificate that is there still counts, and there will be another attempt.
            _renewals.Add(
                1, new("enmesh.host", _requester.Host),
                new("error.type", e is CertificateRequestException refused ? refused.Failure.ToString() : e is KubernetesException api ? api.Failure.ToString() : e.GetType().Name));
            return e;
        }
    }

    private TimeSpan? Left(NodeCertificate? current) => current?.NotAfter - _time.GetUtcNow();

    // Up to a twentieth of its life earlier, so that pods that started together do not ask together.
    private DateTimeOffset Due(NodeCertificate current)
    {
        if (_jitter?.Serial != current.Serial)
            _jitter = (current.Serial, (current.NotAfter - current.NotBefore) / 20 * (RandomNumberGenerator.GetInt32(1_000) / 1_000.0));
        return current.RenewFrom - _jitter.Value.Earlier;
    }

    private void Alarm(NodeCertificate? current, TimeSpan pause, Exception problem)
    {
        var next = Text(pause);
        if (current is null)
            _logger.CertificateMissing(_requester.Host, next, problem.Message);
        else if (current.NotAfter - _time.GetUtcNow() is var left && left <= TimeSpan.Zero)
            _logger.CertificateExpired(_requester.Host, problem.Message);
        else if (left <= (current.NotAfter - current.NotBefore) / 6)
            _logger.CertificateExpires(_requester.Host, Text(left), problem.Message);
        else
            _logger.CertificateRenewalFailed(_requester.Host, Text(left), next, problem.Message);
    }

    private static string Text(TimeSpan time) => time switch
    {
        { TotalDays: >= 2 } => FormattableString.Invariant($"{time.TotalDays:0.#} days"),
        { TotalHours: >= 2 } => FormattableString.Invariant($"{time.TotalHours:0.#} h"),
        { TotalMinutes: >= 2 } => FormattableString.Invariant($"{time.TotalMinutes:0.#} min"),
        _ => FormattableString.Invariant($"{time.TotalSeconds:0} s"),
    };
}
