using System.Globalization;
using System.Text.Json.Nodes;
using Enmesh.Kubernetes.Api;
using Enmesh.Kubernetes.Models;

namespace Enmesh.Kubernetes.Leases;

/// <summary>
/// What has been done under a lease, for good: a mark for each, as an annotation of the Lease. Those who wait for it need a right to read this one object,
/// and find it whenever they come: a Job is gone some time after it has ended.
/// </summary>
/// <remarks>Marks of several versions stand side by side: a pod of the version before, started anew, must find its own.</remarks>
internal sealed class LeaseMarks(IKubernetesClient client, string? space, string name, TimeProvider time)
{
    internal const string Prefix = "done.enmesh/";

    // Of the name of an annotation, behind its prefix.
    private const int MaxLength = 63;

    // An annotation's value is the time, by which the oldest are known.
    private const int Kept = 50;

    private string Space => space ?? client.Namespace;

    /// <summary>What is wrong with a mark; null when nothing is.</summary>
    internal static string? Problem(string mark) =>
        mark.Length is > 0 and <= MaxLength && mark.All(c => char.IsAsciiLetterOrDigit(c) || c is '.' or '_' or '-')
            && char.IsAsciiLetterOrDigit(mark[0]) && char.IsAsciiLetterOrDigit(mark[^1])
        ? null
        : $"'{mark}' is no mark: 1 to 63 letters, digits, '.', '_' and '-', as the version of an image, beginning and ending with a letter or digit.";

    /// <summary>Whether the mark is there.</summary>
    /// <exception cref="KubernetesException">The API does not answer, or it is not allowed.</exception>
    internal async Task<bool> HasAsync(string mark, CancellationToken cancellationToken) =>
        await FindAsync(cancellationToken).ConfigureAwait(false) is { } lease && Of(lease).ContainsKey(mark);

    /// <summary>Sets the mark on the Lease, which is there since somebody holds it, and drops the oldest of too many.</summary>
    /// <exception cref="KubernetesException">The API does not answer, or it is not allowed.</exception>
    internal async Task SetAsync(string mark, CancellationToken cancellationToken)
    {
        var there = await FindAsync(cancellationToken).ConfigureAwait(false) is { } lease ? Of(lease) : new Dictionary<string, string>();
        var annotations = new JsonObject { [Prefix + mark] = time.GetUtcNow().ToString("yyyy-MM-dd'T'HH:mm:ss'Z'", CultureInfo.InvariantCulture) };
        foreach (var (old, _) in there.Where(pair => pair.Key != mark).OrderByDescending(pair => pair.Value, StringComparer.Ordinal).Skip(Kept - 1))
            annotations[Prefix + old] = null;
        // Without a version: nobody else writes marks of this name, and renewals go on beside it.
        await client.PatchAsync(
            KubernetesResources.Leases, Space, name, KubernetesPatch.Merge(new() { ["metadata"] = new JsonObject { ["annotations"] = annotations } }), cancellationToken)
            .ConfigureAwait(false);
    }

    /// <summary>The same, where the work that it stands for is done and must not be done again: failures that pass are waited out, and told.</summary>
    /// <exception cref="KubernetesException">It failed in a way that waiting does not mend; or it was given up, and that is why.</exception>
    internal async Task SetPatientlyAsync(string mark, TimeSpan pause, Action<string> tell, CancellationToken cancellationToken)
    {
        string? told = null;
        while (true)
        {
            try
            {
                await SetAsync(mark, cancellationToken).ConfigureAwait(false);
                return;
            }
            catch (KubernetesException e) when (e.IsTransient && !cancellationToken.IsCancellationRequested)
            {
                if (e.Message != told)
                    tell(told = e.Message);
                await Task.Delay(pause, time, cancellationToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
                if (cancellationToken.IsCancellationRequested)
                    throw;
            }
        }
    }

    /// <summary>Waits until the mark is there. Failures that pass are waited out, and told.</summary>
    /// <exception cref="KubernetesException">It failed in a way that waiting does not mend, such as a missing right.</exception>
    internal async Task WaitAsync(string mark, TimeSpan pause, Action<string> tell, CancellationToken cancellationToken)
    {
        string? told = null;
        while (true)
        {
            string why;
            try
            {
                if (await FindAsync(cancellationToken).ConfigureAwait(false) is not { } lease)
                    why = $"there is no Lease '{name}' yet";
                else if (Of(lease).ContainsKey(mark))
                    return;
                else
                    why = string.IsNullOrEmpty(lease.Spec?.HolderIdentity) ? "nobody is at it" : $"{lease.Spec.HolderIdentity} is at it";
            }
            catch (KubernetesException e) when (e.IsTransient)
            {
                why = e.Message;
            }
            if (why != told)
                tell(told = why);
            await Task.Delay(pause, time, cancellationToken).ConfigureAwait(false);
        }
    }

    private static Dictionary<string, string> Of(Lease lease) =>
        (lease.Metadata.Annotations ?? new Dictionary<string, string>()).Where(pair => pair.Key.StartsWith(Prefix, StringComparison.Ordinal))
            .ToDictionary(pair => pair.Key[Prefix.Length..], pair => pair.Value, StringComparer.Ordinal);

    private async Task<Lease?> FindAsync(CancellationToken cancellationToken)
    {
        try
        {
            return await client.GetAsync(KubernetesResources.Leases, Space, name, cancellationToken).ConfigureAwait(false);
        }
        catch (KubernetesException e) when (e.Failure == KubernetesFailure.NotFound)
        {
            return null;
        }
    }
}
