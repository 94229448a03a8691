using Enmesh.Peers;
using Enmesh.Processes;
using Enmesh.Terms;

namespace Enmesh.Groups;

/// <summary>Whom a scope's process monitors, how often that is wanted, and over which link.</summary>
internal sealed class PgWatches(ProcessRuntime runtime, ProcessContext owner)
{
    private readonly Dictionary<Pid, Watched> _watched = [];

    /// <returns>False when the process is on a node that is not connected.</returns>
    internal bool Add(Pid who)
    {
        if (_watched.TryGetValue(who, out var already))
        {
            _watched[who] = already with { Times = already.Times + 1 };
            return true;
        }
        if (who.Node == runtime.Name.Atom)
        {
            _watched.Add(who, new(runtime.MonitorHere(owner, who), null, 1));
            return true;
        }
        if (runtime.FindLink(who.Node) is not { } link)
            return false;
        _watched.Add(who, new(runtime.MonitorOver(link, owner, who), link, 1));
        return true;
    }

    internal void Remove(Pid who)
    {
        if (!_watched.TryGetValue(who, out var watched))
            return;
        if (watched.Times > 1)
        {
            _watched[who] = watched with { Times = watched.Times - 1 };
            return;
        }
        _watched.Remove(who);
        owner.Demonitor(watched.Monitor);
    }

    /// <summary>The link over which a process of another node is watched.</summary>
    internal PeerLink? LinkOf(Pid who) => _watched.GetValueOrDefault(who).Link;

    /// <summary>Takes the message that a watched process has ended.</summary>
    /// <returns>False when it is of a monitor that does not matter any more, or of none.</returns>
    internal bool TakeDown(Reference monitor, Pid who) =>
        _watched.TryGetValue(who, out var watched) && watched.Monitor == monitor && _watched.Remove(who);

    private readonly record struct Watched(Reference Monitor, PeerLink? Link, int Times);
}
