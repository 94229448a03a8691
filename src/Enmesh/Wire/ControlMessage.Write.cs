using Enmesh.Terms;
using Enmesh.Terms.External;

namespace Enmesh.Wire;

// erl_dist_protocol, "Protocol between Connected Nodes": the tuples stand at ControlOperation.

internal readonly partial struct ControlMessage
{
    private bool HasToken => !Token.IsNil;

    /// <summary>Which operation the message is sent as between two nodes that have agreed upon these flags.</summary>
    internal ControlOperation OperationFor(DistributionFlags negotiated)
    {
        var payloads = negotiated.Has(DistributionFlags.ExitPayload);
        return Kind switch
        {
            ControlKind.Send when To.Name is not null =>
                HasToken ? ControlOperation.RegSendTraced : ControlOperation.RegSend,
            ControlKind.Send when To.Alias is not null => negotiated.Has(DistributionFlags.AltActSig)
                ? ControlOperation.AltActSigSend
                : HasToken ? ControlOperation.AliasSendTraced : ControlOperation.AliasSend,
            ControlKind.Send when negotiated.Has(DistributionFlags.SendSender) =>
                HasToken ? ControlOperation.SendSenderTraced : ControlOperation.SendSender,
            ControlKind.Send => HasToken ? ControlOperation.SendTraced : ControlOperation.Send,
            ControlKind.Link => ControlOperation.Link,
            ControlKind.Unlink when negotiated.Has(DistributionFlags.UnlinkId) => ControlOperation.UnlinkId,
            ControlKind.Unlink => ControlOperation.Unlink,
            ControlKind.UnlinkAck => ControlOperation.UnlinkIdAck,
            ControlKind.Exit when payloads =>
                HasToken ? ControlOperation.PayloadExitTraced : ControlOperation.PayloadExit,
            ControlKind.Exit => HasToken ? ControlOperation.ExitTraced : ControlOperation.Exit,
            ControlKind.Exit2 when payloads =>
                HasToken ? ControlOperation.PayloadExit2Traced : ControlOperation.PayloadExit2,
            ControlKind.Exit2 => HasToken ? ControlOperation.Exit2Traced : ControlOperation.Exit2,
            ControlKind.Monitor => ControlOperation.Monitor,
            ControlKind.Demonitor => ControlOperation.Demonitor,
            ControlKind.MonitorExit => payloads ? ControlOperation.PayloadMonitorExit : ControlOperation.MonitorExit,
            ControlKind.GroupLeader => ControlOperation.GroupLeader,
            ControlKind.SpawnRequest => HasToken ? ControlOperation.SpawnRequestTraced : ControlOperation.SpawnRequest,
            _ => HasToken ? ControlOperation.SpawnReplyTraced : ControlOperation.SpawnReply,
        };
    }

    /// <summary>Writes the control tuple, without a version byte.</summary>
    /// <param name="writer">
    /// Made for the peer's dialect, and with the collector of atoms if frames have headers.
    /// </param>
    /// <param name="negotiated">What the two nodes have agreed upon.</param>
    /// <returns>
    /// Whether a payload must follow. For <see cref="ControlKind.Exit"/>, <see cref="ControlKind.Exit2"/> and
    /// <see cref="ControlKind.MonitorExit"/> it is the reason, <see cref="Argument"/>.
    /// </returns>
    internal bool Write(ref TermWriter writer, DistributionFlags negotiated)
    {
        var operation = OperationFor(negotiated);
        switch (operation)
        {
            case ControlOperation.Send or ControlOperation.SendTraced:
                Begin(ref writer, operation, 2);
                writer.WriteAtom(Atoms.Empty);
                WriteTarget(ref writer);
                break;
            case ControlOperation.RegSend or ControlOperation.RegSendTraced:
                Begin(ref writer, operation, 3);
                writer.WritePid(From!);
                writer.WriteAtom(Atoms.Empty);
                WriteTarget(ref writer);
                break;
            case ControlOperation.AltActSigSend:
                Begin(ref writer, operation, 3);
                writer.WriteInteger((long)(AltActFlags.Alias | (HasToken ? AltActFlags.Token : AltActFlags.None)));
                WriteFromAndTo(ref writer);
                break;
            case ControlOperation.UnlinkId or ControlOperation.UnlinkIdAck:
                Begin(ref writer, operation, 3);
                writer.WriteInteger(UnlinkId);
                WriteFromAndTo(ref writer);
                break;
            case ControlOperation.Exit or ControlOperation.Exit2:
                Begin(ref writer, operation, 3);
                WriteFromAndTo(ref writer);
                writer.WriteTerm(Argument);
                break;
            case ControlOperation.ExitTraced or ControlOperation.Exit2Traced:
                Begin(ref writer, operation, 3);
                WriteFromAndTo(ref writer);
                writer.WriteTerm(Token);
                writer.WriteTerm(Argument);
                return false;
            case ControlOperation.Monitor or ControlOperation.Demonitor:
                Begin(ref writer, operation, 3);
                WriteFromAndTo(ref writer);
                writer.WriteReference(Reference!);
                break;
            case ControlOperation.MonitorExit or ControlOperation.PayloadMonitorExit:
                WriteMonitorExit(ref writer, operation);
                break;
            case ControlOperation.SpawnRequest or ControlOperation.SpawnRequestTraced:
                Begin(ref writer, operation, 5);
                writer.WriteReference(Reference!);
                writer.WritePid(From!);
                writer.WriteTerm(Argument);
                writer.WriteTerm(Function);
                writer.WriteTerm(Options);
                break;
            case ControlOperation.SpawnReply or ControlOperation.SpawnReplyTraced:
                Begin(ref writer, operation, 4);
                writer.WriteReference(Reference!);
                WriteTarget(ref writer);
                writer.WriteInteger((long)SpawnFlags);
                writer.WriteTerm(Argument);
                break;
            default:
                Begin(ref writer, operation, 2);
                WriteFromAndTo(ref writer);
                break;
        }
        if (HasToken)
            writer.WriteTerm(Token);
        return operation.HasPayload();
    }

    private void Begin(ref TermWriter writer, ControlOperation operation, int fields)
    {
        writer.WriteTupleHeader(1 + fields + (HasToken ? 1 : 0));
        writer.WriteInteger((long)operation);
    }

    private void WriteFromAndTo(ref TermWriter writer)
    {
        writer.WritePid(From!);
        WriteTarget(ref writer);
    }

    private void WriteMonitorExit(ref TermWriter writer, ControlOperation operation)
    {
        var carriesReason = operation == ControlOperation.MonitorExit;
        Begin(ref writer, operation, carriesReason ? 4 : 3);
        if (FromName is not null)
            writer.WriteAtom(FromName);
        else
            writer.WritePid(From!);
        WriteTarget(ref writer);
        writer.WriteReference(Reference!);
        if (carriesReason)
            writer.WriteTerm(Argument);
    }

    private void WriteTarget(ref TermWriter writer)
    {
        if (To.Name is { } name)
            writer.WriteAtom(name);
        else if (To.Pid is { } pid)
            writer.WritePid(pid);
        else
            writer.WriteReference(To.Alias!);
    }
}
