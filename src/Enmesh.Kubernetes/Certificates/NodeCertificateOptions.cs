using Enmesh.Certificates;

namespace Enmesh.Kubernetes.Certificates;

/// <summary>For whom a certificate is requested, of whom, and where it goes.</summary>
public sealed class NodeCertificateOptions
{
    /// <summary>
    /// The host part of the node's name, which the certificate names: an address or a host name. Default: <c>NODE_HOST</c>,
    /// else <c>POD_IP</c>.
    /// </summary>
    public string? Host { get; set; }

    /// <summary>Further names, as the certificate has them: DNS names, and addresses as DNS and IP names.</summary>
    public IList<string> OtherHosts { get; init; } = [];

    /// <summary>
    /// The directory of <c>tls.crt</c> and <c>tls.key</c>: a memory volume (<c>emptyDir</c> with <c>medium: Memory</c>)
    /// that the node mounts as well.
    /// </summary>
    public string? Directory { get; set; }

    /// <summary>A file with the authorities that peers trust; what is issued has to lead to one of them. Null: not looked
    /// at.</summary>
    public string? TrustFile { get; set; }

    /// <summary>The name of the issuer.</summary>
    public string? Issuer { get; set; }

    /// <summary>Its kind: <c>Issuer</c>, <c>ClusterIssuer</c>, or one of another group. Default <c>Issuer</c>.</summary>
    public string IssuerKind { get; set; } = "Issuer";

    /// <summary>Its group. Default <c>cert-manager.io</c>.</summary>
    public string IssuerGroup { get; set; } = "cert-manager.io";

    /// <summary>The namespace of the request. Default: the one this process belongs to.</summary>
    public string? Namespace { get; set; }

    /// <summary>How long the certificate is to be valid; the issuer has the last word. Default 24 h; 10 min to 10
    /// years.</summary>
    /// <exception cref="ArgumentOutOfRangeException">The value is out of bounds.</exception>
    public TimeSpan Duration
    {
        get;
        set => field = Bounds.Within(value, TimeSpan.FromMinutes(10), TimeSpan.FromDays(3660));
    } = TimeSpan.FromHours(24);

    /// <summary>The kind of the key. Default EcP256.</summary>
    public CertificateKeyKind Key { get; set; } = CertificateKeyKind.EcP256;

    /// <summary>How long a request may take, approval included. Default 5 min; 1 s to 1 day.</summary>
    /// <exception cref="ArgumentOutOfRangeException">The value is out of bounds.</exception>
    public TimeSpan Timeout
    {
        get;
        set => field = Bounds.Within(value, TimeSpan.FromSeconds(1), TimeSpan.FromDays(1));
    } = TimeSpan.FromMinutes(5);

    /// <summary>The pod that owns the requests, so that they go with it. Default: <c>POD_NAME</c>, else
    /// <c>HOSTNAME</c>.</summary>
    public string? PodName { get; set; }

    /// <summary>Its unique id. Default: <c>POD_UID</c>, else the API is asked, which needs a right.</summary>
    public string? PodUid { get; set; }

    /// <summary>Whether requests may be made that no pod owns: only <c>certs cleanup</c> removes them then.</summary>
    public bool WithoutPod { get; set; }

    /// <summary>Further labels of the requests.</summary>
    public IDictionary<string, string> Labels { get; init; } = new Dictionary<string, string>(StringComparer.Ordinal);

    /// <summary>Says what is wrong with the options, each problem beginning with its key.</summary>
    /// <returns>Empty when all is well.</returns>
    public IReadOnlyList<string> Validate()
    {
        var problems = new List<string>();
        if (string.IsNullOrWhiteSpace(Directory))
            problems.Add($"{nameof(Directory)}: there is none. Name the mounted memory volume, as in /var/run/enmesh/tls.");
        if (string.IsNullOrWhiteSpace(Issuer))
            problems.Add($"{nameof(Issuer)}: there is none. Name the Issuer or ClusterIssuer of cert-manager.");
        if (string.IsNullOrWhiteSpace(IssuerKind))
            problems.Add($"{nameof(IssuerKind)}: it is empty. Issuer and ClusterIssuer are cert-manager's own.");
        foreach (var host in OtherHosts.Append(Host ?? "host"))
        {
            if (host.Length == 0 || host.Any(c => c is <= ' ' or >= '\x7f' or '@' or '[' or ']' or '*'))
                problems.Add($"{nameof(Host)}: '{host}' is no host part of a node's name. It is an address without brackets, or a host name.");
        }
        if (TrustFile is { } trust && !File.Exists(trust))
            problems.Add($"{nameof(TrustFile)}: there is no {trust}.");
        return problems;
    }

    internal NodeCertificateOptions Copy() => new()
    {
        Host = Host,
        OtherHosts = [.. OtherHosts],
        Directory = Directory,
        TrustFile = TrustFile,
        Issuer = Issuer,
        IssuerKind = IssuerKind,
        IssuerGroup = IssuerGroup,
        Namespace = Namespace,
        Duration = Duration,
        Key = Key,
        Timeout = Timeout,
        PodName = PodName,
        PodUid = PodUid,
        WithoutPod = WithoutPod,
        Labels = new Dictionary<string, string>(Labels, StringComparer.Ordinal),
    };
}
