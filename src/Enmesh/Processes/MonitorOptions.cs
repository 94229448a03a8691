using Enmesh.Terms;

namespace Enmesh.Processes;

/// <summary>
/// How a monitor tells, and whether its reference is an alias as well: the options of <c>monitor/3</c>.
/// </summary>
public sealed record MonitorOptions
{
    internal static MonitorOptions Default { get; } = new();

    /// <summary>What stands in the message instead of <c>DOWN</c>.</summary>
    public Term? Tag { get; init; }

    /// <summary>
    /// Makes the monitor's reference an alias of the process, until what the mode says. Default: it is none.
    /// </summary>
    public AliasMode? Alias { get; init; }

    /// <summary>Whether peers may send through the alias with priority (OTP 28 and later).</summary>
    public bool HasPriority { get; init; }
}

/// <summary>How long an alias stands for its process.</summary>
public enum AliasMode
{
    /// <summary>Until it is taken back: <c>explicit_unalias</c>.</summary>
    ExplicitUnalias,

    /// <summary>
    /// Until its monitor is taken back or has told: <c>demonitor</c>. For an alias without a monitor the same as
    /// <see cref="ExplicitUnalias"/>.
    /// </summary>
    Demonitor,

    /// <summary>
    /// Until the first message through it, which takes the monitor back as well: <c>reply_demonitor</c>.
    /// </summary>
    ReplyDemonitor,

    /// <summary>Until the first message through it: <c>reply</c>.</summary>
    Reply,
}
