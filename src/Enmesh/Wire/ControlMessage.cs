using Enmesh.Terms;

namespace Enmesh.Wire;

/// <summary>A signal between processes of two nodes; made for sending by the methods below, or read from a frame.</summary>
/// <remarks>
/// One that was read says which operation it came as. One that was made is written in the form that the two nodes have
/// agreed upon. The payload is not part of it.
/// </remarks>
internal readonly partial struct ControlMessage
{
    /// <summary>What it says.</summary>
    internal ControlKind Kind { get; private init; }

    /// <summary>The form in which it came. Zero for one that was made here.</summary>
    internal ControlOperation Operation { get; private init; }

    /// <summary>Whether the frame should go on with a payload: the message, the exit reason or the arguments.</summary>
    internal bool HasPayload { get; private init; }

    /// <summary>
    /// Who sends it; the monitored process in a <see cref="ControlKind.MonitorExit"/>. Null where the sender is a name,
    /// and in a <see cref="ControlKind.Send"/> that was read, unless asked for.
    /// </summary>
    internal Pid? From { get; private init; }

    /// <summary>The name that was monitored and has ended, instead of <see cref="From"/>.</summary>
    internal Atom? FromName { get; private init; }

    /// <summary>Whom it is for.</summary>
    internal ControlTarget To { get; private init; }

    /// <summary>The monitor's reference, or the identity of a spawn request.</summary>
    internal Reference? Reference { get; private init; }

    /// <summary>Which unlinking, so that its acknowledgement is not taken for another's. 0 in the old form.</summary>
    internal ulong UnlinkId { get; private init; }

    /// <summary>
    /// The exit reason, unless it is the payload; the new group leader's pid in a spawn request; the pid or the error in a
    /// spawn reply.
    /// </summary>
    internal Term Argument { get; private init; }

    /// <summary><c>{Module, Function, Arity}</c> of a spawn request.</summary>
    internal Term Function { get; private init; }

    /// <summary>The options of a spawn request.</summary>
    internal Term Options { get; private init; }

    /// <summary>The trace token; <c>[]</c> when there is none.</summary>
    internal Term Token { get; private init; }

    /// <summary>The flags of a spawn reply.</summary>
    internal SpawnReplyFlags SpawnFlags { get; private init; }

    /// <summary>Whether the message or exit signal overtakes others in the receiver's queue.</summary>
    internal bool HasPriority { get; private init; }

    /// <summary>A message to a pid, a registered name, or an alias. The payload is the message.</summary>
    internal static ControlMessage Send(Pid from, ControlTarget to) =>
        new() { Kind = ControlKind.Send, From = from, To = to, HasPayload = true };

    internal static ControlMessage Link(Pid from, Pid to) => new() { Kind = ControlKind.Link, From = from, To = to };

    /// <summary>Takes a link back. The id, never 0, is that of the acknowledgement to come; the old form has neither.</summary>
    internal static ControlMessage Unlink(ulong id, Pid from, Pid to) =>
        new() { Kind = ControlKind.Unlink, UnlinkId = NotZero(id), From = from, To = to };

    /// <summary>Answers an <see cref="ControlKind.Unlink"/> that came with an id; the pids are swapped.</summary>
    internal static ControlMessage UnlinkAck(ulong id, Pid from, Pid to) =>
        new() { Kind = ControlKind.UnlinkAck, UnlinkId = NotZero(id), From = from, To = to };

    /// <summary>The end of a linked process.</summary>
    internal static ControlMessage Exit(Pid from, Pid to, Term reason) =>
        new() { Kind = ControlKind.Exit, From = from, To = to, Argument = reason };

    /// <summary>An exit signal that somebody sends.</summary>
    internal static ControlMessage Exit2(Pid from, Pid to, Term reason) =>
        new() { Kind = ControlKind.Exit2, From = from, To = to, Argument = reason };

    /// <summary>Asks to be told when a process, or whoever has a name, ends.</summary>
    internal static ControlMessage Monitor(Pid from, ControlTarget pidOrName, Reference reference) =>
        new() { Kind = ControlKind.Monitor, From = from, To = pidOrName, Reference = reference };

    internal static ControlMessage Demonitor(Pid from, ControlTarget pidOrName, Reference reference) =>
        new() { Kind = ControlKind.Demonitor, From = from, To = pidOrName, Reference = reference };

    /// <summary>The end of a monitored process.</summary>
    internal static ControlMessage MonitorExit(Pid from, Pid to, Reference reference, Term reason) =>
        new() { Kind = ControlKind.MonitorExit, From = from, To = to, Reference = reference, Argument = reason };

    /// <summary>The end of the process that was monitored by its name.</summary>
    internal static ControlMessage MonitorExit(Atom from, Pid to, Reference reference, Term reason) =>
        new() { Kind = ControlKind.MonitorExit, FromName = from, To = to, Reference = reference, Argument = reason };

    internal static ControlMessage GroupLeader(Pid leader, Pid to) =>
        new() { Kind = ControlKind.GroupLeader, From = leader, To = to };

    /// <summary>Asks for a new process on the peer. The payload is the list of arguments.</summary>
    internal static ControlMessage SpawnRequest(
        Reference id, Pid from, Pid groupLeader, Atom module, Atom function, int arity, Term options) => new()
    {
        Kind = ControlKind.SpawnRequest,
        Reference = id,
        From = from,
        Argument = groupLeader,
        Function = Term.Tuple(module, function, arity),
        Options = options,
        HasPayload = true,
    };

    /// <summary>Answers a spawn request with a pid, or with an atom that says why not.</summary>
    internal static ControlMessage SpawnReply(Reference id, Pid to, SpawnReplyFlags flags, Term pidOrError) =>
        new() { Kind = ControlKind.SpawnReply, Reference = id, To = to, SpawnFlags = flags, Argument = pidOrError };

    /// <summary>The same with a trace token, as <c>seq_trace</c> makes it.</summary>
    /// <exception cref="InvalidOperationException">Messages of this kind never have one.</exception>
    internal ControlMessage WithToken(Term token) =>
        Kind is ControlKind.Send or ControlKind.Exit or ControlKind.Exit2 or ControlKind.SpawnRequest or ControlKind.SpawnReply
            ? this with { Token = token }
            : throw new InvalidOperationException($"A {Kind} message has no trace token.");

    /// <summary>For <see cref="ControlReader"/>.</summary>
    internal static ControlMessage Received(
        ControlKind kind,
        ControlOperation operation,
        Pid? from,
        ControlTarget to,
        Atom? fromName = null,
        Reference? reference = null,
        ulong unlinkId = 0,
        Term argument = default,
        Term function = default,
        Term options = default,
        Term token = default,
        SpawnReplyFlags spawnFlags = SpawnReplyFlags.None,
        bool hasPriority = false) => new()
    {
        Kind = kind,
        Operation = operation,
        HasPayload = operation.HasPayload(),
        From = from,
        FromName = fromName,
        To = to,
        Reference = reference,
        UnlinkId = unlinkId,
        Argument = argument,
        Function = function,
        Options = options,
        Token = token,
        SpawnFlags = spawnFlags,
        HasPriority = hasPriority,
    };

    private static ulong NotZero(ulong id)
    {
        ArgumentOutOfRangeException.ThrowIfZero(id);
        return id;
    }
}
