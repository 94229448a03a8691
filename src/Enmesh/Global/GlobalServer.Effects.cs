using Enmesh.Peers;
using Enmesh.Processes;
using Enmesh.Terms;
using Microsoft.Extensions.Logging;

namespace Enmesh.Global;

internal sealed partial class GlobalServer
{
    private static readonly Atom NodeUp = new("nodeup");
    private static readonly Atom NodeDown = new("nodedown");
    private static readonly Atom Exit = new("EXIT");

    // By the number the machine gave, and by the reference that a message carries.
    private readonly Dictionary<long, Reference> _asked = [];
    private readonly Dictionary<long, Reference?> _watches = [];
    private readonly Dictionary<Reference, (long Id, bool IsQuestion)> _byReference = [];

    private void OnMessage(Term message)
    {
        switch (message.TupleElements)
        {
            case [{ Reference: { } reference }, var answer]
                when _byReference.TryGetValue(reference, out var asked) && asked.IsQuestion:
                _context!.Demonitor(reference, flush: true);
                Answered(reference, asked.Id, answer);
                break;
            case [{ Atom: { } tag }, { Reference: { } reference }, _, var who, var reason] when tag == GenAtoms.Down:
                OnDown(reference, reason == ExitReason.NoConnection ? who.Pid?.Node : null);
                break;
            case [{ Atom: { } tag }, { Atom: { } node }] when tag == NodeUp:
                Take(new GlobalEvent.NodeUp(node));
                break;
            case [{ Atom: { } tag }, { Atom: { } node }] when tag == NodeDown:
                Take(new GlobalEvent.NodeDown(node));
                break;
            case [{ Atom: { } tag }, { Pid: not null }, _] when tag == Exit:
                break; // its watch tells
            case [{ Reference: not null }, _]:
                break; // an answer that nobody waits for any more
            default:
                if (SystemRequest.TryRead(message, out var system))
                    system.Answer(_context!, GlobalAtoms.Global, _machine!.Names.ToList());
                else if (!message.IsAtom(Look))
                    Take(new GlobalEvent.Message(message));
                else if (_later.TryDequeue(out var action))
                    action();
                break;
        }
    }

    private void OnDown(Reference reference, Atom? lostWith)
    {
        if (!_byReference.TryGetValue(reference, out var what))
            return;
        if (what.IsQuestion)
        {
            Answered(reference, what.Id, null);
            return;
        }
        _byReference.Remove(reference);
        _watches.Remove(what.Id);
        Take(new GlobalEvent.Gone(what.Id, lostWith));
    }

    private void Answered(Reference reference, long question, Term? answer)
    {
        _byReference.Remove(reference);
        _asked.Remove(question);
        Take(new GlobalEvent.Answered(question, answer));
    }

    private void Perform(GlobalEffect effect)
    {
        switch (effect)
        {
            case GlobalEffect.Send send:
                if (_peers.Find(send.Node) is { } link)
                    _runtime.SendConnected(_context!, (Name, link.Peer), send.Message);
                break;
            case GlobalEffect.SendTo send:
                _runtime.SendConnected(_context!, send.To, send.Message);
                break;
            case GlobalEffect.Ask ask:
                Ask(ask);
                break;
            case GlobalEffect.Reply reply:
                _runtime.Reply(_context, reply.Call, reply.Answer);
                break;
            case GlobalEffect.Watch watch:
                Watch(watch);
                break;
            case GlobalEffect.Unwatch unwatch:
                Unwatch(unwatch.Id);
                break;
            case GlobalEffect.Link linking:
                _dials.Add(ConnectAsync(linking.Pid.Node, isUp => LinkIf(isUp, linking.Pid)));
                break;
            case GlobalEffect.Unlink unlink:
                _context!.Unlink(unlink.Pid);
                break;
            case GlobalEffect.Connect connect:
                _dials.Add(ConnectAsync(connect.Node, isUp => TellIfUnreachable(isUp, connect.Node)));
                break;
            case GlobalEffect.Disconnect disconnect:
                _peers.Find(disconnect.Node)?.Close(
                    new LinkEnd(LinkEndCause.ClosedHere, "the global name server disconnected it"));
                break;
            case GlobalEffect.Resolve resolve:
                Resolve(resolve);
                break;
            case GlobalEffect.Forget forget:
                Methods.Forget(forget.Method);
                break;
            case GlobalEffect.Done done:
                if (_commands.TryRemove(done.Token, out var waiting))
                    waiting.TrySetResult(done.Result);
                break;
            case GlobalEffect.Report report:
                Log(report);
                break;
        }
    }

    private void Ask(GlobalEffect.Ask ask)
    {
        if (_peers.Find(ask.Node) is not { } link)
        {
            Answer(ask.Question, null);
            return;
        }
        ProcessAddress target = (ask.Server, link.Peer);
        // The monitor's reference is the tag as well: any release can answer that.
        var reference = _runtime.MonitorConnected(_context!, target);
        _asked[ask.Question] = reference;
        _byReference[reference] = (ask.Question, true);
        _runtime.SendConnected(
            _context!, target, Term.Tuple(GenAtoms.GenCall, Term.Tuple(_context!.Self, reference), ask.Request));
    }

    private void Watch(GlobalEffect.Watch watch)
    {
        if (watch.MayConnect && watch.Pid.Node != _runtime.Name.Atom && _peers.Find(watch.Pid.Node) is null)
        {
            _watches[watch.Id] = null;
            _dials.Add(ConnectAsync(watch.Pid.Node, _ => WatchConnected(watch)));
            return;
        }
        var reference = _runtime.MonitorConnected(_context!, watch.Pid);
        _watches[watch.Id] = reference;
        _byReference[reference] = (watch.Id, false);
    }

    private void Unwatch(long id)
    {
        if (!_watches.Remove(id, out var watched) || watched is not { } reference)
            return;
        _byReference.Remove(reference);
        _context!.Demonitor(reference, flush: true);
    }

    /// <summary>Answers a question of the machine in a later turn: it is in the middle of this one.</summary>
    private void Answer(long question, Term? answer)
    {
        var asker = _machine;
        Later(() =>
        {
            if (_machine == asker)
                Take(new GlobalEvent.Answered(question, answer));
        });
    }

    /// <summary>
    /// Connects to a node, without a thread of the pool; what follows is done by whatever thread comes to know the
    /// outcome.
    /// </summary>
    private Task ConnectAsync(Atom node, Action<bool> then)
    {
        var done = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        if (node == _runtime.Name.Atom)
            Done(isUp: true);
        else
            _peers.Connect(node, link => Done(link is not null));
        return done.Task;

        void Done(bool isUp)
        {
            then(isUp);
            done.SetResult();
        }
    }

    private void TellIfUnreachable(bool isUp, Atom node)
    {
        if (!isUp)
            Post(new GlobalEvent.Unreachable(node));
    }

    private void WatchConnected(GlobalEffect.Watch watch)
    {
        var asker = _machine;
        Later(() =>
        {
            if (_machine == asker && _watches.ContainsKey(watch.Id))
                Watch(watch with { MayConnect = false });
        });
    }

    private void LinkIf(bool isUp, Pid pid)
    {
        if (isUp)
            Later(() => _dials.Add(_context!.LinkAsync(pid).AsTask())); // at once, since it is connected
    }

    private void Resolve(GlobalEffect.Resolve resolve)
    {
        var conflict = new NameConflict(resolve.Name, resolve.Theirs, resolve.Ours);
        if (ConflictMethods.TryDecide(_runtime, _context!, resolve.Method, conflict, out var verdict))
        {
            Answer(resolve.Question, verdict);
            return;
        }
        // The program's own code has no business on this thread.
        var asker = _machine;
        _runtime.Spawn(async context =>
        {
            var decided = await Methods.DecideAsync(_runtime, context, resolve.Method, conflict).ConfigureAwait(false);
            Later(() =>
            {
                if (_machine == asker)
                    Take(new GlobalEvent.Answered(resolve.Question, decided));
            });
        });
    }

    private void Log(GlobalEffect.Report report)
    {
        var node = report.Node?.Text ?? "";
        switch (report.What)
        {
            case GlobalReport.Synced:
                _logger.GlobalSynced(node, report.Detail.Int64 ?? 0);
                break;
            case GlobalReport.AskedToDisconnect:
                _logger.GlobalAskedToDisconnect(node);
                break;
            case GlobalReport.Disconnected:
                _logger.GlobalDisconnected(node);
                break;
            case GlobalReport.NotReached:
                _logger.GlobalNotReached(node);
                break;
            case GlobalReport.MethodFailed:
                _logger.GlobalMethodFailed(
                    report.Detail.TupleElements[0].ToString(), node, report.Detail.TupleElements[1].ToString());
                break;
            case GlobalReport.SecondName:
                _logger.GlobalSecondName(
                    report.Detail.TupleElements[1].ToString(), report.Detail.TupleElements[0].ToString());
                break;
            case GlobalReport.Unsettled:
                _logger.GlobalUnsettled(node);
                break;
            case GlobalReport.OutOfStep:
                _logger.GlobalOutOfStep(node);
                break;
            default:
                if (_logger.IsEnabled(LogLevel.Debug))
                    _logger.GlobalUnexpected(report.Detail.ToString());
                break;
        }
    }
}
