using System.Globalization;
using System.Text;
using Enmesh.Peers;
using Enmesh.Processes;
using Enmesh.Services;
using Enmesh.Services.BuiltIns;
using Enmesh.Telemetry;
using Enmesh.Terms;
using Enmesh.TestSupport;
using Microsoft.Extensions.Logging.Abstractions;
using Xunit;

namespace Enmesh.Tests.Services;

/// <summary>What answers without being exported. <c>ENMESH_UPDATE_DOCS=1</c> writes docs/built-ins.md anew.</summary>
[Trait("Ring", "loopback")]
public sealed class BuiltInTests : IAsyncLifetime
{
    private readonly LoopbackCluster _cluster = new();
    private ErlangNode _node = null!;

    public async ValueTask InitializeAsync() => _node = await _cluster.StartAsync("built-ins@127.0.0.1");

    public ValueTask DisposeAsync() => _cluster.DisposeAsync();

    [Fact]
    public void The_documentation_lists_every_built_in_and_every_refusal()
    {
        var path = Repository.PathTo("docs", "built-ins.md");
        var text = Document();
        if (Environment.GetEnvironmentVariable("ENMESH_UPDATE_DOCS") == "1")
            File.WriteAllText(path, text);
        Assert.Equal(File.ReadAllText(path), text);
    }

    [Theory]
    [InlineData("erlang", "node", "[]", "'built-ins@127.0.0.1'")]
    [InlineData("erlang", "nodes", "[this]", "['built-ins@127.0.0.1']")]
    [InlineData("erlang", "nodes", "[[this,visible,hidden]]", "['built-ins@127.0.0.1']")]
    [InlineData("erlang", "is_alive", "[]", "true")]
    [InlineData("erlang", "whereis", "[nobody]", "undefined")]
    [InlineData("erlang", "ports", "[]", "[]")]
    [InlineData("erlang", "system_info", "[otp_release]", "\"27\"")]
    [InlineData("erlang", "system_info", "[{wordsize,internal}]", "8")]
    [InlineData("erlang", "function_exported", "[erlang,node,0]", "true")]
    [InlineData("erlang", "function_exported", "[erlang,node,7]", "false")]
    [InlineData("net_adm", "ping", "[nobody@nowhere]", "pang")]
    [InlineData("net_adm", "ping", "['built-ins@127.0.0.1']", "pong")]
    [InlineData("net_adm", "names", "[]", "{error,address}")]
    [InlineData("net_kernel", "get_net_ticktime", "[]", "60")]
    [InlineData("net_kernel", "nodes_info", "[]", "{ok,[]}")]
    [InlineData("application", "get_env", "[kernel,x,7]", "7")]
    [InlineData("init", "get_status", "[]", "{started,started}")]
    [InlineData("code", "ensure_loaded", "[net_adm]", "{module,net_adm}")]
    [InlineData("code", "ensure_loaded", "[rb]", "{error,nofile}")]
    [InlineData("ets", "all", "[]", "[]")]
    [InlineData("observer_backend", "get_port_list", "[]", "[]")]
    [InlineData("Elixir.Node", "self", "[]", "'built-ins@127.0.0.1'")]
    [InlineData("Elixir.Process", "whereis", "[nobody]", "nil")]
    public async Task A_built_in_answers(string module, string function, string arguments, string answer) =>
        Assert.Equal(answer, (await CallAsync(module, function, arguments)).ToString());

    [Fact]
    public async Task Processes_can_be_looked_into()
    {
        var child = _node.Spawn(static async context =>
        {
            context.TrapExit = true;
            await context.MonitorAsync("rex");
            await context.ReceiveAsync(message => message.IsAtom("go"));
        }, "watched");
        var own = (Term)_node.WhereIs("user")!;
        await _node.SendAsync(child, 1, TestContext.Current.CancellationToken);
        Assert.Equal($"[{{trap_exit,true}},{{registered_name,watched}},{{links,[]}},{{group_leader,{own}}}]",
            await WaitForAsync("erlang", "process_info", Term.List(child, List("trap_exit", "registered_name", "links", "group_leader")), "{trap_exit,true}"));
        Assert.Contains("{message_queue_len,1}", await WaitForAsync("erlang", "process_info", Term.List(child), "{message_queue_len,1}"), StringComparison.Ordinal);
        Assert.Equal("{monitors,[{process,{rex,'built-ins@127.0.0.1'}}]}", await WaitForAsync("erlang", "process_info", Term.List(child, new Atom("monitors")), "rex"));
        Assert.Contains(child, (await CallAsync("erlang", "processes", "[]")).AsList!.Value.Select(pid => pid.Pid));
        Assert.Equal("true", (await _node.RpcAsync(_node.Name, "erlang", "is_process_alive", [child])).ToString());
        await _node.SendAsync(child, new Atom("go"), TestContext.Current.CancellationToken);
        Assert.Equal("undefined", await WaitForAsync("erlang", "process_info", Term.List(child, new Atom("links")), "undefined"));
        Assert.Equal("[]", (await _node.RpcAsync(_node.Name, "erlang", "process_info", [_node.Spawn(Wait), new Atom("registered_name")])).ToString());
    }

    [Fact]
    public async Task System_messages_are_answered_by_the_nodes_services_and_by_whoever_wants_to()
    {
        _node.Spawn(static async context =>
        {
            while (true)
            {
                if (SystemRequest.TryRead(await context.ReceiveAsync(), out var system))
                    system.Answer(context, new Atom("counter"), Term.Tuple(new Atom("count"), 3));
            }
        }, "counter");
        Assert.Equal("{count,3}", (await CallAsync("sys", "get_state", "[counter]")).ToString());
        Assert.StartsWith("{status,", (await CallAsync("sys", "get_status", "[counter]")).ToString(), StringComparison.Ordinal);
        Assert.StartsWith("{status,", (await CallAsync("sys", "get_status", "[rex,1000]")).ToString(), StringComparison.Ordinal);
        foreach (var name in new[] { "user", "logger_proxy" })
            Assert.Equal("undefined", (await CallAsync("sys", "get_state", $"[{name}]")).ToString());
        var missing = await Assert.ThrowsAsync<RpcException>(() => CallAsync("sys", "get_state", "[nobody]"));
        Assert.Equal("{noproc,{sys,get_state,[nobody]}}", missing.Reason.ToString());
        _node.Spawn(Wait, "deaf");
        var deaf = await Assert.ThrowsAsync<RpcException>(() => CallAsync("sys", "get_state", "[deaf,10]"));
        Assert.Equal("{timeout,{sys,get_state,[deaf,10]}}", deaf.Reason.ToString());
    }

    [Fact]
    public async Task Figures_are_numbers_in_the_shapes_that_tools_read()
    {
        foreach (var item in new[] { "wall_clock", "runtime", "run_queue", "io", "garbage_collection", "context_switches", "reductions", "scheduler_wall_time" })
            Assert.NotEqual(TermKind.Nil, (await CallAsync("erlang", "statistics", $"[{item}]")).Kind);
        var memory = (await CallAsync("erlang", "memory", "[]")).AsList!.Value;
        Assert.True(memory[0].TupleElements[1].Int64 > 0);
        Assert.Equal("[{total,x},{ets,0}]", (await CallAsync("erlang", "memory", "[[total,ets]]")).ToString() is var both
            ? System.Text.RegularExpressions.Regex.Replace(both, "total,[0-9]+", "total,x") : "");
        var now = (await CallAsync("erlang", "system_time", "[second]")).Int64!.Value;
        Assert.InRange(now, 1_700_000_000, 10_000_000_000);
        Assert.InRange((await CallAsync("os", "system_time", "[1000]")).Int64!.Value / 1000, now - 1, now + 60);
        Assert.True((await CallAsync("erlang", "monotonic_time", "[]")).Int64 >= 0);
        Assert.Equal(3, (await CallAsync("erlang", "timestamp", "[]")).TupleElements.Length);
        Assert.Equal(2, (await CallAsync("erlang", "localtime", "[]")).TupleElements.Length);
        Assert.True((await CallAsync("observer_backend", "sys_info", "[]")).AsList!.Value.Count > 30);
    }

    private static async Task Wait(ProcessContext context) => await context.ReceiveAsync(static _ => false);

    private static Term List(params string[] atoms) => Term.List([.. atoms.Select(atom => (Term)new Atom(atom))]);

    private Task<Term> CallAsync(string module, string function, string arguments) =>
        _node.RpcAsync(_node.Name, module, function, [.. Terms.Text.ErlangText.Parse(arguments).AsList!.Value]);

    private async Task<string> WaitForAsync(string module, string function, Term arguments, string part)
    {
        while (true)
        {
            var answer = (await _node.RpcAsync(_node.Name, module, function, [.. arguments.AsList!.Value])).ToString()!;
            if (answer.Contains(part, StringComparison.Ordinal))
                return answer;
            TestContext.Current.CancellationToken.ThrowIfCancellationRequested();
        }
    }

    private static string Document()
    {
        using var metrics = new NodeMetrics(null, "x");
        var settings = new ProcessSettings { Metrics = metrics };
        var runtime = new ProcessRuntime(NodeName.Parse("x@y"), 4, settings, TimeProvider.System, new NodeThread(TimeProvider.System), NullLogger.Instance);
        var table = new BuiltInTable(new() { Runtime = runtime, Stop = static (_, _) => { } }, new());
        var text = new StringBuilder("""
            # What answers without being exported

            Peers may call nothing of a node but what is exported ([rpc.md](rpc.md)), and these functions of Erlang's own, which only look, or print on
            the caller's terminal. A function exported under the same name takes the place of a built-in. Where releases of OTP differ, what OTP 27 does
            decides. This page is made by a test from the code: `ENMESH_UPDATE_DOCS=1`.


            """);
        foreach (var module in table.All.GroupBy(function => function.Module).OrderBy(group => group.Key, StringComparer.Ordinal))
        {
            text.Append(CultureInfo.InvariantCulture, $"## {module.Key}\n| function | answer |\n|---|---|\n");
            foreach (var function in module.OrderBy(function => function.Function, StringComparer.Ordinal).ThenBy(function => function.Arity))
                text.Append(CultureInfo.InvariantCulture, $"| `{function.Function}/{function.Arity}` | {function.Answer} |\n");
            text.Append('\n');
        }
        text.Append("""
            ## Refused
            What people try on a node and cannot have here fails with the error `{notsup, Reason}` and an entry in the log. Everything else that is neither
            exported nor above is `undef`, as on a BEAM that does not have it.

            | module | functions | reason |
            |---|---|---|

            """);
        foreach (var (module, functions, reason) in Refusals.Table)
            text.Append(CultureInfo.InvariantCulture, $"| `{module}` | {(functions is null ? "all others" : string.Join(", ", functions.Select(f => $"`{f}`")))} | {reason} |\n");
        text.Append("| `erlang` | `apply` of a fun of another node | A fun is code of the node that made it; this node runs none. Call an exported function by name. |\n");
        return text.ToString();
    }
}
