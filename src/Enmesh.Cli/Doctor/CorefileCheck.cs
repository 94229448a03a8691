using Enmesh.Kubernetes;
using Enmesh.Kubernetes.Api;

namespace Enmesh.Cli.Doctor;

/// <summary>Has CoreDNS been told to answer for names that are made of pods' addresses?</summary>
internal sealed class CorefileCheck : ICheck
{
    private const string Step = "coredns";

    public async Task RunAsync(Examination examination, CancellationToken cancellationToken)
    {
        var byAddress = examination.Options.Discovery.Any(source => source.Discovery is KubernetesDiscovery { Options.Naming: KubernetesNaming.Dns })
            || IsPodRecord(examination.Self?.Host) || IsPodRecord(examination.Target?.Host);
        if (examination.Kubernetes is not { } client)
            return;
        try
        {
            var map = await client.GetAsync(KubernetesResources.ConfigMaps, "kube-system", "coredns", cancellationToken).ConfigureAwait(false);
            examination.Corefile = map.Data?.GetValueOrDefault("Corefile");
        }
        catch (KubernetesException e)
        {
            if (byAddress)
                examination.Skip(Step, $"its Corefile could not be looked at: {e.Message.Split('\n')[0]}");
            return;
        }
        if (!byAddress || examination.Corefile is null)
            return;
        if (Has(examination.Corefile, "pods insecure") || Has(examination.Corefile, "pods verified"))
            examination.Good(Step, "it answers for names made of pods' addresses.");
        else
            examination.Report(Step, Diagnoses.CorednsPodsDisabled, "nodes are named as 10-0-0-7.shop.pod.cluster.local, and the Corefile has neither 'pods verified' nor 'pods insecure'.");
    }

    /// <summary>Whether a line of a Corefile begins with these words.</summary>
    internal static bool Has(string? corefile, string directive) => corefile is not null && corefile.Split('\n')
        .Select(line => string.Join(' ', line.Split([' ', '\t', '{'], StringSplitOptions.RemoveEmptyEntries)))
        .Any(line => line == directive || line.StartsWith($"{directive} ", StringComparison.Ordinal));

    private static bool IsPodRecord(string? host) => host?.Contains(".pod.", StringComparison.OrdinalIgnoreCase) == true;
}
