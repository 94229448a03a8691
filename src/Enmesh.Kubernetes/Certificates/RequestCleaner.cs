using Enmesh.Kubernetes.Api;
using Enmesh.Kubernetes.Models;

namespace Enmesh.Kubernetes.Certificates;

/// <summary>Which CertificateRequests are removed.</summary>
public sealed class RequestCleanerOptions
{
    /// <summary>The namespace. Default: the one this process belongs to.</summary>
    public string? Namespace { get; set; }

    /// <summary>Further labels that a request must have, as a selector; that Enmesh made it is always required.</summary>
    public string? Selector { get; set; }

    /// <summary>How long a request is kept after it was settled. Default 1 h; 1 min to 10 years.</summary>
    /// <exception cref="ArgumentOutOfRangeException">The value is out of bounds.</exception>
    public TimeSpan FinishedAge
    {
        get;
        set => field = Bounds.Within(value, TimeSpan.FromMinutes(1), TimeSpan.FromDays(3660));
    } = TimeSpan.FromHours(1);

    /// <summary>How long a request is kept that nobody settles. Default 1 day; 1 min to 10 years.</summary>
    /// <exception cref="ArgumentOutOfRangeException">The value is out of bounds.</exception>
    public TimeSpan StaleAge
    {
        get;
        set => field = Bounds.Within(value, TimeSpan.FromMinutes(1), TimeSpan.FromDays(3660));
    } = TimeSpan.FromDays(1);

    /// <summary>How many are removed in one run at most. Default 1,000; at least 1.</summary>
    /// <exception cref="ArgumentOutOfRangeException">The value is below 1.</exception>
    public int Limit
    {
        get;
        set
        {
            ArgumentOutOfRangeException.ThrowIfLessThan(value, 1);
            field = value;
        }
    } = 1000;

    /// <summary>Whether it only says what it would remove.</summary>
    public bool DryRun { get; set; }
}

/// <summary>A request that was looked at.</summary>
/// <param name="Name">Its name.</param>
/// <param name="State">What had become of it: <c>issued</c>, <c>denied</c>, <c>invalid</c>, <c>failed</c> or <c>pending</c>.</param>
/// <param name="Age">How long ago that was, or it was made when it is pending.</param>
/// <param name="Outcome">What was done.</param>
public sealed record CleanedRequest(string Name, string State, TimeSpan Age, CleaningOutcome Outcome);

/// <summary>What was done with a request.</summary>
public enum CleaningOutcome
{
    /// <summary>It is not old enough, or is being deleted already.</summary>
    Kept,

    /// <summary>It was removed, or would be in a run that is not dry.</summary>
    Removed,

    /// <summary>Somebody else has removed it in the meantime.</summary>
    Gone,

    /// <summary>It has changed in the meantime, so it was left alone.</summary>
    Changed,

    /// <summary>The limit was reached before it.</summary>
    OverLimit,
}

/// <summary>Removes CertificateRequests that Enmesh has made and nobody needs any more.</summary>
/// <remarks>
/// Safe to run twice, at once as well: each removal holds only for the very request that was looked at. Needs a Role
/// with <c>list</c> and <c>delete</c> on <c>certificaterequests</c> of <c>cert-manager.io</c>.
/// </remarks>
public sealed class RequestCleaner(IKubernetesClient client, RequestCleanerOptions options, TimeProvider? time = null)
{
    private readonly TimeProvider _time = time ?? TimeProvider.System;

    /// <summary>Removes them, the oldest first.</summary>
    /// <param name="told">Is told of each request.</param>
    /// <param name="cancellationToken">Ends it between two requests.</param>
    /// <exception cref="KubernetesException">The API has refused, or could not be asked.</exception>
    public async Task<IReadOnlyList<CleanedRequest>> CleanAsync(
        Action<CleanedRequest>? told = null, CancellationToken cancellationToken = default)
    {
        var space = options.Namespace ?? client.Namespace;
        var own = $"{NodeCertificateRequester.ManagedBy}={NodeCertificateRequester.ManagedByEnmesh}";
        var list = await client.ListAsync(
            KubernetesResources.CertificateRequests, space,
            new ListOptions { LabelSelector = string.IsNullOrWhiteSpace(options.Selector) ? own : $"{own},{options.Selector}" },
            cancellationToken).ConfigureAwait(false);
        var now = _time.GetUtcNow();
        var results = new List<CleanedRequest>();
        var left = options.Limit;
        foreach (var request in list.Items!.OrderBy(request => request.Metadata.CreationTimestamp).ThenBy(request => request.Metadata.Name, StringComparer.Ordinal))
        {
            cancellationToken.ThrowIfCancellationRequested();
            var (state, age) = Look(request, now);
            var outcome = !IsOld(request, state, age) ? CleaningOutcome.Kept
                : left-- <= 0 ? CleaningOutcome.OverLimit
                : options.DryRun ? CleaningOutcome.Removed
                : await RemoveAsync(space, request, cancellationToken).ConfigureAwait(false);
            var result = new CleanedRequest(request.Metadata.Name!, state, age, outcome);
            told?.Invoke(result);
            results.Add(result);
        }
        return results;
    }

    private static (string State, TimeSpan Age) Look(CertificateRequest request, DateTimeOffset now)
    {
        var verdict = RequestVerdict.Of(request);
        // Since when it is as it is: one that was approved late must not go before it is fetched.
        var since = RequestVerdict.FinishedAt(request) ?? request.Metadata.CreationTimestamp ?? now;
        return (verdict switch
        {
            RequestVerdict.Issued => "issued",
            RequestVerdict.Refused refused => refused.Failure.ToString().ToLowerInvariant(),
            _ => Pending,
        }, now - since);
    }

    private const string Pending = "pending";

    private bool IsOld(CertificateRequest request, string state, TimeSpan age) =>
        request.Metadata is { DeletionTimestamp: null, Uid: not null, ResourceVersion: not null }
        // Whatever the server made of the selector.
        && request.Metadata.Labels?.GetValueOrDefault(NodeCertificateRequester.ManagedBy) == NodeCertificateRequester.ManagedByEnmesh
        && age >= (state == Pending ? options.StaleAge : options.FinishedAge);

    private async Task<CleaningOutcome> RemoveAsync(string space, CertificateRequest request, CancellationToken cancellationToken)
    {
        try
        {
            await client.DeleteAsync(
                KubernetesResources.CertificateRequests, space, request.Metadata.Name!, request.Metadata.Uid,
                request.Metadata.ResourceVersion, cancellationToken).ConfigureAwait(false);
            return CleaningOutcome.Removed;
        }
        catch (KubernetesException e) when (e.Failure == KubernetesFailure.NotFound)
        {
            return CleaningOutcome.Gone;
        }
        catch (KubernetesException e) when (e.Failure == KubernetesFailure.Conflict)
        {
            return CleaningOutcome.Changed;
        }
    }
}
