using System.Text.RegularExpressions;
using System.Threading.Channels;
using Enmesh.Consoles;
using Enmesh.Services;
using Enmesh.Shell;
using Enmesh.Terms;

namespace Enmesh.Cli.Consoles;

/// <summary>A shell on a BEAM: its own <c>erl_scan</c>, <c>erl_parse</c> and <c>erl_eval</c> do it all, so that it has the full language.</summary>
internal sealed partial class BeamTarget : IConsoleTarget
{
    private const int MatchMilliseconds = 1_000;

    private readonly ErlangNode _own;
    private readonly NodeName _peer;
    private readonly Action<string> _output;
    private readonly Channel<Term> _answers = Channel.CreateUnbounded<Term>();
    private readonly HashSet<string> _variables = new(StringComparer.Ordinal);
    private Pid _keeper = null!; // from StartAsync on
    private IReadOnlyList<string>? _modules;

    private BeamTarget(ErlangNode own, NodeName peer, Action<string> output) => (_own, _peer, _output) = (own, peer, output);

    public string Banner { get; private set; } = "";

    public string Node => _peer.Text;

    public int Line { get; private set; } = 1;

    /// <summary>Opens a shell on the node; the own one ends with it.</summary>
    /// <exception cref="RpcException">It lets nobody evaluate there.</exception>
    internal static async Task<BeamTarget> OpenAsync(
        ErlangNode own, NodeName peer, Action<string> output, Func<int> columns, CancellationToken cancellationToken)
    {
        var target = new BeamTarget(own, peer, output);
        var release = await own.RpcAsync(peer, "erlang", "system_info", [new Atom("otp_release")], cancellationToken: cancellationToken).ConfigureAwait(false);
        target.Banner = $"Erlang/OTP {(release.AsList is { } list && list.TryGetText(out var text) ? text : "?")}, evaluated on {peer} (Ctrl-D leaves it, type help(). for help)";
        var scanned = await own.RpcAsync(peer, "erl_scan", "string", [Term.CharList(BeamProgram.Source)], cancellationToken: cancellationToken).ConfigureAwait(false);
        var parsed = await own.RpcAsync(peer, "erl_parse", "parse_exprs", [scanned.TupleElements[1]], cancellationToken: cancellationToken).ConfigureAwait(false);
        if (parsed.TupleElements is not [{ AtomText: "ok" }, var expressions])
            throw new DistributionProtocolException($"{peer} does not understand what it is to evaluate: {parsed}");
        await target.StartAsync(expressions, columns, cancellationToken).ConfigureAwait(false);
        return target;
    }

    public async Task<ConsoleAnswer> EvaluateAsync(string form, CancellationToken cancellationToken)
    {
        foreach (Match name in VariableName().Matches(form))
            _variables.Add(name.Value);
        await _own.SendAsync(_keeper, Term.Tuple(new Atom("eval"), Term.Binary(form)), cancellationToken).ConfigureAwait(false);
        var answer = await _answers.Reader.ReadAsync(cancellationToken).ConfigureAwait(false);
        if (answer.TupleElements is not [_, var text, { Boolean: { } failed }, { Boolean: { } leaves }, { Int32: { } line }])
            throw new PeerUnreachableException(Node, 0, UnreachableReason.Refused, $"The shell on {Node} has ended: {answer}");
        Line = line;
        return new(ConsoleFrames.TextOf(text), failed, leaves);
    }

    public void Interrupt() => _own.TrySend(_keeper, new Atom("interrupt"));

    public async Task<ShellCompletion> CompleteAsync(string text, CancellationToken cancellationToken)
    {
        try
        {
            _modules ??= await ModulesAsync(cancellationToken).ConfigureAwait(false);
            var functions = FunctionBegun().Match(text) is { Success: true } begun
                ? await FunctionsAsync(begun.Groups["module"].Value, cancellationToken).ConfigureAwait(false) : [];
            return Completion.Find(text, new()
            {
                Modules = _modules,
                FunctionsOf = _ => functions,
                Commands = [.. AutoImported.Names, "b", "f", "flush", "help", "i", "pid", "q", "regs", "uptime", "v"],
                Registered = await AtomsAsync("registered", [], cancellationToken).ConfigureAwait(false),
                Nodes = [Node, .. await AtomsAsync("nodes", [], cancellationToken).ConfigureAwait(false)],
                Variables = _variables,
            });
        }
        catch (Exception e) when (e is EnmeshException or TimeoutException)
        {
            return new(0, []); // what cannot be asked is not completed
        }
    }

    public async ValueTask DisposeAsync() => await _own.DisposeAsync().ConfigureAwait(false);

    private async Task StartAsync(Term expressions, Func<int> columns, CancellationToken cancellationToken)
    {
        var leader = _own.StartShellOutput(new() { Output = _output, Columns = columns });
        var started = new TaskCompletionSource<Pid>(TaskCreationOptions.RunContinuationsAsynchronously);
        _own.Spawn(async context =>
        {
            try
            {
                var process = await context.SpawnAsync(
                    _peer, "erl_eval", "exprs", [expressions, Term.Nil], new() { Monitor = true, GroupLeader = leader }, cancellationToken).ConfigureAwait(false);
                await context.SendAsync(process.Pid, Term.Tuple(new Atom("enmesh_start"), context.Self, columns()), cancellationToken).ConfigureAwait(false);
                started.SetResult(process.Pid);
            }
            catch (Exception e) when (e is EnmeshException or OperationCanceledException)
            {
                started.SetException(e);
                return;
            }
            while (true)
                Take(await context.ReceiveAsync(CancellationToken.None).ConfigureAwait(false));
        });
        _keeper = await started.Task.ConfigureAwait(false);
    }

    private void Take(Term message)
    {
        if (message.TupleElements is [{ AtomText: "output" }, var text])
            _output(ConsoleFrames.TextOf(text));
        else if (message.TupleElements is [{ AtomText: "answer" or "DOWN" }, ..])
            _answers.Writer.TryWrite(message);
    }

    private async Task<IReadOnlyList<string>> ModulesAsync(CancellationToken cancellationToken)
    {
        var loaded = await _own.RpcAsync(_peer, "code", "all_loaded", [], cancellationToken: cancellationToken).ConfigureAwait(false);
        return [.. (loaded.AsList ?? default).Select(pair => pair.TupleElements is [{ AtomText: { } name }, _] ? name : null).OfType<string>()];
    }

    private async Task<IReadOnlyList<string>> FunctionsAsync(string module, CancellationToken cancellationToken)
    {
        var exports = await _own.RpcAsync(
            _peer, module.Trim('\''), "module_info", [new Atom("exports")], cancellationToken: cancellationToken).ConfigureAwait(false);
        return [.. (exports.AsList ?? default).Select(pair => pair.TupleElements is [{ AtomText: { } name }, _] ? name : null).OfType<string>()];
    }

    private async Task<IReadOnlyList<string>> AtomsAsync(string function, Term[] arguments, CancellationToken cancellationToken)
    {
        var answer = await _own.RpcAsync(_peer, "erlang", function, arguments, cancellationToken: cancellationToken).ConfigureAwait(false);
        return [.. (answer.AsList ?? default).Select(name => name.AtomText).OfType<string>()];
    }

    [GeneratedRegex(@"\b[A-Z][A-Za-z0-9_@]*", RegexOptions.None, MatchMilliseconds)]
    private static partial Regex VariableName();

    [GeneratedRegex(@"(?<module>[a-z][A-Za-z0-9_@]*|'[^']+'):[A-Za-z0-9_@]*$", RegexOptions.None, MatchMilliseconds)]
    private static partial Regex FunctionBegun();
}
