using Enmesh.Terms;

namespace Enmesh.Processes;

// Starting processes, and timers.
public sealed partial class ProcessContext
{
    private Pid? _groupLeader;

    /// <summary>
    /// The process that output goes to: that of the process which started this one, wherever it is. Default: the node's
    /// own.
    /// </summary>
    public Pid GroupLeader
    {
        get => _groupLeader ?? _runtime.DefaultGroupLeader;
        set
        {
            ArgumentNullException.ThrowIfNull(value);
            _groupLeader = value;
        }
    }

    /// <summary>Sets where the output of another process goes, on whatever node: <c>group_leader/2</c>.</summary>
    public void SetGroupLeader(Pid process, Pid leader)
    {
        ArgumentNullException.ThrowIfNull(process);
        ArgumentNullException.ThrowIfNull(leader);
        _runtime.SetGroupLeader(this, process, leader);
    }

    /// <summary>Starts a process of this node.</summary>
    /// <param name="body">What it does; when that ends, the process does. An exception is its exit reason.</param>
    /// <param name="options">Its name, its group leader and more; defaults when null.</param>
    /// <exception cref="InvalidOperationException">The name is taken, and nothing was started.</exception>
    public Pid Spawn(Func<ProcessContext, Task> body, SpawnOptions? options = null) =>
        Start(body, options, static (_, _) => { });

    /// <summary>Starts a process of this node that is linked to this one from its beginning.</summary>
    /// <inheritdoc cref="Spawn"/>
    public Pid SpawnLink(Func<ProcessContext, Task> body, SpawnOptions? options = null) =>
        Start(body, options, static (parent, child) => parent._runtime.LinkNew(parent, child));

    /// <summary>Starts a process of this node that this one monitors from its beginning.</summary>
    /// <inheritdoc cref="Spawn"/>
    public (Pid Process, Reference Monitor) SpawnMonitor(Func<ProcessContext, Task> body, SpawnOptions? options = null)
    {
        Reference monitor = null!;
        var process = Start(body, options, (parent, child) => monitor = parent._runtime.MonitorNew(parent, child));
        return (process, monitor);
    }

    /// <summary>
    /// Starts <c>Module:Function(Arguments...)</c> as a process on another node, connecting first, or one of this
    /// node's exported functions.
    /// </summary>
    /// <exception cref="SpawnException">It was not started; the reason says why.</exception>
    public ValueTask<RemoteProcess> SpawnAsync(
        NodeName node, string module, string function, IReadOnlyList<Term> arguments,
        RemoteSpawnOptions? options = null,
        CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(node);
        ArgumentNullException.ThrowIfNull(arguments);
        var target = new SpawnTarget(new Atom(module), new Atom(function), Term.List([.. arguments]).AsList!.Value);
        return _runtime.SpawnAsync(this, node, target, options ?? RemoteSpawnOptions.Default, cancellationToken);
    }

    /// <summary>Sends a message after a while: <c>erlang:send_after/3</c>.</summary>
    /// <returns>The timer, for <see cref="CancelTimer"/>.</returns>
    /// <exception cref="ArgumentOutOfRangeException">The time is negative, or above 49 days.</exception>
    public Reference SendAfter(TimeSpan delay, ProcessAddress to, Term message) =>
        _runtime.SendAfter(this, delay, to, _ => message);

    /// <summary>Sends <c>{timeout, Timer, Message}</c> after a while: <c>erlang:start_timer/3</c>.</summary>
    /// <inheritdoc cref="SendAfter"/>
    public Reference StartTimer(TimeSpan delay, ProcessAddress to, Term message) =>
        _runtime.SendAfter(this, delay, to, timer => Term.Tuple(GenAtoms.Timeout, timer, message));

    /// <summary>Stops a timer. Its message will not be sent any more.</summary>
    /// <returns>What was left of its time; null when it has sent already.</returns>
    public TimeSpan? CancelTimer(Reference timer)
    {
        ArgumentNullException.ThrowIfNull(timer);
        return _runtime.Timers.Cancel(timer);
    }

    /// <returns>What is left of a timer's time; null when it has sent, or was cancelled.</returns>
    public TimeSpan? ReadTimer(Reference timer)
    {
        ArgumentNullException.ThrowIfNull(timer);
        return _runtime.Timers.Read(timer);
    }

    private Pid Start(
        Func<ProcessContext, Task> body, SpawnOptions? options, Action<ProcessContext, ProcessContext> beforeStart)
    {
        ArgumentNullException.ThrowIfNull(body);
        options ??= SpawnOptions.Default;
        if (options.GroupLeader is null)
            options = options with { GroupLeader = _groupLeader };
        var child = _runtime.Create(body, options);
        beforeStart(this, child);
        ProcessRuntime.Begin(child);
        return child.Self;
    }
}
