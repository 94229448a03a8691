using System.Security.Cryptography.X509Certificates;
using Enmesh.Certificates;
using Enmesh.Kubernetes.Api;
using Enmesh.Kubernetes.Models;
using Enmesh.Tls;

namespace Enmesh.Cli.Doctor;

/// <summary>Does the trust that nodes mount outlive the next change of an authority?</summary>
internal sealed class BundleCheck : ICheck
{
    private const string Step = "bundle";

    // What cert-manager writes on every Secret that it issues into, and issues into anew.
    private const string RenewedBy = "cert-manager.io/certificate-name";

    public async Task RunAsync(Examination examination, CancellationToken cancellationToken)
    {
        if (examination.Kubernetes is not { } client || Trusted(examination) is not { Count: > 0 } trusted)
            return;
        try
        {
            var bundles = await client.ListAsync(KubernetesResources.Bundles, client.Namespace, cancellationToken: cancellationToken).ConfigureAwait(false);
            foreach (var bundle in bundles.Items ?? [])
                await LookAsync(examination, client, bundle, trusted, cancellationToken).ConfigureAwait(false);
        }
        catch (KubernetesException e) when (e.Failure == KubernetesFailure.NotFound)
        {
            // There is no trust-manager in this cluster.
        }
        catch (KubernetesException e)
        {
            examination.Skip(Step, $"trust-manager's Bundles could not be looked at: {e.Message.Split('\n')[0]}");
        }
    }

    private static IReadOnlyList<X509Certificate2>? Trusted(Examination examination)
    {
        if (!examination.Options.Tls.IsOn || examination.Options.Tls.Validate().Count > 0)
            return null;
        try
        {
            return [.. TlsMaterial.Load(TlsSetup.From(examination.Options.Tls)!.Files.Client).Authorities];
        }
        catch (TlsSettingsException)
        {
            return null; // told by the step before
        }
    }

    private static async Task LookAsync(
        Examination examination, IKubernetesClient client, Bundle bundle, IReadOnlyList<X509Certificate2> trusted, CancellationToken cancellationToken)
    {
        if (bundle is not { Metadata.Name: { } name, Spec: { Target.ConfigMap.Key: { } key } spec })
            return;
        var map = await client.GetAsync(KubernetesResources.ConfigMaps, client.Namespace, name, cancellationToken).ConfigureAwait(false);
        if (map.Data?.GetValueOrDefault(key) is not { } pem || Read(pem, name) is not { } carried)
            return;
        // Of all Bundles of a cluster ours is the one that has what we trust.
        if (!carried.Any(one => trusted.Any(other => other.SubjectName.RawData.AsSpan().SequenceEqual(one.SubjectName.RawData))))
            return;
        var before = examination.Findings.Count;
        foreach (var source in spec.Sources ?? [])
        {
            if (source.Secret?.Name is not { } secretName)
                continue;
            var secret = await FindAsync(examination, client, name, secretName, cancellationToken).ConfigureAwait(false);
            if (secret?.Metadata.Annotations?.GetValueOrDefault(RenewedBy) is { } certificate)
                examination.Report(Step, Diagnoses.BundleLiveSecret, $"Bundle {name} takes Secret {secretName}, which cert-manager renews as Certificate {certificate}.");
        }
        var missing = carried.Where(one => !trusted.Any(other => other.RawDataMemory.Span.SequenceEqual(one.RawDataMemory.Span))).ToList();
        if (missing.Count > 0)
            examination.Report(Step, Diagnoses.BundleAhead, $"Bundle {name} has {string.Join("; ", missing.Select(one => $"{one.Subject}, valid until {CertificateCheck.Text(CertificateCheck.Validity(one).To)}"))}, which this node's CA file has not.");
        if (examination.Findings.Count == before)
            examination.Good(Step, $"Bundle {name} has what this node trusts, from copies.");
    }

    private static async Task<Secret?> FindAsync(
        Examination examination, IKubernetesClient client, string bundle, string secret, CancellationToken cancellationToken)
    {
        try
        {
            return await client.GetAsync(KubernetesResources.Secrets, examination.TrustNamespace, secret, cancellationToken).ConfigureAwait(false);
        }
        catch (KubernetesException e) when (e.Failure == KubernetesFailure.NotFound)
        {
            examination.Skip(
                Step, $"Bundle {bundle} takes Secret {secret}, which is not in namespace {examination.TrustNamespace}; where is trust-manager's (--trust-namespace)?");
            return null;
        }
    }

    private static IReadOnlyList<X509Certificate2>? Read(string pem, string name)
    {
        try
        {
            return PemText.Certificates(pem, $"Bundle {name}");
        }
        catch (CertificateException)
        {
            return null;
        }
    }
}
