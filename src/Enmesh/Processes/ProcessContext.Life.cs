using Enmesh.Peers;
using Enmesh.Terms;

namespace Enmesh.Processes;

// How a process begins and ends, and what the runtime keeps of it.
public sealed partial class ProcessContext
{
    private static readonly Atom MailboxFull = new("mailbox_full");

    private Term? _exitReason;
    private CancellationTokenSource? _exiting;
    private ProcessRelations? _relations;
    private List<Atom>? _names;

    internal Mailbox Mailbox { get; }

    internal bool HasStarted { get; private set; }

    /// <summary>What only few processes have; null for the others.</summary>
    internal ProcessTraits? Traits { get; }

    /// <summary>The thread its turns are done by; null for the pool's.</summary>
    internal TurnThread? Thread => Traits?.Thread;

    /// <summary>Whether it is one of the node's own services.</summary>
    internal bool IsSystem => Traits?.IsSystem == true;

    /// <summary>What kind of process it is, for messages of the testing kit; only kept under it.</summary>
    internal string? Label
    {
        get => Traits?.Label;
        set
        {
            if (Traits is not null)
                Traits.Label = value;
        }
    }

    internal Pulse Pulse => _runtime.Pulse;

    internal MailboxBudget Budget => _runtime.MailboxBudget;

    /// <summary>The first name it has, or its pid as text, for logs.</summary>
    internal string DisplayName
    {
        get
        {
            lock (Mailbox)
                return _names is [var name, ..] ? name.Text : ((Term)Self).ToString()!;
        }
    }

    /// <summary>The body, from its start to its end.</summary>
    internal Task Completion { get; private set; } = Task.CompletedTask;

    internal void Start()
    {
        HasStarted = true;
        if (_exitReason is { } reason)
            End(reason); // it was ended before it began
        else
            Completion = RunAsync();
    }

    /// <summary>An exit signal that this process does not survive.</summary>
    internal void Exit(Term reason)
    {
        CancellationTokenSource? exiting;
        lock (Mailbox)
        {
            if (_exitReason is not null)
                return;
            _exitReason = reason;
            exiting = _exiting;
        }
        Mailbox.SignalExit();
        if (exiting is null)
            return;
        if (_runtime.UserThread is { } thread)
            thread.Queue(exiting.Cancel);
        else
            ThreadPool.UnsafeQueueUserWorkItem(static source => source.Cancel(), exiting, preferLocal: false);
    }

    /// <summary>Ends it when the token is cancelled, before it begins if need be.</summary>
    internal void EndWhen(CancellationToken cancellationToken) =>
        Traits!.EndWhen = cancellationToken.UnsafeRegister(
            static process => ((ProcessContext)process!).Exit(ExitReason.Shutdown), this);

    internal ProcessExitException ExitException() => new(_exitReason!.Value);

    /// <summary>Links and monitors; made when somebody first asks for them.</summary>
    internal ProcessRelations GetRelations() =>
        _relations ?? Interlocked.CompareExchange(ref _relations, new ProcessRelations(), null) ?? _relations;

    /// <summary>The links and monitors of a process that has any.</summary>
    internal ProcessRelations? RelationsIfAny => Volatile.Read(ref _relations);

    /// <summary>One message too many has come.</summary>
    /// <returns>False when that has ended the process.</returns>
    internal bool MailboxIsFull(MailboxLimit limit)
    {
        _runtime.Metrics.MessageDropped();
        if (limit.WhenFull == MailboxFullMode.DropNewest)
            return true;
        _runtime.Kill(this, Term.Tuple(MailboxFull, limit.MaxMessages));
        return false;
    }

    internal void ReportBacklog(int messages) => _runtime.ReportBacklog(this, messages);

    internal void AddName(Atom name)
    {
        lock (Mailbox)
            (_names ??= []).Add(name);
    }

    internal void RemoveName(Atom name)
    {
        lock (Mailbox)
            _names?.Remove(name);
    }

    internal IReadOnlyList<Atom> TakeNames()
    {
        lock (Mailbox)
        {
            var names = _names ?? [];
            _names = null;
            return names;
        }
    }

    private async Task RunAsync()
    {
        var reason = ExitReason.Normal;
        try
        {
            _runtime.ProcessBegins?.Invoke(this);
            await _body(this).ConfigureAwait(false);
            reason = EndReason ?? reason;
        }
        catch (ProcessExitException e)
        {
            reason = e.Reason;
        }
        catch (OperationCanceledException)
        {
            reason = _exitReason ?? ExitReason.Shutdown;
        }
#pragma warning disable CA1031 // Whatever a body throws is its exit reason; it ends the process and nothing else.
        catch (Exception e)
#pragma warning restore CA1031
        {
            reason = ExitReason.FromException(e);
            // One that was ended from outside is no longer heard of, whatever it stumbles over on its way out.
            if (_exitReason is null)
                _runtime.ReportCrash(this, e);
        }
        // A body that returned normally although it was sent an exit signal ends with the signal's reason.
        if (ExitReason.IsNormal(reason) && _exitReason is { } signalled)
            reason = signalled;
        End(reason);
    }

    private void End(Term reason)
    {
        _runtime.Ended(this, reason);
        Mailbox.Clear();
    }
}
