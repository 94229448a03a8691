using Enmesh.Discovery;

namespace Enmesh.Cluster;

/// <summary>How a node keeps itself connected to the peers that discovery names.</summary>
public sealed class ClusterOptions
{
    /// <summary>
    /// How often who is wanted is compared with who is connected. New peers and lost links are acted upon at once; this
    /// is the safety net. Default 5 s; 100 ms to 5 min.
    /// </summary>
    /// <exception cref="ArgumentOutOfRangeException">The value is out of bounds.</exception>
    public TimeSpan TickInterval
    {
        get;
        set => field = Bounds.Within(value, TimeSpan.FromMilliseconds(100), TimeSpan.FromMinutes(5));
    } = TimeSpan.FromSeconds(5);

    /// <summary>
    /// How many peers are dialled at the same time. Peers that failed before get at most half of the places, so that
    /// the dead delay nobody. Default 16; 2 to 1024.
    /// </summary>
    /// <exception cref="ArgumentOutOfRangeException">The value is out of bounds.</exception>
    public int MaxParallelDials
    {
        get;
        set => field = Bounds.Within(value, 2, 1024);
    } = 16;

    /// <summary>How long an attempt may take in all. Default 30 s; 1 s to 10 min.</summary>
    /// <exception cref="ArgumentOutOfRangeException">The value is out of bounds.</exception>
    public TimeSpan DialTimeout
    {
        get;
        set => field = Bounds.Within(value, TimeSpan.FromSeconds(1), TimeSpan.FromMinutes(10));
    } = TimeSpan.FromSeconds(30);

    /// <summary>
    /// The shortest pause before a peer is dialled again. It doubles with each failure in a row, and up to as much
    /// again is added at random. Default 0.5 s; 10 ms to 1 h, at most half of <see cref="MaxBackoff"/>.
    /// </summary>
    /// <exception cref="ArgumentOutOfRangeException">The value is out of bounds.</exception>
    public TimeSpan MinBackoff
    {
        get;
        set => field = Bounds.Within(value, TimeSpan.FromMilliseconds(10), TimeSpan.FromHours(1));
    } = TimeSpan.FromSeconds(0.5);

    /// <summary>
    /// The longest pause before a peer is dialled again; for one that cannot be reached (stages dns, epmd and tcp)
    /// <see cref="TickInterval"/> is, so that a cluster is whole again soon after its network is. Default 30 s; 20 ms to
    /// 1 day.
    /// </summary>
    /// <exception cref="ArgumentOutOfRangeException">The value is out of bounds.</exception>
    public TimeSpan MaxBackoff
    {
        get;
        set => field = Bounds.Within(value, TimeSpan.FromMilliseconds(20), TimeSpan.FromDays(1));
    } = TimeSpan.FromSeconds(30);

    /// <summary>
    /// How many peers there should be, this node not counted; with fewer connected there is a warning. Default: as many
    /// as discovery names. At least 0.
    /// </summary>
    /// <exception cref="ArgumentOutOfRangeException">The value is negative.</exception>
    public int? ExpectedPeers
    {
        get;
        set
        {
            if (value is { } peers)
                ArgumentOutOfRangeException.ThrowIfNegative(peers, nameof(value));
            field = value;
        }
    }

    /// <summary>
    /// How many answers in a row of a source must be empty before they are believed. Default 3; 1 to 1000.
    /// </summary>
    /// <exception cref="ArgumentOutOfRangeException">The value is out of bounds.</exception>
    public int EmptyConfirmations
    {
        get;
        set => field = Bounds.Within(value, 1, 1000);
    } = EmptyAnswers.DefaultConfirmations;

    /// <summary>For how long a source must have answered so as well. Default 30 s; 0 to 1 day.</summary>
    /// <exception cref="ArgumentOutOfRangeException">The value is out of bounds.</exception>
    public TimeSpan EmptyAge
    {
        get;
        set => field = Bounds.Within(value, TimeSpan.Zero, TimeSpan.FromDays(1));
    } = EmptyAnswers.DefaultAge;

    /// <summary>
    /// When a peer is forgotten that is neither connected nor named any longer by a source whose answers stay
    /// incomplete, so that the past does not pile up behind a question that always fails in part. Default 10 min; 10 s
    /// to 1 day.
    /// </summary>
    /// <exception cref="ArgumentOutOfRangeException">The value is out of bounds.</exception>
    public TimeSpan ForgetAfter
    {
        get;
        set => field = Bounds.Within(value, TimeSpan.FromSeconds(10), TimeSpan.FromDays(1));
    } = TimeSpan.FromMinutes(10);

    /// <summary>
    /// What becomes of the link to a peer that discovery no longer names. Default <see cref="PeerRemoval.Ignore"/>.
    /// </summary>
    /// <exception cref="ArgumentOutOfRangeException">The value is none of the enumeration's.</exception>
    public PeerRemoval Removal
    {
        get;
        set => field = Enum.IsDefined(value)
            ? value
            : throw new ArgumentOutOfRangeException(nameof(value), value, "Ignore, After or Immediate.");
    }

    /// <summary>
    /// For how long discovery must not have named a peer before its link is cut with <see cref="PeerRemoval.After"/>.
    /// Default 5 min; 1 s to 1 day. Give it more than a draining peer takes.
    /// </summary>
    /// <exception cref="ArgumentOutOfRangeException">The value is out of bounds.</exception>
    public TimeSpan RemovalGrace
    {
        get;
        set => field = Bounds.Within(value, TimeSpan.FromSeconds(1), TimeSpan.FromDays(1));
    } = TimeSpan.FromMinutes(5);

    /// <summary>
    /// Says that <see cref="PeerRemoval.Immediate"/> is meant although other nodes may part from both ends of a link
    /// that is cut. Default false.
    /// </summary>
    public bool AcceptEvictions { get; set; }

    /// <summary>
    /// How long nobody may be discovered, or a peer may be missing, before there is a warning. Default 30 s; 0 to 1
    /// day.
    /// </summary>
    /// <exception cref="ArgumentOutOfRangeException">The value is out of bounds.</exception>
    public TimeSpan WarnAfter
    {
        get;
        set => field = Bounds.Within(value, TimeSpan.Zero, TimeSpan.FromDays(1));
    } = TimeSpan.FromSeconds(30);

    /// <summary>How often a trouble that lasts is reported again. Default 10 min; 1 min to 1 day.</summary>
    /// <exception cref="ArgumentOutOfRangeException">The value is out of bounds.</exception>
    public TimeSpan RemindEvery
    {
        get;
        set => field = Bounds.Within(value, TimeSpan.FromMinutes(1), TimeSpan.FromDays(1));
    } = TimeSpan.FromMinutes(10);

    /// <summary>When the node counts as having joined. Default: from the start.</summary>
    public JoinOptions Join { get; set; } = new();

    /// <summary>
    /// How often visible members, up to 16 of them, are asked whom they see, by <c>erpc</c> for their <c>nodes()</c>,
    /// which shows who has no link to whom. Default 1 min; 0 for never, else 1 s to 1 day.
    /// </summary>
    /// <exception cref="ArgumentOutOfRangeException">The value is out of bounds.</exception>
    public TimeSpan CompareViewsEvery
    {
        get;
        set => field = value == TimeSpan.Zero ? value : Bounds.Within(value, TimeSpan.FromSeconds(1), TimeSpan.FromDays(1));
    } = TimeSpan.FromMinutes(1);

    /// <summary>Says what is wrong between the options, each problem beginning with its key.</summary>
    /// <returns>Empty when all is well.</returns>
    public IReadOnlyList<string> Validate() => MinBackoff * 2 <= MaxBackoff
        ? []
        : [$"{nameof(MinBackoff)}: {MinBackoff} is more than half of {nameof(MaxBackoff)}, {MaxBackoff}; the random part has no room."];

    /// <summary>A copy that nobody else can change.</summary>
    internal ClusterOptions Copy()
    {
        var copy = (ClusterOptions)MemberwiseClone();
        copy.Join = Join.Copy();
        return copy;
    }
}
