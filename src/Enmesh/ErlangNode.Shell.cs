using Enmesh.Consoles;
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

    /// <summary>
    /// Lets the user whose process this is open a shell on the node from another one, and follow its handshakes: <c>enmesh console</c>,
    /// <c>enmesh eval</c> and <c>enmesh trace --of</c>, over a Unix domain socket that nobody else can open.
    /// </summary>
    /// <param name="path">The socket's path; its directory is made for this user alone. The usual place when null.</param>
    /// <returns>What ends it when it is disposed of; the shells that are open end then, too.</returns>
    /// <exception cref="IOException">The place cannot be had, or others could reach it.</exception>
    public IAsyncDisposable ListenForConsoles(string? path = null) => ConsoleListener.Start(
        path ?? ConsolePath.Of(Name, Environment.GetEnvironmentVariable), Name, options => StartShell(options), FollowHandshakes,
        _logs.CreateLogger("Enmesh.Consoles"));

    /// <summary>The same for those who come through something that knows who they are.</summary>
    internal IAsyncDisposable ListenForConsoles(string path, Func<ConsoleVisitor, IConsoleRecord> recordVisit) => ConsoleListener.Start(
        path, Name, options => StartShell(options), FollowHandshakes, _logs.CreateLogger("Enmesh.Consoles"), recordVisit);

    /// <summary>The same with the functions of another host.</summary>
    internal ShellSession StartShell(IShellHost host, ShellOptions? options)
    {
        options ??= new();
        var leader = new ShellOutput(options, new LocalNode(Runtime.Name.Atom, Runtime.Creation)).Start(Runtime);
        return new ShellSession(leader, host, options);
    }

    /// <summary>Starts a group leader that prints for processes of other nodes.</summary>
    internal Pid StartShellOutput(ShellOptions options) =>
        new ShellOutput(options, new LocalNode(Runtime.Name.Atom, Runtime.Creation)).Start(Runtime).Self;

    internal FunctionRunner FunctionRunner => _runner ?? throw new InvalidOperationException("The node has not started; await StartAsync first.");
}

/// <summary>The group leader of a shell's processes: what they print goes to whoever has started the shell.</summary>
internal sealed class ShellOutput(ShellOptions options, LocalNode node)
{
    private const int UsualRows = 24;

    internal ProcessContext Start(ProcessRuntime runtime) => runtime.Spawn(RunAsync, new SpawnOptions());

    private IoRequests RequestsOf(LocalNode asker) =>
        new(new() { LocalNode = asker }, () => options.Columns is { } columns ? (columns(), UsualRows) : null);

    private async Task RunAsync(ProcessContext context)
    {
        var (asker, requests) = (node, RequestsOf(node));
        while (true)
        {
            var message = await context.ReceiveAsync().ConfigureAwait(false);
            if (!IoRequests.TryRead(message, out var from, out var replyAs, out var request))
                continue;
            // What it formats for a process is printed as on that process's node.
            if (from.Node != asker.Name || from.Creation != asker.Creation)
            {
                asker = new LocalNode(from.Node, from.Creation);
                requests = RequestsOf(asker);
            }
            var text = new System.Text.StringBuilder();
            var reply = requests.Handle(request, text);
            if (text.Length > 0)
                options.Output?.Invoke(text.ToString());
            context.Answer(from, IoRequests.Reply(replyAs, reply));
        }
    }
}
