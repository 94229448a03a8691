using Enmesh.Processes;
using Enmesh.Shell.Library;
using Enmesh.Shell.Syntax;
using Enmesh.Terms;

namespace Enmesh.Shell;

/// <summary>What the shell does not have itself: the functions of a node.</summary>
internal interface IShellHost
{
    /// <summary>Whether a function is the program's own: it takes the place of the shell's.</summary>
    bool Overrides(Atom module, Atom function, int arity);

    /// <summary>Calls a function that the shell does not bring along.</summary>
    /// <exception cref="ErlangException">It failed, or there is none such.</exception>
    ValueTask<Term> CallAsync(ProcessContext context, Atom module, Atom function, Term[] arguments);

    /// <summary>What can be called, for completion.</summary>
    IEnumerable<(string Module, string Function, int Arity)> Functions { get; }

    /// <summary>Where a message to a name of this node goes; null when there is no such name.</summary>
    ProcessAddress? Resolve(Atom name);
}

/// <summary>The commands of the shell itself: <c>f()</c>, <c>h()</c>, <c>v(N)</c>.</summary>
internal interface IShellCommands
{
    /// <summary>Runs a command; null when there is none of that name.</summary>
    ValueTask<Term?> TryRunAsync(Evaluator evaluator, string name, Expression[] arguments, Bindings bindings);
}

/// <summary>Where an expression is evaluated: whom it calls and sends to.</summary>
internal sealed class ShellEnvironment(IShellHost host)
{
    // A loop that spawns must not fill the node's table.
    private const int MaxProcesses = 100_000;

    private int _processes;

    internal IShellHost Host => host;

    internal IShellCommands? Commands { get; set; }

    /// <summary>Told of a process that an error has ended.</summary>
    internal Action<ProcessContext, Term>? Crashed { get; set; }

    internal ValueTask<Term?> TryCommandAsync(Evaluator evaluator, string name, Expression[] arguments, Bindings bindings) =>
        Commands?.TryRunAsync(evaluator, name, arguments, bindings) ?? default;

    internal ValueTask<Term> CallAsync(Evaluator evaluator, Atom module, Atom function, Term[] arguments)
    {
        if (host.Overrides(module, function, arguments.Length)
            || ShellLibrary.Find(module.Text, function.Text, arguments.Length) is not { } found)
            return host.CallAsync(evaluator.Context, module, function, arguments);
        if (found.Check(module.Text, function.Text, arguments) is { } problem)
            throw problem;
        var call = new LibraryCall(evaluator.Context, evaluator, module.Text, function.Text, arguments);
        return found.AtOnce is { } body ? new(body(call)) : found.Waiting!(call);
    }

    /// <summary>Sends a message as <c>!</c> does.</summary>
    /// <exception cref="ErlangException">There is no such receiver: <c>badarg</c>.</exception>
    internal async ValueTask SendAsync(ProcessContext context, string op, Term to, Term message)
    {
        ProcessAddress? address = to switch
        {
            { Pid: { } pid } => pid,
            { Reference: { } alias } => alias,
            { Atom: { } name } => host.Resolve(name),
            { TupleElements: [{ Atom: { } name }, { AtomText: { } node }] } when NodeName.TryParse(node, out var there) =>
                there == context.Node ? ProcessAddress.FromName(name) : ProcessAddress.FromName(name, there),
            { TupleElements: [{ Atom: not null }, { Atom: not null }] } => context.Nobody, // a node that cannot be
            _ => null,
        };
        if (address is not { } found)
            throw Failures.OfCall(Failures.BadArg, "erlang", op, [to, message]);
        await context.SendAsync(found, message, context.Exiting).ConfigureAwait(false);
    }

    /// <summary>What a spawned process does: it calls a fun, and ends as that ends.</summary>
    internal async Task RunProcessAsync(ProcessContext context, Term fun, Term[] arguments)
    {
        if (Interlocked.Increment(ref _processes) > MaxProcesses)
        {
            Interlocked.Decrement(ref _processes);
            throw new ProcessExitException(Failures.SystemLimit);
        }
        try
        {
            await new Evaluator(context, this).ApplyAsync(fun, arguments).ConfigureAwait(false);
        }
        catch (Exception e) when (Evaluator.Caught(e) is not null)
        {
            var caught = Evaluator.Caught(e)!;
            var reason = ExitReason.FromException(caught);
            if (caught.Class != ErlangExceptionClass.Exit)
                Crashed?.Invoke(context, reason);
            throw new ProcessExitException(reason);
        }
        finally
        {
            Interlocked.Decrement(ref _processes);
        }
    }
}
