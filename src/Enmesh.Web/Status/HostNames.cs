using System.Net;

namespace Enmesh.Web.Status;

/// <summary>
/// Under which names the page may be asked for. A name in somebody else's DNS may lead to this host at any time (DNS rebinding), and a page of theirs would
/// then read this one as its own: so addresses, localhost, the host's own names, and those that the operator has named.
/// </summary>
/// <param name="allowed">What the operator has named; a <c>*.</c> in front stands for everything below.</param>
/// <param name="own">The host parts of the nodes' names.</param>
internal sealed class HostNames(IReadOnlyList<string> allowed, Func<IEnumerable<string>> own)
{
    /// <summary>Whether a request may name this host.</summary>
    /// <param name="host">Without the port; an IPv6 address in brackets.</param>
    internal bool Accepts(string host)
    {
        host = host.TrimEnd('.');
        if (host.Length == 0)
            return false;
        if (IPAddress.TryParse(host.Trim('[', ']'), out _))
            return true;
        return Is(host, "localhost") || host.EndsWith(".localhost", StringComparison.OrdinalIgnoreCase) || Is(host, Environment.MachineName)
            || allowed.Any(name => Covers(name, host)) || own().Any(name => Is(host, name));
    }

    private static bool Covers(string name, string host) => name.StartsWith("*.", StringComparison.Ordinal)
        ? host.EndsWith(name[1..], StringComparison.OrdinalIgnoreCase) && host.Length > name.Length - 1
        : Is(host, name);

    private static bool Is(string host, string name) => host.Equals(name, StringComparison.OrdinalIgnoreCase);
}
