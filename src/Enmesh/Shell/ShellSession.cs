using Enmesh.Processes;
using Enmesh.Shell.Syntax;
using Enmesh.Terms;
using Enmesh.Terms.Text;

namespace Enmesh.Shell;

/// <summary>What the shell says to a line.</summary>
/// <param name="Text">What is printed: the value, or the lines of an exception.</param>
/// <param name="Value">The value; nothing when there is none.</param>
/// <param name="Failed">Whether there is none because of an exception or a wrong line.</param>
/// <param name="Leaves">Whether whoever types wants to leave the shell.</param>
public sealed record ShellAnswer(string Text, Term? Value, bool Failed, bool Leaves);

/// <summary>
/// An Erlang shell of a node: evaluates expressions in a process of its own, keeps variables, commands and results.
/// </summary>
/// <remarks>
/// As in Erlang an exception ends that process, and the next expression is evaluated in a new one; so does
/// <see cref="Interrupt"/>. The node itself is never ended by it. One expression is evaluated at a time.
/// </remarks>
public sealed partial class ShellSession : IAsyncDisposable
{
    private readonly ProcessContext _leader;
    private readonly ProcessRuntime _runtime;
    private readonly ShellEnvironment _environment;
    private readonly ShellOptions _options;
    private readonly ValuePrinter _printer;
    private readonly ExceptionText _exceptions;
    private readonly ShellHistory _history = new();
    private readonly SemaphoreSlim _turn = new(1, 1);
    private readonly LocalNode _node;
    private Bindings _bindings = new();
    private EvaluatorProcess? _process;
    private bool _isInterrupted;
    private bool _isLeaving;

    /// <param name="leader">The group leader of the shell's processes; it ends with the session.</param>
    /// <param name="host">The functions that can be called.</param>
    /// <param name="options">Where what is printed goes.</param>
    internal ShellSession(ProcessContext leader, IShellHost host, ShellOptions options)
    {
        _leader = leader;
        _runtime = leader.Runtime;
        _options = options;
        _node = new LocalNode(_runtime.Name.Atom, _runtime.Creation);
        _printer = new ValuePrinter(_node, options.Columns ?? (static () => 80));
        _exceptions = new ExceptionText(_printer);
        _environment = new ShellEnvironment(host) { Crashed = ReportCrash };
        _environment.Commands = new ShellCommands(this);
    }

    /// <summary>The number of the next command, as the prompt shows it.</summary>
    public int Line => _history.Next;

    /// <summary>The shell's variables, by name.</summary>
    public IReadOnlyList<string> Variables => [.. _bindings.All.Order(StringComparer.Ordinal)];

    internal Bindings Bindings => _bindings;

    internal ShellHistory History => _history;

    internal ValuePrinter Printer => _printer;

    internal ProcessRuntime Runtime => _runtime;

    /// <summary>Where the first form in a text ends, its dot included; null when there is no dot yet.</summary>
    /// <remarks>A text that is wrong ends where it ends: what is wrong is said when it is evaluated.</remarks>
    public static int? EndOfForm(string text)
    {
        ArgumentNullException.ThrowIfNull(text);
        try
        {
            return Tokens.ReadForm(text, new LocalNode(Atoms.Undefined, 0), out var end) is null ? null : end;
        }
        catch (ShellSyntaxException)
        {
            return text.Length;
        }
    }

    /// <summary>Evaluates a form: expressions that a dot ends.</summary>
    /// <param name="text">The form.</param>
    /// <param name="cancellationToken">Ends the process that evaluates it.</param>
    /// <exception cref="OperationCanceledException">The token was cancelled.</exception>
    public async Task<ShellAnswer> EvaluateAsync(string text, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(text);
        await _turn.WaitAsync(cancellationToken).ConfigureAwait(false);
        Volatile.Write(ref _isInterrupted, false);
        try
        {
            // From here on an interrupt is for this form, even while it is still being read; a long one takes its time.
            await Task.CompletedTask.ConfigureAwait(ConfigureAwaitOptions.ForceYielding);
            using var registration = cancellationToken.UnsafeRegister(static session => ((ShellSession)session!).Interrupt(), this);
            var answer = await EvaluateFormAsync(text).ConfigureAwait(false);
            cancellationToken.ThrowIfCancellationRequested();
            return answer;
        }
        finally
        {
            _turn.Release();
        }
    }

    /// <summary>Ends what is being evaluated: <c>** exception exit: killed</c>. The variables stay.</summary>
    public void Interrupt()
    {
        Interlocked.Exchange(ref _isInterrupted, true);
        if (Volatile.Read(ref _process) is { IsBusy: true } process)
            process.Kill();
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        Interrupt();
        await _turn.WaitAsync().ConfigureAwait(false);
        var process = Interlocked.Exchange(ref _process, null); // whose end is no news then
        process?.Kill();
        _runtime.Kill(_leader, ExitReason.Killed);
        _turn.Release();
        _turn.Dispose();
    }

    /// <summary>Says that whoever types wants to leave.</summary>
    internal void Leave() => _isLeaving = true;

    private async Task<ShellAnswer> EvaluateFormAsync(string text)
    {
        Expression[] expressions;
        try
        {
            var tokens = Tokens.ReadForm(text, _node, out _)
                ?? throw Tokens.Unterminated(text) ?? new ShellSyntaxException(Tokens.PlaceOf(text, text.Length), "syntax error before: ");
            if (tokens.Count == 1)
                throw new ShellSyntaxException(new(1, 1), "syntax error before: '.'");
            expressions = ExpressionParser.Parse(text, tokens);
        }
        catch (ShellSyntaxException e)
        {
            return new(e.Text, null, Failed: true, Leaves: false);
        }
        return await EvaluateAsync(text.Trim(), expressions).ConfigureAwait(false);
    }

    private async Task<ShellAnswer> EvaluateAsync(string source, Expression[] expressions)
    {
        _isLeaving = false;
        try
        {
            expressions = _history.Expand(expressions);
        }
        catch (ShellSyntaxException e)
        {
            return new($"* {e.Message}", null, Failed: true, Leaves: false);
        }
        var bindings = _bindings.Copy();
        try
        {
            var value = await InProcessAsync(evaluator => RunAsync(evaluator, expressions, bindings)).ConfigureAwait(false);
            _bindings = bindings;
            _history.Add(source, expressions, value);
            return new(_isLeaving ? "" : _printer.Print(value), value, Failed: false, _isLeaving);
        }
        catch (ShellSyntaxException e)
        {
            _history.Add(source, expressions, null);
            return new(e.Text, null, Failed: true, Leaves: false);
        }
        catch (ErlangException e)
        {
            _history.Add(source, expressions, ShellHistory.Failure(e));
            return new(_exceptions.Format(e), null, Failed: true, Leaves: false);
        }
    }

    // What is wrong with an expression is found before it is evaluated, and after those before it.
    private static async ValueTask<Term> RunAsync(Evaluator evaluator, Expression[] expressions, Bindings bindings)
    {
        var value = Term.Nil;
        foreach (var expression in expressions)
        {
            Lint.Check(expression, bindings.All);
            value = await evaluator.EvaluateAsync(expression, bindings).ConfigureAwait(false);
        }
        return value;
    }

    private Task<Term> InProcessAsync(Func<Evaluator, ValueTask<Term>> work)
    {
        if (_process is not { HasEnded: false } process)
        {
            process = new EvaluatorProcess(_environment);
            process.Ended = reason => OnEnded(process, reason);
            process.Start(_runtime, _leader.Self);
            Volatile.Write(ref _process, process);
        }
        var result = process.RunAsync(work);
        Interlocked.MemoryBarrier();
        if (Volatile.Read(ref _isInterrupted))
            process.Kill();
        return result;
    }

    // A link of the shell's process has ended it while it had nothing to do.
    private void OnEnded(EvaluatorProcess process, Term reason)
    {
        if (ReferenceEquals(Volatile.Read(ref _process), process))
            _options.Output?.Invoke(_exceptions.Format("exit", reason, Term.Nil) + "\n");
    }

    private void ReportCrash(ProcessContext context, Term reason)
    {
        var self = _printer.Print(context.Self);
        _options.Output?.Invoke($"=ERROR REPORT==== process {self} ===\nError in process {self} with exit value:\n{_printer.PrintWhole(reason)}\n\n");
    }
}

/// <summary>How a shell is started.</summary>
public sealed record ShellOptions
{
    /// <summary>Where goes what is printed meanwhile: by <c>io:format</c>, and of processes that have crashed. Default: nowhere.</summary>
    public Action<string>? Output { get; init; }

    /// <summary>How many columns the terminal has. Default: 80.</summary>
    public Func<int>? Columns { get; init; }
}
