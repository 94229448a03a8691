using Enmesh.Terms;

namespace Enmesh.Processes;

/// <summary>
/// Knows processes by names of any kind: what a module does that stands in Erlang's <c>{via, Module, Name}</c>. See
/// <see cref="ProcessAddress.Via"/>.
/// </summary>
/// <remarks>May be called from any thread, and <see cref="WhereIs"/> on the way of every message: it must not
/// wait.</remarks>
public interface IProcessRegistry
{
    /// <summary>The process that has a name; null when none has.</summary>
    Pid? WhereIs(Term name);

    /// <summary>
    /// Gives a process a name. A server takes its name back when its code is over; a process that is killed by force may not get to that, so that
    /// <see cref="WhereIs"/> should not give one that has ended (<see cref="ErlangNode.IsAlive"/>).
    /// </summary>
    /// <returns>False when the name is taken.</returns>
    ValueTask<bool> RegisterAsync(Term name, Pid process, CancellationToken cancellationToken = default);

    /// <summary>Takes a name back from a process. No such name, or one of another process by now, is no error.</summary>
    ValueTask UnregisterAsync(Term name, Pid process, CancellationToken cancellationToken = default);
}

/// <summary>The kinds of registries.</summary>
internal enum RegistryKind
{
    /// <summary>The names that hold on all nodes.</summary>
    Global,

    /// <summary>The groups of a scope of pg.</summary>
    Group,

    /// <summary>The program's own.</summary>
    Via,
}

/// <summary>A name, and the registry that knows it.</summary>
/// <param name="Kind">Which kind of registry.</param>
/// <param name="Registry">The program's own.</param>
/// <param name="Scope">The scope of a group.</param>
/// <param name="Name">The name.</param>
internal sealed record RegistryEntry(RegistryKind Kind, IProcessRegistry? Registry, string? Scope, Term Name)
{
    private static readonly Atom GlobalAtom = new("global");
    private static readonly Atom Via = new("via");

    internal Term ToTerm() => Kind switch
    {
        RegistryKind.Global => Term.Tuple(GlobalAtom, Name),
        RegistryKind.Group => Term.Tuple(new Atom(Scope!), Name),
        _ => Term.Tuple(Via, new Atom(Registry!.GetType().Name), Name),
    };
}
