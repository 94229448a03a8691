using Enmesh.Peers;
using Enmesh.Terms;

namespace Enmesh.Processes;

// erl_dist_protocol, "Link Protocol" (the new one): both ends keep their own view of a link. An end that takes it back
// keeps it, inactive, until the other has acknowledged; a link made anew meanwhile revives it, and the late
// acknowledgement says nothing.

/// <summary>One end of a link between two processes.</summary>
/// <param name="Over">The connection it goes over; null within this node.</param>
/// <param name="UnlinkId">The unlinking that awaits its acknowledgement; 0 while the link is active.</param>
internal readonly record struct ProcessLink(PeerLink? Over, ulong UnlinkId)
{
    internal bool IsActive => UnlinkId == 0;
}

internal sealed partial class ProcessRelations
{
    /// <summary>What became of a link that the process itself makes.</summary>
    internal enum Linking
    {
        /// <summary>The other is to be told.</summary>
        Made,

        /// <summary>There was one already.</summary>
        Already,

        /// <summary>The process has ended meanwhile.</summary>
        Ended,
    }

    /// <summary>The process links itself to another.</summary>
    internal Linking Link(Pid peer, PeerLink? over)
    {
        lock (_gate)
        {
            if (_ended)
                return Linking.Ended;
            _links ??= [];
            if (_links.TryGetValue(peer, out var link) && link.IsActive && link.Over == over)
                return Linking.Already;
            _links[peer] = new(over, 0);
            return Linking.Made;
        }
    }

    /// <summary>Another links itself to the process.</summary>
    /// <returns>False when the process has ended meanwhile.</returns>
    internal bool TryAcceptLink(Pid peer, PeerLink? over)
    {
        lock (_gate)
        {
            if (_ended)
                return false;
            // One that is being taken back stays so: the other side will hear of it.
            (_links ??= []).TryAdd(peer, new(over, 0));
            return true;
        }
    }

    /// <summary>The process takes a link back.</summary>
    /// <param name="peer">With whom.</param>
    /// <param name="id">Which unlinking; the entry goes at once when the other end acknowledges none.</param>
    /// <param name="over">The connection over which the other is to be told; null within this node.</param>
    /// <returns>Whether there was an active one.</returns>
    internal bool TryUnlink(Pid peer, ulong id, out PeerLink? over)
    {
        lock (_gate)
        {
            over = null;
            if (_links is null || !_links.TryGetValue(peer, out var link) || !link.IsActive)
                return false;
            over = link.Over;
            if (over is not null && over.AcknowledgesUnlink)
                _links[peer] = link with { UnlinkId = id };
            else
                _links.Remove(peer);
            return true;
        }
    }

    /// <summary>The other end has taken the link back, or has ended.</summary>
    /// <returns>Whether it was active.</returns>
    internal bool BreakLink(Pid peer)
    {
        lock (_gate)
            return _links is not null && _links.TryGetValue(peer, out var link) && link.IsActive && _links.Remove(peer);
    }

    /// <summary>The other end knows that the link was taken back.</summary>
    internal void UnlinkAcknowledged(Pid peer, ulong id)
    {
        lock (_gate)
        {
            if (_links is not null && _links.TryGetValue(peer, out var link) && link.UnlinkId == id)
                _links.Remove(peer);
        }
    }
}
