using System.Threading.Channels;
using Enmesh.Processes;
using Enmesh.Terms;

namespace Enmesh.Shell;

/// <summary>The process in which a shell evaluates, until an exception or an exit signal ends it.</summary>
internal sealed class EvaluatorProcess(ShellEnvironment environment)
{
    private readonly Channel<Job> _jobs = Channel.CreateUnbounded<Job>(new() { SingleReader = true });
    private ProcessContext _process = null!; // from Start on
    private Job? _running;

    /// <summary>Called with the reason when it has ended without work to tell it.</summary>
    internal Action<Term>? Ended { get; set; }

    internal bool HasEnded { get; private set; }

    internal bool IsBusy => Volatile.Read(ref _running) is not null;

    internal void Start(ProcessRuntime runtime, Pid groupLeader)
    {
        _process = runtime.Create(RunAsync, new SpawnOptions { GroupLeader = groupLeader, Ended = OnEnded });
        ProcessRuntime.Begin(_process);
    }

    /// <summary>Does something in the process.</summary>
    /// <exception cref="ErlangException">It has failed, or the process was ended meanwhile.</exception>
    internal Task<Term> RunAsync(Func<Evaluator, ValueTask<Term>> work)
    {
        var job = new Job(work);
        Volatile.Write(ref _running, job);
        if (!_jobs.Writer.TryWrite(job))
            Fail(job, ExitReason.NoProc);
        return job.Result.Task;
    }

    internal void Kill() => _process.Runtime.Kill(_process, ExitReason.Killed);

    private async Task RunAsync(ProcessContext context)
    {
        var evaluator = new Evaluator(context, environment);
        while (true)
        {
            var job = await _jobs.Reader.ReadAsync(context.Exiting).ConfigureAwait(false);
            try
            {
                var value = await job.Work(evaluator).ConfigureAwait(false);
                evaluator.ThrowIfEnding();
                Volatile.Write(ref _running, null);
                job.Result.TrySetResult(value);
            }
            catch (Syntax.ShellSyntaxException e)
            {
                Volatile.Write(ref _running, null);
                job.Result.TrySetException(e);
            }
            catch (Exception e) when (Evaluator.Caught(e) is not null)
            {
                // As in Erlang it ends the process; whoever is linked hears of it.
                var caught = Evaluator.Caught(e)!;
                job.Outcome = caught;
                throw new ProcessExitException(ExitReason.FromException(caught));
            }
        }
    }

    private void OnEnded(Term reason)
    {
        HasEnded = true;
        _jobs.Writer.TryComplete();
        if (Interlocked.Exchange(ref _running, null) is { } job)
            Fail(job, reason);
        else
            Ended?.Invoke(reason);
    }

    private static void Fail(Job job, Term reason) =>
        job.Result.TrySetException(job.Outcome ?? ErlangException.Exit(reason));

    private sealed class Job(Func<Evaluator, ValueTask<Term>> work)
    {
        internal Func<Evaluator, ValueTask<Term>> Work => work;

        internal TaskCompletionSource<Term> Result { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);

        /// <summary>The exception with which it ends the process.</summary>
        internal ErlangException? Outcome { get; set; }
    }
}
