using Enmesh.Processes;
using Enmesh.Terms;

namespace Enmesh.Services;

// What changes something. Peers may do it only where the node's options say so.
internal sealed partial class NetKernel
{
    private static readonly Atom OngoingChangeTo = new("ongoing_change_to");
    private static readonly Atom ChangeInitiated = new("change_initiated");
    private static readonly Atom Unchanged = new("unchanged");

    private Term Milliseconds()
    {
        var milliseconds = (long)settings.Ticks.NetTickTime.TotalMilliseconds;
        return settings.Ticks.IsChanging ? Term.Tuple(OngoingChangeTo, milliseconds) : milliseconds;
    }

    private Term? Connect(CallRequest call, Term node)
    {
        if (node.Atom is not { } name)
            return BadArg;
        if (name == runtime.Name.Atom || runtime.FindLink(name) is not null)
            return true;
        if (!settings.ManagedByPeers || !NodeName.TryParse(name.Text, out var peer))
            return false;
        AnswerLater(call, async token => await settings.Connect(peer, token).ConfigureAwait(false));
        return null;
    }

    private Term? Disconnect(CallRequest call, Term node)
    {
        if (node.Atom is not { } name)
            return BadArg;
        if (!settings.ManagedByPeers || runtime.FindLink(name) is null || !NodeName.TryParse(name.Text, out var peer))
            return false;
        AnswerLater(call, async _ => await settings.Disconnect(peer).ConfigureAwait(false));
        return null;
    }

    private Term Allow(Term nodes)
    {
        if (nodes.AsList is not { IsProper: true } list
            || list.Any(node => node.Atom is null || AllowList.Problem(node.AtomText) is not null))
            return Atoms.Error;
        if (!settings.ManagedByPeers)
            return Refused;
        settings.AllowList.Allow(list.Select(node => node.AtomText!));
        return Atoms.Ok;
    }

    private Term NewTickTime(Term time, Term transition)
    {
        if (time.Int64 is not (>= 4_000 and <= 3_600_000 and var wanted)
            || transition.Int64 is not (>= 0 and <= 86_400_000 and var period))
            return BadArg;
        if (!settings.ManagedByPeers)
            return Refused;
        return ToTerm(settings.Ticks.Change(TimeSpan.FromMilliseconds(wanted), TimeSpan.FromMilliseconds(period)));
    }

    private Term ToTerm(NetTickTimeChange change) => change switch
    {
        NetTickTimeChange.Initiated => ChangeInitiated,
        NetTickTimeChange.Unchanged => Unchanged,
        _ => Milliseconds(),
    };

    // How OTP 23 spawns where SPAWN was not negotiated. Only what is registered runs; the pid goes out before
    // anything it sends.
    private Term? Spawn(CallRequest call, Term module, Term function, Term arguments, Term groupLeader, bool link)
    {
        if (module.Atom is not { } m || function.Atom is not { } f || arguments.AsList is not { IsProper: true } list)
            return BadArg;
        var leader = groupLeader.Pid ?? runtime.DefaultGroupLeader;
        if (runtime.SpawnResolver(new SpawnRequest(call.From, leader, m, f, list)) is not { } body)
            return SpawnRefused;
        var (from, request) = (call.From, call);
        runtime.Spawn(
            async context =>
            {
                if (link)
                    await context.LinkAsync(from).ConfigureAwait(false);
                context.Reply(request, context.Self);
                await body(context).ConfigureAwait(false);
            },
            new SpawnOptions { GroupLeader = leader });
        return null;
    }

    private void AnswerLater(CallRequest call, Func<CancellationToken, Task<bool>> work) =>
        runtime.Spawn(async context =>
            context.Reply(call, await work(context.Exiting).ConfigureAwait(false)));
}
