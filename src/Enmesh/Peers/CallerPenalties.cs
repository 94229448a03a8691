using System.Net;

namespace Enmesh.Peers;

/// <summary>Makes addresses wait from which wrong cookies came. A right one is only ever late, never refused.</summary>
internal sealed class CallerPenalties(TimeProvider timeProvider)
{
    /// <summary>Failures that cost nothing: a node restarted with its old cookie, an operator's slip.</summary>
    private const int Free = 3;
    private const int MaxAddresses = 4096;
    private static readonly TimeSpan First = TimeSpan.FromMilliseconds(100);
    private static readonly TimeSpan Longest = TimeSpan.FromSeconds(3);
    private static readonly TimeSpan Forgotten = TimeSpan.FromMinutes(1);

    private readonly Dictionary<IPAddress, (int Failures, long At)> _callers = [];
    private readonly Dictionary<IPAddress, long> _told = []; // under _callers

    internal void Add(EndPoint? caller)
    {
        if (caller is not IPEndPoint { Address: var address })
            return;
        lock (_callers)
        {
            if (_callers.Count >= MaxAddresses)
                _callers.Clear(); // a flood from everywhere is not slowed by remembering it
            _callers[address] = (FailuresOf(address) + 1, timeProvider.GetTimestamp());
        }
    }

    internal void Forgive(EndPoint? caller)
    {
        if (caller is not IPEndPoint { Address: var address })
            return;
        lock (_callers)
            _callers.Remove(address);
    }

    /// <summary>Whether nothing was said of that address for a minute: what costs a caller nothing must not fill the log.</summary>
    internal bool IsNews(EndPoint? caller)
    {
        if (caller is not IPEndPoint { Address: var address })
            return true;
        lock (_callers)
        {
            if (_told.TryGetValue(address, out var at) && timeProvider.GetElapsedTime(at) < Forgotten)
                return false;
            if (_told.Count >= MaxAddresses)
                _told.Clear();
            _told[address] = timeProvider.GetTimestamp();
            return true;
        }
    }

    internal Task WaitAsync(EndPoint? caller, CancellationToken cancellationToken) =>
        Penalty(caller) is var wait && wait > TimeSpan.Zero
            ? Task.Delay(wait, timeProvider, cancellationToken)
            : Task.CompletedTask;

    internal TimeSpan Penalty(EndPoint? caller)
    {
        if (caller is not IPEndPoint { Address: var address })
            return TimeSpan.Zero;
        lock (_callers)
        {
            var beyond = FailuresOf(address) - Free;
            return beyond <= 0
                ? TimeSpan.Zero
                : TimeSpan.FromTicks(Math.Min(Longest.Ticks, First.Ticks << Math.Min(beyond - 1, 10)));
        }
    }

    private int FailuresOf(IPAddress address) =>
        _callers.TryGetValue(address, out var seen) && timeProvider.GetElapsedTime(seen.At) < Forgotten
            ? seen.Failures
            : 0;
}
