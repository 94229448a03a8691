using System.Diagnostics.CodeAnalysis;
using System.Net;

namespace Enmesh;

/// <summary>All that decides about the name of this node.</summary>
/// <param name="Name">What was asked for: <c>alive@host</c>, or the part before the <c>@</c>.</param>
/// <param name="ShortNames">Whether the host part has to be short.</param>
/// <param name="NodeHost">The variable NODE_HOST; null or empty when it is not set.</param>
/// <param name="PodIp">The variable POD_IP.</param>
/// <param name="HostName">What the host calls itself.</param>
/// <param name="QualifiedHostName">The same with its domain; null when it was not asked, or has none.</param>
internal sealed record OwnNameInputs(
    string? Name, bool ShortNames, string? NodeHost, string? PodIp, string? HostName, string? QualifiedHostName);

/// <summary>
/// Settles the name of this node. The host part is what others dial, so it is never guessed: it comes from the name
/// itself, from NODE_HOST, from POD_IP or from the host, in this order, or there is a sentence that says what to set.
/// </summary>
internal static class OwnName
{
    public const string NodeHostVariable = "NODE_HOST";
    public const string PodIpVariable = "POD_IP";

    /// <summary>Settles the name.</summary>
    /// <param name="inputs">All that decides.</param>
    /// <param name="name">The name.</param>
    /// <param name="problem">What is wrong, and what to do about it.</param>
    public static bool TryResolve(
        OwnNameInputs inputs, [NotNullWhen(true)] out NodeName? name, [NotNullWhen(false)] out string? problem)
    {
        name = null;
        var asked = inputs.Name ?? "";
        var at = asked.IndexOf('@', StringComparison.Ordinal);
        var alive = at < 0 ? asked : asked[..at];
        problem = AliveProblem(asked, alive, at);
        if (problem is not null)
            return false;

        var (host, source) = at < 0 ? Host(inputs) : (asked[(at + 1)..], $"the name '{asked}'");
        problem = host is null ? NoHost(inputs, alive) : HostProblem(host, source, inputs.ShortNames, alive);
        if (problem is not null)
            return false;

        if (NodeName.TryParse($"{alive}@{host}", out name))
            return true;
        problem = $"'{alive}@{host}' is no node name. It has at most 255 characters.";
        return false;
    }

    /// <summary>
    /// What is wrong with a name as it was asked for, as far as that can be said without the host; null when nothing
    /// is.
    /// </summary>
    public static string? Problem(string asked, bool shortNames)
    {
        var at = asked.IndexOf('@', StringComparison.Ordinal);
        var alive = at < 0 ? asked : asked[..at];
        var problem = AliveProblem(asked, alive, at);
        return problem is null && at >= 0
            ? HostProblem(asked[(at + 1)..], $"the name '{asked}'", shortNames, alive)
            : problem;
    }

    /// <summary>Collects what decides. The resolver is asked only when the host's own full name is needed.</summary>
    /// <param name="name">What was asked for.</param>
    /// <param name="shortNames">Whether the host part has to be short.</param>
    /// <param name="variable">Gives the value of an environment variable.</param>
    /// <param name="cancellationToken">Ends the look-up.</param>
    public static async Task<OwnNameInputs> ReadEnvironmentAsync(
        string? name, bool shortNames, Func<string, string?> variable, CancellationToken cancellationToken = default)
    {
        var inputs = new OwnNameInputs(
            name, shortNames, variable(NodeHostVariable), variable(PodIpVariable), Dns.GetHostName(), null);
        return shortNames || Host(inputs).Host is not null
            || inputs.Name?.Contains('@', StringComparison.Ordinal) == true
            ? inputs
            : inputs with { QualifiedHostName = await QualifiedAsync(inputs.HostName!, cancellationToken).ConfigureAwait(false) };
    }

    // OTP starts with any host part, and takes exactly these characters before it.
    private static string? AliveProblem(string asked, string alive, int at)
    {
        if (asked.Length == 0)
            return "The node has no name. Set one: 'orders@10.0.0.7', or only 'orders' to take the host's name or address.";
        if (at >= 0 && asked.IndexOf('@', at + 1) >= 0)
            return $"'{asked}' has more than one '@'. A name is alive@host; give the host once.";
        if (alive.Length == 0)
            return $"'{asked}' has nothing before the '@'. A name is alive@host, as in orders@10.0.0.7.";
        return alive.All(c => char.IsAsciiLetterOrDigit(c) || c is '_' or '-')
            ? null
            : $"'{alive}' can't stand before the '@' of a node's name. Erlang takes letters a to z, digits, '_' and '-' there.";
    }

    private static (string? Host, string Source) Host(OwnNameInputs inputs)
    {
        if (!string.IsNullOrWhiteSpace(inputs.NodeHost))
            return (inputs.NodeHost.Trim(), $"{NodeHostVariable} ('{inputs.NodeHost.Trim()}')");
        if (inputs.ShortNames)
            return (Label(inputs.HostName), "the name of the host");
        if (!string.IsNullOrWhiteSpace(inputs.PodIp))
            return (inputs.PodIp.Trim(), $"{PodIpVariable} ('{inputs.PodIp.Trim()}')");
        var qualified = new[] { inputs.QualifiedHostName, inputs.HostName }
            .FirstOrDefault(h => h is not null && h.TrimEnd('.').Contains('.', StringComparison.Ordinal)
                && !h.StartsWith("localhost", StringComparison.OrdinalIgnoreCase));
        return (qualified?.TrimEnd('.'), "the name of the host");
    }

    private static string? Label(string? host) =>
        host?.Split('.')[0] is { Length: > 0 } label ? label : null;

    private static string? HostProblem(string host, string source, bool shortNames, string alive)
    {
        if (host.Length == 0)
            return $"In {source} nothing stands behind the '@'. Give a host, or leave the '@' away to take this host's own name.";
        if (host.Contains('[', StringComparison.Ordinal) || host.Contains(']', StringComparison.Ordinal))
            return $"In {source} the address has brackets. Erlang writes IPv6 addresses in names without: {alive}@{host.Trim('[', ']')}.";
        if (host.Any(c => c is < '!' or '@' or '\x7f' or > '\xff'))
            return $"In {source} there is a character that no host name has.";
        var isLong = host.AsSpan().ContainsAny('.', ':');
        if (shortNames && isLong)
        {
            return $"Short names are on, but the host in {source} is a long one. " +
                "Give a host name without dots, or switch short names off.";
        }

        if (!shortNames && !isLong)
        {
            return $"Long names are on, but the host in {source} has no dot, and no node with a long name dials such a host. " +
                $"Give its full name or its address, as in {alive}@10.0.0.7, or switch short names on.";
        }

        return null;
    }

    private static string NoHost(OwnNameInputs inputs, string alive) => inputs.ShortNames
        ? $"This host has no name. Set {NodeHostVariable}, or give the node's name in full: {alive}@web1."
        : $"A long name needs a full host name, and this host ('{inputs.HostName}') knows no domain of its own. " +
          $"Set {NodeHostVariable} or {PodIpVariable} to what others dial, give the node's name in full ({alive}@10.0.0.7), " +
          "or switch short names on.";

    private static async Task<string?> QualifiedAsync(string hostName, CancellationToken cancellationToken)
    {
        try
        {
            return (await Dns.GetHostEntryAsync(hostName, cancellationToken).ConfigureAwait(false)).HostName;
        }
        catch (System.Net.Sockets.SocketException)
        {
            // It does not even know its own name; the message about the missing domain says what to do.
            return null;
        }
    }
}
