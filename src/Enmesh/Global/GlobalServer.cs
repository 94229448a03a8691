using System.Collections.Concurrent;
using System.Security.Cryptography;
using Enmesh.Peers;
using Enmesh.Processes;
using Enmesh.Terms;
using Enmesh.Transport;
using Microsoft.Extensions.Logging;

namespace Enmesh.Global;

/// <summary>
/// The process <c>global_name_server</c>: gives a <see cref="GlobalMachine"/> what happens, and does what it wants
/// done. It runs on the node's own thread and awaits nothing but its messages.
/// </summary>
internal sealed partial class GlobalServer
{
    private static readonly Atom Look = new("$look");

    private readonly ProcessRuntime _runtime;
    private readonly IPeers _peers;
    private readonly ILogger _logger;
    private readonly bool _preventOverlappingPartitions;
    private readonly ConcurrentQueue<Action> _later = new();
    private readonly ConcurrentDictionary<long, TaskCompletionSource<Term>> _commands = new();
    private readonly OwnedTasks _dials = new();
    private readonly TaskCompletionSource _leaving = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly long _start;
    private volatile GlobalMachine? _machine;
    private ProcessContext? _context;
    private long _lastToken;
    private volatile bool _hasEnded;

    internal GlobalServer(ProcessRuntime runtime, IPeers peers, bool preventOverlappingPartitions, ILogger logger)
    {
        _runtime = runtime;
        _peers = peers;
        _preventOverlappingPartitions = preventOverlappingPartitions;
        _logger = logger;
        _start = runtime.TimeProvider.GetTimestamp();
    }

    internal static Atom Name => GlobalAtoms.Server;

    internal ConflictMethods Methods { get; } = new();

    internal ProcessRuntime Runtime => _runtime;

    /// <summary>The names; empty before the process runs.</summary>
    internal NameTable? Names => _machine?.Names;

    private TimeSpan Now => _runtime.TimeProvider.GetElapsedTime(_start);

    /// <summary>The connected nodes that may take part.</summary>
    internal IEnumerable<PeerLink> Published => _peers.Links.Where(link => link.PeerIsPublished);

    internal async Task RunAsync(ProcessContext context)
    {
        var isAgain = _context is not null; // somebody killed it
        _context = context;
        _hasEnded = false;
        context.TrapExit = true; // processes of nodes that take no part are linked to it
        Begin();
        foreach (var node in context.MonitorNodes())
        {
            if (!isAgain)
                Take(new GlobalEvent.NodeUp(node.Atom));
        }
        if (isAgain)
            CloseAll();
        try
        {
            Drain(); // what was asked for while nobody had the name
            while (true)
            {
                var message = _machine!.NextWake is { } due
                    ? await context.ReceiveAsync(Positive(due - Now)).ConfigureAwait(false)
                    : await context.ReceiveAsync().ConfigureAwait(false);
                if (message is { } content)
                    OnMessage(content);
                else
                    Take(new GlobalEvent.Wake());
            }
        }
        finally
        {
            End();
        }
    }

    /// <summary>Has a command done.</summary>
    /// <exception cref="InvalidOperationException">The node is ending.</exception>
    internal async Task<Term> DoAsync(GlobalCommand command, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        var token = Interlocked.Increment(ref _lastToken);
        var done = new TaskCompletionSource<Term>(TaskCreationOptions.RunContinuationsAsynchronously);
        _commands[token] = done;
        if (_hasEnded)
            FailCommands();
        Post(new GlobalEvent.Wanted(token, command));
        return await done.Task.WaitAsync(cancellationToken).ConfigureAwait(false);
    }

    /// <summary>The node is about to close its links, of which peers are not to be told one by one.</summary>
    internal Task PrepareToLeaveAsync()
    {
        Later(() =>
        {
            Take(new GlobalEvent.Leaving());
            _leaving.TrySetResult();
        });
        return _leaving.Task;
    }

    internal Task DialsAsync() => _dials.WhenAllAsync();

    private void Begin()
    {
        foreach (var reference in _byReference.Keys)
            _context!.Demonitor(reference, flush: true);
        _asked.Clear();
        _watches.Clear();
        _byReference.Clear();
        _machine = new GlobalMachine(new GlobalSelf
        {
            Node = _runtime.Name.Atom,
            Pid = _context!.Self,
            Creation = ((long)RandomNumberGenerator.GetInt32(1, 1 << 27) << 32) + _runtime.Creation,
            PreventOverlappingPartitions = _preventOverlappingPartitions,
            IsAlive = _runtime.IsAlive,
            Chance = RandomNumberGenerator.GetInt32,
            IsOwnMethod = ConflictMethods.IsDelegate,
        });
    }

    private void End()
    {
        _hasEnded = true;
        _leaving.TrySetResult();
        FailCommands();
    }

    private void FailCommands()
    {
        foreach (var (token, done) in _commands)
        {
            if (_commands.TryRemove(token, out _))
                done.TrySetException(
                    new InvalidOperationException("The node is ending, or its global name server had to begin anew."));
        }
    }

    /// <summary>Something has happened elsewhere than in this process's mailbox.</summary>
    private void Post(GlobalEvent happened) => Later(() => Take(happened));

    /// <summary>
    /// Has something done in this process's turn, by whomever, after all that is in its mailbox by now: who has connected
    /// to a node, and asks then, finds that the machine knows.
    /// </summary>
    private void Later(Action action)
    {
        _later.Enqueue(action);
        if (_hasEnded)
            _leaving.TrySetResult();
        else if (_runtime.Find(Name) is { } process)
            process.Mailbox.PostSignal(Look);
    }

    private void Drain()
    {
        while (_later.TryDequeue(out var action))
            action();
    }

    private void Take(GlobalEvent happened)
    {
        try
        {
            foreach (var effect in _machine!.Next(happened, Now))
                Perform(effect);
        }
#pragma warning disable CA1031 // Peers wait for this process: begin anew with them rather than leave them waiting.
        catch (Exception e) when (e is not ProcessExitException)
#pragma warning restore CA1031
        {
            _logger.GlobalCrashed(happened.GetType().Name, e);
            Begin();
            FailCommands();
            CloseAll();
        }
    }

    /// <summary>Peers have met a server that is no more; only a new connection makes them meet this one.</summary>
    private void CloseAll()
    {
        foreach (var link in Published)
            link.Close(new LinkEnd(LinkEndCause.ClosedHere, "the global name server begins anew"));
    }

    private static TimeSpan Positive(TimeSpan time) => time > TimeSpan.Zero ? time : TimeSpan.Zero;
}
