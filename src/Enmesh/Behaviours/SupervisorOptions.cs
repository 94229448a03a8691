using Enmesh.Processes;
using Enmesh.Terms;

namespace Enmesh.Behaviours;

/// <summary>Whom the end of a child concerns besides itself.</summary>
public enum SupervisorStrategy
{
    /// <summary><c>one_for_one</c>: nobody else.</summary>
    OneForOne,

    /// <summary><c>one_for_all</c>: all are stopped and started again.</summary>
    OneForAll,

    /// <summary><c>rest_for_one</c>: those that were started after it are stopped and started again.</summary>
    RestForOne,

    /// <summary>
    /// <c>simple_one_for_one</c>: nobody else; the children are added while the supervisor runs, and all made from its
    /// one <see cref="ChildSpec"/>.
    /// </summary>
    SimpleOneForOne,
}

/// <summary>
/// Whether a supervisor ends when children do that are <see cref="ChildSpec.Significant"/>, as from OTP 24 on.
/// </summary>
public enum AutoShutdown
{
    /// <summary>It does not; no child may be significant.</summary>
    Never,

    /// <summary>It ends with the first of them.</summary>
    AnySignificant,

    /// <summary>It ends with the last of them.</summary>
    AllSignificant,
}

/// <summary>A supervisor: its children, and what happens when one of them ends.</summary>
public sealed record SupervisorOptions
{
    /// <inheritdoc cref="ServerOptions.Name"/>
    /// <exception cref="ArgumentException">It is a pid, an alias, or a name on another node.</exception>
    public ProcessAddress? Name
    {
        get => Server.Name;
        init => Server = Server with { Name = value };
    }

    /// <summary>Whom the end of a child concerns. Default: only the child.</summary>
    public SupervisorStrategy Strategy { get; init; }

    /// <summary>
    /// How many restarts are taken within <see cref="Period"/>; with one more the supervisor stops its children and
    /// ends with <c>shutdown</c>. Default 1.
    /// </summary>
    /// <exception cref="ArgumentOutOfRangeException">The value is negative.</exception>
    public int Intensity
    {
        get;
        init
        {
            ArgumentOutOfRangeException.ThrowIfNegative(value);
            field = value;
        }
    } = 1;

    /// <summary>The time within which restarts are counted. Default 5 s.</summary>
    /// <exception cref="ArgumentOutOfRangeException">The value is not positive.</exception>
    public TimeSpan Period
    {
        get;
        init
        {
            ArgumentOutOfRangeException.ThrowIfLessThanOrEqual(value, TimeSpan.Zero);
            field = value;
        }
    } = TimeSpan.FromSeconds(5);

    /// <summary>Whether it ends when significant children do. Default: never.</summary>
    public AutoShutdown AutoShutdown { get; init; }

    /// <summary>
    /// The children, in the order in which they start; they stop in the opposite one. With
    /// <see cref="SupervisorStrategy.SimpleOneForOne"/> the one from which all are made.
    /// </summary>
    public IReadOnlyList<ChildSpec> Children { get; init; } = [];

    /// <inheritdoc cref="ServerOptions.Parent"/>
    public Pid? Parent
    {
        get => Server.Parent;
        init => Server = Server with { Parent = value };
    }

    /// <inheritdoc cref="SpawnOptions.GroupLeader"/>
    public Pid? GroupLeader
    {
        get => Server.GroupLeader;
        init => Server = Server with { GroupLeader = value };
    }

    /// <summary>How its process is started.</summary>
    internal ServerOptions Server { get; private init; } = ServerOptions.Default;

    internal bool IsSimple => Strategy == SupervisorStrategy.SimpleOneForOne;

    /// <exception cref="ArgumentException">The children do not go together; the message says which.</exception>
    internal static SupervisorOptions Validated(SupervisorOptions options)
    {
        ArgumentNullException.ThrowIfNull(options);
        if (options.IsSimple && options.Children.Count != 1)
        {
            throw new ArgumentException(
                $"A {SupervisorStrategy.SimpleOneForOne} supervisor has one child specification, " +
                $"from which all are made; this has {options.Children.Count}.",
                nameof(options));
        }
        var ids = new HashSet<Term>();
        foreach (var child in options.Children)
        {
            if (!ids.Add(child.Id.Term))
                throw new ArgumentException($"There are two children {child.Id}.", nameof(options));
            if (child.WhyWrong(options.AutoShutdown) is { } problem)
                throw new ArgumentException($"Child {child.Id}: {problem}", nameof(options));
        }
        return options;
    }
}
