using Enmesh.Terms;

namespace Enmesh.Wire;

/// <summary>
/// A signal between processes of two nodes; made for sending by the methods below, or read from a frame.
/// </summary>
/// <remarks>
/// One that was read says which operation it came as. One that was made is written in the form that the two nodes have
/// agreed upon. The payload is not part of it.
/// </remarks>
internal readonly partial struct ControlMessage
{
    // Nearly all messages are sends, and the struct is copied a few times on its way: what they do not need lies apart.
    private readonly Details? _details;

    private ControlMessage(
        ControlKind kind, Pid? from, ControlTarget to, Details? details = null, bool hasPayload = false)
    {
        Kind = kind;
        From = from;
        To = to;
        HasPayload = hasPayload;
        _details = details;
    }

    /// <summary>What it says.</summary>
    internal ControlKind Kind { get; }

    /// <summary>The form in which it came. Zero for one that was made here.</summary>
    internal ControlOperation Operation { get; private init; }

    /// <summary>Whether the frame should go on with a payload: the message, the exit reason or the arguments.</summary>
    internal bool HasPayload { get; }

    /// <summary>Whether the message or exit signal overtakes others in the receiver's queue.</summary>
    internal bool HasPriority { get; private init; }

    /// <summary>
    /// Who sends it; the monitored process in a <see cref="ControlKind.MonitorExit"/>. Null where the sender is a name,
    /// and in a <see cref="ControlKind.Send"/> that was read, unless asked for.
    /// </summary>
    internal Pid? From { get; }

    /// <summary>Whom it is for.</summary>
    internal ControlTarget To { get; }

    /// <summary>The monitor's reference, or the identity of a spawn request.</summary>
    internal Reference? Reference => Rest.Reference;

    /// <summary>The name that was monitored and has ended, instead of <see cref="From"/>.</summary>
    internal Atom? FromName => Rest.FromName;

    /// <summary>Which unlinking, so that its acknowledgement is not taken for another's. 0 in the old form.</summary>
    internal ulong UnlinkId => Rest.UnlinkId;

    /// <summary>
    /// The exit reason, unless it is the payload; the new group leader's pid in a spawn request; the pid or the error
    /// in a
    /// spawn reply.
    /// </summary>
    internal Term Argument => Rest.Argument;

    /// <summary><c>{Module, Function, Arity}</c> of a spawn request.</summary>
    internal Term Function => Rest.Function;

    /// <summary>The options of a spawn request.</summary>
    internal Term Options => Rest.Options;

    /// <summary>The trace token; <c>[]</c> when there is none.</summary>
    internal Term Token => Rest.Token;

    /// <summary>The flags of a spawn reply.</summary>
    internal SpawnReplyFlags SpawnFlags => Rest.SpawnFlags;

    /// <summary>A message to a pid, a registered name, or an alias. The payload is the message.</summary>
    internal static ControlMessage Send(Pid from, ControlTarget to) =>
        new(ControlKind.Send, from, to, hasPayload: true);

    internal static ControlMessage Link(Pid from, Pid to) => new(ControlKind.Link, from, to);

    /// <summary>
    /// Takes a link back. The id, never 0, is that of the acknowledgement to come; the old form has neither.
    /// </summary>
    internal static ControlMessage Unlink(ulong id, Pid from, Pid to) =>
        new(ControlKind.Unlink, from, to, new() { UnlinkId = NotZero(id) });

    /// <summary>Answers an <see cref="ControlKind.Unlink"/> that came with an id; the pids are swapped.</summary>
    internal static ControlMessage UnlinkAck(ulong id, Pid from, Pid to) =>
        new(ControlKind.UnlinkAck, from, to, new() { UnlinkId = NotZero(id) });

    /// <summary>The end of a linked process.</summary>
    internal static ControlMessage Exit(Pid from, Pid to, Term reason) =>
        new(ControlKind.Exit, from, to, new() { Argument = reason });

    /// <summary>An exit signal that somebody sends.</summary>
    internal static ControlMessage Exit2(Pid from, Pid to, Term reason) =>
        new(ControlKind.Exit2, from, to, new() { Argument = reason });

    /// <summary>Asks to be told when a process, or whoever has a name, ends.</summary>
    internal static ControlMessage Monitor(Pid from, ControlTarget pidOrName, Reference reference) =>
        new(ControlKind.Monitor, from, pidOrName, new() { Reference = reference });

    internal static ControlMessage Demonitor(Pid from, ControlTarget pidOrName, Reference reference) =>
        new(ControlKind.Demonitor, from, pidOrName, new() { Reference = reference });

    /// <summary>The end of a monitored process.</summary>
    internal static ControlMessage MonitorExit(Pid from, Pid to, Reference reference, Term reason) =>
        new(ControlKind.MonitorExit, from, to, new() { Reference = reference, Argument = reason });

    /// <summary>The end of the process that was monitored by its name.</summary>
    internal static ControlMessage MonitorExit(Atom from, Pid to, Reference reference, Term reason) =>
        new(ControlKind.MonitorExit, null, to, new() { FromName = from, Reference = reference, Argument = reason });

    internal static ControlMessage GroupLeader(Pid leader, Pid to) => new(ControlKind.GroupLeader, leader, to);

    /// <summary>Asks for a new process on the peer. The payload is the list of arguments.</summary>
    internal static ControlMessage SpawnRequest(
        Reference id, Pid from, Pid groupLeader, Atom module, Atom function, int arity, Term options)
    {
        var mfa = Term.Tuple(module, function, arity);
        var details = new Details { Reference = id, Argument = groupLeader, Function = mfa, Options = options };
        return new(ControlKind.SpawnRequest, from, default, details, hasPayload: true);
    }

    /// <summary>Answers a spawn request with a pid, or with an atom that says why not.</summary>
    internal static ControlMessage SpawnReply(Reference id, Pid to, SpawnReplyFlags flags, Term pidOrError) =>
        new(ControlKind.SpawnReply, null, to, new() { Reference = id, SpawnFlags = flags, Argument = pidOrError });

    /// <summary>The same with a trace token, as <c>seq_trace</c> makes it.</summary>
    /// <exception cref="InvalidOperationException">Messages of this kind never have one.</exception>
    internal ControlMessage WithToken(Term token) =>
        Kind is ControlKind.Send or ControlKind.Exit or ControlKind.Exit2
            or ControlKind.SpawnRequest or ControlKind.SpawnReply
            ? new(Kind, From, To, Rest with { Token = token }, HasPayload)
            {
                Operation = Operation,
                HasPriority = HasPriority,
            }
            : throw new InvalidOperationException($"A {Kind} message has no trace token.");

    /// <summary>For <see cref="ControlReader"/>.</summary>
    internal static ControlMessage Received(
        ControlKind kind,
        ControlOperation operation,
        Pid? from,
        ControlTarget to,
        Details? details = null,
        bool hasPriority = false) =>
        new(kind, from, to, details, operation.HasPayload()) { Operation = operation, HasPriority = hasPriority };

    private Details Rest => _details ?? Details.None;

    private static ulong NotZero(ulong id)
    {
        ArgumentOutOfRangeException.ThrowIfZero(id);
        return id;
    }

    /// <summary>What only some kinds of messages have; see the properties of the same names.</summary>
    internal sealed record Details
    {
        internal static Details None { get; } = new();

        internal Reference? Reference { get; init; }

        internal Atom? FromName { get; init; }

        internal ulong UnlinkId { get; init; }

        internal Term Argument { get; init; }

        internal Term Function { get; init; }

        internal Term Options { get; init; }

        internal Term Token { get; init; }

        internal SpawnReplyFlags SpawnFlags { get; init; }
    }
}
