namespace Enmesh.Cli.Doctor;

/// <summary>Everything that the doctor can say is wrong: of this host and its node. docs/doctor.md lists them all.</summary>
internal static partial class Diagnoses
{
    internal static readonly Diagnosis Settings = new(
        "settings.invalid", Severity.Failure, DiagnosisClass.Settings,
        "Set that key right: in the environment as Enmesh__Key, in appsettings.json, or as an argument. The node does not start before.");

    internal static readonly Diagnosis PlainTcp = new(
        "settings.plain-tcp", Severity.Failure, DiagnosisClass.Settings,
        "Give the node certificates (--tls-cert, --tls-key, --tls-ca), or say that it is meant so: --no-tls, Enmesh__Tls__Mode=off.");

    internal static readonly Diagnosis NameInvalid = new(
        "name.invalid", Severity.Failure, DiagnosisClass.Settings,
        "Give the node a name that others can dial: --name orders@10.0.0.7, or --name orders with POD_IP or NODE_HOST in the environment.");

    internal static readonly Diagnosis NameNotFound = new(
        "name.not-found", Severity.Failure, DiagnosisClass.Discovery,
        "The host part is to come from a name server (HostFrom) that does not know this node. The Service has to select this pod, and to have publishNotReadyAddresses: true.");

    internal static readonly Diagnosis NameKinds = new(
        "name.kinds", Severity.Failure, DiagnosisClass.Settings,
        "Nodes with short names and nodes with long ones never meet. Give all the same kind (ShortNames; erl -sname or -name).");

    internal static readonly Diagnosis AddressUnresolvable = new(
        "address.unresolvable", Severity.Failure, DiagnosisClass.Settings,
        "Whoever dials this node resolves that name first. Name the node by its address, or make the name resolve everywhere: a headless Service, and hostname and subdomain of the pod.");

    internal static readonly Diagnosis AddressForeign = new(
        "address.foreign", Severity.Failure, DiagnosisClass.Settings,
        "Others would dial somebody else. Take the host part from POD_IP (fieldRef status.podIP), and look for a stale record or a stale NODE_HOST.");

    internal static readonly Diagnosis AddressNotListened = new(
        "address.not-listened", Severity.Failure, DiagnosisClass.Settings, "Have the node listen at the address it is named by: ListenAddresses, --listen.");

    internal static readonly Diagnosis AddressLoopback = new(
        "address.loopback", Severity.Warning, DiagnosisClass.Settings, "Take the host part from POD_IP, or from the headless Service.");

    internal static readonly Diagnosis CookieFile = new(
        "cookie.file", Severity.Failure, DiagnosisClass.Settings,
        "Every node needs the cluster's cookie in a file that only its user may read. In Kubernetes mount it from a Secret with defaultMode: 0440 and the pod's fsGroup, and name it in ENMESH_COOKIE_FILE.");

    internal static readonly Diagnosis CertificateUnusable = new(
        "certificate.unusable", Severity.Failure, DiagnosisClass.Certificates,
        "The node does not start without. Look at the mount and at the init container that requests the certificate; `enmesh certs show DIR` says more.");

    internal static readonly Diagnosis CertificateExpired = new(
        "certificate.expired", Severity.Failure, DiagnosisClass.Certificates,
        "No new link comes about; links that are up stay up. Renew it now (enmesh certs request), and find out why the renewal has stopped: its log, the CertificateRequest, the issuer.");

    internal static readonly Diagnosis CertificateNotYetValid = new(
        "certificate.not-yet-valid", Severity.Failure, DiagnosisClass.Certificates, "Compare this host's clock with that of the issuer, or wait.");

    internal static readonly Diagnosis CertificateExpiring = new(
        "certificate.expiring", Severity.Warning, DiagnosisClass.Certificates,
        "It should have been renewed long ago, after two thirds of its time. Look at the log of the renewal, and at the newest CertificateRequest.");

    internal static readonly Diagnosis CertificateUsage = new(
        "certificate.usage", Severity.Failure, DiagnosisClass.Certificates,
        "Have it issued anew as a node needs it: digital signature, server auth and client auth, a key of RSA 2048 or EC (docs/certificates.md).");

    internal static readonly Diagnosis CertificateNames = new(
        "certificate.names", Severity.Failure, DiagnosisClass.Certificates,
        "Peers refuse it, whichever release they are. Have it issued for the host part of this node's name, an address both as DNS and as IP name.");

    internal static readonly Diagnosis CertificateNamesForSome = new(
        "certificate.names-for-some", Severity.Warning, DiagnosisClass.Certificates,
        "Peers of these releases refuse it when they dial. Have it issued with the host as DNS name and, where it is an address, as IP name as well.");

    internal static readonly Diagnosis CertificateUntrusted = new(
        "certificate.untrusted", Severity.Failure, DiagnosisClass.Certificates,
        "Peers with the same authorities refuse it. Append what leads to the authority to the certificate's file, or put the authority into the CA file, on every node first.");

    internal static readonly Diagnosis CertificateLayout = new(
        "certificate.layout", Severity.Warning, DiagnosisClass.Certificates, "See docs/certificates.md: how a certificate gets to its node.");

    internal static readonly Diagnosis ResolvMissing = new(
        "resolv.no-server", Severity.Warning, DiagnosisClass.Discovery, "Look at the pod's dnsPolicy (ClusterFirst is usual) and dnsConfig, or at what manages /etc/resolv.conf.");

    internal static readonly Diagnosis ResolvBadServer = new(
        "resolv.bad-server", Severity.Warning, DiagnosisClass.Discovery, "A name server is an address. Correct the line, or the pod's dnsConfig.");

    internal static readonly Diagnosis ResolvTooMany = new(
        "resolv.too-many-servers", Severity.Warning, DiagnosisClass.Discovery, "Put those that matter first, or take the others out: no resolver asks more than three.");

    internal static readonly Diagnosis ResolvServerFails = new(
        "resolv.server-fails", Severity.Failure, DiagnosisClass.Discovery,
        "The server is there and does not resolve. Look at its log (kubectl -n kube-system logs -l k8s-app=kube-dns), and at where it forwards to.");

    internal static readonly Diagnosis ResolvSilent = new(
        "resolv.silent", Severity.Failure, DiagnosisClass.Discovery,
        "Names cannot be looked up. Let the NetworkPolicy have egress to port 53, UDP and TCP, and see that CoreDNS runs (kubectl -n kube-system get pods -l k8s-app=kube-dns).");

    internal static readonly Diagnosis ResolvPartlySilent = new(
        "resolv.partly-silent", Severity.Warning, DiagnosisClass.Discovery, "Each look-up may wait for it. Take it out of resolv.conf, or bring it back.");
}
