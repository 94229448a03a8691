using System.Collections.Immutable;
using Microsoft.Extensions.Logging;

namespace Enmesh.Services;

/// <summary>
/// Which nodes may be connected: <c>net_kernel:allow/1</c>. All while the list is empty; then those in it, by name
/// or by host, whoever dials. Links that are up stay.
/// </summary>
internal sealed class AllowList
{
    private readonly ILogger _logger;
    private ImmutableSortedSet<string> _allowed;

    /// <param name="allowed">Names of nodes and hosts; none for all.</param>
    /// <param name="logger">Where changes are reported.</param>
    internal AllowList(IEnumerable<string> allowed, ILogger logger)
    {
        _logger = logger;
        _allowed = ImmutableSortedSet.CreateRange(StringComparer.Ordinal, allowed);
    }

    /// <summary>What is in it.</summary>
    internal IReadOnlyCollection<string> Allowed => Volatile.Read(ref _allowed);

    /// <summary>What is wrong with an entry; null when nothing is.</summary>
    internal static string? Problem(string? entry)
    {
        if (string.IsNullOrWhiteSpace(entry))
            return "an entry is empty; it is a node's name as orders@10.0.0.7, or a host as 10.0.0.7";
        return entry.Contains('@', StringComparison.Ordinal) && !NodeName.TryParse(entry, out _)
            ? $"'{entry}' is no node's name"
            : null;
    }

    /// <summary>Adds to it.</summary>
    internal void Allow(IEnumerable<string> more)
    {
        var entries = more.ToArray();
        ImmutableInterlocked.Update(ref _allowed, static (allowed, added) => allowed.Union(added), entries);
        if (_logger.IsEnabled(LogLevel.Information))
            _logger.AllowListChanged(string.Join(", ", Allowed));
    }

    /// <summary>Why a node may not be connected; null when it may.</summary>
    internal string? WhyRefused(NodeName node)
    {
        var allowed = Volatile.Read(ref _allowed);
        return allowed.IsEmpty || allowed.Contains(node.Text) || allowed.Contains(node.Host)
            ? null
            : "it is not among the nodes and hosts that this node allows";
    }
}
