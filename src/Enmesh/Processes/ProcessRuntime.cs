using System.Collections.Concurrent;
using Enmesh.Peers;
using Enmesh.Telemetry;
using Enmesh.Terms;
using Enmesh.Wire;
using Microsoft.Extensions.Logging;

namespace Enmesh.Processes;

/// <summary>The processes of one node: their pids and names, and the way from one to another, here or elsewhere.</summary>
internal sealed partial class ProcessRuntime : IAsyncDisposable
{
    // 15 bits of id and 13 of serial are what OTP 23 takes; no later release minds.
    private const int IdBits = 15;
    private const int SerialBits = 13;
    private const uint NumberMask = (1u << (IdBits + SerialBits)) - 1;

    private static readonly Atom MailboxBytes = new("mailbox_bytes");
    private static readonly TimeSpan ShutdownTime = TimeSpan.FromSeconds(5);

    private readonly ConcurrentDictionary<uint, ProcessContext> _processes = new();
    private readonly ConcurrentDictionary<Atom, ProcessContext> _names = new();
    private readonly References _references;
    private readonly ILogger _logger;
    private readonly TurnThread _thread;
    private readonly Action<ProcessContext, Term>? _processEnded;
    private IPeers _peers = null!; // from Start on
    private ProcessContext _anonymous = null!;
    private uint _lastNumber;

    /// <param name="name">The node's name.</param>
    /// <param name="creation">Which start of the node this is.</param>
    /// <param name="settings">What holds for all processes.</param>
    /// <param name="timeProvider">The clock.</param>
    /// <param name="thread">The node's own thread; it ends with the runtime.</param>
    /// <param name="logger">Where it logs.</param>
    internal ProcessRuntime(
        NodeName name, uint creation, ProcessSettings settings, TimeProvider timeProvider, TurnThread thread, ILogger logger)
    {
        _thread = thread;
        Name = name;
        Creation = creation;
        IsPublished = settings.IsPublished;
        TimeProvider = timeProvider;
        _logger = logger;
        _references = new References(name.Atom, creation);
        Timers = new TimerTable(timeProvider);
        NodeMonitors = new NodeMonitors(settings.IsPublished);
        MailboxBudget = new MailboxBudget(settings.MaxMailboxBytes, RelieveMailboxes);
        Metrics = settings.Metrics;
        CallTimeout = settings.CallTimeout;
        UserThread = settings.Thread;
        ProcessBegins = settings.ProcessBegins;
        _processEnded = settings.ProcessEnded;
    }

    /// <summary>Begins, with the links that messages to other nodes go over.</summary>
    internal void Start(IPeers peers)
    {
        _peers = peers;
        // Calls from outside any process need a pid that an old node, which knows no alias, can answer to.
        _anonymous = Spawn(static async context =>
        {
            while (true)
                await context.ReceiveAsync().ConfigureAwait(false);
        });
        DefaultGroupLeader = _anonymous.Self;
    }

    internal NodeName Name { get; }

    internal uint Creation { get; }

    internal TimeProvider TimeProvider { get; }

    /// <summary>The node's own thread.</summary>
    internal TurnThread Thread => _thread;

    internal ILogger Logger => _logger;

    internal Traces Traces { get; } = new();

    /// <summary>What runs the turns of all processes, one after another, in tests of users; null for the pool.</summary>
    internal TurnThread? UserThread { get; }

    /// <inheritdoc cref="ProcessSettings.ProcessBegins"/>
    internal Action<ProcessContext>? ProcessBegins { get; }

    internal CallTable Calls { get; } = new();

    internal int ProcessCount => _processes.Count;

    /// <summary>Calls, monitors, aliases and spawn requests that await something.</summary>
    internal int RememberedCount => Calls.Count + _monitors.Count + _aliases.Count + _spawns.Count + Timers.Count;

    internal IReadOnlyCollection<Atom> RegisteredNames => [.. _names.Keys];

    /// <summary>The node's own group leader.</summary>
    internal Pid DefaultGroupLeader { get; set; } = null!; // from Start on

    internal TimerTable Timers { get; }

    internal NodeMonitors NodeMonitors { get; }

    /// <summary>The modules of all servers that there were: as many as there are classes of them.</summary>
    internal ConcurrentDictionary<Atom, byte> CallbackModules { get; } = [];

    internal MailboxBudget MailboxBudget { get; }

    internal NodeMetrics Metrics { get; }

    /// <summary>Whether the node is one of the cluster's visible ones.</summary>
    internal bool IsPublished { get; }

    /// <summary>What helps turns that hold others back.</summary>
    internal Pulse Pulse => _peers.Pulse;

    /// <summary>The links that are up.</summary>
    internal IReadOnlyCollection<PeerLink> Links => _peers.Links;

    internal IReadOnlyCollection<ProcessContext> AllProcesses => [.. _processes.Values];

    /// <summary>How many processes there can be at a time.</summary>
    internal const int ProcessLimit = (int)NumberMask;

    internal Reference MakeReference() => _references.Next(ReferenceKind.Plain);

    /// <summary>The process that stands for callers outside any process.</summary>
    internal ProcessContext Anonymous => _anonymous;

    /// <exception cref="InvalidOperationException">The name is taken.</exception>
    internal ProcessContext Spawn(Func<ProcessContext, Task> body, Atom? name = null) => Spawn(body, new SpawnOptions { Name = name });

    /// <exception cref="InvalidOperationException">The name is taken.</exception>
    internal ProcessContext Spawn(Func<ProcessContext, Task> body, SpawnOptions options)
    {
        var context = Create(body, options);
        Begin(context);
        return context;
    }

    /// <summary>Makes a process that does not run yet: what must hold from its beginning is set up before <see cref="Begin"/>.</summary>
    /// <exception cref="InvalidOperationException">The name is taken.</exception>
    internal ProcessContext Create(Func<ProcessContext, Task> body, SpawnOptions options)
    {
        var traits = options is { MailboxLimit: null, IsSystem: false, Ended: null, Behaviour: null, EndWhen.CanBeCanceled: false } && UserThread is null
            ? null
            : new ProcessTraits(options.MailboxLimit, options.IsSystem ? _thread : UserThread, options.Ended, options.Behaviour) { IsSystem = options.IsSystem };
        ProcessContext context;
        do
        {
            var number = Interlocked.Increment(ref _lastNumber) & NumberMask;
            var pid = new Pid(Name.Atom, number & ((1u << IdBits) - 1), number >> IdBits, Creation);
            context = new ProcessContext(this, pid, body, traits);
        }
        while (!_processes.TryAdd(NumberOf(context.Self.Id, context.Self.Serial), context));
        if (options.GroupLeader is { } leader)
            context.GroupLeader = leader;
        if (options.Name is { } name)
            RegisterBeforeStart(name, context);
        if (options.EndWhen.CanBeCanceled)
            context.EndWhen(options.EndWhen);
        return context;
    }

    internal static void Begin(ProcessContext context) => TurnScheduler.ScheduleLater(context.Mailbox);

    /// <summary>Links a process with one that has not begun yet.</summary>
    internal void LinkNew(ProcessContext parent, ProcessContext child)
    {
        child.GetRelations().TryAcceptLink(parent.Self, null);
        if (parent.GetRelations().Link(child.Self, null) == ProcessRelations.Linking.Ended)
            BreakLink(child, parent.Self, ExitReason.NoProc);
    }

    /// <summary>Monitors a process that has not begun yet.</summary>
    internal Reference MonitorNew(ProcessContext parent, ProcessContext child)
    {
        var reference = NewReference(parent, ReferenceKind.Monitor);
        MonitorLocally(parent, child.Self, reference, MonitorOptions.Default);
        return reference;
    }

    internal Reference SendAfter(ProcessContext sender, TimeSpan delay, ProcessAddress to, Func<Reference, Term> message)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(delay, TimeSpan.Zero);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(delay, TimeSpan.FromMilliseconds(uint.MaxValue - 1));
        var reference = _references.Next(ReferenceKind.Timer);
        Timers.Start(reference, delay, () => _ = SendDueAsync(sender, to, message(reference)));
        return reference;
    }

    private async Task SendDueAsync(ProcessContext sender, ProcessAddress to, Term message) =>
        await SendAsync(sender, to, message, CancellationToken.None).ConfigureAwait(false);

    /// <summary>Sets where the output of a process goes: <c>group_leader/2</c>.</summary>
    internal void SetGroupLeader(ProcessContext sender, Pid process, Pid leader)
    {
        if (process.Node != Name.Atom)
            _peers.Find(process.Node)?.Signal(sender, ControlMessage.GroupLeader(leader, process));
        else if (Find(process.Id, process.Serial, process.Creation) is { } own)
            own.GroupLeader = leader;
    }

    internal void Register(Atom name, ProcessContext process)
    {
        if (name == Atoms.Undefined)
            throw new ArgumentException("'undefined' is what an unregistered process is called; no process may have that name.", nameof(name));
        if (!_names.TryAdd(name, process))
            throw new InvalidOperationException($"The name '{name}' is taken by {(Term)_names.GetValueOrDefault(name, process).Self}.");
        process.AddName(name);
        if (!_processes.ContainsKey(NumberOf(process.Self.Id, process.Self.Serial)))
            _names.TryRemove(new(name, process)); // it ended meanwhile
    }

    internal bool Unregister(Atom name)
    {
        if (!_names.TryRemove(name, out var process))
            return false;
        process.RemoveName(name);
        return true;
    }

    internal Pid? WhereIs(Atom name) => _names.TryGetValue(name, out var process) ? process.Self : null;

    internal ProcessContext? Find(Atom name) => _names.GetValueOrDefault(name);

    internal ProcessContext? Find(uint id, uint serial, uint creation)
    {
        // 0 matches every start of the node, as on the BEAM.
        if (creation != Creation && creation != 0)
            return null;
        return id >> IdBits == 0 && serial >> SerialBits == 0 ? _processes.GetValueOrDefault(NumberOf(id, serial)) : null;
    }

    internal bool IsAlive(Pid pid) => pid.Node == Name.Atom && Find(pid.Id, pid.Serial, pid.Creation) is not null;

    internal void ReportCrash(ProcessContext process, Exception error) =>
        _logger.ProcessCrashed(process.DisplayName, error);

    internal void ReportBacklog(ProcessContext process, int messages)
    {
        Metrics.BacklogSeen();
        _logger.MailboxBacklog(process.DisplayName, messages);
    }

    /// <summary>A process is over: everybody who wants to know is told, once.</summary>
    internal void Ended(ProcessContext process, Term reason)
    {
        // First: for whom the process has ended its names are free. It is still called by them until everything is told.
        DropNames(process, process.Names);
        if (!_processes.TryRemove(NumberOf(process.Self.Id, process.Self.Serial), out _))
            return; // it was killed before
        _processEnded?.Invoke(process, reason);
        DropNames(process, process.TakeNames()); // with one that it was given at that very moment
        process.Mailbox.Close();
        process.Traits?.EndWhen.Unregister();
        NodeMonitors.Ended(process);
        if (process.RelationsIfAny is null)
        {
            // Whoever comes now finds the books closed; without a name or a pid in the table nobody comes, but for one who is here already.
            process.GetRelations().End();
            process.Traits?.Ended?.Invoke(reason);
            return;
        }
        var relations = process.GetRelations().End();
        foreach (var (reference, watcher) in relations.Watchers ?? [])
            TellDown(process, reference, watcher, reason);
        foreach (var (peer, link) in relations.Links ?? [])
        {
            if (link.IsActive)
                TellLinked(process, peer, link, reason);
        }
        Release(process, relations.Owned ?? []);
        process.Traits?.Ended?.Invoke(reason);
    }

    private void TellLinked(ProcessContext process, Pid peer, ProcessLink link, Term reason)
    {
        if (link.Over is { } over)
            over.Signal(process, ControlMessage.Exit(process.Self, peer, reason));
        else if (Find(peer.Id, peer.Serial, peer.Creation) is { } linked)
            BreakLink(linked, process.Self, reason);
    }

    // The process that holds the most goes, as one goes that outgrows its max_heap_size; the node and the others stay.
    private void RelieveMailboxes()
    {
        var largest = _processes.Values.Where(process => !process.IsSystem).MaxBy(process => process.Mailbox.Bytes);
        if (largest is null || largest.Mailbox.Bytes == 0)
            return;
        _logger.MailboxBytesExceeded(largest.DisplayName, largest.Mailbox.Bytes, MailboxBudget.Limit);
        Kill(largest, Term.Tuple(MailboxBytes, MailboxBudget.Limit));
    }

    private void DropNames(ProcessContext process, IReadOnlyList<Atom> names)
    {
        foreach (var name in names)
            _names.TryRemove(new(name, process));
    }

    private void RegisterBeforeStart(Atom name, ProcessContext context)
    {
        try
        {
            Register(name, context);
        }
        catch
        {
            _processes.TryRemove(NumberOf(context.Self.Id, context.Self.Serial), out _);
            throw;
        }
    }

    /// <summary>Sends every process the exit signal <c>shutdown</c> and waits a while for the bodies to end.</summary>
    public async ValueTask DisposeAsync()
    {
        IsEnding = true;
        foreach (var (_, process) in _processes)
            process.Exit(ExitReason.Shutdown);
        var all = Task.WhenAll(_processes.Values.Select(process => process.Completion));
        try
        {
            await all.WaitAsync(ShutdownTime, TimeProvider).ConfigureAwait(false);
        }
        catch (TimeoutException)
        {
            // A body that ignores its exit goes on without the node; nothing can stop foreign code.
            _logger.ProcessesRemain(_processes.Count, ShutdownTime.TotalSeconds);
        }
        (_thread as NodeThread)?.Dispose(); // another one is not its own
    }

    private static uint NumberOf(uint id, uint serial) => id | (serial << IdBits);
}
