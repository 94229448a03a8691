using Enmesh.Terms;

namespace Enmesh.Processes;

/// <summary>Where a message goes: a pid, a name on this node, a name on another node, or an alias.</summary>
/// <remarks>
/// Anything that can be an address converts to one: <c>SendAsync(pid, …)</c>, <c>SendAsync("logger", …)</c>,
/// <c>SendAsync(("counter", orders), …)</c>.
/// </remarks>
public readonly struct ProcessAddress : IEquatable<ProcessAddress>
{
    private ProcessAddress(Pid? pid, Atom? name, NodeName? node, Reference? alias)
    {
        Pid = pid;
        Name = name;
        Node = node;
        Alias = alias;
    }

    /// <summary>The pid, when it is one.</summary>
    public Pid? Pid { get; }

    /// <summary>The registered name, when it is one.</summary>
    public Atom? Name { get; }

    /// <summary>The node of a name; null for this node.</summary>
    public NodeName? Node { get; }

    /// <summary>The alias, when it is one.</summary>
    public Reference? Alias { get; }

    /// <summary>A process.</summary>
    public static implicit operator ProcessAddress(Pid pid) => FromPid(pid);

    /// <summary>A name on this node.</summary>
    public static implicit operator ProcessAddress(Atom name) => FromName(name);

    /// <summary>A name on this node.</summary>
    public static implicit operator ProcessAddress(string name) => FromName(new Atom(name));

    /// <summary>A name on another node.</summary>
    public static implicit operator ProcessAddress((Atom Name, NodeName Node) place) => FromName(place.Name, place.Node);

    /// <summary>A name on another node.</summary>
    public static implicit operator ProcessAddress((string Name, NodeName Node) place) => FromName(new Atom(place.Name), place.Node);

    /// <summary>An alias.</summary>
    public static implicit operator ProcessAddress(Reference alias) => FromAlias(alias);

    /// <summary>A process.</summary>
    public static ProcessAddress FromPid(Pid pid)
    {
        ArgumentNullException.ThrowIfNull(pid);
        return new(pid, null, null, null);
    }

    /// <summary>A name, on this node unless another is given.</summary>
    public static ProcessAddress FromName(Atom name, NodeName? node = null)
    {
        ArgumentNullException.ThrowIfNull(name);
        return new(null, name, node, null);
    }

    /// <summary>An alias: a reference that stands for a process until it is taken back.</summary>
    public static ProcessAddress FromAlias(Reference alias)
    {
        ArgumentNullException.ThrowIfNull(alias);
        return new(null, null, null, alias);
    }

    /// <summary>Whether both mean the same place.</summary>
    public static bool operator ==(ProcessAddress left, ProcessAddress right) => left.Equals(right);

    /// <summary>Whether they mean different places.</summary>
    public static bool operator !=(ProcessAddress left, ProcessAddress right) => !left.Equals(right);

    /// <inheritdoc/>
    public bool Equals(ProcessAddress other) => Equals(Pid, other.Pid) && Name == other.Name && Node == other.Node && Alias == other.Alias;

    /// <inheritdoc/>
    public override bool Equals(object? obj) => obj is ProcessAddress other && Equals(other);

    /// <inheritdoc/>
    public override int GetHashCode() => HashCode.Combine(Pid, Name, Node, Alias);

    /// <summary>The address as Erlang would write it.</summary>
    public override string ToString() => this switch
    {
        { Pid: { } pid } => ((Term)pid).ToString()!,
        { Alias: { } alias } => ((Term)alias).ToString()!,
        { Name: { } name, Node: { } node } => $"{{{name}, '{node}'}}",
        _ => Name?.Text ?? "",
    };

    /// <summary>The node it lives on; null for a name on this node.</summary>
    internal Atom? NodeAtom => Pid?.Node ?? Alias?.Node ?? Node?.Atom;

    /// <summary>The address as a term: a pid, an alias, a name, or <c>{Name, Node}</c>.</summary>
    internal Term ToTerm(NodeName self) => this switch
    {
        { Pid: { } pid } => pid,
        { Alias: { } alias } => alias,
        _ => Term.Tuple(Name!, (Node ?? self).Atom),
    };
}
