namespace Enmesh.Certificates;

/// <summary>How files come to lie where they lie.</summary>
internal enum CertificateLayoutKind
{
    /// <summary>Files, written by whomever.</summary>
    Plain,

    /// <summary>A volume that Kubernetes or a CSI driver fills: a Secret, a ConfigMap, cert-manager's csi-driver.</summary>
    Volume,

    /// <summary>A directory that Enmesh fills.</summary>
    Enmesh,
}

/// <summary>Something about a combination of files and names.</summary>
/// <param name="IsFatal">Whether it cannot work; else it works, and has a price.</param>
/// <param name="Text">What, and what to do instead.</param>
internal sealed record LayoutFinding(bool IsFatal, string Text);

/// <summary>
/// Whether the files that a node is given can be those of this node: a Secret or a volume of a CSI driver is filled
/// before the pod has an address, and one Secret is the same for every pod that mounts it.
/// </summary>
internal static class CertificateLayout
{
    private const int FewHosts = 1;
    private const string MountsFile = "/proc/self/mountinfo";

    /// <summary>How the file came there.</summary>
    public static CertificateLayoutKind KindOf(string certificateFile)
    {
        var directory = Path.GetDirectoryName(Path.GetFullPath(certificateFile)) ?? "/";
        var current = Path.GetFileName(CertificateDirectory.Current(directory).TrimEnd('/'));
        return CertificateDirectory.Current(directory) == directory ? CertificateLayoutKind.Plain
            : current.StartsWith(CertificateDirectory.OwnPrefix, StringComparison.Ordinal) ? CertificateLayoutKind.Enmesh
            : CertificateLayoutKind.Volume;
    }

    /// <summary>What is to be said about files of such a kind for a node of such a name.</summary>
    /// <param name="kind">How the files came there.</param>
    /// <param name="names">Whom the certificate names.</param>
    /// <param name="host">The host part of the node's name.</param>
    public static IReadOnlyList<LayoutFinding> Check(CertificateLayoutKind kind, CertificateNames names, string host)
    {
        ArgumentNullException.ThrowIfNull(names);
        var findings = new List<LayoutFinding>();
        var covered = names.Covers(host, HostRule.Enmesh);
        if (!covered)
            findings.Add(new(true, Uncovered(kind, names, host)));
        else if (Hosts(names) is { Count: > FewHosts } hosts)
        {
            findings.Add(new(
                false,
                $"The certificate is for {hosts.Count} hosts ({string.Join(", ", hosts.Take(3))}{(hosts.Count > 3 ? ", …" : "")}): each node that has it can pass for each of the others. One certificate for each node is safer."));
        }
        return findings;
    }

    /// <summary>The same for a file that is there, and what can be seen of how it is mounted.</summary>
    /// <param name="certificateFile">The chain.</param>
    /// <param name="names">Whom the certificate in it names.</param>
    /// <param name="host">The host part of the node's name; null when only the mount is looked at.</param>
    public static IReadOnlyList<LayoutFinding> CheckFile(string certificateFile, CertificateNames names, string? host)
    {
        var findings = host is null ? [] : Check(KindOf(certificateFile), names, host).ToList();
        if (IsMounted(Path.GetFullPath(certificateFile), MountsFile))
            findings.Add(new(false, $"{certificateFile} is mounted for itself (subPath), so it never changes, and a renewal needs a restart. Mount the whole volume."));
        return findings;
    }

    /// <summary>Whether a file is a mount of its own.</summary>
    internal static bool IsMounted(string file, string mounts)
    {
        try
        {
            // Fields by spaces, the place of the mount is the fifth; what a place cannot be written with is in octal.
            return File.Exists(mounts) && File.ReadLines(mounts).Any(line => line.Split(' ') is { Length: > 4 } fields && fields[4] == file.Replace(" ", "\\040", StringComparison.Ordinal));
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            // Where nobody may look there is nothing to be said.
            return false;
        }
    }

    private static string Uncovered(CertificateLayoutKind kind, CertificateNames names, string host)
    {
        var what = $"The certificate is for {names.Text}, not for '{host}'";
        if (names.Dns.Any(name => name.Contains('*', StringComparison.Ordinal)))
            return $"{what}: no release of OTP takes a wildcard for a node's host. Name the hosts one by one, or request one certificate for each node.";
        if (kind != CertificateLayoutKind.Volume)
            return $"{what}. Request one for this host, or name the node by one of those.";
        return HostMatch.IsLiteral(host)
            ? $"{what}: a Secret or a volume of cert-manager's csi-driver is filled before the pod has an address, so it cannot name one. Name the nodes by host names (a StatefulSet with a headless Service), or let each pod request its own: enmesh certs request."
            : $"{what}: all pods that mount one Secret have its names and no others. Use cert-manager's csi-driver with dns-names of the pod's own (${{POD_NAME}}.SERVICE.${{POD_NAMESPACE}}.svc.cluster.local), or let each pod request its own: enmesh certs request.";
    }

    // Short and long forms of one name are one host; so is an address in both forms. Loopback is everybody's.
    private static List<string> Hosts(CertificateNames names) =>
    [
        .. names.Dns.Select(name => HostMatch.IsLiteral(name) || IsPodRecord(name) ? name : name.Split('.')[0])
            .Concat(names.Addresses.Where(address => !System.Net.IPAddress.IsLoopback(address)).Select(address => address.ToString()))
            .Where(name => name is not ("localhost" or "127.0.0.1" or "::1"))
            .Distinct(StringComparer.OrdinalIgnoreCase),
    ];

    // 10-0-0-7.shop.pod.cluster.local: the address is the first part, and those of two pods are two.
    private static bool IsPodRecord(string name) => name.Contains(".pod.", StringComparison.Ordinal);
}
