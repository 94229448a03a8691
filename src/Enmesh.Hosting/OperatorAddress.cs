using System.Globalization;
using System.Net;

namespace Enmesh.Hosting;

/// <summary>Where something listens that operators reach, as settings say it.</summary>
internal static class OperatorAddress
{
    /// <summary>Whether this is a Kubernetes pod, by what the kubelet tells its containers.</summary>
    internal static bool IsInPod => !string.IsNullOrEmpty(Environment.GetEnvironmentVariable("KUBERNETES_SERVICE_HOST"));

    /// <summary>Loopback; all addresses in a pod.</summary>
    internal static IPAddress Usual => IsInPod ? IPAddress.IPv6Any : IPAddress.Loopback;

    /// <summary>Reads an address with a port, or a port alone, which keeps the usual address.</summary>
    internal static bool TryParse(string text, out IPEndPoint? endPoint)
    {
        endPoint = null;
        if (ushort.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var port))
        {
            endPoint = new(Usual, port);
            return true;
        }
        // Without a port it would be one of the system's choice, which nobody finds.
        var hasPort = text.Contains("]:", StringComparison.Ordinal) || text.Count(c => c == ':') == 1;
        return hasPort && IPEndPoint.TryParse(text, out endPoint);
    }
}
