using System.Collections.Concurrent;
using Enmesh.Peers;
using Enmesh.Terms;
using Enmesh.Wire;

namespace Enmesh.Processes;

// Monitors going out, and aliases.
internal sealed partial class ProcessRuntime
{
    private readonly ConcurrentDictionary<Reference, OutgoingMonitor> _monitors = new();
    private readonly ConcurrentDictionary<Reference, Alias> _aliases = new();

    internal ValueTask<Reference> MonitorAsync(
        ProcessContext owner, ProcessAddress target, MonitorOptions options, CancellationToken cancellationToken)
    {
        RefuseAlias(target);
        var reference = NewReference(owner, ReferenceKind.Monitor);
        if (options.Alias is { } mode)
            _aliases[reference] = new(owner, mode, options.HasPriority);
        if (!TryResolve(ref target) || !IsRemote(target, out var node))
            MonitorLocally(owner, target, reference, options);
        else if (_peers.Find(node) is { } link)
            MonitorOver(link, owner, target, reference, options);
        else
            return ConnectAndMonitorAsync(owner, target, node, reference, options, cancellationToken);
        return new(reference);
    }

    /// <summary>Monitors without connecting: what is on a node that is not connected is out of reach.</summary>
    internal Reference MonitorConnected(ProcessContext owner, ProcessAddress target)
    {
        var reference = NewReference(owner, ReferenceKind.Monitor);
        if (!IsRemote(target, out var node))
            MonitorLocally(owner, target, reference, MonitorOptions.Default);
        else if (_peers.Find(node) is { } link)
            MonitorOver(link, owner, target, reference, MonitorOptions.Default);
        else
            NoteUnreachable(owner, target, reference, MonitorOptions.Default);
        return reference;
    }

    /// <returns>Whether the monitor was still active.</returns>
    internal bool Demonitor(ProcessContext owner, Reference reference)
    {
        if (!_monitors.TryRemove(reference, out var monitor))
            return false;
        Forget(owner, reference);
        monitor.Local?.RelationsIfAny?.RemoveWatcher(reference);
        monitor.Link?.Signal(owner, ControlMessage.Demonitor(owner.Self, ToTarget(monitor.Target), reference));
        return true;
    }

    internal Reference CreateAlias(ProcessContext owner, AliasMode mode, bool hasPriority)
    {
        var reference = NewReference(owner, ReferenceKind.Alias);
        _aliases[reference] = new(owner, mode, hasPriority);
        return reference;
    }

    /// <returns>Whether it was active.</returns>
    internal bool Unalias(ProcessContext owner, Reference reference)
    {
        if (!_aliases.TryGetValue(reference, out var alias) || alias.Owner != owner
            || !_aliases.TryRemove(reference, out _))
            return false;
        if (!_monitors.ContainsKey(reference))
            owner.GetRelations().Disown(reference);
        return true;
    }

    /// <summary>
    /// Who stands behind an alias of this node; null when it is not active. A message through it is its use.
    /// </summary>
    private ProcessContext? UseAlias(Reference reference, out bool hasPriority)
    {
        hasPriority = false;
        if (!_aliases.TryGetValue(reference, out var alias))
            return null;
        hasPriority = alias.HasPriority;
        if (alias.Mode is AliasMode.Reply or AliasMode.ReplyDemonitor && !_aliases.TryRemove(reference, out _))
            return null; // the one reply was another's
        if (alias.Mode == AliasMode.ReplyDemonitor)
            Demonitor(alias.Owner, reference);
        else if (alias.Mode == AliasMode.Reply)
            alias.Owner.GetRelations().Disown(reference);
        return alias.Owner;
    }

    private Reference NewReference(ProcessContext owner, ReferenceKind kind)
    {
        var reference = _references.Next(kind);
        owner.GetRelations().TryOwn(reference);
        return reference;
    }

    private void MonitorLocally(
        ProcessContext owner, ProcessAddress target, Reference reference, MonitorOptions options)
    {
        var local = LocalTarget(target);
        _monitors[reference] = new(owner, target, null, local, options.Tag);
        if (local is null || !local.GetRelations().TryAddWatcher(reference, new(owner.Self, target.Name, null)))
            Down(reference, ExitReason.NoProc);
    }

    private void MonitorOver(
        PeerLink link, ProcessContext owner, ProcessAddress target, Reference reference, MonitorOptions options)
    {
        // Noted before it is told: whoever loses the link from here on finds it.
        _monitors[reference] = new(owner, target, link, null, options.Tag);
        if (!link.Signal(owner, ControlMessage.Monitor(owner.Self, ToTarget(target), reference)))
            Down(reference, ExitReason.NoConnection);
    }

    private async ValueTask<Reference> ConnectAndMonitorAsync(
        ProcessContext owner, ProcessAddress target, Atom node, Reference reference, MonitorOptions options,
        CancellationToken cancellationToken)
    {
        if (await _peers.ConnectAsync(node, cancellationToken).ConfigureAwait(false) is { } link)
            MonitorOver(link, owner, target, reference, options);
        else
            NoteUnreachable(owner, target, reference, options);
        return reference;
    }

    private void NoteUnreachable(
        ProcessContext owner, ProcessAddress target, Reference reference, MonitorOptions options)
    {
        _monitors[reference] = new(owner, target, null, null, options.Tag);
        Down(reference, ExitReason.NoConnection);
    }

    /// <summary>The watched one has ended, or cannot be watched.</summary>
    private void Down(Reference reference, Term reason)
    {
        if (!_monitors.TryRemove(reference, out var monitor))
            return;
        Forget(monitor.Owner, reference);
        monitor.Owner.Mailbox.PostSignal(Term.Tuple(
            monitor.Tag ?? (Term)GenAtoms.Down, reference, GenAtoms.Process, monitor.Target.ToTerm(Name), reason));
    }

    // The alias of a monitor lives on after it only when it is to be taken back explicitly, or by its reply.
    private void Forget(ProcessContext owner, Reference reference)
    {
        if (_aliases.TryGetValue(reference, out var alias))
        {
            if (alias.Mode is AliasMode.ExplicitUnalias or AliasMode.Reply)
                return;
            _aliases.TryRemove(reference, out _);
        }
        owner.RelationsIfAny?.Disown(reference);
    }

    private void Release(ProcessContext owner, IEnumerable<Reference> owned)
    {
        foreach (var reference in owned)
        {
            _aliases.TryRemove(reference, out _);
            Demonitor(owner, reference);
        }
    }

    /// <summary>Whom the monitors among some references watch.</summary>
    internal IReadOnlyList<Term> TargetsOf(IReadOnlyList<Reference> references)
    {
        var targets = new List<Term>();
        foreach (var reference in references)
        {
            if (_monitors.TryGetValue(reference, out var monitor))
                targets.Add(monitor.Target.ToTerm(Name));
        }
        return targets;
    }

    private readonly record struct OutgoingMonitor(
        ProcessContext Owner, ProcessAddress Target, PeerLink? Link, ProcessContext? Local, Term? Tag);

    private readonly record struct Alias(ProcessContext Owner, AliasMode Mode, bool HasPriority);
}
