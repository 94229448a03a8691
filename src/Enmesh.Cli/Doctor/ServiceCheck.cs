using Enmesh.Discovery;
using Enmesh.Kubernetes;
using Enmesh.Kubernetes.Api;
using Enmesh.Kubernetes.Models;

namespace Enmesh.Cli.Doctor;

/// <summary>Is the Service behind a source of discovery one by which nodes can find each other?</summary>
internal sealed class ServiceCheck : ICheck
{
    private const string Step = "service";

    public async Task RunAsync(Examination examination, CancellationToken cancellationToken)
    {
        foreach (var source in examination.Options.Discovery)
        {
            foreach (var asked in Of(examination, source))
                await LookAsync(examination, asked, cancellationToken).ConfigureAwait(false);
        }
    }

    /// <summary>A Service that a source stands on.</summary>
    /// <param name="Source">The source's name.</param>
    /// <param name="Client">The API.</param>
    /// <param name="Namespace">The namespace.</param>
    /// <param name="Name">The Service.</param>
    /// <param name="ByDns">Whether its records in DNS are what counts.</param>
    /// <param name="PortName">The port that must have a name; null when none must.</param>
    /// <param name="IsSure">Whether it is certain that a Service is meant.</param>
    private sealed record Asked(string Source, IKubernetesClient Client, string Namespace, string Name, bool ByDns, string? PortName, bool IsSure);

    private static IEnumerable<Asked> Of(Examination examination, DiscoverySource source)
    {
        if (source.Discovery is KubernetesDiscovery { Options: { Service: { } service } options } discovery)
        {
            if (ClientOf(discovery) is not { } client)
                yield break; // told by the source's own answer
            foreach (var space in options.Namespaces.DefaultIfEmpty(client.Namespace))
                yield return new(source.Name, client, space, service, options.Naming == KubernetesNaming.Hostname, options.PortName, IsSure: true);
        }
        var domains = source.Discovery switch
        {
            DnsDiscovery dns => dns.Domains.Select(domain => (Domain: domain, Port: (string?)null)),
            DnsSrvDiscovery srv => srv.Domains.Select(domain => domain.Split('.', 3) is [['_', .. var port], ['_', ..], var rest] ? (rest, port) : (domain, null)),
            _ => [],
        };
        foreach (var (domain, port) in domains)
        {
            if (examination.Kubernetes is { } client && ServiceOf(domain) is var (name, space, isSure))
                yield return new(source.Name, client, space ?? client.Namespace, name, ByDns: true, port, isSure);
        }
    }

    private static IKubernetesClient? ClientOf(KubernetesDiscovery discovery)
    {
        try
        {
            return discovery.Client;
        }
        catch (KubernetesException)
        {
            return null;
        }
    }

    // orders, orders.shop, orders.shop.svc, orders.shop.svc.cluster.local
    private static (string Name, string? Namespace, bool IsSure)? ServiceOf(string domain) => domain.TrimEnd('.').Split('.') switch
    {
        [var name] => (name, null, true),
        [var name, var space] => (name, space, false),
        [var name, var space, "svc", ..] => (name, space, true),
        _ => null, // of somebody else's zone
    };

    private static async Task LookAsync(Examination examination, Asked asked, CancellationToken cancellationToken)
    {
        var before = examination.Findings.Count;
        var what = $"Service {asked.Name} in {asked.Namespace} (source {asked.Source})";
        try
        {
            var service = await asked.Client.GetAsync(KubernetesResources.Services, asked.Namespace, asked.Name, cancellationToken).ConfigureAwait(false);
            if (service.Spec is { } spec)
            {
                Look(examination, asked, spec, what);
                await SelectorAsync(examination, asked, spec, what, cancellationToken).ConfigureAwait(false);
            }
            if (examination.Findings.Count == before)
                examination.Good(Step, $"{what} is as nodes need it.");
        }
        catch (KubernetesException e) when (e.Failure == KubernetesFailure.NotFound && asked.IsSure)
        {
            examination.Report(Step, Diagnoses.ServiceMissing, $"{what}: there is none.");
        }
        catch (KubernetesException e)
        {
            examination.Skip(Step, $"{what} could not be looked at: {e.Message.Split('\n')[0]}");
        }
    }

    private static void Look(Examination examination, Asked asked, ServiceSpec spec, string what)
    {
        if (asked.ByDns && spec.ClusterIP != "None")
            examination.Report(Step, Diagnoses.ServiceNotHeadless, $"{what} has the address {spec.ClusterIP ?? spec.Type ?? "?"} of its own.");
        if (asked.ByDns && spec.PublishNotReadyAddresses != true)
            examination.Report(Step, Diagnoses.ServiceHidesUnready, $"{what} has no publishNotReadyAddresses: true.");
        if (asked.PortName is { } wanted && spec.Ports?.Any(port => port.Name == wanted && port.Protocol is null or "TCP") != true)
        {
            var there = string.Join(", ", spec.Ports?.Select(port => $"{port.Name ?? "(no name)"} {port.Port}") ?? []);
            examination.Report(Step, Diagnoses.ServicePortName, $"{what} has no TCP port named '{wanted}'; it has {(there.Length > 0 ? there : "none")}.");
        }
    }

    private static async Task SelectorAsync(
        Examination examination, Asked asked, ServiceSpec spec, string what, CancellationToken cancellationToken)
    {
        if (spec.Selector is not { Count: > 0 } selector)
        {
            examination.Report(Step, Diagnoses.ServiceNoSelector, $"{what} has no selector.");
            return;
        }
        var text = string.Join(',', selector.Select(pair => $"{pair.Key}={pair.Value}"));
        var selected = await asked.Client.ListAsync(
            KubernetesResources.Pods, asked.Namespace, new() { LabelSelector = text }, cancellationToken).ConfigureAwait(false);
        var own = examination.Around.OwnPod;
        if (selected.Items is not { Count: > 0 } pods)
            examination.Report(Step, Diagnoses.ServiceSelectsNobody, $"{what} selects {text}, and no pod has these labels.");
        else if (own is not null && asked.Namespace == asked.Client.Namespace)
            Own(examination, asked, what, text, own, pods.FirstOrDefault(pod => pod.Metadata.Name == own));
    }

    private static void Own(Examination examination, Asked asked, string what, string selector, string own, Pod? pod)
    {
        if (pod is null)
        {
            examination.Report(Step, Diagnoses.ServiceSelectsOthers, $"{what} selects {selector}, and this pod, {own}, is not among them.");
            return;
        }
        // A name below the Service: DNS has it by the pod's subdomain, or by its name where CoreDNS is told so.
        if (examination.Self?.Host is { } host && host.Contains($".{asked.Name}.{asked.Namespace}.svc", StringComparison.OrdinalIgnoreCase)
            && pod.Spec?.Subdomain != asked.Name && !CorefileCheck.Has(examination.Corefile, "endpoint_pod_names"))
        {
            examination.Report(
                Step, Diagnoses.ServiceSubdomain,
                $"this node is {examination.Self}, and pod {own} has {(pod.Spec?.Subdomain is { } other ? $"the subdomain {other}" : "no subdomain")}: DNS has no such name"
                + $"{(examination.Corefile is null ? ", unless CoreDNS has endpoint_pod_names, which could not be looked at" : ", and CoreDNS has no endpoint_pod_names")}.");
        }
    }
}
