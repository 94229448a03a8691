using System.Collections.Concurrent;
using Enmesh.Groups;
using Enmesh.Processes;
using Enmesh.Terms;

namespace Enmesh;

// Process groups, and what is built on them.
public sealed partial class ErlangNode
{
    private readonly ConcurrentDictionary<string, ProcessGroups> _scopes = new(StringComparer.Ordinal);

    /// <summary>The default scope of <c>pg</c>, which a published node has unless its options say otherwise.</summary>
    /// <exception cref="InvalidOperationException">The node has not started, or has no such scope.</exception>
    public ProcessGroups Pg => FindPgScope(ProcessGroups.DefaultScope)
        ?? throw new InvalidOperationException(
            "The node has no scope 'pg': it is hidden, or was told not to start it. StartPgScope starts one.");

    /// <summary>The scopes of <c>pg</c> that this node has.</summary>
    public IReadOnlyCollection<ProcessGroups> PgScopes => [.. _scopes.Values];

    /// <summary>The scope of a name; null when this node has none.</summary>
    public ProcessGroups? FindPgScope(string scope) => _scopes.GetValueOrDefault(scope);

    /// <summary>
    /// Starts a scope of <c>pg</c>: it finds the scopes of the same name on all visible nodes by itself.
    /// </summary>
    /// <remarks>On a hidden node it sees this node alone, as on the BEAM.</remarks>
    /// <returns>The scope, also when it was there before.</returns>
    /// <exception cref="InvalidOperationException">A process has the name, or the node has not started.</exception>
    public ProcessGroups StartPgScope(string scope)
    {
        ArgumentException.ThrowIfNullOrEmpty(scope);
        return StartScope(Runtime, scope);
    }

    /// <summary>
    /// Takes part in a <c>Phoenix.PubSub</c> of the cluster: receives what is broadcast there, and broadcasts. The
    /// node has to be published.
    /// </summary>
    /// <exception cref="InvalidOperationException">It runs already, or the node has not started.</exception>
    public Task<PhoenixPubSub> StartPhoenixPubSubAsync(
        PhoenixPubSubOptions options, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(options);
        if (options.BroadcastPoolSize > options.PoolSize)
            throw new ArgumentException(
                $"{nameof(options.BroadcastPoolSize)} is larger than {nameof(options.PoolSize)}.", nameof(options));
        var scope = StartPgScope(PhoenixPubSub.Scope);
        return PhoenixPubSub.StartAsync(
            Runtime, scope, options, _logs.CreateLogger("Enmesh.Groups"), cancellationToken);
    }

    /// <summary>What peers may ask of our scopes by <c>rpc</c>: they look, and change nothing.</summary>
    private void ExportPgFunctions()
    {
        Term Default(Func<ProcessGroups, Term> look) => Of(ProcessGroups.DefaultScope, look);
        Term Of(string? scope, Func<ProcessGroups, Term> look) =>
            scope is not null && FindPgScope(scope) is { } groups ? look(groups) : Term.Nil;
        static Term Pids(IReadOnlyList<Pid> pids) => PgMessages.ListOf(pids);
        static Term List(IReadOnlyList<Term> terms) => Term.List([.. terms]);

        Functions.ExportOwn(
            "pg", "get_members", 1, (_, asked) => new(Default(groups => Pids(groups.Members(asked[0])))));
        Functions.ExportOwn("pg", "get_members", 2, (_, asked) =>
            new(Of(asked[0].AtomText, groups => Pids(groups.Members(asked[1])))));
        Functions.ExportOwn("pg", "get_local_members", 1, (_, asked) =>
            new(Default(groups => Pids(groups.LocalMembers(asked[0])))));
        Functions.ExportOwn("pg", "get_local_members", 2, (_, asked) =>
            new(Of(asked[0].AtomText, groups => Pids(groups.LocalMembers(asked[1])))));
        Functions.ExportOwn("pg", "which_groups", 0, (_, _) => new(Default(groups => List(groups.Groups))));
        Functions.ExportOwn("pg", "which_groups", 1, (_, asked) =>
            new(Of(asked[0].AtomText, groups => List(groups.Groups))));
        Functions.ExportOwn("pg", "which_local_groups", 0, (_, _) => new(Default(groups => List(groups.LocalGroups))));
        Functions.ExportOwn("pg", "which_local_groups", 1, (_, asked) =>
            new(Of(asked[0].AtomText, groups => List(groups.LocalGroups))));
    }

    private ProcessGroups StartScope(ProcessRuntime runtime, string scope)
    {
        lock (_scopes)
        {
            if (!_scopes.TryGetValue(scope, out var groups))
                _scopes[scope] = groups = ProcessGroups.Start(
                    runtime, new Atom(scope), _logs.CreateLogger("Enmesh.Groups"));
            return groups;
        }
    }
}
