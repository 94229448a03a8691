using Enmesh.Terms;

namespace Enmesh.Processes;

/// <summary>
/// Where a message goes: a pid, a name on this node, a name on another node, an alias, or a name that a registry knows:
/// a global one, a process group, a registry of the program's own.
/// </summary>
/// <remarks>
/// Anything that can be an address converts to one: <c>SendAsync(pid, …)</c>, <c>SendAsync("logger", …)</c>,
/// <c>SendAsync(("counter", orders), …)</c>. The others have methods: <c>CallAsync(ProcessAddress.Global("orders"),
/// …)</c>. Who has such a name is looked up each time it is used.
/// </remarks>
public readonly struct ProcessAddress : IEquatable<ProcessAddress>
{
    private readonly object? _target;

    private ProcessAddress(object target, NodeName? node = null)
    {
        _target = target;
        Node = node;
    }

    /// <summary>The pid, when it is one.</summary>
    public Pid? Pid => _target as Pid;

    /// <summary>The registered name, when it is one.</summary>
    public Atom? Name => _target as Atom;

    /// <summary>The node of a name; null for this node.</summary>
    public NodeName? Node { get; }

    /// <summary>The alias, when it is one.</summary>
    public Reference? Alias => _target as Reference;

    /// <summary>The name in a registry, when it is one.</summary>
    internal RegistryEntry? Entry => _target as RegistryEntry;

    /// <summary>A process.</summary>
    public static implicit operator ProcessAddress(Pid pid) => FromPid(pid);

    /// <summary>A name on this node.</summary>
    public static implicit operator ProcessAddress(Atom name) => FromName(name);

    /// <summary>A name on this node.</summary>
    public static implicit operator ProcessAddress(string name) => FromName(new Atom(name));

    /// <summary>A name on another node.</summary>
    public static implicit operator ProcessAddress((Atom Name, NodeName Node) place) =>
        FromName(place.Name, place.Node);

    /// <summary>A name on another node.</summary>
    public static implicit operator ProcessAddress((string Name, NodeName Node) place) =>
        FromName(new Atom(place.Name), place.Node);

    /// <summary>An alias.</summary>
    public static implicit operator ProcessAddress(Reference alias) => FromAlias(alias);

    /// <summary>A process.</summary>
    public static ProcessAddress FromPid(Pid pid)
    {
        ArgumentNullException.ThrowIfNull(pid);
        return new(pid);
    }

    /// <summary>A name, on this node unless another is given.</summary>
    public static ProcessAddress FromName(Atom name, NodeName? node = null)
    {
        ArgumentNullException.ThrowIfNull(name);
        return new(name, node);
    }

    /// <summary>An alias: a reference that stands for a process until it is taken back.</summary>
    public static ProcessAddress FromAlias(Reference alias)
    {
        ArgumentNullException.ThrowIfNull(alias);
        return new(alias);
    }

    /// <summary>Whoever has a global name: <c>{global, Name}</c>.</summary>
    public static ProcessAddress Global(Term name) => new(new RegistryEntry(RegistryKind.Global, null, null, name));

    /// <inheritdoc cref="Global(Term)"/>
    public static ProcessAddress Global(string name) => Global(new Atom(name));

    /// <summary>
    /// One member of a process group: one of this node if there is one, else any. To reach all of them see
    /// <see cref="Enmesh.Groups.ProcessGroups"/>.
    /// </summary>
    /// <param name="group">The group.</param>
    /// <param name="scope">The scope of <c>pg</c> it is in.</param>
    public static ProcessAddress Group(Term group, string scope = "pg") =>
        new(new RegistryEntry(RegistryKind.Group, null, scope, group));

    /// <inheritdoc cref="Group(Term, string)"/>
    public static ProcessAddress Group(string group, string scope = "pg") => Group(new Atom(group), scope);

    /// <summary>Whoever has a name in a registry of the program's own: <c>{via, Registry, Name}</c>.</summary>
    public static ProcessAddress Via(IProcessRegistry registry, Term name)
    {
        ArgumentNullException.ThrowIfNull(registry);
        return new(new RegistryEntry(RegistryKind.Via, registry, null, name));
    }

    /// <summary>Whether both mean the same place.</summary>
    public static bool operator ==(ProcessAddress left, ProcessAddress right) => left.Equals(right);

    /// <summary>Whether they mean different places.</summary>
    public static bool operator !=(ProcessAddress left, ProcessAddress right) => !left.Equals(right);

    /// <inheritdoc/>
    public bool Equals(ProcessAddress other) => Equals(_target, other._target) && Node == other.Node;

    /// <inheritdoc/>
    public override bool Equals(object? obj) => obj is ProcessAddress other && Equals(other);

    /// <inheritdoc/>
    public override int GetHashCode() => HashCode.Combine(_target, Node);

    /// <summary>The address as Erlang would write it.</summary>
    public override string ToString() => this switch
    {
        { Pid: { } pid } => ((Term)pid).ToString()!,
        { Alias: { } alias } => ((Term)alias).ToString()!,
        { Entry: { } entry } => entry.ToTerm().ToString()!,
        { Name: { } name, Node: { } node } => $"{{{name}, '{node}'}}",
        _ => Name?.Text ?? "",
    };

    /// <summary>The node it lives on; null for a name on this node.</summary>
    internal Atom? NodeAtom => Pid?.Node ?? Alias?.Node ?? Node?.Atom;

    /// <summary>The address as a term: a pid, an alias, <c>{Name, Node}</c>, <c>{global, Name}</c> and so on.</summary>
    internal Term ToTerm(NodeName self) => this switch
    {
        { Pid: { } pid } => pid,
        { Alias: { } alias } => alias,
        { Entry: { } entry } => entry.ToTerm(),
        _ => Term.Tuple(Name!, (Node ?? self).Atom),
    };
}
