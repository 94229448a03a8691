using Enmesh.Peers;
using Enmesh.Terms;
using Enmesh.Wire;

namespace Enmesh.Processes;

// Links going out; what comes in is in ProcessRuntime.Inbound.cs.
internal sealed partial class ProcessRuntime
{
    private long _lastUnlinkId;

    internal ValueTask LinkAsync(ProcessContext owner, Pid to, CancellationToken cancellationToken)
    {
        if (to == owner.Self)
            return default;
        if (to.Node == Name.Atom)
        {
            LinkLocally(owner, to);
            return default;
        }
        if (_peers.Find(to.Node) is not { } link)
            return ConnectAndLinkAsync(owner, to, cancellationToken);
        LinkOver(link, owner, to);
        return default;
    }

    internal bool Unlink(ProcessContext owner, Pid from)
    {
        // 0 is no id.
        var id = (ulong)Interlocked.Increment(ref _lastUnlinkId) & long.MaxValue;
        if (owner.RelationsIfAny is not { } relations || !relations.TryUnlink(from, id, out var over))
            return false;
        if (over is not null)
            over.Signal(owner, ControlMessage.Unlink(id, owner.Self, from));
        else
            Find(from.Id, from.Serial, from.Creation)?.RelationsIfAny?.BreakLink(owner.Self);
        return true;
    }

    private void LinkLocally(ProcessContext owner, Pid to)
    {
        var target = Find(to.Id, to.Serial, to.Creation);
        if (owner.GetRelations().Link(to, null) != ProcessRelations.Linking.Made)
            return;
        if (target is null || !target.GetRelations().TryAcceptLink(owner.Self, null))
            BreakLink(owner, to, ExitReason.NoProc);
        else if (!IsAlive(owner.Self))
            BreakLink(target, owner.Self, ExitReason.NoProc); // killed meanwhile, before the other end was there to be told
    }

    private void LinkOver(PeerLink link, ProcessContext owner, Pid to)
    {
        // Noted before it is told: whoever loses the link from here on finds it.
        if (owner.GetRelations().Link(to, link) == ProcessRelations.Linking.Made
            && !link.Signal(owner, ControlMessage.Link(owner.Self, to)))
        {
            BreakLink(owner, to, ExitReason.NoConnection);
        }
    }

    private async ValueTask ConnectAndLinkAsync(ProcessContext owner, Pid to, CancellationToken cancellationToken)
    {
        if (await _peers.ConnectAsync(to.Node, cancellationToken).ConfigureAwait(false) is { } link)
            LinkOver(link, owner, to);
        else
            ReceiveExit(owner, to, ExitReason.NoConnection, ExitSignal.Link);
    }
}
