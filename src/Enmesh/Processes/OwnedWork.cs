using Enmesh.Terms;

namespace Enmesh.Processes;

/// <summary>A process that does some work for another one, its owner, and stops when the owner ends.</summary>
internal abstract class OwnedWork<T>(ProcessContext owner, Func<CancellationToken, Task<T>> work)
{
    private static readonly Atom ExitTag = new("EXIT");

    protected ProcessContext Owner { get; } = owner;

    /// <summary>The body of the process.</summary>
    internal async Task RunAsync(ProcessContext context)
    {
        context.TrapExit = true;
        var monitor = context.Runtime.MonitorHere(context, Owner.Self);
        using var stop = new CancellationTokenSource();
        using var enough = new CancellationTokenSource();
        // A receive is for the process's own turns alone, and the work ends anywhere: it is over before anything else
        // happens.
        var asked = AwaitStopAsync(context, monitor, enough.Token);
        var working = BeginAsync(stop.Token);
        await Task.WhenAny(working, asked).ConfigureAwait(false);
        await enough.CancelAsync().ConfigureAwait(false);
        if (await asked.ConfigureAwait(false) is { } reason && !working.IsCompleted)
        {
            await stop.CancelAsync().ConfigureAwait(false);
            await ((Task)working).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            Stopped();
            throw new ProcessExitException(reason);
        }
        context.Runtime.Demonitor(context, monitor);
        try
        {
            await SucceedAsync(context, await working.ConfigureAwait(false)).ConfigureAwait(false);
        }
        catch (Exception e)
        {
            Failed(e);
            throw;
        }
    }

    /// <summary>It is done: the owner is told, and nothing else comes from this process.</summary>
    protected abstract ValueTask SucceedAsync(ProcessContext context, T result);

    /// <summary>It has failed; the end of this process tells the owner's links and monitors.</summary>
    protected virtual void Failed(Exception error)
    {
    }

    /// <summary>It was stopped.</summary>
    protected virtual void Stopped()
    {
    }

    // What it throws at once is its failure, too.
    private async Task<T> BeginAsync(CancellationToken cancellationToken) =>
        await work(cancellationToken).ConfigureAwait(false);

    /// <returns>Why it is to stop; null when it is not.</returns>
    private static async Task<Term?> AwaitStopAsync(
        ProcessContext context, Reference monitor, CancellationToken cancellationToken)
    {
        try
        {
            var message = await context.ReceiveAsync(
                one => IsStop(one, monitor), cancellationToken).ConfigureAwait(false);
            var reason = message.TupleElements[^1];
            return ExitReason.IsNormal(reason) ? ExitReason.Shutdown : reason;
        }
        catch (OperationCanceledException)
        {
            return null;
        }
        catch (ProcessExitException e)
        {
            return e.Reason; // the node ends, or somebody has killed it
        }
    }

    private static bool IsStop(Term message, Reference monitor) => message.TupleElements switch
    {
        [{ Atom: { } tag }, { Reference: { } reference }, _, _, _] => tag == GenAtoms.Down && reference == monitor,
        [{ Atom: { } tag }, _, _] => tag == ExitTag,
        _ => false,
    };
}

/// <summary>Work whose failure is an exit signal to its owner.</summary>
internal sealed class LinkedWork<T>(ProcessContext owner, Func<CancellationToken, Task<T>> work)
    : OwnedWork<T>(owner, work)
{
    private readonly TaskCompletionSource<T> _outcome = new(TaskCreationOptions.RunContinuationsAsynchronously);

    internal Task<T> Outcome => _outcome.Task;

    protected override ValueTask SucceedAsync(ProcessContext context, T result)
    {
        context.Runtime.Unlink(context, Owner.Self); // or one that traps exits would be told of a normal end
        _outcome.TrySetResult(result);
        return default;
    }

    protected override void Failed(Exception error)
    {
        _outcome.TrySetException(error);
        _ = _outcome.Task.Exception; // the exit signal tells those who do not await it
    }

    protected override void Stopped() => _outcome.TrySetCanceled();
}

/// <summary>Work whose end is a message to its owner.</summary>
internal sealed class MonitoredWork(ProcessContext owner, Func<CancellationToken, Task<Term>> work)
    : OwnedWork<Term>(owner, work)
{
    /// <summary>The owner's monitor, as soon as there is one.</summary>
    internal TaskCompletionSource<Reference> Reference { get; } = new();

    protected override async ValueTask SucceedAsync(ProcessContext context, Term result)
    {
        var reference = await Reference.Task.ConfigureAwait(false);
        // The one or the other, never both; and nothing when the owner has taken the monitor back.
        if (context.Runtime.Demonitor(Owner, reference))
            context.TrySend(Owner.Self, Term.Tuple(reference, result));
    }
}
