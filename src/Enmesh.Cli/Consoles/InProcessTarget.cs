using Enmesh.Processes;
using Enmesh.Shell;
using Enmesh.Terms;

namespace Enmesh.Cli.Consoles;

/// <summary>
/// A shell for a node of ours that is elsewhere: evaluated in this process, with the functions that the node lets its peers
/// call.
/// </summary>
internal sealed class InProcessTarget : IConsoleTarget
{
    private readonly ErlangNode _own;
    private readonly ShellSession _session;

    internal InProcessTarget(ErlangNode own, NodeName peer, Action<string> output, Func<int> columns)
    {
        _own = own;
        Node = peer.Text;
        _session = own.StartShell(new PeerShellHost(own, peer), new() { Output = output, Columns = columns });
    }

    public string Banner =>
        $"A shell of this command, with the functions of {Node} that peers may call (Ctrl-D leaves it, type help(). for help)";

    public string Node { get; }

    public int Line => _session.Line;

    public async Task<ConsoleAnswer> EvaluateAsync(string form, CancellationToken cancellationToken)
    {
        var answer = await _session.EvaluateAsync(form, cancellationToken).ConfigureAwait(false);
        return new(answer.Text, answer.Failed, answer.Leaves);
    }

    public void Interrupt() => _session.Interrupt();

    public Task<ShellCompletion> CompleteAsync(string text, CancellationToken cancellationToken) =>
        Task.FromResult(_session.Complete(text));

    public async ValueTask DisposeAsync()
    {
        await _session.DisposeAsync().ConfigureAwait(false);
        await _own.DisposeAsync().ConfigureAwait(false);
    }
}

/// <summary>The functions of a peer: every call that the shell does not know itself crosses, nothing else does.</summary>
internal sealed class PeerShellHost(ErlangNode own, NodeName peer) : LocalShellHost(own)
{
    // What is printed is printed here, and calls to others begin here.
    private static readonly HashSet<string> Here = new(StringComparer.Ordinal) { "io", "erpc", "rpc", "net_adm" };

    // What asks of the peer's own processes and names.
    private static readonly HashSet<string> There = new(StringComparer.Ordinal) { "is_process_alive", "register", "unregister" };

    public override bool Overrides(Atom module, Atom function, int arity) => module.Text == "erlang" && There.Contains(function.Text);

    public override ProcessAddress? Resolve(Atom name) => ProcessAddress.FromName(name, peer);

    public override ValueTask<Term> CallAsync(ProcessContext context, Atom module, Atom function, Term[] arguments) =>
        Here.Contains(module.Text)
            ? base.CallAsync(context, module, function, arguments)
            : CallPeerAsync(context, peer, module, function, arguments, Timeout.InfiniteTimeSpan);
}
