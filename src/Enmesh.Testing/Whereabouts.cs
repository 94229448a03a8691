using System.Collections.Concurrent;
using Enmesh.Processes;

namespace Enmesh.Testing;

/// <summary>
/// Where the code of a process goes on: it stands in the context that the code takes along to whatever thread.
/// </summary>
internal sealed class Whereabouts(ProcessContext? process)
{
    private long _seen;
    private long _givenUp = -1;

    /// <summary>The process; null for what is no process's, such as the reading of a connection.</summary>
    internal ProcessContext? Process => process;

    /// <summary>Whether it was waited for in vain, and has done nothing since.</summary>
    internal bool IsGivenUp => Interlocked.Read(ref _givenUp) == Interlocked.Read(ref _seen);

    /// <summary>A thread has come to its code.</summary>
    internal void Seen() => Interlocked.Increment(ref _seen);

    internal void GiveUp() => Interlocked.Exchange(ref _givenUp, Interlocked.Read(ref _seen));
}

/// <summary>The processes of a cluster, and which of them await something that the cluster does not know.</summary>
internal sealed class ProcessBook(ClusterThread thread, VirtualTime time)
{
    private readonly ConcurrentDictionary<ProcessContext, Whereabouts> _processes = new();

    /// <summary>A process begins; called in the context that its body will run in.</summary>
    internal void Begins(ProcessContext process)
    {
        if (process.IsSystem)
            return;
        thread.Caller = _processes.GetOrAdd(process, static process => new(process));
    }

    internal void Ended(ProcessContext process) => _processes.TryRemove(process, out _);

    /// <summary>
    /// Those that await neither a message, nor the answer to a call, nor the clock: what they have left to the pool may
    /// be about to begin there.
    /// </summary>
    internal IReadOnlyList<Whereabouts> Missing()
    {
        List<Whereabouts>? missing = null;
        foreach (var (process, whereabouts) in _processes)
        {
            if (!whereabouts.IsGivenUp && !process.Mailbox.IsWaiting && !process.Runtime.Calls.IsAwaitedBy(process.Self)
                && !time.IsArmedBy(whereabouts))
                (missing ??= []).Add(whereabouts);
        }
        return missing ?? [];
    }
}
