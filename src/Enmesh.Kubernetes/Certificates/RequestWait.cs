using Enmesh.Kubernetes.Api;
using Enmesh.Kubernetes.Models;
using Microsoft.Extensions.Logging;

namespace Enmesh.Kubernetes.Certificates;

/// <summary>Waits until a CertificateRequest is settled: by a watch, or by asking again and again where there may be
/// none.</summary>
internal sealed class RequestWait(
    IKubernetesClient client, string space, string name, TimeProvider time, ILogger logger)
{
    internal static readonly TimeSpan Poll = TimeSpan.FromSeconds(2);
    private static readonly TimeSpan Pause = TimeSpan.FromSeconds(0.5);
    private static readonly TimeSpan WatchLife = TimeSpan.FromSeconds(30);
    private readonly PatientQuestion _question = new(time);
    private string _awaited = "nothing was heard of it";
    private bool _canWatch = true;

    /// <summary>What is waited for, in words.</summary>
    internal string Awaited => _question.Problem ?? _awaited;

    /// <summary>Waits for a certificate.</summary>
    /// <returns>Its chain, in base64.</returns>
    /// <exception cref="CertificateRequestException">There will be none.</exception>
    internal async Task<string> RunAsync(CertificateRequest request, CancellationToken cancellationToken)
    {
        while (true)
        {
            if (Settled(request) is { } certificate)
                return certificate;
            var (found, wait) = _canWatch ? await FollowAsync(request, cancellationToken).ConfigureAwait(false) : default;
            if (found is not null)
                return found;
            var pause = _canWatch ? Pause : Poll;
            await Task.Delay(wait > pause ? wait.Value : pause, time, cancellationToken).ConfigureAwait(false);
            request = await GetAsync(cancellationToken).ConfigureAwait(false);
        }
    }

    private string? Settled(CertificateRequest request)
    {
        switch (RequestVerdict.Of(request))
        {
            case RequestVerdict.Issued issued:
                return issued.Certificate;
            case RequestVerdict.Refused refused:
                throw Refusal(request, refused);
            case RequestVerdict.Pending pending:
                if (pending.Why != _awaited)
                    logger.CertificateAwaited(name, _awaited = pending.Why);
                return null;
            default:
                return null;
        }
    }

    private CertificateRequestException Refusal(CertificateRequest request, RequestVerdict.Refused refused)
    {
        var issuer = $"{request.Spec?.IssuerRef?.Kind ?? "Issuer"} '{request.Spec?.IssuerRef?.Name}'";
        return new(refused.Failure, refused.Failure switch
        {
            CertificateRequestFailure.Denied =>
                $"CertificateRequest '{name}' is denied: {refused.Why}. Its names, usages or duration are not allowed to this account; see the policy of the approver.",
            CertificateRequestFailure.Invalid => $"{issuer} calls CertificateRequest '{name}' invalid: {refused.Why}",
            _ => $"{issuer} has failed to sign CertificateRequest '{name}': {refused.Why}",
        });
    }

    /// <returns>The certificate, if the watch has brought it, and how long the server wants to be left alone.</returns>
    private async Task<(string? Certificate, TimeSpan? Wait)> FollowAsync(CertificateRequest request, CancellationToken cancellationToken)
    {
        var options = new WatchOptions
        {
            ResourceVersion = request.Metadata.ResourceVersion ?? "",
            FieldSelector = $"metadata.name={name}",
            // Then it is asked for: a proxy that holds events back must not cost minutes.
            Lifetime = WatchLife,
        };
        try
        {
            var watch = await client.WatchAsync(KubernetesResources.CertificateRequests, space, options, cancellationToken)
                .ConfigureAwait(false);
            await using (watch.ConfigureAwait(false))
            {
                await foreach (var happened in watch.ReadAllAsync(cancellationToken).ConfigureAwait(false))
                {
                    if (happened.Type == KubernetesEventType.Deleted)
                        throw Deleted();
                    if (happened.Type != KubernetesEventType.Bookmark && Settled(happened.Object) is { } certificate)
                        return (certificate, null);
                }
            }
        }
        catch (KubernetesException e) when (e.IsTransient || e.Failure == KubernetesFailure.Gone)
        {
            // The next answer to a question says how things stand, and where the next watch begins.
            return (null, e.RetryAfter);
        }
        catch (KubernetesException e)
        {
            // No right to watch, or a server without: it is asked now and then.
            _canWatch = false;
            logger.CertificateWatchFailed(name, Poll.TotalSeconds, e.Message);
        }
        return default;
    }

    private async Task<CertificateRequest> GetAsync(CancellationToken cancellationToken)
    {
        try
        {
            return await _question.AskAsync(
                () => client.GetAsync(KubernetesResources.CertificateRequests, space, name, cancellationToken), cancellationToken).ConfigureAwait(false);
        }
        catch (KubernetesException e) when (e.Failure == KubernetesFailure.NotFound)
        {
            throw Deleted();
        }
    }

    private CertificateRequestException Deleted() =>
        new(CertificateRequestFailure.Deleted, $"Somebody has deleted CertificateRequest '{name}' while it was waited for.");
}
