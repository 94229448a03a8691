namespace Enmesh.Cli.Doctor;

// Discovery, and what Kubernetes makes of a Service.
internal static partial class Diagnoses
{
    internal static readonly Diagnosis DiscoveryNone = new(
        "discovery.none", Severity.Failure, DiagnosisClass.Discovery,
        "Name a node (enmesh doctor orders@10.0.0.7), or the source that the node here uses: --dns, --dns-srv, --epmd-host, --peer, or its settings in the environment.");

    internal static readonly Diagnosis DiscoveryUnavailable = new(
        "discovery.unavailable", Severity.Failure, DiagnosisClass.Discovery, "Who runs keeps the peers it has; new ones are not found. Mend what the source says.");

    internal static readonly Diagnosis DiscoveryIncomplete = new(
        "discovery.incomplete", Severity.Warning, DiagnosisClass.Discovery, "Look whether the domain, the Service or the file is the one that is meant, and exists.");

    internal static readonly Diagnosis DiscoveryNobody = new(
        "discovery.nobody", Severity.Warning, DiagnosisClass.Discovery,
        "A node that is alone is right only where it is meant to be. Compare the Service's selector with the labels of the pods, and the name in the settings with that of the Service.");

    internal static readonly Diagnosis DiscoverySelfMissing = new(
        "discovery.self-missing", Severity.Failure, DiagnosisClass.Discovery,
        "Where this node is not found, others do not find it either. The Service must select this pod and, since a node joins before it is ready, have publishNotReadyAddresses: true; the node's name must be as the source makes it.");

    internal static readonly Diagnosis DiscoveryTargetMissing = new(
        "discovery.target-missing", Severity.Warning, DiagnosisClass.Discovery,
        "It may be reached all the same, and is then connected only if it dials. See that it is behind the same Service, domain or EPMD, under that very name.");

    internal static readonly Diagnosis KubernetesDenied = new(
        "kubernetes.denied", Severity.Failure, DiagnosisClass.Discovery, "Bind the Role that is printed to the pods' service account.");

    internal static readonly Diagnosis KubernetesUnreachable = new(
        "kubernetes.unreachable", Severity.Failure, DiagnosisClass.Discovery,
        "Let the NetworkPolicy have egress to the API server, and see that the service account's token is mounted (automountServiceAccountToken).");

    internal static readonly Diagnosis ServiceMissing = new(
        "service.missing", Severity.Failure, DiagnosisClass.Discovery, "Make it, headless (clusterIP: None), or set the source's name right: it is looked for in the pod's own namespace unless another is given.");

    internal static readonly Diagnosis ServiceNotHeadless = new(
        "service.not-headless", Severity.Failure, DiagnosisClass.Discovery,
        "DNS gives that address, behind which any pod may answer, and not those of the pods. Make another Service for discovery, with clusterIP: None; it cannot be changed in place.");

    internal static readonly Diagnosis ServiceHidesUnready = new(
        "service.hides-unready", Severity.Failure, DiagnosisClass.Discovery,
        "A pod joins its cluster before it is ready, and DNS has no unready pods: at a cold start nobody finds anybody. Set publishNotReadyAddresses: true on the Service for discovery.");

    internal static readonly Diagnosis ServicePortName = new(
        "service.port-name", Severity.Failure, DiagnosisClass.Discovery,
        "SRV records are made of named ports alone. Give the Service the port by that name, as in ports: [{name: dist, port: 4370}], or set the name in the settings right.");

    internal static readonly Diagnosis ServiceNoSelector = new(
        "service.no-selector", Severity.Warning, DiagnosisClass.Discovery, "Somebody has to write its endpoints then. Give it the labels of the pods, unless that is meant so.");

    internal static readonly Diagnosis ServiceSelectsNobody = new(
        "service.selects-nobody", Severity.Failure, DiagnosisClass.Discovery, "Compare the selector with the labels of the pods' template: kubectl get pods --show-labels.");

    internal static readonly Diagnosis ServiceSelectsOthers = new(
        "service.selects-others", Severity.Failure, DiagnosisClass.Discovery, "Others cannot find this node by that Service. Give the pod its labels, or name another Service.");

    internal static readonly Diagnosis ServiceSubdomain = new(
        "service.subdomain", Severity.Failure, DiagnosisClass.Discovery,
        "Set subdomain (and hostname) in the pod's template, as a StatefulSet does; or name the node by its address; or take the name that DNS has: HostFrom srv:_dist._tcp.SERVICE.");

    internal static readonly Diagnosis CorednsPodsDisabled = new(
        "coredns.pods-disabled", Severity.Failure, DiagnosisClass.Discovery,
        "Nobody can resolve such names. Add 'pods verified' to the block kubernetes of the Corefile, or name the nodes by their addresses or below the Service.");
}
