namespace Enmesh.TestSupport;

/// <summary>
/// How a BEAM node under test is started; the defaults give a long-named, published node without EPMD.
/// </summary>
internal sealed record BeamOptions
{
    /// <summary>The full name, <c>alive@host</c>. Default: one of its own at 127.0.0.1.</summary>
    internal string? Name { get; init; }

    /// <summary><c>-sname</c> instead of <c>-name</c>.</summary>
    internal bool ShortName { get; init; }

    /// <summary><c>-hidden</c>.</summary>
    internal bool Hidden { get; init; }

    /// <summary>False: an Erlang that is not a node at all.</summary>
    internal bool Distributed { get; init; } = true;

    /// <summary>Default: a random one.</summary>
    internal string? Cookie { get; init; }

    /// <summary>
    /// Registers with this one. Default: <c>-start_epmd false -erl_epmd_port</c>, see <see cref="Port"/>.
    /// </summary>
    internal BeamEpmd? Epmd { get; init; }

    /// <summary>As <see cref="Epmd"/>, for one that the test has not started as a <see cref="BeamEpmd"/>.</summary>
    internal int? EpmdPort { get; init; }

    /// <summary>
    /// The distribution port. Default: any. Without EPMD it is also the port on which the node dials every other one.
    /// </summary>
    internal int? Port { get; init; }

    /// <summary>The address on which the node accepts distribution connections; null: all of them.</summary>
    internal string? Address { get; init; } = "127.0.0.1";

    /// <summary>More arguments for <c>erl</c>.</summary>
    internal IReadOnlyList<string> Arguments { get; init; } = [];

    /// <summary>
    /// Files to have in its home directory. There and in <see cref="Arguments"/> <c>{home}</c> stands for that directory.
    /// </summary>
    internal IReadOnlyDictionary<string, string> Files { get; init; } = new Dictionary<string, string>();

    /// <summary>More environment variables.</summary>
    internal IReadOnlyDictionary<string, string?> Environment { get; init; } = new Dictionary<string, string?>();

    /// <summary>Words before the command, for example those that enter a network namespace.</summary>
    internal IReadOnlyList<string> Through { get; init; } = [];
}
