namespace Enmesh.Cluster;

/// <summary>How far a node has come into its cluster since it started. What is reached stays.</summary>
public enum JoinState
{
    /// <summary>Not enough members are connected yet.</summary>
    Waiting,

    /// <summary>As many members as <see cref="JoinOptions.MinMembers"/> wants are connected.</summary>
    Joined,

    /// <summary>There is nobody to be joined, and the first of a cluster goes ahead.</summary>
    First,

    /// <summary>The members did not come in time, and the node goes ahead without them.</summary>
    TimedOut,
}

/// <summary>What a node does that finds itself alone while it waits to join.</summary>
public enum FirstNodeRule
{
    /// <summary>
    /// It goes ahead once every source has given whole answers that name nobody else for
    /// <see cref="JoinOptions.FirstNodeAfter"/>.
    /// </summary>
    Proceed,

    /// <summary>It waits for others like everybody.</summary>
    Wait,
}

/// <summary>When a node counts as having joined its cluster: what user code waits for before it begins its work.</summary>
/// <remarks>
/// The mesh itself needs no such gate: every node dials every other, and there is no seed. The gate is for programs
/// that must not begin alone, a cache that would start cold or a singleton that would start twice.
/// </remarks>
public sealed class JoinOptions
{
    /// <summary>
    /// How many members there must be, this node among them. Default 1: the gate is open from the start. 1 to 10,000.
    /// </summary>
    /// <exception cref="ArgumentOutOfRangeException">The value is out of bounds.</exception>
    public int MinMembers
    {
        get;
        set => field = Bounds.Within(value, 1, 10_000);
    } = 1;

    /// <summary>How long they may take. Default 1 min; 1 s to 1 day.</summary>
    /// <exception cref="ArgumentOutOfRangeException">The value is out of bounds.</exception>
    public TimeSpan Timeout
    {
        get;
        set => field = Bounds.Within(value, TimeSpan.FromSeconds(1), TimeSpan.FromDays(1));
    } = TimeSpan.FromMinutes(1);

    /// <summary>
    /// Whether the wait that took too long fails, with <see cref="JoinTimeoutException"/>, or is
    /// <see cref="JoinState.TimedOut"/>. A host does not start after a failure. Default false.
    /// </summary>
    public bool TimeoutFails { get; set; }

    /// <summary>What the first node of a cluster does. Default <see cref="FirstNodeRule.Proceed"/>.</summary>
    /// <exception cref="ArgumentOutOfRangeException">The value is none of the enumeration's.</exception>
    public FirstNodeRule FirstNode
    {
        get;
        set => field = Enum.IsDefined(value)
            ? value
            : throw new ArgumentOutOfRangeException(nameof(value), value, "Proceed or Wait.");
    }

    /// <summary>
    /// How long a node must have been alone before it takes itself for the first. Several that start at the same time
    /// find each other meanwhile. Default 10 s, two rounds of discovery; 0 to 1 day.
    /// </summary>
    /// <exception cref="ArgumentOutOfRangeException">The value is out of bounds.</exception>
    public TimeSpan FirstNodeAfter
    {
        get;
        set => field = Bounds.Within(value, TimeSpan.Zero, TimeSpan.FromDays(1));
    } = TimeSpan.FromSeconds(10);

    /// <summary>A copy that nobody else can change.</summary>
    internal JoinOptions Copy() => (JoinOptions)MemberwiseClone();
}

/// <summary>Too few members came in time; see <see cref="JoinOptions.TimeoutFails"/>.</summary>
public sealed class JoinTimeoutException : EnmeshException
{
    internal JoinTimeoutException(string message)
        : base(message)
    {
    }
}
