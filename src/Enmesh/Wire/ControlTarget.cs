using System.Diagnostics;
using Enmesh.Terms;
using Enmesh.Terms.External;

namespace Enmesh.Wire;

/// <summary>Whom a control message is for: a pid, a registered name or an alias; or nobody.</summary>
/// <remarks>
/// A pid or an alias of our own node that came over the wire is kept as its numbers, so that to route a message costs
/// no
/// allocation; <see cref="Pid"/> and <see cref="Alias"/> make an object of them when asked.
/// </remarks>
internal readonly struct ControlTarget
{
    // One of: Atom, a name; Pid or Reference, as they are; our own node's atom with numbers beside it; null, nobody.
    private readonly object? _value;
    private readonly RawReference _numbers;
    private readonly Shape _shape;

    private ControlTarget(Shape shape, object value, RawReference numbers = default)
    {
        _shape = shape;
        _value = value;
        _numbers = numbers;
    }

    private enum Shape : byte
    {
        None,
        Name,
        Pid,
        Alias,
        OwnPid,
        OwnAlias,
    }

    /// <summary>Whether this is nobody.</summary>
    internal bool IsNone => _shape == Shape.None;

    /// <summary>The registered name, if it is one.</summary>
    internal Atom? Name => _shape == Shape.Name ? (Atom)_value! : null;

    /// <summary>
    /// Whether this is a pid of our own node, whatever its creation. Then <see cref="OwnPid"/> says which.
    /// </summary>
    internal bool IsOwnPid => _shape == Shape.OwnPid;

    /// <summary>
    /// Whether this is an alias made by our own node, whatever its creation. Then <see cref="OwnAlias"/> says which.
    /// </summary>
    internal bool IsOwnAlias => _shape == Shape.OwnAlias;

    /// <summary>The numbers of a pid of our own node.</summary>
    internal RawPid OwnPid
    {
        get
        {
            Debug.Assert(IsOwnPid, "Only a pid of our own that was received has numbers.");
            return new(_numbers.Word0, _numbers.Word1, _numbers.Creation);
        }
    }

    /// <summary>The numbers of an alias of our own node.</summary>
    internal RawReference OwnAlias
    {
        get
        {
            Debug.Assert(IsOwnAlias, "Only an alias of our own that was received has numbers.");
            return _numbers;
        }
    }

    /// <summary>The pid, if it is one; made anew each time when it is one of our own.</summary>
    internal Pid? Pid => _shape switch
    {
        Shape.Pid => (Pid)_value!,
        Shape.OwnPid => new Pid((Atom)_value!, _numbers.Word0, _numbers.Word1, _numbers.Creation),
        _ => null,
    };

    /// <summary>The alias, if it is one; made anew each time when it is one of our own.</summary>
    internal Reference? Alias => _shape switch
    {
        Shape.Alias => (Reference)_value!,
        Shape.OwnAlias => _numbers.ToReference((Atom)_value!),
        _ => null,
    };

    /// <summary>The pid, name or reference as a term; <c>[]</c> for nobody.</summary>
    internal Term Term => Name is { } name ? name : Pid is { } pid ? pid : Alias is { } alias ? alias : default(Term);

    public static implicit operator ControlTarget(Atom name) => new(Shape.Name, name);

    public static implicit operator ControlTarget(Pid pid) => new(Shape.Pid, pid);

    public static implicit operator ControlTarget(Reference alias) => new(Shape.Alias, alias);

    internal static ControlTarget Own(Atom node, RawPid pid) =>
        new(Shape.OwnPid, node, new RawReference(2, pid.Creation, pid.Id, pid.Serial, 0, 0, 0));

    internal static ControlTarget Own(Atom node, in RawReference alias) => new(Shape.OwnAlias, node, alias);
}
