using Enmesh.Terms;

namespace Enmesh.Global;

/// <summary>The words of the protocol between global name servers.</summary>
internal static class GlobalAtoms
{
    /// <summary>The name of the server on every node, ours included.</summary>
    internal static readonly Atom Server = new("global_name_server");

    /// <summary>The module, and the resource that whoever changes the names has to lock.</summary>
    internal static readonly Atom Global = new("global");

    // Between servers that meet.
    internal static readonly Atom InitConnect = new("init_connect");
    internal static readonly Atom InitConnectAck = new("init_connect_ack");
    internal static readonly Atom CancelConnect = new("cancel_connect");
    internal static readonly Atom Locker = new("locker");
    internal static readonly Atom NoLongerAPid = new("no_longer_a_pid");
    internal static readonly Atom LockSet = new("lock_set");
    internal static readonly Atom Exchange = new("exchange");
    internal static readonly Atom Resolved = new("resolved");
    internal static readonly Atom Unused = new("unused");
    internal static readonly Atom NewNodes = new("new_nodes");
    internal static readonly Atom InSync = new("in_sync");
    internal static readonly Atom Insert = new("insert");
    internal static readonly Atom Delete = new("delete");
    internal static readonly Atom Vsn = new("vsn");
    internal static readonly Atom Lock = new("lock");

    // Keeping partitions from overlapping.
    internal static readonly Atom LostConnection = new("lost_connection");
    internal static readonly Atom RemoveConnection = new("remove_connection");

    // Calls.
    internal static readonly Atom Register = new("register");
    internal static readonly Atom RegisterExt = new("register_ext");
    internal static readonly Atom Unregister = new("unregister");
    internal static readonly Atom SetLock = new("set_lock");
    internal static readonly Atom DelLock = new("del_lock");
    internal static readonly Atom GetKnown = new("get_known");
    internal static readonly Atom GetSynced = new("get_synced");
    internal static readonly Atom GetProtocolVersion = new("get_protocol_version");
    internal static readonly Atom GetNamesExt = new("get_names_ext");
    internal static readonly Atom Sync = new("sync");
    internal static readonly Atom Yes = new("yes");
    internal static readonly Atom No = new("no");

    // What was sent by releases that nobody runs any more, and is still understood.
    internal static readonly Atom AsyncDelName = new("async_del_name");
    internal static readonly Atom AsyncDelLock = new("async_del_lock");

    // Conflicts.
    internal static readonly Atom ResolveIt = new("resolve_it");
    internal static readonly Atom None = new("none");
    internal static readonly Atom NameConflict = new("global_name_conflict");
    internal static readonly Atom RandomExitName = new("random_exit_name");
    internal static readonly Atom RandomNotifyName = new("random_notify_name");
    internal static readonly Atom NotifyAllName = new("notify_all_name");
}
