using System.Net;
using Enmesh.Hosting;

namespace Enmesh.Web;

/// <summary>Where a host answers operators. Each has an address of its own, so that each can be opened to whom it is for.</summary>
public sealed class ErlangEndpointOptions
{
    /// <summary>The port of <see cref="Metrics"/> unless told otherwise.</summary>
    public const int DefaultMetricsPort = 9153;

    /// <summary>The port of <see cref="Probes"/> unless told otherwise.</summary>
    public const int DefaultProbesPort = 8081;

    /// <summary>The port of <see cref="Page"/> unless told otherwise.</summary>
    public const int DefaultPagePort = 8080;

    /// <summary>
    /// Where <c>/metrics</c> is served; null for nowhere. Default: port 9153 on loopback, on all addresses in a Kubernetes pod.
    /// </summary>
    public IPEndPoint? Metrics { get; set; } = new(OperatorAddress.Usual, DefaultMetricsPort);

    /// <summary>
    /// Where <c>/livez</c> and <c>/readyz</c> are served; null for nowhere. Default: port 8081 on loopback, on all addresses in a
    /// Kubernetes pod.
    /// </summary>
    public IPEndPoint? Probes { get; set; } = new(OperatorAddress.Usual, DefaultProbesPort);

    /// <summary>
    /// Where the status page is served, with its JSON; null for nowhere. Default: port 8080 on loopback, on all addresses in a Kubernetes pod. Not at an
    /// address of the others.
    /// </summary>
    public IPEndPoint? Page { get; set; } = new(OperatorAddress.Usual, DefaultPagePort);

    /// <summary>
    /// Names of hosts under which the page may be asked for, as that of an ingress, beside addresses, <c>localhost</c> and the names of the host itself;
    /// <c>*.example.com</c> is all below. Others are refused: a name in somebody else's DNS may lead here, and their page would then read this one.
    /// </summary>
    public IList<string> PageHosts { get; } = [];

    /// <summary>Reads an address with a port, a port alone, which keeps the usual address, or <c>off</c>.</summary>
    internal static bool TryParse(string text, out IPEndPoint? endPoint)
    {
        endPoint = null;
        return text.Equals("off", StringComparison.OrdinalIgnoreCase) || OperatorAddress.TryParse(text, out endPoint);
    }
}
