using Enmesh.Peers;
using Enmesh.Terms;

namespace Enmesh.Processes;

// Whether anybody still waits for what a process makes. A caller by erpc monitors the process from its beginning, and
// takes the monitor back when it gives up; when it ends, its node does that for it. A caller by rex monitors rex, which
// has another process do the work.
internal sealed partial class ProcessRelations
{
    private CancellationTokenSource? _abandoned;
    private Dictionary<Reference, ProcessRelations>? _workers;
    private PeerLink? _callersLink;
    private Awaited _awaited;

    private enum Awaited : byte
    {
        /// <summary>It works for nobody in particular.</summary>
        ByNobody,

        /// <summary>It works for those that monitor it.</summary>
        ByWatchers,

        /// <summary>It works for a caller of whose giving up it is told.</summary>
        ByCaller,

        /// <summary>That caller has given up.</summary>
        NoMore,
    }

    /// <summary>The process works for those that monitor it, and for nobody else.</summary>
    internal void IsAwaited()
    {
        lock (_gate)
            _awaited = Awaited.ByWatchers;
    }

    /// <summary>
    /// The process works for one caller, until <see cref="Abandon"/> says that it has given up or the link to it is lost.
    /// </summary>
    /// <param name="link">The link to the caller's node; null for this one.</param>
    internal void IsAwaitedBy(PeerLink? link)
    {
        lock (_gate)
            (_awaited, _callersLink) = (Awaited.ByCaller, link);
    }

    /// <summary>The caller that the process works for waits no longer.</summary>
    internal void Abandon()
    {
        CancellationTokenSource? abandoned;
        lock (_gate)
        {
            if (_awaited != Awaited.ByCaller)
                return;
            _awaited = Awaited.NoMore;
            abandoned = _abandoned;
        }
        Cancel(abandoned);
    }

    /// <summary>
    /// Another process works for one that monitors this one: it is abandoned when the monitor is taken back.
    /// </summary>
    internal void AddWorker(Reference monitor, ProcessRelations worker)
    {
        lock (_gate)
        {
            if (_watchers?.ContainsKey(monitor) == true)
                (_workers ??= [])[monitor] = worker;
        }
    }

    internal void RemoveWorker(Reference monitor)
    {
        lock (_gate)
            _workers?.Remove(monitor);
    }

    /// <summary>
    /// Cancelled when nobody waits for the process's work any more, if it works for somebody; and when it is to exit.
    /// </summary>
    internal CancellationToken AbandonedOr(CancellationToken exiting)
    {
        CancellationTokenSource abandoned;
        lock (_gate)
        {
            if (_awaited == Awaited.ByNobody)
                return exiting;
            abandoned = _abandoned ??= CancellationTokenSource.CreateLinkedTokenSource(exiting);
            if (_awaited == Awaited.ByCaller || (_awaited == Awaited.ByWatchers && _watchers is { Count: > 0 }))
                return abandoned.Token;
        }
        abandoned.Cancel();
        return abandoned.Token;
    }

    // Under the gate.
    private CancellationTokenSource? AbandonedNow() =>
        _awaited == Awaited.ByWatchers && _watchers is not { Count: > 0 } ? _abandoned : null;

    // Under the gate.
    private ProcessRelations? TakeWorker(Reference monitor)
    {
        ProcessRelations? worker = null;
        _workers?.Remove(monitor, out worker);
        return worker;
    }

    // What is registered with the token must not run on a link's reader.
    private static void Cancel(CancellationTokenSource? abandoned)
    {
        if (abandoned is not null)
            ThreadPool.UnsafeQueueUserWorkItem(static source => source.Cancel(), abandoned, preferLocal: false);
    }
}
