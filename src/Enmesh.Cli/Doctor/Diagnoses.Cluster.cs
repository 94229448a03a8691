namespace Enmesh.Cli.Doctor;

// What takes more than two nodes to be seen, and what the host makes of a node.
internal static partial class Diagnoses
{
    internal static readonly Diagnosis BundleLiveSecret = new(
        "bundle.live-secret", Severity.Warning, DiagnosisClass.Certificates,
        "When cert-manager gives that authority a new key, the Bundle has the new one alone, and all that the old one has issued is refused at once. Have the Bundle take a copy of the Secret, and add the new copy before the old one goes (docs/certificates.md).");

    internal static readonly Diagnosis BundleAhead = new(
        "bundle.ahead", Severity.Warning, DiagnosisClass.Certificates,
        "Before anything is issued by that authority, every node must trust it. The kubelet takes a minute or so; a file that is mounted for itself (subPath) never changes.");

    internal static readonly Diagnosis ClusterParted = new(
        "cluster.parted", Severity.Failure, DiagnosisClass.Cluster,
        "Run the doctor on one of the two, for the other: kubectl exec ONE -- enmesh doctor OTHER. A NetworkPolicy for some pods only, different certificates or cookies are what does it.");

    internal static readonly Diagnosis ClockSkew = new(
        "clock.skew", Severity.Warning, DiagnosisClass.Cluster,
        "Set the clocks by NTP (chrony, timesyncd) on both hosts: certificates, leases and signed gossip go by them.");

    internal static readonly Diagnosis PgReleases = new(
        "pg.releases", Severity.Failure, DiagnosisClass.Cluster,
        "The scope of the older one crashes whenever it meets that of the newer one, and its node ends within seconds. Bring it to OTP 26 or later first, or keep pg off one of the two.");

    internal static readonly Diagnosis CpuThrottled = new(
        "cpu.throttled", Severity.Warning, DiagnosisClass.Host,
        "Raise the container's limit of processor time, or take it away and keep the request: what is throttled answers late, and peers take it for lost.");

    internal static readonly Diagnosis HostStarved = new(
        "host.starved", Severity.Failure, DiagnosisClass.Host,
        "Code there blocks every thread of the pool (.NET: no .Result and .Wait(); the log says 1004, enmesh.pool.delay how long), or all schedulers are busy (BEAM: etop, msacc).");
}
