using Enmesh.Processes;
using Enmesh.Terms;

namespace Enmesh.Behaviours;

/// <summary>Which ends of a child have it started again.</summary>
public enum ChildRestart
{
    /// <summary><c>permanent</c>: every one.</summary>
    Permanent,

    /// <summary>
    /// <c>transient</c>: a crash, which is every reason but <c>normal</c>, <c>shutdown</c> and <c>{shutdown, _}</c>.
    /// </summary>
    Transient,

    /// <summary><c>temporary</c>: none; its specification goes with it.</summary>
    Temporary,
}

/// <summary>What a child is.</summary>
public enum ChildKind
{
    /// <summary><c>worker</c></summary>
    Worker,

    /// <summary><c>supervisor</c>: it has children of its own.</summary>
    Supervisor,
}

/// <summary>How a child is stopped.</summary>
public readonly record struct ChildShutdown
{
    private readonly bool _isBrutal;

    private ChildShutdown(TimeSpan time, bool isBrutal)
    {
        Time = time;
        _isBrutal = isBrutal;
    }

    /// <summary><c>infinity</c>: by the exit signal <c>shutdown</c>, and awaited without end.</summary>
    public static ChildShutdown Infinity { get; } = new(Timeout.InfiniteTimeSpan, false);

    /// <summary><c>brutal_kill</c>: by the exit signal <c>kill</c>.</summary>
    public static ChildShutdown BrutalKill { get; } = new(TimeSpan.Zero, true);

    internal TimeSpan Time { get; }

    internal bool IsBrutal => _isBrutal;

    internal Term Term => IsBrutal
        ? ChildTerms.BrutalKill
        : Time == Timeout.InfiniteTimeSpan ? Atoms.Infinity : (long)Time.TotalMilliseconds;

    /// <summary>By the exit signal <c>shutdown</c>, and by <c>kill</c> when it has not ended after this time.</summary>
    /// <exception cref="ArgumentOutOfRangeException">The time is negative, or above 49 days.</exception>
    public static ChildShutdown After(TimeSpan time)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(time, TimeSpan.Zero);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(time, TimeSpan.FromMilliseconds(uint.MaxValue - 1));
        return new(time, false);
    }
}

/// <summary>What a child is known by to its supervisor: any term. A text stands for the atom.</summary>
public readonly record struct ChildId
{
    private ChildId(Term term) => Term = term;

    /// <summary>The term.</summary>
    public Term Term { get; }

    /// <summary>Any term.</summary>
    public static implicit operator ChildId(Term term) => FromTerm(term);

    /// <summary>An atom.</summary>
    public static implicit operator ChildId(string atom) => FromTerm(new Atom(atom));

    /// <summary>An atom.</summary>
    public static implicit operator ChildId(Atom atom) => FromTerm(atom);

    /// <summary>A number.</summary>
    public static implicit operator ChildId(int number) => FromTerm(number);

    /// <summary>
    /// A pid: what children of a <see cref="SupervisorStrategy.SimpleOneForOne"/> supervisor are known by.
    /// </summary>
    public static implicit operator ChildId(Pid process) => FromTerm(process);

    /// <summary>Any term.</summary>
    public static ChildId FromTerm(Term term) => new(term);

    /// <inheritdoc/>
    public override string ToString() => Term.ToString()!;
}

/// <summary>A child of a supervisor: how it is started, when it is started again, how it is stopped.</summary>
/// <remarks>The methods say what it is; the rest is set with <c>with</c>, or by an initializer's properties.</remarks>
public sealed record ChildSpec
{
    private readonly ChildShutdown? _shutdown;

    private ChildSpec(ChildId id, ChildStart start)
    {
        Id = id;
        Start = start;
        Modules = [start.Module];
    }

    /// <summary>What it is known by to its supervisor.</summary>
    public ChildId Id { get; init; }

    /// <summary>When it is started again. Default: always.</summary>
    public ChildRestart Restart { get; init; }

    /// <summary>How it is stopped. Default: 5 s for a worker, without end for a supervisor.</summary>
    public ChildShutdown Shutdown
    {
        get => _shutdown ?? (Kind == ChildKind.Supervisor ? ChildShutdown.Infinity : DefaultShutdown);
        init => _shutdown = value;
    }

    /// <summary>Whether it has children of its own. Default: what the method that made it implies.</summary>
    public ChildKind Kind { get; init; }

    /// <summary>
    /// Whether its end is one of those that <see cref="SupervisorOptions.AutoShutdown"/> waits for. Default false.
    /// </summary>
    public bool Significant { get; init; }

    /// <summary>How it is started.</summary>
    internal ChildStart Start { get; }

    /// <summary>Its callback modules; null for <c>dynamic</c>.</summary>
    internal IReadOnlyList<Atom>? Modules { get; init; }

    private static ChildShutdown DefaultShutdown { get; } = ChildShutdown.After(TimeSpan.FromSeconds(5));

    /// <summary>
    /// A server, started with <see cref="ServerExtensions.StartServerAsync"/>: its supervisor waits until it has begun.
    /// </summary>
    /// <param name="id">What it is known by.</param>
    /// <param name="make">Makes the object for each start.</param>
    /// <param name="options">Its name and more.</param>
    /// <typeparam name="T">The type of the server, by which peers see it.</typeparam>
    public static ChildSpec Server<T>(ChildId id, Func<T> make, ServerOptions? options = null)
        where T : GenServer
    {
        ArgumentNullException.ThrowIfNull(make);
        return new(id, ChildStart.Server(typeof(T), _ => make(), options));
    }

    /// <summary>
    /// A server that is made from the arguments given when it is added to a
    /// <see cref="SupervisorStrategy.SimpleOneForOne"/> supervisor.
    /// </summary>
    /// <inheritdoc cref="Server{T}(ChildId, Func{T}, ServerOptions)"/>
    public static ChildSpec Server<T>(ChildId id, Func<IReadOnlyList<Term>, T> make, ServerOptions? options = null)
        where T : GenServer
    {
        ArgumentNullException.ThrowIfNull(make);
        return new(id, ChildStart.Server(typeof(T), make, options));
    }

    /// <summary>
    /// A server with something that is disposed after it when its process ends, such as the scope that its services
    /// come from.
    /// </summary>
    /// <param name="id">What it is known by.</param>
    /// <param name="make">
    /// Makes both for each start, from the arguments given when it was added to a
    /// <see cref="SupervisorStrategy.SimpleOneForOne"/> supervisor.
    /// </param>
    /// <param name="options">Its name and more.</param>
    /// <typeparam name="T">The type of the server, by which peers see it.</typeparam>
    public static ChildSpec ScopedServer<T>(
        ChildId id, Func<IReadOnlyList<Term>, (T Server, IAsyncDisposable Scope)> make, ServerOptions? options = null)
        where T : GenServer
    {
        ArgumentNullException.ThrowIfNull(make);
        return Server(
            id,
            arguments =>
            {
                var (server, scope) = make(arguments);
                server.Scope = scope;
                return server;
            },
            options);
    }

    /// <summary>A process. It counts as started at once.</summary>
    /// <param name="id">What it is known by.</param>
    /// <param name="body">What it does.</param>
    /// <param name="options">Its name and more.</param>
    public static ChildSpec Process(ChildId id, Func<ProcessContext, Task> body, SpawnOptions? options = null)
    {
        ArgumentNullException.ThrowIfNull(body);
        return new(id, ChildStart.Process(body.Method, (context, _) => body(context), options));
    }

    /// <summary>
    /// A process with the arguments given when it is added to a <see cref="SupervisorStrategy.SimpleOneForOne"/>
    /// supervisor.
    /// </summary>
    /// <inheritdoc cref="Process(ChildId, Func{ProcessContext, Task}, SpawnOptions)"/>
    public static ChildSpec Process(
        ChildId id, Func<ProcessContext, IReadOnlyList<Term>, Task> body, SpawnOptions? options = null)
    {
        ArgumentNullException.ThrowIfNull(body);
        return new(id, ChildStart.Process(body.Method, body, options));
    }

    /// <summary>A supervisor with children of its own.</summary>
    /// <param name="id">What it is known by.</param>
    /// <param name="options">Its children and more.</param>
    /// <exception cref="ArgumentException">The children do not go together; the message says which.</exception>
    public static ChildSpec Supervisor(ChildId id, SupervisorOptions options)
    {
        return new(id, ChildStart.Supervisor(SupervisorOptions.Validated(options))) { Kind = ChildKind.Supervisor };
    }

    /// <summary>
    /// A process of another node, <c>spawn_link(Node, Module, Function, Arguments)</c>. It counts as started at once.
    /// </summary>
    /// <remarks>
    /// When the node goes, the child has crashed with <c>noconnection</c>, and starting it again fails until the node
    /// is back: give such children a supervisor of their own, whose <see cref="SupervisorOptions.Intensity"/> allows
    /// for that.
    /// </remarks>
    public static ChildSpec RemoteProcess(
        ChildId id, NodeName node, string module, string function, params IReadOnlyList<Term> arguments) =>
        new(id, ChildStart.RemoteProcess(node, new Atom(module), new Atom(function), arguments));

    /// <summary>
    /// A server of another node: what a function there has started that gives <c>{ok, Pid}</c>, called by <c>erpc</c>.
    /// The supervisor waits until it has begun, and links with it.
    /// </summary>
    /// <remarks>
    /// The function must not link, <c>gen_server:start</c> instead of <c>start_link</c>: what it would link with is the
    /// process of the call, whose end would end the server. <inheritdoc cref="RemoteProcess" path="/remarks"/>
    /// </remarks>
    public static ChildSpec RemoteServer(
        ChildId id, NodeName node, string module, string function, params IReadOnlyList<Term> arguments) =>
        new(id, ChildStart.RemoteServer(node, new Atom(module), new Atom(function), arguments));

    /// <summary>
    /// What an exported function of this node starts (<see cref="ErlangNode.Functions"/>), as with Erlang's <c>start =>
    /// {Module, Function, Arguments}</c>: it runs in the supervisor, links what it starts, and gives <c>{ok, Pid}</c>,
    /// <c>{ok, Pid, Info}</c>, <c>ignore</c> or <c>{error, Reason}</c>.
    /// </summary>
    public static ChildSpec Function(
        ChildId id, string module, string function, params IReadOnlyList<Term> arguments) =>
        new(id, ChildStart.Exported(new Atom(module), new Atom(function), Term.List([.. arguments])));

    /// <summary>
    /// As <see cref="Function"/>, for a delegate: it runs in the supervisor, links what it starts, and gives what an
    /// Erlang start function gives.
    /// </summary>
    public static ChildSpec From(ChildId id, Func<ProcessContext, IReadOnlyList<Term>, ValueTask<Term>> start)
    {
        ArgumentNullException.ThrowIfNull(start);
        return new(id, ChildStart.Custom(start));
    }

    internal static ChildSpec Of(ChildId id, ChildStart start) => new(id, start);

    /// <summary>What is wrong with it below a supervisor; null when nothing is.</summary>
    internal string? WhyWrong(AutoShutdown autoShutdown) => Significant switch
    {
        true when autoShutdown == AutoShutdown.Never =>
            $"it is significant, and its supervisor's {nameof(SupervisorOptions.AutoShutdown)} is {autoShutdown}.",
        true when Restart == ChildRestart.Permanent =>
            "it is significant and permanent; only what need not be started again can end its supervisor.",
        _ => null,
    };
}
