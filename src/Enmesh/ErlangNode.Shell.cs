using Enmesh.Processes;
using Enmesh.Services;
using Enmesh.Shell;
using Enmesh.Terms;
using Enmesh.Terms.Text;

namespace Enmesh;

// The shell: Erlang expressions, evaluated on this node.
public sealed partial class ErlangNode
{
    /// <summary>
    /// Starts an Erlang shell on this node: expressions are evaluated in a process of the node, which may do all that
    /// the node's processes may, and call all that peers may call. See docs/console.md.
    /// </summary>
    /// <remarks>It is for whoever runs the node, not for peers: nothing of it can be reached from another node.</remarks>
    /// <param name="options">Where its output goes; nowhere when null.</param>
    public ShellSession StartShell(ShellOptions? options = null) => StartShell(new LocalShellHost(this), options);

    /// <summary>The same with the functions of another host.</summary>
    internal ShellSession StartShell(IShellHost host, ShellOptions? options)
    {
        options ??= new();
        var leader = new ShellOutput(options, new LocalNode(Runtime.Name.Atom, Runtime.Creation)).Start(Runtime);
        return new ShellSession(Runtime, host, options with { GroupLeader = leader });
    }

    internal FunctionRunner FunctionRunner => _runner ?? throw new InvalidOperationException("The node has not started; await StartAsync first.");
}

/// <summary>The group leader of a shell's processes: what they print goes to whoever has started the shell.</summary>
internal sealed class ShellOutput(ShellOptions options, LocalNode node)
{
    internal Pid Start(ProcessRuntime runtime) => runtime.Spawn(RunAsync, new SpawnOptions()).Self;

    private async Task RunAsync(ProcessContext context)
    {
        var requests = new IoRequests(new() { LocalNode = node }, () => options.Columns is { } columns ? (columns(), 24) : null);
        while (true)
        {
            var message = await context.ReceiveAsync().ConfigureAwait(false);
            if (!IoRequests.TryRead(message, out var from, out var replyAs, out var request))
                continue;
            var text = new System.Text.StringBuilder();
            var reply = requests.Handle(request, text);
            if (text.Length > 0)
                options.Output?.Invoke(text.ToString());
            context.Answer(from, IoRequests.Reply(replyAs, reply));
        }
    }
}
