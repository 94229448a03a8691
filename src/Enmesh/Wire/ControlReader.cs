using Enmesh.Terms;
using Enmesh.Terms.External;

namespace Enmesh.Wire;

// erl_dist_protocol, "Protocol between Connected Nodes": the tuples stand at ControlOperation, and above each method
// here.

/// <summary>Reads control messages straight from the bytes of a frame.</summary>
/// <remarks>A message to a process, name or alias of our own costs no allocation.</remarks>
/// <param name="ownNode">Our node's name.</param>
/// <param name="options">Limits, and the node's atoms.</param>
/// <param name="withSenders">
/// Whether <see cref="ControlMessage.From"/> is wanted of messages that are only delivered; it costs an allocation
/// each.
/// </param>
internal sealed class ControlReader(Atom ownNode, TermDecodeOptions options, bool withSenders = false)
{
    // Our own name comes in nearly every message; out of the same table it is the same instance.
    private readonly Atom _ownNode = options.Atoms?.Intern(ownNode) ?? ownNode;

    /// <summary>Reads a control message.</summary>
    /// <param name="data">The frame from the control tuple on.</param>
    /// <param name="references">What <c>82 i</c> stands for in this frame.</param>
    /// <param name="length">How many bytes the tuple took.</param>
    /// <exception cref="DistributionProtocolException">It is none; says which operation and which field.</exception>
    internal ControlMessage Read(ReadOnlySpan<byte> data, ReadOnlySpan<Atom> references, out int length)
    {
        var reader = new TermReader(data, options, references, default);
        var operation = default(ControlOperation);
        var field = "tuple";
        try
        {
            var arity = reader.ReadTupleHeader();
            field = "operation";
            var number = reader.ReadInt64();
            operation = number is > 0 and <= (long)ControlOperation.AltActSigSend ? (ControlOperation)number : default;
            var message = ReadFields(ref reader, operation, number, arity, ref field);
            length = reader.Position;
            return message;
        }
        catch (TermFormatException e)
        {
            var name = operation == default ? "A control message" : $"A control message {operation.Name()}";
            throw new DistributionProtocolException($"{name} has a broken field '{field}': {e.Message}", e);
        }
    }

    private ControlMessage ReadFields(
        ref TermReader reader, ControlOperation operation, long number, int arity, ref string field)
    {
        switch (operation)
        {
            case ControlOperation.Send or ControlOperation.SendTraced
                or ControlOperation.RegSend or ControlOperation.RegSendTraced
                or ControlOperation.SendSender or ControlOperation.SendSenderTraced
                or ControlOperation.AliasSend or ControlOperation.AliasSendTraced:
                return ReadSend(ref reader, operation, arity, ref field);
            case ControlOperation.AltActSigSend:
                return ReadAltAct(ref reader, arity, ref field);
            case ControlOperation.Link or ControlOperation.Unlink or ControlOperation.GroupLeader
                or ControlOperation.UnlinkId or ControlOperation.UnlinkIdAck:
                return ReadPair(ref reader, operation, arity, ref field);
            case ControlOperation.Exit or ControlOperation.ExitTraced
                or ControlOperation.Exit2 or ControlOperation.Exit2Traced
                or ControlOperation.PayloadExit or ControlOperation.PayloadExitTraced
                or ControlOperation.PayloadExit2 or ControlOperation.PayloadExit2Traced:
                return ReadExit(ref reader, operation, arity, ref field);
            case ControlOperation.Monitor or ControlOperation.Demonitor:
                return ReadMonitor(ref reader, operation, arity, ref field);
            case ControlOperation.MonitorExit or ControlOperation.PayloadMonitorExit:
                return ReadMonitorExit(ref reader, operation, arity, ref field);
            case ControlOperation.SpawnRequest or ControlOperation.SpawnRequestTraced:
                return ReadSpawnRequest(ref reader, operation, arity, ref field);
            case ControlOperation.SpawnReply or ControlOperation.SpawnReplyTraced:
                return ReadSpawnReply(ref reader, operation, arity, ref field);
            default:
                throw new DistributionProtocolException($"A control message has the unknown operation {number}.");
        }
    }

    // {2, Unused, To}  {22, From, To}  {33, From, Alias}  {6, From, Unused, Name}, each with a token behind it in its
    // other form
    private ControlMessage ReadSend(ref TermReader reader, ControlOperation operation, int arity, ref string field)
    {
        var isNamed = operation is ControlOperation.RegSend or ControlOperation.RegSendTraced;
        var isTraced = operation is ControlOperation.SendTraced or ControlOperation.RegSendTraced
            or ControlOperation.SendSenderTraced or ControlOperation.AliasSendTraced;
        Check(operation, arity, 3 + (isNamed ? 1 : 0) + (isTraced ? 1 : 0));
        field = "From";
        var hasSender = operation is not (ControlOperation.Send or ControlOperation.SendTraced);
        var from = ReadSender(ref reader, hasSender && withSenders);
        if (isNamed)
            reader.Skip();
        field = isNamed ? "Name" : "To";
        var to = isNamed ? reader.ReadAtom()
            : operation is ControlOperation.AliasSend or ControlOperation.AliasSendTraced ? ReadAlias(ref reader)
            : ReadPidTarget(ref reader);
        var details = isTraced ? ReadToken(ref reader, ref field) : null;
        return ControlMessage.Received(ControlKind.Send, operation, from, to, details);
    }

    // {37, Flags, From, To} or {37, Flags, From, To, Token}
    private ControlMessage ReadAltAct(ref TermReader reader, int arity, ref string field)
    {
        const ControlOperation Operation = ControlOperation.AltActSigSend;
        if (arity is not (4 or 5))
            Check(Operation, arity, 4);
        field = "Flags";
        var flags = (AltActFlags)reader.ReadInt64();
        var isTraced = (flags & AltActFlags.Token) != AltActFlags.None;
        Check(Operation, arity, isTraced ? 5 : 4);
        var isExit = (flags & AltActFlags.Exit) != AltActFlags.None;
        field = "From";
        var from = ReadSender(ref reader, withSenders || isExit);
        field = "To";
        var to = (flags & AltActFlags.Name) != AltActFlags.None ? reader.ReadAtom()
            : (flags & AltActFlags.Alias) != AltActFlags.None ? ReadAlias(ref reader)
            : ReadPidTarget(ref reader);
        return ControlMessage.Received(
            isExit ? ControlKind.Exit2 : ControlKind.Send,
            Operation,
            from,
            to,
            isTraced ? ReadToken(ref reader, ref field) : null,
            (flags & AltActFlags.Priority) != AltActFlags.None);
    }

    // {1, From, To}  {4, From, To}  {7, From, To}  {35, Id, From, To}  {36, Id, From, To}
    private ControlMessage ReadPair(ref TermReader reader, ControlOperation operation, int arity, ref string field)
    {
        var hasId = operation is ControlOperation.UnlinkId or ControlOperation.UnlinkIdAck;
        Check(operation, arity, hasId ? 4 : 3);
        var id = 0UL;
        if (hasId)
        {
            field = "Id";
            var number = reader.ReadInteger();
            if (number <= 0 || number > ulong.MaxValue)
            {
                throw new DistributionProtocolException(
                    $"A control message {operation.Name()} has the id {number}; it is of 1 to 2^64-1.");
            }
            id = (ulong)number;
        }
        field = "From";
        var from = reader.ReadPid();
        field = "To";
        var to = ReadPidTarget(ref reader);
        var kind = operation switch
        {
            ControlOperation.Link => ControlKind.Link,
            ControlOperation.GroupLeader => ControlKind.GroupLeader,
            ControlOperation.UnlinkIdAck => ControlKind.UnlinkAck,
            _ => ControlKind.Unlink,
        };
        return ControlMessage.Received(kind, operation, from, to, hasId ? new() { UnlinkId = id } : null);
    }

    // {3, From, To, Reason}  {13, From, To, Token, Reason}  {24, From, To}  {25, From, To, Token}; 8, 18, 26 and 27
    // alike
    private ControlMessage ReadExit(ref TermReader reader, ControlOperation operation, int arity, ref string field)
    {
        var isTraced = operation is ControlOperation.ExitTraced or ControlOperation.Exit2Traced
            or ControlOperation.PayloadExitTraced or ControlOperation.PayloadExit2Traced;
        var hasReason = !operation.HasPayload();
        Check(operation, arity, 3 + (isTraced ? 1 : 0) + (hasReason ? 1 : 0));
        field = "From";
        var from = reader.ReadPid();
        field = "To";
        var to = ReadPidTarget(ref reader);
        var details = isTraced ? ReadToken(ref reader, ref field) : null;
        field = "Reason";
        if (hasReason)
            details = (details ?? ControlMessage.Details.None) with { Argument = reader.ReadTerm() };
        var isLink = operation is ControlOperation.Exit or ControlOperation.ExitTraced or ControlOperation.PayloadExit
            or ControlOperation.PayloadExitTraced;
        return ControlMessage.Received(isLink ? ControlKind.Exit : ControlKind.Exit2, operation, from, to, details);
    }

    // {19, From, PidOrName, Ref}  {20, From, PidOrName, Ref}
    private ControlMessage ReadMonitor(ref TermReader reader, ControlOperation operation, int arity, ref string field)
    {
        Check(operation, arity, 4);
        field = "From";
        var from = reader.ReadPid();
        field = "To";
        var to = reader.Peek() == TermKind.Atom ? reader.ReadAtom() : ReadPidTarget(ref reader);
        field = "Ref";
        return ControlMessage.Received(
            operation == ControlOperation.Monitor ? ControlKind.Monitor : ControlKind.Demonitor,
            operation,
            from,
            to,
            new() { Reference = reader.ReadReference() });
    }

    // {21, PidOrName, To, Ref, Reason}  {28, PidOrName, To, Ref}
    private ControlMessage ReadMonitorExit(
        ref TermReader reader, ControlOperation operation, int arity, ref string field)
    {
        var hasReason = !operation.HasPayload();
        Check(operation, arity, hasReason ? 5 : 4);
        field = "From";
        var isNamed = reader.Peek() == TermKind.Atom;
        var name = isNamed ? reader.ReadAtom() : null;
        var from = isNamed ? null : reader.ReadPid();
        field = "To";
        var to = ReadPidTarget(ref reader);
        field = "Ref";
        var reference = reader.ReadReference();
        field = "Reason";
        var reason = hasReason ? reader.ReadTerm() : default;
        var details = new ControlMessage.Details { FromName = name, Reference = reference, Argument = reason };
        return ControlMessage.Received(ControlKind.MonitorExit, operation, from, to, details);
    }

    // {29, ReqId, From, GroupLeader, {Module, Function, Arity}, Options}, and a token behind them in 30
    private static ControlMessage ReadSpawnRequest(
        ref TermReader reader, ControlOperation operation, int arity, ref string field)
    {
        var isTraced = operation == ControlOperation.SpawnRequestTraced;
        Check(operation, arity, isTraced ? 7 : 6);
        field = "ReqId";
        var id = reader.ReadReference();
        field = "From";
        var from = reader.ReadPid();
        field = "GroupLeader";
        var leader = reader.ReadPid();
        field = "{Module, Function, Arity}";
        var function = reader.ReadTerm();
        if (function.TupleElements is not [{ Atom: { } }, { Atom: { } }, { Int32: >= 0 }])
            throw new DistributionProtocolException($"A control message {operation.Name()} has no {field}.");
        field = "Options";
        var options = reader.ReadTerm();
        var details = (isTraced ? ReadToken(ref reader, ref field) : ControlMessage.Details.None) with
        {
            Reference = id,
            Argument = leader,
            Function = function,
            Options = options,
        };
        return ControlMessage.Received(ControlKind.SpawnRequest, operation, from, default, details);
    }

    // {31, ReqId, To, Flags, Result}, and a token behind them in 32
    private ControlMessage ReadSpawnReply(
        ref TermReader reader, ControlOperation operation, int arity, ref string field)
    {
        var isTraced = operation == ControlOperation.SpawnReplyTraced;
        Check(operation, arity, isTraced ? 6 : 5);
        field = "ReqId";
        var id = reader.ReadReference();
        field = "To";
        var to = ReadPidTarget(ref reader);
        field = "Flags";
        var flags = (SpawnReplyFlags)reader.ReadInt64();
        field = "Result";
        var result = reader.ReadTerm();
        if (result.Pid is null && result.Atom is null)
        {
            throw new DistributionProtocolException(
                $"A control message {operation.Name()} has neither a pid nor an atom as its result.");
        }
        var details = (isTraced ? ReadToken(ref reader, ref field) : ControlMessage.Details.None) with
        {
            Reference = id,
            SpawnFlags = flags,
            Argument = result,
        };
        return ControlMessage.Received(ControlKind.SpawnReply, operation, null, to, details);
    }

    private static void Check(ControlOperation operation, int arity, int expected)
    {
        if (arity != expected)
        {
            throw new DistributionProtocolException(
                $"A control message {operation.Name()} has {Counted.Of(arity, "element")}; it must have {expected}.");
        }
    }

    private static Pid? ReadSender(ref TermReader reader, bool isWanted)
    {
        if (isWanted)
            return reader.ReadPid();
        reader.Skip();
        return null;
    }

    private static ControlMessage.Details ReadToken(ref TermReader reader, ref string field)
    {
        field = "Token";
        return new() { Token = reader.ReadTerm() };
    }

    private ControlTarget ReadPidTarget(ref TermReader reader)
    {
        var pid = reader.ReadRawPid(out var node);
        return node == _ownNode ? ControlTarget.Own(_ownNode, pid) : new Pid(node, pid.Id, pid.Serial, pid.Creation);
    }

    private ControlTarget ReadAlias(ref TermReader reader)
    {
        var alias = reader.ReadRawReference(out var node);
        return node == _ownNode ? ControlTarget.Own(_ownNode, alias) : alias.ToReference(node);
    }
}
