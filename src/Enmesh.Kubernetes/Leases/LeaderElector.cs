using System.Security.Cryptography;
using Enmesh.Kubernetes.Api;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;

namespace Enmesh.Kubernetes.Leases;

/// <summary>
/// One leader among several processes, by a Lease of Kubernetes: for work that one and only one of them is to do, such
/// as migrations, schedules, clean-up.
/// </summary>
/// <remarks>
/// <para>The rules are those of Kubernetes' own components, so that a Lease may be shared with programs in Go. A lease
/// is taken over when this process has not seen it change for its duration, by this process's own clock; clocks that
/// differ do no harm. That there is no other leader holds as long as the clocks run about equally fast, and the work
/// ends when it is told to: what must not happen twice under any circumstances needs more than a lease.</para>
/// <para>Needs a Role with <c>get</c>, <c>create</c> and <c>patch</c> on <c>leases</c> of
/// <c>coordination.k8s.io</c>.</para>
/// </remarks>
public sealed class LeaderElector
{
    private readonly LeaderElectorOptions _options;
    private readonly TimeProvider _time;
    private readonly ILogger _logger;
    private readonly LeaseClaim _claim;
    private int _isTaken;
    private KubernetesFailure? _complainedOf;

    /// <summary>Makes the elector of one candidate. The options are copied.</summary>
    /// <param name="client">The API.</param>
    /// <param name="options">The options.</param>
    /// <param name="time">The clock; null for the system's.</param>
    /// <param name="logger">Is told who leads, and who no longer does.</param>
    /// <exception cref="ArgumentException">The options are not valid; the message has every problem.</exception>
    public LeaderElector(
        IKubernetesClient client, LeaderElectorOptions options, TimeProvider? time = null, ILogger? logger = null)
    {
        ArgumentNullException.ThrowIfNull(client);
        ArgumentNullException.ThrowIfNull(options);
        if (options.Validate() is { Count: > 0 } problems)
            throw new ArgumentException(string.Join(Environment.NewLine, problems), nameof(options));
        _options = options.Copy();
        _time = time ?? TimeProvider.System;
        _logger = logger ?? NullLogger.Instance;
        Identity = options.Identity is { Length: > 0 } given
            ? given
            : $"{Environment.MachineName}_{RandomNumberGenerator.GetHexString(16, lowercase: true)}";
        _claim = new LeaseClaim(
            client, options.Namespace ?? client.Namespace, options.Name, Identity, options.LeaseDuration, _time);
    }

    /// <summary>Who we are among the candidates.</summary>
    public string Identity { get; }

    /// <summary>Who led when we looked last; null for nobody. While we neither acquire nor lead, nobody
    /// looks.</summary>
    public string? Leader => _claim.Holder;

    /// <summary>Waits until we lead.</summary>
    /// <returns>The lease, which is renewed until it is disposed of or lost.</returns>
    /// <exception cref="KubernetesException">
    /// It failed in a way that waiting does not mend, such as a missing right. Failures that pass are waited out, those of trust and
    /// credentials among them: authorities and tokens are exchanged under running programs.
    /// </exception>
    /// <exception cref="InvalidOperationException">This elector has a lease already, or waits for one.</exception>
    public Task<KubernetesLease> AcquireAsync(CancellationToken cancellationToken = default) => AcquireAsync(false, cancellationToken);

    /// <summary>
    /// Leads whenever it can: waits until we lead, does the work, and when the lease is lost begins anew. Returns when
    /// the work ends by itself, after giving the lease up.
    /// </summary>
    /// <remarks>
    /// Work that ends after its lease was lost was interrupted, however it ends: by returning, since loops do so when they are told to
    /// end, or by an exception, which is logged. It is done again at the next turn, so it has to bear being done twice. What it throws
    /// while the lease is held ends all of it.
    /// </remarks>
    /// <param name="lead">
    /// The work. Its token is cancelled when the lease is lost or the caller gives up; it is awaited before anything
    /// else happens, so it has to end soon then: within the difference of lease duration and renew deadline if no two
    /// are to lead.
    /// </param>
    /// <param name="cancellationToken">Ends it all.</param>
    /// <exception cref="KubernetesException">
    /// As <see cref="AcquireAsync(CancellationToken)"/>, before the first turn; who has led once had every right, so that any failure is waited out.
    /// </exception>
    public async Task RunAsync(Func<CancellationToken, Task> lead, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(lead);
        for (var hasLed = false; ; hasLed = true)
        {
            var lease = await AcquireAsync(hasLed, cancellationToken).ConfigureAwait(false);
            await using (lease.ConfigureAwait(false))
            {
                using var either = CancellationTokenSource.CreateLinkedTokenSource(lease.Lost, cancellationToken);
                try
                {
                    await lead(either.Token).ConfigureAwait(false);
                    if (!lease.Lost.IsCancellationRequested)
                        return;
                }
                catch (Exception e) when (lease.Lost.IsCancellationRequested && !cancellationToken.IsCancellationRequested)
                {
                    // Somebody else leads now; we wait for our turn. Not everybody says that he was cancelled in the usual way.
                    if (e is not OperationCanceledException)
                        _logger.LeaseWorkInterrupted(_options.Name, e);
                }
                cancellationToken.ThrowIfCancellationRequested();
            }
        }
    }

    private async Task<KubernetesLease> AcquireAsync(bool hasLed, CancellationToken cancellationToken)
    {
        if (Interlocked.Exchange(ref _isTaken, 1) != 0)
            throw new InvalidOperationException("A candidate can lead only once at a time.");
        try
        {
            while (true)
            {
                var begun = _time.GetTimestamp();
                if (await TryAsync(hasLed, cancellationToken).ConfigureAwait(false))
                {
                    _logger.LeaseAcquired(_options.Name, Identity);
                    return new KubernetesLease(_claim, _options, begun, _time, _logger, () => Volatile.Write(ref _isTaken, 0));
                }
                await Task.Delay(Pause(), _time, cancellationToken).ConfigureAwait(false);
            }
        }
        catch
        {
            // Whatever it was, this candidate may try again.
            Volatile.Write(ref _isTaken, 0);
            throw;
        }
    }

    private async Task<bool> TryAsync(bool hasLed, CancellationToken cancellationToken)
    {
        using var deadline = new CancellationTokenSource(_options.RenewDeadline, _time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(deadline.Token, cancellationToken);
        try
        {
            var isHeld = await _claim.TryAsync(either.Token).ConfigureAwait(false) == ClaimOutcome.Held;
            _complainedOf = null;
            return isHeld;
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            _logger.LeaseAttemptFailed(_options.Name, "there was no answer in time");
        }
        catch (KubernetesException e) when (e.IsTransient)
        {
            _logger.LeaseAttemptFailed(_options.Name, e.Message);
        }
        catch (KubernetesException e) when (hasLed || e.Failure is KubernetesFailure.Tls or KubernetesFailure.Unauthorized)
        {
            // It may pass by itself, and it may need somebody: who looks has to find it.
            if (_complainedOf != e.Failure)
                _logger.LeaseRefused(_options.Name, e.Message);
            _complainedOf = e.Failure;
        }
        return false;
    }

    // Up to 1.2 times as long again, so that the candidates do not ask in step.
    private TimeSpan Pause() =>
        _options.RetryPeriod * (1 + (1.2 * RandomNumberGenerator.GetInt32(1_000_000) / 1_000_000));
}
