using Enmesh.Terms;

namespace Enmesh.Services.BuiltIns;

/// <summary>What people try on a node and cannot have here; they are told why instead of <c>undef</c>.</summary>
internal static class Refusals
{
    private const string NoCode = "This node runs no Erlang code; it cannot be given any.";
    private const string NoFun =
        "A fun is code of the node that made it; this node runs none. Call an exported function by name.";
    private const string NoTrace = "This node has no tracing.";
    private const string NoSpawn =
        "Processes are started here by name: spawn(Node, Module, Function, Arguments) of an exported function.";
    private const string NoStop = "Peers may not stop this node; the option StopByPeers lets them.";
    private const string NoSystem = "Peers may not touch this node's files, settings, secrets and operating system.";
    private const string NoShell = "This node evaluates no Erlang expressions.";
    private const string NoTools =
        "The tools of the applications observer and runtime_tools that run code on the other node do not run here.";

    /// <summary>
    /// Each row: module, functions (null for all of the module's), reason. The first that fits counts.
    /// </summary>
    internal static IReadOnlyList<(string Module, string[]? Functions, string Reason)> Table { get; } =
    [
        ("erlang", ["spawn", "spawn_link", "spawn_monitor", "spawn_opt", "spawn_request"], NoSpawn),
        ("erlang", ["halt"], NoStop),
        ("erlang", ["load_module", "load_nif", "purge_module", "delete_module", "check_process_code", "finish_loading",
            "prepare_loading"], NoCode),
        ("erlang", ["trace", "trace_pattern", "trace_info"], NoTrace),
        ("erlang", ["get_cookie", "set_cookie", "open_port", "system_flag", "garbage_collect", "process_flag",
            "disconnect_node"], NoSystem),
        ("init", ["stop", "restart", "reboot"], NoStop),
        ("net_kernel", ["spawn", "spawn_link", "spawn_opt"], NoSpawn),
        ("proc_lib", null, NoSpawn),
        ("code", null, NoCode),
        ("erl_boot_server", null, NoCode),
        ("c", null, NoCode),
        ("shell", null, NoShell),
        ("erl_eval", null, NoShell),
        ("erl_scan", null, NoShell),
        ("dbg", null, NoTrace),
        ("ttb", null, NoTrace),
        ("trace", null, NoTrace),
        ("seq_trace", null, NoTrace),
        ("os", null, NoSystem),
        ("file", null, NoSystem),
        ("prim_file", null, NoSystem),
        ("application", ["start", "stop", "ensure_started", "ensure_all_started", "load", "unload", "set_env",
            "unset_env"], NoSystem),
        ("observer_backend", null, NoTools),
        ("appmon_info", null, NoTools),
        ("etop", null, NoTools),
        ("observer_cli", null, NoTools),
        ("recon", null, NoTools),
        ("Elixir.Code", null, NoCode),
        ("Elixir.System", null, NoSystem),
        ("Elixir.File", null, NoSystem),
        ("Elixir.IEx", null, NoShell),
        ("Elixir.IEx.Server", null, NoShell),
    ];

    internal static string? ReasonFor(string module, string function, ListTerm arguments)
    {
        if (module == "erlang" && function == "apply" && arguments.Count == 2
            && arguments[0].Fun is { IsExternal: false })
            return NoFun;
        foreach (var (refused, functions, reason) in Table)
        {
            if (refused == module && (functions is null || functions.Contains(function)))
                return reason;
        }
        return null;
    }
}
