namespace Enmesh.Wire;

// erl_dist_protocol, "Protocol between Connected Nodes": the first element of every control message.
// The names are the protocol's, in C#'s spelling; TT, "with trace token", is Traced.

/// <summary>What a control message says, as it stands on the wire.</summary>
internal enum ControlOperation : byte
{
    /// <summary><c>{1, From, To}</c></summary>
    Link = 1,

    /// <summary><c>{2, Unused, To}</c> and a message</summary>
    Send = 2,

    /// <summary><c>{3, From, To, Reason}</c></summary>
    Exit = 3,

    /// <summary><c>{4, From, To}</c></summary>
    Unlink = 4,

    /// <summary><c>{6, From, Unused, Name}</c> and a message</summary>
    RegSend = 6,

    /// <summary><c>{7, From, To}</c></summary>
    GroupLeader = 7,

    /// <summary><c>{8, From, To, Reason}</c></summary>
    Exit2 = 8,

    /// <summary><c>{12, Unused, To, Token}</c> and a message</summary>
    SendTraced = 12,

    /// <summary><c>{13, From, To, Token, Reason}</c></summary>
    ExitTraced = 13,

    /// <summary><c>{16, From, Unused, Name, Token}</c> and a message</summary>
    RegSendTraced = 16,

    /// <summary><c>{18, From, To, Token, Reason}</c></summary>
    Exit2Traced = 18,

    /// <summary><c>{19, From, PidOrName, Ref}</c></summary>
    Monitor = 19,

    /// <summary><c>{20, From, PidOrName, Ref}</c></summary>
    Demonitor = 20,

    /// <summary><c>{21, PidOrName, To, Ref, Reason}</c></summary>
    MonitorExit = 21,

    /// <summary><c>{22, From, To}</c> and a message</summary>
    SendSender = 22,

    /// <summary><c>{23, From, To, Token}</c> and a message</summary>
    SendSenderTraced = 23,

    /// <summary><c>{24, From, To}</c> and a reason</summary>
    PayloadExit = 24,

    /// <summary><c>{25, From, To, Token}</c> and a reason</summary>
    PayloadExitTraced = 25,

    /// <summary><c>{26, From, To}</c> and a reason</summary>
    PayloadExit2 = 26,

    /// <summary><c>{27, From, To, Token}</c> and a reason</summary>
    PayloadExit2Traced = 27,

    /// <summary><c>{28, PidOrName, To, Ref}</c> and a reason</summary>
    PayloadMonitorExit = 28,

    /// <summary><c>{29, ReqId, From, GroupLeader, {Module, Function, Arity}, Options}</c> and the arguments</summary>
    SpawnRequest = 29,

    /// <summary>
    /// <c>{30, ReqId, From, GroupLeader, {Module, Function, Arity}, Options, Token}</c> and the arguments
    /// </summary>
    SpawnRequestTraced = 30,

    /// <summary><c>{31, ReqId, To, Flags, Result}</c></summary>
    SpawnReply = 31,

    /// <summary><c>{32, ReqId, To, Flags, Result, Token}</c></summary>
    SpawnReplyTraced = 32,

    /// <summary><c>{33, From, Alias}</c> and a message</summary>
    AliasSend = 33,

    /// <summary><c>{34, From, Alias, Token}</c> and a message</summary>
    AliasSendTraced = 34,

    /// <summary><c>{35, Id, From, To}</c></summary>
    UnlinkId = 35,

    /// <summary><c>{36, Id, From, To}</c></summary>
    UnlinkIdAck = 36,

    /// <summary>
    /// <c>{37, Flags, From, To}</c> or <c>{37, Flags, From, To, Token}</c>, and a message or a reason
    /// </summary>
    AltActSigSend = 37,
}

/// <summary>What a control message says, whichever of its forms was chosen.</summary>
internal enum ControlKind : byte
{
    /// <summary>A message to a pid, a name or an alias.</summary>
    Send,

    /// <summary>A link is made.</summary>
    Link,

    /// <summary>A link is taken back.</summary>
    Unlink,

    /// <summary>Taking a link back has been noticed.</summary>
    UnlinkAck,

    /// <summary>The process at the other end of a link has ended.</summary>
    Exit,

    /// <summary>Somebody sends an exit signal: <c>exit(Pid, Reason)</c>.</summary>
    Exit2,

    /// <summary>A process or a name is to be monitored.</summary>
    Monitor,

    /// <summary>Not any more.</summary>
    Demonitor,

    /// <summary>What was monitored has ended.</summary>
    MonitorExit,

    /// <summary>The group leader of a process is to be changed.</summary>
    GroupLeader,

    /// <summary>A process is to be started here.</summary>
    SpawnRequest,

    /// <summary>A process that was asked for has been started, or not.</summary>
    SpawnReply,
}

/// <summary>The second element of 37, ALTACT_SIG_SEND (OTP 28 and later).</summary>
[Flags]
internal enum AltActFlags : byte
{
    None = 0,
    Priority = 1,
    Token = 2,
    Alias = 4,
    Name = 8,
    Exit = 16,
}

/// <summary>The fourth element of 31, SPAWN_REPLY.</summary>
[Flags]
internal enum SpawnReplyFlags : byte
{
    None = 0,
    LinkSet = 1,
    MonitorSet = 2,
}

/// <summary>What is known of each operation.</summary>
internal static class ControlOperations
{
    /// <summary>The protocol's name, for messages: <c>SEND_SENDER</c>.</summary>
    internal static string Name(this ControlOperation operation) => operation switch
    {
        ControlOperation.Link => "LINK",
        ControlOperation.Send => "SEND",
        ControlOperation.Exit => "EXIT",
        ControlOperation.Unlink => "UNLINK",
        ControlOperation.RegSend => "REG_SEND",
        ControlOperation.GroupLeader => "GROUP_LEADER",
        ControlOperation.Exit2 => "EXIT2",
        ControlOperation.SendTraced => "SEND_TT",
        ControlOperation.ExitTraced => "EXIT_TT",
        ControlOperation.RegSendTraced => "REG_SEND_TT",
        ControlOperation.Exit2Traced => "EXIT2_TT",
        ControlOperation.Monitor => "MONITOR_P",
        ControlOperation.Demonitor => "DEMONITOR_P",
        ControlOperation.MonitorExit => "MONITOR_P_EXIT",
        ControlOperation.SendSender => "SEND_SENDER",
        ControlOperation.SendSenderTraced => "SEND_SENDER_TT",
        ControlOperation.PayloadExit => "PAYLOAD_EXIT",
        ControlOperation.PayloadExitTraced => "PAYLOAD_EXIT_TT",
        ControlOperation.PayloadExit2 => "PAYLOAD_EXIT2",
        ControlOperation.PayloadExit2Traced => "PAYLOAD_EXIT2_TT",
        ControlOperation.PayloadMonitorExit => "PAYLOAD_MONITOR_P_EXIT",
        ControlOperation.SpawnRequest => "SPAWN_REQUEST",
        ControlOperation.SpawnRequestTraced => "SPAWN_REQUEST_TT",
        ControlOperation.SpawnReply => "SPAWN_REPLY",
        ControlOperation.SpawnReplyTraced => "SPAWN_REPLY_TT",
        ControlOperation.AliasSend => "ALIAS_SEND",
        ControlOperation.AliasSendTraced => "ALIAS_SEND_TT",
        ControlOperation.UnlinkId => "UNLINK_ID",
        ControlOperation.UnlinkIdAck => "UNLINK_ID_ACK",
        ControlOperation.AltActSigSend => "ALTACT_SIG_SEND",
        _ => $"operation {(byte)operation}",
    };

    /// <summary>Whether a payload follows the control message.</summary>
    internal static bool HasPayload(this ControlOperation operation) => operation
        is ControlOperation.Send or ControlOperation.SendTraced
        or ControlOperation.RegSend or ControlOperation.RegSendTraced
        or ControlOperation.SendSender or ControlOperation.SendSenderTraced
        or ControlOperation.PayloadExit or ControlOperation.PayloadExitTraced
        or ControlOperation.PayloadExit2 or ControlOperation.PayloadExit2Traced
        or ControlOperation.PayloadMonitorExit
        or ControlOperation.SpawnRequest or ControlOperation.SpawnRequestTraced
        or ControlOperation.AliasSend or ControlOperation.AliasSendTraced
        or ControlOperation.AltActSigSend;
}
