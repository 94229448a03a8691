using System.Text.Json.Nodes;
using Enmesh.Kubernetes.Api;
using Enmesh.Kubernetes.Models;

namespace Enmesh.Kubernetes.Leases;

/// <summary>What came of an attempt to have a lease.</summary>
internal enum ClaimOutcome
{
    /// <summary>It is ours from now on for its duration.</summary>
    Held,

    /// <summary>Another one has it, and may still be alive.</summary>
    Others,

    /// <summary>Somebody was faster; nothing is known until the next attempt.</summary>
    Beaten,
}

/// <summary>
/// One candidate's attempts, by the rules of Kubernetes' own leader election: a lease is free when its holder gave it
/// up, or when this process has not seen it change for its duration. Only our own clock counts; the times in the lease
/// are for people.
/// </summary>
internal sealed class LeaseClaim(IKubernetesClient client, string space, string name, string identity, TimeSpan duration, TimeProvider time)
{
    // To give it up, when others write on it at the same time.
    private const int Attempts = 3;

    private LeaseSpec _seen = new();
    private TimeSpan _seenAt;

    // Known while we hold it, so that a renewal is one request.
    private string? _version;

    /// <summary>Who had it when we looked last; null for nobody.</summary>
    internal string? Holder => string.IsNullOrEmpty(_seen.HolderIdentity) ? null : _seen.HolderIdentity;

    private TimeSpan Now => time.GetElapsedTime(0);

    internal async Task<ClaimOutcome> TryAsync(CancellationToken cancellationToken)
    {
        try
        {
            if (_version is null && !await LookAsync(cancellationToken).ConfigureAwait(false))
                return await CreateAsync(cancellationToken).ConfigureAwait(false);
            if (IsOthers())
                return ClaimOutcome.Others;
            return await TakeAsync(cancellationToken).ConfigureAwait(false);
        }
        catch (KubernetesException e) when (e.Failure is KubernetesFailure.Conflict or KubernetesFailure.AlreadyExists)
        {
            _version = null;
            return ClaimOutcome.Beaten;
        }
        catch
        {
            // Whatever it was, the request may have been granted all the same; the next attempt looks first.
            _version = null;
            throw;
        }
    }

    /// <summary>Gives it up, so that nobody has to wait.</summary>
    internal async Task ReleaseAsync(CancellationToken cancellationToken)
    {
        for (var attempt = 1; ; attempt++)
        {
            if (_version is null && (!await LookAsync(cancellationToken).ConfigureAwait(false) || Holder != identity))
                return;
            try
            {
                await GiveUpAsync(cancellationToken).ConfigureAwait(false);
                return;
            }
            catch (KubernetesException e) when (e.Failure == KubernetesFailure.Conflict && attempt < Attempts)
            {
                // Something else was written on it meanwhile: by whoever took it, or by ourselves, as that the work is done.
                _version = null;
            }
        }
    }

    private async Task GiveUpAsync(CancellationToken cancellationToken)
    {
        var now = MicroTimeConverter.Text(time.GetUtcNow());
        await PatchAsync(
            new()
            {
                ["holderIdentity"] = "",
                ["leaseDurationSeconds"] = 1,
                ["acquireTime"] = now,
                ["renewTime"] = now,
            },
            cancellationToken).ConfigureAwait(false);
        _version = null;
    }

    private bool IsOthers()
    {
        if (Holder is not { } holder || holder == identity)
            return false;
        var theirs = _seen.LeaseDurationSeconds is > 0 and var seconds ? TimeSpan.FromSeconds(seconds) : duration;
        if (Now - _seenAt >= theirs)
            return false;
        _version = null;
        return true;
    }

    /// <returns>Whether there is such a lease.</returns>
    private async Task<bool> LookAsync(CancellationToken cancellationToken)
    {
        try
        {
            See(await client.GetAsync(KubernetesResources.Leases, space, name, cancellationToken).ConfigureAwait(false));
            return true;
        }
        catch (KubernetesException e) when (e.Failure == KubernetesFailure.NotFound)
        {
            return false;
        }
    }

    private async Task<ClaimOutcome> CreateAsync(CancellationToken cancellationToken)
    {
        var now = time.GetUtcNow();
        var created = new Lease
        {
            Metadata = new() { Name = name, Namespace = space },
            Spec = new()
            {
                HolderIdentity = identity,
                LeaseDurationSeconds = (int)duration.TotalSeconds,
                AcquireTime = now,
                RenewTime = now,
                LeaseTransitions = 0,
            },
        };
        See(await client.CreateAsync(KubernetesResources.Leases, space, created, cancellationToken).ConfigureAwait(false));
        return ClaimOutcome.Held;
    }

    private async Task<ClaimOutcome> TakeAsync(CancellationToken cancellationToken)
    {
        var now = MicroTimeConverter.Text(time.GetUtcNow());
        var spec = new JsonObject
        {
            ["holderIdentity"] = identity,
            ["leaseDurationSeconds"] = (int)duration.TotalSeconds,
            ["renewTime"] = now,
        };
        if (Holder != identity)
        {
            spec["acquireTime"] = now;
            spec["leaseTransitions"] = (_seen.LeaseTransitions ?? 0) + 1;
        }
        See(await PatchAsync(spec, cancellationToken).ConfigureAwait(false));
        return Holder == identity ? ClaimOutcome.Held : ClaimOutcome.Beaten;
    }

    // With the version it was seen in: whoever changes it in between wins, and we hear of it as a conflict.
    private Task<Lease> PatchAsync(JsonObject spec, CancellationToken cancellationToken) => client.PatchAsync(
        KubernetesResources.Leases, space, name,
        KubernetesPatch.Merge(new()
        {
            ["metadata"] = new JsonObject { ["resourceVersion"] = _version },
            ["spec"] = spec,
        }),
        cancellationToken);

    private void See(Lease lease)
    {
        var spec = lease.Spec ?? new LeaseSpec();
        if (spec != _seen)
            (_seen, _seenAt) = (spec, Now);
        _version = lease.Metadata.ResourceVersion;
    }
}
