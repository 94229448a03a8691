using Enmesh.Discovery;
using Enmesh.Resolver;

namespace Enmesh.Kubernetes;

/// <summary>Which objects name the members.</summary>
public enum KubernetesLookup
{
    /// <summary>The EndpointSlices of a Service.</summary>
    EndpointSlices,

    /// <summary>Pods themselves; no Service is needed.</summary>
    Pods,

    /// <summary>The Endpoints of a Service, where there are no EndpointSlices or no rights to them.</summary>
    Endpoints,
}

/// <summary>What stands behind the <c>@</c> in the members' names.</summary>
public enum KubernetesNaming
{
    /// <summary>The address: <c>orders@10.0.0.7</c>.</summary>
    Ip,

    /// <summary>The host name below a headless Service: <c>orders@orders-0.orders.shop.svc.cluster.local</c>.</summary>
    Hostname,

    /// <summary>The pod's record in DNS: <c>orders@10-0-0-7.shop.pod.cluster.local</c>.</summary>
    Dns,
}

/// <summary>Which of a pod's addresses names it, or is dialled.</summary>
public enum KubernetesFamily
{
    /// <summary>That of the address this node is named by; without one the first that a pod has.</summary>
    Own,

    /// <summary>IPv4; pods without are left out.</summary>
    IPv4,

    /// <summary>IPv6; pods without are left out.</summary>
    IPv6,
}

/// <summary>What <see cref="KubernetesDiscovery"/> can be told.</summary>
public sealed class KubernetesDiscoveryOptions : DiscoveryPolling
{
    internal const int MaxNamespaces = 16;

    /// <summary>Which objects name the members. Default EndpointSlices.</summary>
    /// <exception cref="ArgumentOutOfRangeException">The value is none of the enumeration's.</exception>
    public KubernetesLookup Lookup { get; set => field = Defined(value); }

    /// <summary>What stands behind the <c>@</c> in the members' names. Default the address.</summary>
    /// <exception cref="ArgumentOutOfRangeException">The value is none of the enumeration's.</exception>
    public KubernetesNaming Naming { get; set => field = Defined(value); }

    /// <summary>
    /// The Service whose EndpointSlices or Endpoints are read. With Pods it is only part of the names by
    /// <see cref="KubernetesNaming.Hostname"/>, where the pods have no <c>subdomain</c>.
    /// </summary>
    public string? Service { get; set; }

    /// <summary>
    /// A label selector, as in <c>app=orders,tier in (web, api)</c>. Pods need one; EndpointSlices and Endpoints have
    /// the labels of their Service, and need it or <see cref="Service"/>.
    /// </summary>
    public string? Selector { get; set; }

    /// <summary>The namespaces, at most 16. Default: none, which stands for the one this process belongs to.</summary>
    public IList<string> Namespaces { get; init; } = [];

    /// <summary>The part of the members' names before the <c>@</c>. Default: that of this node.</summary>
    public string? Alive { get; set; }

    /// <summary>The domain of the cluster, at the end of the names by host name and by DNS. Default
    /// <c>cluster.local</c>.</summary>
    public string ClusterDomain { get; set; } = "cluster.local";

    /// <summary>Which address of a pod that has several counts. Default that of this node's own family.</summary>
    /// <exception cref="ArgumentOutOfRangeException">The value is none of the enumeration's.</exception>
    public KubernetesFamily Family { get; set => field = Defined(value); }

    /// <summary>
    /// The name of the port, in the Service or the pod, that is the members' distribution port. Default: none, so that
    /// <see cref="Port"/> counts.
    /// </summary>
    public string? PortName { get; set; }

    /// <summary>
    /// The members' distribution port, 1 to 65535. Default: none, so that EPMD gives the port where EPMD is in use, and
    /// else the fixed port is dialled.
    /// </summary>
    /// <exception cref="ArgumentOutOfRangeException">The value is out of bounds.</exception>
    public int? Port
    {
        get;
        set => field = value is null ? null : Bounds.Within(value.Value, 1, ushort.MaxValue, nameof(value));
    }

    /// <summary>
    /// Whether changes are watched, so that a new pod is dialled at once; a watch that is well also spares the requests
    /// of the interval. Default true. Without, each interval costs one request for each namespace.
    /// </summary>
    public bool Watch { get; set; } = true;

    /// <summary>
    /// Whether the server may answer from its cache, which is cheaper and may be old (<c>resourceVersion=0</c>).
    /// Default false.
    /// </summary>
    public bool UseCachedResources { get; set; }

    /// <summary>
    /// A kubeconfig, or several with colons between them. Default: none, which stands for the service account in a pod,
    /// and for
    /// <c>KUBECONFIG</c> or <c>~/.kube/config</c> elsewhere.
    /// </summary>
    public string? KubeConfig { get; set; }

    /// <summary>The context of the kubeconfig. Default: its current one.</summary>
    public string? Context { get; set; }

    /// <summary>
    /// The name of the pod this process runs in. Default: <c>POD_NAME</c>, else <c>HOSTNAME</c> in a pod.
    /// </summary>
    public string? PodName { get; set; }

    /// <summary>
    /// How many answers in a row must say that nothing matches before that is believed. Default 3; 1 to 1000.
    /// </summary>
    /// <exception cref="ArgumentOutOfRangeException">The value is out of bounds.</exception>
    public int EmptyConfirmations
    {
        get;
        set => field = Bounds.Within(value, 1, 1000);
    } = EmptyAnswers.DefaultConfirmations;

    /// <summary>How long the answers must have said so as well. Default 30 s; 0 to 1 day.</summary>
    /// <exception cref="ArgumentOutOfRangeException">The value is out of bounds.</exception>
    public TimeSpan EmptyAge
    {
        get;
        set => field = Bounds.Within(value, TimeSpan.Zero, TimeSpan.FromDays(1));
    } = EmptyAnswers.DefaultAge;

    /// <summary>Says what is wrong with the options, each problem beginning with its key.</summary>
    /// <returns>Empty when all is well.</returns>
    public IReadOnlyList<string> Validate()
    {
        var problems = new List<string>();
        if (Lookup == KubernetesLookup.Pods && string.IsNullOrWhiteSpace(Selector))
            problems.Add(
                $"{nameof(Selector)}: there is none. All pods of a namespace are hardly a cluster; say which, as in app=orders.");
        else if (string.IsNullOrWhiteSpace(Service) && string.IsNullOrWhiteSpace(Selector))
            problems.Add(
                $"{nameof(Service)}: there is none, and no {nameof(Selector)} either. Name the headless Service of the pods.");
        if (Service is not null && !IsLabel(Service))
            problems.Add($"{nameof(Service)}: '{Service}' is no name of a Service.");
        if (Namespaces.Count > MaxNamespaces)
            problems.Add($"{nameof(Namespaces)}: there are {Namespaces.Count}; at most {MaxNamespaces} are read.");
        for (var i = 0; i < Namespaces.Count; i++)
        {
            if (!IsLabel(Namespaces[i]))
                problems.Add(FormattableString.Invariant($"{nameof(Namespaces)}:{i}: '{Namespaces[i]}' is no name of a namespace."));
        }
        if (Alive is not null && !NodeName.TryParse($"{Alive}@host", out _))
            problems.Add($"{nameof(Alive)}: '{Alive}' cannot stand before the '@' of a node name.");
        if (DnsName.Problem(ClusterDomain) is { } problem)
            problems.Add($"{nameof(ClusterDomain)}: {problem}");
        if (Port is not null && PortName is not null)
            problems.Add($"{nameof(PortName)}: there is {nameof(Port)} as well; only one of the two can be right.");
        return problems;
    }

    internal KubernetesDiscoveryOptions Copy() => (KubernetesDiscoveryOptions)MemberwiseClone();

    // RFC 1123, as the API demands of names that become part of host names.
    private static bool IsLabel(string name) =>
        name.Length is > 0 and <= 63 && name[0] != '-' && name[^1] != '-'
        && name.All(static c => char.IsAsciiLetterLower(c) || char.IsAsciiDigit(c) || c == '-');

    private static T Defined<T>(T value)
        where T : struct, Enum =>
        Enum.IsDefined(value)
            ? value
            : throw new ArgumentOutOfRangeException(nameof(value), value, $"One of {string.Join(", ", Enum.GetNames<T>())}.");
}
