using Enmesh.Peers;
using Enmesh.Processes;
using Enmesh.Terms;

namespace Enmesh.Behaviours;

/// <summary>How a server is started.</summary>
public sealed record ServerOptions
{
    internal static ServerOptions Default { get; } = new();

    /// <summary>
    /// What it is registered as before it begins: a name on this node, <see cref="ProcessAddress.Global(string)"/>,
    /// <see cref="ProcessAddress.Via"/>, or a <see cref="ProcessAddress.Group(string, string)"/> that it joins.
    /// Default: nothing.
    /// </summary>
    /// <exception cref="ArgumentException">It is a pid, an alias, or a name on another node.</exception>
    public ProcessAddress? Name
    {
        get;
        init
        {
            if (value is { } name && (name.Name is null || name.Node is not null) && name.Entry is null)
                throw new ArgumentException(
                    $"A server cannot be registered as {name}: give a name of this node, or one in a registry.",
                    nameof(value));
            field = value;
        }
    }

    /// <summary>How long <see cref="GenServer.InitAsync"/> may take. Default: without end.</summary>
    public TimeSpan StartTimeout { get; init; } = Timeout.InfiniteTimeSpan;

    /// <summary>
    /// The process that it is started for, which may be one of another node: it is linked with it, and ends when that
    /// does. Default: the process that starts it, if one does.
    /// </summary>
    public Pid? Parent { get; init; }

    /// <inheritdoc cref="SpawnOptions.GroupLeader"/>
    public Pid? GroupLeader { get; init; }

    /// <inheritdoc cref="SpawnOptions.MailboxLimit"/>
    public MailboxLimit? MailboxLimit { get; init; }
}

/// <summary>A server did not start.</summary>
public sealed class ServerStartException : EnmeshException
{
    internal ServerStartException(Term reason)
        : base($"The server did not start: {reason}.") => Reason = reason;

    /// <summary>
    /// Why: what <see cref="GenServer.InitAsync"/> stopped with or threw, <c>{already_started, Pid}</c> when the name
    /// is taken, <c>ignore</c> when it need not start.
    /// </summary>
    public Term Reason { get; }
}

/// <summary>
/// A server that is being started, and who waits for it: <c>proc_lib:start_link</c> and <c>init_ack</c>.
/// </summary>
internal sealed class ServerStart
{
    private static readonly Atom AlreadyStarted = new("already_started");
    private readonly TaskCompletionSource<Term?> _outcome;
    private readonly TurnThread? _thread; // where the one who waits goes on; null for the pool
    private readonly ServerOptions _options;
    private readonly object? _behaviour;
    private Action<Term>? _ended;
    private RegistryEntry? _registered;
    private bool _hasBegun;
    private Term? _failure;

    private ServerStart(Pid? parent, ServerOptions options, TurnThread? thread, object? behaviour)
    {
        Parent = options.Parent ?? parent;
        _thread = thread is { IsCurrent: true } ? thread : null;
        _outcome = new(_thread is null ? TaskCreationOptions.RunContinuationsAsynchronously : TaskCreationOptions.None);
        _options = options;
        _behaviour = behaviour;
    }

    /// <summary>Who started it and is linked with it.</summary>
    internal Pid? Parent { get; }

    /// <exception cref="ServerStartException">It did not start.</exception>
    /// <exception cref="TimeoutException">It did not start in time, and was ended.</exception>
    internal static async ValueTask<Pid> StartAsync(
        ProcessRuntime runtime, ProcessContext? parent, Func<GenServer> make, ServerOptions? options,
        CancellationToken cancellationToken,
        object? behaviour = null, Action<Term>? ended = null)
    {
        ArgumentNullException.ThrowIfNull(make);
        options ??= ServerOptions.Default;
        var start = new ServerStart(parent?.Self, options, runtime.UserThread, behaviour) { _ended = ended };
        var process = start.Spawn(runtime, parent, make);
        try
        {
            var failure = await start._outcome.Task.WaitAsync(
                options.StartTimeout, runtime.TimeProvider, cancellationToken).ConfigureAwait(false);
            return failure is { } reason ? throw new ServerStartException(reason) : process.Self;
        }
        catch (Exception e) when (e is TimeoutException or OperationCanceledException)
        {
            parent?.Unlink(process.Self);
            runtime.Kill(process, ExitReason.Killed);
            throw e is TimeoutException
                ? new TimeoutException(
                    $"The server did not start within {options.StartTimeout.TotalSeconds:0.###} s, and was ended.", e)
                : e;
        }
    }

    /// <summary>Starts a supervisor, which can be found by its pid to be given children.</summary>
    internal static ValueTask<Pid> StartSupervisorAsync(
        ProcessRuntime runtime, ProcessContext? parent, SupervisorOptions options, CancellationToken cancellationToken,
        Action<Term>? ended = null)
    {
        var server = new SupervisorServer(options);
        return StartAsync(runtime, parent, () => server, options.Server, cancellationToken, server, ended);
    }

    /// <exception cref="ServerStartException">The name is taken.</exception>
    internal async ValueTask RegisterAsync(ProcessContext context)
    {
        // A parent that is out of reach or gone ends it, as one that goes later does.
        if (_options.Parent is { } parent)
            await context.LinkAsync(parent, context.Exiting).ConfigureAwait(false);
        if (_options.Name?.Entry is not { } entry)
            return;
        var registry = context.Runtime.RegistryOf(entry);
        if (!await registry.RegisterAsync(entry.Name, context.Self, context.Exiting).ConfigureAwait(false))
            throw new ProcessExitException(Taken(registry.WhereIs(entry.Name)));
        _registered = entry;
    }

    /// <summary>
    /// The server's code is over. Global names and groups are free with the process; one that has not begun takes its
    /// name back itself, as <c>gen</c> does, since whoever starts it may try again at once. A registry of the program's
    /// own is told in either case.
    /// </summary>
    internal async ValueTask UnregisterAsync(ProcessContext context)
    {
        if (_registered is not { } entry || (_hasBegun && entry.Kind != RegistryKind.Via) || context.Runtime.IsEnding)
            return;
        await context.Runtime.RegistryOf(entry).UnregisterAsync(entry.Name, context.Self).ConfigureAwait(false);
    }

    internal void Began()
    {
        _hasBegun = true;
        Complete(null);
    }

    /// <summary>It will not begin; whoever waits is told when it has ended, and its names are free again.</summary>
    internal void Failed(Term reason) => _failure = reason;

    internal static Term Taken(Pid? by) => Term.Tuple(AlreadyStarted, by is null ? Atoms.Undefined : (Term)by);

    internal static bool IsTaken(Term reason) =>
        reason.TupleElements is [{ Atom: { } what }, _] && what == AlreadyStarted;

    private void Complete(Term? failure)
    {
        if (_thread is null)
            _outcome.TrySetResult(failure);
        else
            _thread.Queue(() => _outcome.TrySetResult(failure));
    }

    private ProcessContext Spawn(ProcessRuntime runtime, ProcessContext? parent, Func<GenServer> make)
    {
        var options = new SpawnOptions
        {
            Name = _options.Name?.Name,
            GroupLeader = _options.GroupLeader ?? parent?.GroupLeader,
            MailboxLimit = _options.MailboxLimit,
            Behaviour = _behaviour,
            Ended = reason =>
            {
                Complete(_failure ?? reason);
                _ended?.Invoke(reason);
            },
        };
        ProcessContext process;
        try
        {
            process = runtime.Create(context => ServerLoop.RunAsync(context, make, this), options);
        }
        catch (InvalidOperationException) when (options.Name is { } name && runtime.WhereIs(name) is { } other)
        {
            throw new ServerStartException(Taken(other));
        }
        if (parent is not null)
            runtime.LinkNew(parent, process);
        ProcessRuntime.Begin(process);
        return process;
    }
}
