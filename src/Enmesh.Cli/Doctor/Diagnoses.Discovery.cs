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
}
