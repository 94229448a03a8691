using System.Diagnostics;
using Enmesh.Peers;
using Enmesh.Telemetry;
using Enmesh.Terms;
using Enmesh.Wire;

namespace Enmesh.Processes;

// The way of a message to its receiver, here or elsewhere.
internal sealed partial class ProcessRuntime
{
    internal ValueTask SendAsync(
        ProcessContext? sender, ProcessAddress to, Term message, CancellationToken cancellationToken)
    {
        if (!TryResolve(ref to))
            return default;
        if (!IsRemote(to, out var node))
        {
            DeliverLocally(to, message);
            return default;
        }
        if (_peers.Find(node) is { } link)
            return link.SendAsync(sender, ToControl(sender, to), message, cancellationToken);
        return ConnectAndSendAsync(sender, to, node, message, cancellationToken);
    }

    /// <summary>Sends <c>{'$gen_cast', Request}</c>.</summary>
    internal ValueTask CastAsync(
        ProcessContext? sender, ProcessAddress to, Term request, CancellationToken cancellationToken)
    {
        var message = Term.Tuple(GenAtoms.GenCast, request);
        return Traces.IsOn && Traces.StartCast(to.ToString()) is { } span
            ? CastTracedAsync(sender, to, message, span, cancellationToken)
            : SendAsync(sender, to, message, cancellationToken);
    }

    // The span is over when the message is on its way.
    private async ValueTask CastTracedAsync(
        ProcessContext? sender, ProcessAddress to, Term message, Activity span, CancellationToken cancellationToken)
    {
        using (span)
        {
            if (!TryResolve(ref to))
                return;
            if (!IsRemote(to, out var node))
            {
                Traces.Note(message.Object!, span.Context);
                DeliverLocally(to, message);
            }
            else if (await LinkToAsync(node, cancellationToken).ConfigureAwait(false) is { } link)
            {
                var from = sender ?? _anonymous;
                var control = ToControl(from, to).WithToken(Traces.ToToken(span, from.Self));
                await link.SendAsync(sender, control, message, cancellationToken).ConfigureAwait(false);
            }
        }
    }

    private ValueTask<PeerLink?> LinkToAsync(Atom node, CancellationToken cancellationToken) =>
        _peers.Find(node) is { } link ? new(link) : _peers.ConnectAsync(node, cancellationToken);

    internal bool TrySend(ProcessContext? sender, ProcessAddress to, Term message)
    {
        if (!TryResolve(ref to))
            return true;
        if (!IsRemote(to, out var node))
        {
            DeliverLocally(to, message);
            return true;
        }
        return _peers.Find(node) is { } link && link.TrySend(sender, ToControl(sender, to), message);
    }

    /// <summary>
    /// Sends a message of the node's own services: it is not held up behind data, and nobody is connected for it.
    /// </summary>
    /// <returns>False when the node is not connected.</returns>
    internal bool SendConnected(ProcessContext sender, ProcessAddress to, Term message)
    {
        if (IsRemote(to, out var node))
            return _peers.Find(node)?.Signal(sender, ToControl(sender, to), message) == true;
        DeliverLocally(to, message);
        return true;
    }

    /// <summary>Answers a call; to a node that is not connected any more the answer is lost, as on the BEAM.</summary>
    internal void Reply(ProcessContext? sender, in CallRequest call, Term reply)
    {
        Answer(sender, call.ReplyAddress, Term.Tuple(call.Tag, reply));
    }

    /// <summary>Sends what somebody waits for: it is not held back behind data.</summary>
    internal void Answer(ProcessContext? sender, in ProcessAddress to, Term message)
    {
        if (!IsRemote(to, out var node))
            DeliverLocally(to, message);
        else
            _peers.Find(node)?.Signal(sender, ToControl(sender, to), message);
    }

    /// <summary>The registry that knows a name; there is none without the services that have them.</summary>
    internal Func<RegistryEntry, IProcessRegistry> RegistryOf { get; set; } =
        static entry => throw new InvalidOperationException($"{entry.ToTerm()}: this node has no such registry.");

    /// <summary>Puts the process that has a name in the name's place.</summary>
    /// <returns>False when none has it.</returns>
    private bool TryResolve(ref ProcessAddress to)
    {
        if (to.Entry is not { } entry)
            return true;
        if (RegistryOf(entry).WhereIs(entry.Name) is not { } process)
            return false;
        to = process;
        return true;
    }

    private bool IsRemote(in ProcessAddress to, out Atom node)
    {
        node = to.NodeAtom ?? Name.Atom;
        return node != Name.Atom;
    }

    private void DeliverLocally(in ProcessAddress to, Term message)
    {
        if (to.Alias is { } alias)
        {
            DeliverToAlias(alias, message, 0, urgent: false);
            return;
        }
        var process = to.Pid is { } pid ? Find(pid.Id, pid.Serial, pid.Creation) : Find(to.Name!);
        if (process is not null)
            Deliver(process, message);
    }

    private void Deliver(ProcessContext process, Term message, int bytes = 0)
    {
        if (!Calls.TryTakeReply(message, Name.Atom))
            process.Mailbox.Post(message, bytes);
    }

    private void DeliverToAlias(Reference alias, Term message, int bytes, bool urgent)
    {
        if (References.KindOf(alias) == ReferenceKind.Call)
        {
            if (message.TupleElements is [_, var reply])
                Calls.Find(alias)?.Reply(reply);
        }
        else if (UseAlias(alias, out var hasPriority) is { } process)
        {
            if (urgent && hasPriority)
                process.Mailbox.PostUrgent(message);
            else
                process.Mailbox.Post(message, bytes);
        }
    }

    private ControlMessage ToControl(ProcessContext? sender, in ProcessAddress to) =>
        ControlMessage.Send((sender ?? _anonymous).Self, ToTarget(to));

    private static ControlTarget ToTarget(in ProcessAddress to) => to switch
    {
        { Pid: { } pid } => pid,
        { Alias: { } alias } => alias,
        _ => to.Name!,
    };

    private async ValueTask ConnectAndSendAsync(
        ProcessContext? sender, ProcessAddress to, Atom node, Term message, CancellationToken cancellationToken)
    {
        // Nobody there: the message is lost without a word, as in Erlang. A monitor or a call tells.
        if (await _peers.ConnectAsync(node, cancellationToken).ConfigureAwait(false) is { } link)
            await link.SendAsync(sender, ToControl(sender, to), message, cancellationToken).ConfigureAwait(false);
    }
}
