using System.Runtime.CompilerServices;
using Enmesh.Terms;

namespace Enmesh.Processes;

// What C# has where Erlang has processes and messages: asynchronous streams, cancellation, tasks.
public sealed partial class ProcessContext
{
    /// <summary>
    /// The messages of this process, one after another as they come: <c>await foreach</c> in place of a loop of
    /// receives.
    /// </summary>
    /// <remarks>
    /// It ends only with an exception, or when the loop is left. What the loop has not taken stays in the mailbox;
    /// between two messages the process may receive in other ways.
    /// </remarks>
    /// <param name="cancellationToken">Ends the stream; no message is lost.</param>
    /// <exception cref="OperationCanceledException">The token was cancelled.</exception>
    /// <exception cref="ProcessExitException">The process was sent an exit signal.</exception>
    public async IAsyncEnumerable<Term> ReadAllAsync(
        [EnumeratorCancellation] CancellationToken cancellationToken = default)
    {
        while (true)
            yield return await ReceiveAsync(cancellationToken).ConfigureAwait(false);
    }

    /// <summary>
    /// The messages that the filter accepts, one after another as they come. The others keep their order.
    /// </summary>
    /// <inheritdoc cref="ReadAllAsync(CancellationToken)"/>
    public async IAsyncEnumerable<Term> ReadAllAsync(
        Func<Term, bool> filter, [EnumeratorCancellation] CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(filter);
        while (true)
            yield return await ReceiveAsync(filter, cancellationToken).ConfigureAwait(false);
    }

    /// <inheritdoc cref="ProcessWatch"/>
    /// <param name="target">Which process, here or on another node.</param>
    public ProcessWatch Watch(ProcessAddress target) => ProcessWatch.Begin(_runtime, target);

    /// <summary>
    /// Has work done beside this process, as Elixir's <c>Task.async</c>: when it fails, this process receives an exit
    /// signal with the reason, and when this process ends, however it does, the work is cancelled.
    /// </summary>
    /// <param name="work">The work; its token is cancelled when nobody wants it any more. It begins on another
    /// thread.</param>
    /// <returns>
    /// Its result, which may be awaited or not. Work that fails ends this process all the same, unless that traps
    /// exits; a message <c>{'EXIT', Pid, Reason}</c> comes then. Work that ends well sends nothing.
    /// </returns>
    public Task<T> RunLinkedAsync<T>(Func<CancellationToken, Task<T>> work)
    {
        ArgumentNullException.ThrowIfNull(work);
        var linked = new LinkedWork<T>(this, work);
        SpawnLink(linked.RunAsync);
        return linked.Outcome;
    }

    /// <inheritdoc cref="RunLinkedAsync{T}(Func{CancellationToken, Task{T}})"/>
    public Task RunLinkedAsync(Func<CancellationToken, Task> work)
    {
        ArgumentNullException.ThrowIfNull(work);
        return RunLinkedAsync(async cancellationToken =>
        {
            await work(cancellationToken).ConfigureAwait(false);
            return true;
        });
    }

    /// <summary>
    /// Has work done beside this process that tells its end by a message, as Elixir's
    /// <c>Task.Supervisor.async_nolink</c>: for a server that goes on meanwhile. When this process ends, the work is
    /// cancelled.
    /// </summary>
    /// <param name="work">The work; its token is cancelled when nobody wants it any more. It begins on another
    /// thread.</param>
    /// <returns>
    /// The reference of the one message that will come: <c>{Ref, Result}</c>, or <c>{'DOWN', Ref, process, Pid,
    /// Reason}</c> when the work has failed. <see cref="Demonitor"/> takes it back, the work going on, and
    /// <see cref="SendExit"/> to the pid ends the work.
    /// </returns>
    public (Pid Process, Reference Reference) RunMonitored(Func<CancellationToken, Task<Term>> work)
    {
        ArgumentNullException.ThrowIfNull(work);
        var monitored = new MonitoredWork(this, work);
        var (process, reference) = SpawnMonitor(monitored.RunAsync);
        monitored.Reference.SetResult(reference);
        return (process, reference);
    }
}
