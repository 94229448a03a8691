using System.Diagnostics.Metrics;
using System.Security.Cryptography;
using Enmesh.Behaviours;
using Enmesh.Cluster;
using Enmesh.Epmd;
using Enmesh.Global;
using Enmesh.Peers;
using Enmesh.Processes;
using Enmesh.Services;
using Enmesh.Telemetry;
using Enmesh.Terms;
using Enmesh.Tls;
using Enmesh.Transport;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;

namespace Enmesh;

// How a node begins and ends.
public sealed partial class ErlangNode
{
    private readonly Func<CancellationToken, Task<NodePlan>> _prepare;
    private readonly ILoggerFactory _logs;
    private readonly TimeProvider _timeProvider;
    private readonly IMeterFactory? _meters;
    private readonly List<(Atom? Name, Func<ProcessContext, Task> Body)> _beforeStart = [];
    private readonly List<SupervisorOfNode> _supervisors = [];
    private Life? _life;
    private readonly CancellationTokenSource _giveUp = new(); // a start that is not finished when the node ends
    private int _started;
    private Task? _starting;
    private Task? _ending;

    /// <summary>Makes a node. Nothing happens before <see cref="StartAsync(CancellationToken)"/>.</summary>
    /// <param name="options">Its settings; they are copied.</param>
    /// <param name="logs">Where it logs; nowhere when null.</param>
    /// <param name="timeProvider">Its clock; the system's when null.</param>
    /// <param name="meters">Makes its meter, "Enmesh"; the node makes one itself when null.</param>
    /// <exception cref="ArgumentException">The settings are wrong; the message lists every problem by its key.</exception>
    public ErlangNode(
        ErlangNodeOptions options, ILoggerFactory? logs = null, TimeProvider? timeProvider = null, IMeterFactory? meters = null)
        : this(Prepare(options, timeProvider ?? TimeProvider.System), logs, timeProvider, meters)
    {
    }

    /// <summary>For tests: a node made of given parts.</summary>
    internal ErlangNode(NodePlan plan, ILoggerFactory? logs = null, TimeProvider? timeProvider = null)
        : this(_ => Task.FromResult(plan), logs, timeProvider, null)
    {
    }

    private ErlangNode(
        Func<CancellationToken, Task<NodePlan>> prepare, ILoggerFactory? logs, TimeProvider? timeProvider, IMeterFactory? meters)
    {
        _meters = meters;
        _prepare = prepare;
        _logs = logs ?? NullLoggerFactory.Instance;
        _timeProvider = timeProvider ?? TimeProvider.System;
    }

    /// <summary>Whether somebody has told it to end.</summary>
    internal bool IsEnding => Volatile.Read(ref _ending) is not null;

    private Life Running => _life ?? throw new InvalidOperationException("The node has not started; await StartAsync first.");

    internal ProcessRuntime Runtime => Running.Runtime;

    private PeerTable Peers => Running.Peers;

    /// <summary>Makes a node and starts it.</summary>
    /// <inheritdoc cref="ErlangNode(ErlangNodeOptions, ILoggerFactory, TimeProvider, IMeterFactory)"/>
    /// <inheritdoc cref="StartAsync(CancellationToken)"/>
    public static async Task<ErlangNode> StartAsync(
        ErlangNodeOptions options, ILoggerFactory? logs = null, TimeProvider? timeProvider = null, CancellationToken cancellationToken = default)
    {
        var node = new ErlangNode(options, logs, timeProvider);
        await node.StartAsync(cancellationToken).ConfigureAwait(false);
        return node;
    }

    /// <summary>Starts the node: takes its port, registers with EPMD if it is to, and begins to look for its cluster.</summary>
    /// <exception cref="InvalidOperationException">It has been started before.</exception>
    /// <exception cref="ArgumentException">There is no name to be had; the message says what to set.</exception>
    /// <exception cref="CookieException">There is no good cookie; the message says where it was looked for.</exception>
    /// <exception cref="FormatException">A port or address in the environment is none; the message names the variable.</exception>
    /// <exception cref="EnmeshException">The port is taken, EPMD does not answer, or the name is registered by another node.</exception>
    public async Task StartAsync(CancellationToken cancellationToken = default)
    {
        if (Interlocked.Exchange(ref _started, 1) != 0)
            throw new InvalidOperationException("The node has been started before; make a new one.");
        ObjectDisposedException.ThrowIf(_giveUp.IsCancellationRequested, this);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, _giveUp.Token);
        var starting = Life.BeginAsync(this, either.Token);
        Volatile.Write(ref _starting, starting);
        await starting.ConfigureAwait(false);
    }

    /// <summary>
    /// Begins to leave the cluster: from now on the node dials nobody, neither peers that discovery finds nor those
    /// that it sends to. Whoever calls it is still let in, and what goes on goes on. The end is
    /// <see cref="DisposeAsync"/>, which drains by itself where that was not done before.
    /// </summary>
    /// <remarks>
    /// Drain a node some time before it ends, so that load balancers and discovery forget it meanwhile: its peers then
    /// do not call it any more when it goes, and it does not call back those that it loses.
    /// </remarks>
    public void Drain() => Running.Drain();

    /// <summary>
    /// Ends the node: it refuses calls from now on, its links are closed at once, and its processes get the exit signal
    /// <c>shutdown</c>.
    /// </summary>
    public async ValueTask DisposeAsync() => await EndAsync().ConfigureAwait(false);

    private Task EndAsync()
    {
        lock (_beforeStart)
            return _ending ??= EndOnceAsync();
    }

    private async Task EndOnceAsync()
    {
        // Not in the turn of a process, which would wait for itself.
        await Task.Yield();
        await _giveUp.CancelAsync().ConfigureAwait(false);
        if (Volatile.Read(ref _starting) is { } starting)
            await starting.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        if (_life is { } life)
            await life.EndAsync().ConfigureAwait(false);
    }

    private static Func<CancellationToken, Task<NodePlan>> Prepare(ErlangNodeOptions options, TimeProvider time)
    {
        ArgumentNullException.ThrowIfNull(options);
        if (options.Validate() is { Count: > 0 } problems)
            throw new ArgumentException(string.Join(Environment.NewLine, problems), nameof(options));
        var copy = options.Copy();
        return token => NodePlan.FromAsync(copy, Environment.GetEnvironmentVariable, time, token);
    }

    /// <summary>A creation that no other start of this node has had, most likely; at least 4, as from OTP 23 on.</summary>
    private static uint NewCreation() => (uint)RandomNumberGenerator.GetInt32(4, int.MaxValue);

    /// <summary>What there is while the node runs.</summary>
    private sealed partial record Life(
        NodeName Name, ProcessRuntime Runtime, PeerTable Peers, ITransportListener? Listener, EpmdPresence? Epmd, ClusterMembership Cluster,
        NodeMetrics Metrics, AllowList AllowList, NetTickClock Ticks, TlsSource? Tls)
    {
        private readonly List<SupervisorOfNode> _supervisors = [];
        private LiveCookies? _cookies;

        /// <summary>Makes old links new; null when that is not wanted.</summary>
        internal LinkRenewal? Renewal { get; private set; }

        /// <summary>The global name server; null on a hidden node.</summary>
        internal GlobalServer? Global { get; private set; }

        /// <summary>Dials nobody from now on.</summary>
        internal void Drain()
        {
            Peers.Drain();
            Cluster.Drain();
        }

        internal async Task EndAsync()
        {
            List<Exception> problems = [];
            // Each is done whatever became of those before it: user code, strategies and loggers have their part in some.
            foreach (var step in Steps())
            {
                try
                {
                    await step().ConfigureAwait(false);
                }
                catch (Exception e)
                {
                    problems.Add(e);
                }
            }
            if (problems.Count > 0)
                throw problems.Count == 1 ? problems[0] : new AggregateException(problems);
        }

        private IEnumerable<Func<ValueTask>> Steps()
        {
            yield return Now(Drain);
            for (var i = _supervisors.Count - 1; i >= 0; i--)
            {
                var supervisor = _supervisors[i];
                yield return () => new(supervisor.StopAsync());
            }
            yield return Cluster.DisposeAsync;
            yield return () => Epmd?.DisposeAsync() ?? default;
            yield return () => Global is null ? default : new(Global.PrepareToLeaveAsync());
            yield return Peers.DisposeAsync;
            yield return Runtime.DisposeAsync;
            yield return () => Global is null ? default : new(Global.DialsAsync());
            yield return Now(Ticks.Dispose);
            yield return Now(Metrics.Dispose);
            yield return Now(() => Renewal?.Dispose());
            yield return Now(() => Tls?.Dispose());
            yield return Now(() => _cookies?.Dispose());

            static Func<ValueTask> Now(Action action) => () =>
            {
                action();
                return default;
            };
        }

        /// <summary>Fills the node with what it consists of, and opens it. After a failure nothing is left of it.</summary>
        private async Task OpenAsync(ErlangNode node, NodePlan plan, EpmdClient epmd, CancellationToken cancellationToken)
        {
            try
            {
                Fill(node, plan, epmd);
                foreach (var supervisor in node._supervisors)
                {
                    await supervisor.StartAsync(Runtime, cancellationToken).ConfigureAwait(false);
                    _supervisors.Add(supervisor);
                }
                // The first caller finds everything in its place.
                if (Listener is not null)
                    Peers.Listen(Listener);
                Cluster.Start();
                if (plan.Tls?.RenewLinksWithin is { } window)
                    Renewal = new LinkRenewal(Peers, Tls!, window, node._timeProvider, node._logs.CreateLogger("Enmesh.Peers"));
                cancellationToken.ThrowIfCancellationRequested();
            }
            catch
            {
                await CloseAsync(node).ConfigureAwait(false);
                throw;
            }
        }

        // The failure of the start is what is told, not what it costs to tidy up after it.
        private async Task CloseAsync(ErlangNode node)
        {
            node._life = null;
            await EndAsync().ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }

        private void Fill(ErlangNode node, NodePlan plan, EpmdClient epmd)
        {
            LinkMetrics.Observe(Metrics, Peers);
            if (Tls is not null)
                TlsMetrics.Observe(Metrics, Tls, node._timeProvider);
            Metrics.Observe(() => Runtime.ProcessCount, () => Runtime.MailboxBudget.Used, () => Peers.PoolDelay);
            Runtime.Start(Peers);
            Runtime.RegistryOf = node.FindRegistry;
            node._life = this;
            node.StartFunctions(plan, Runtime, epmd);
            node.StartNetKernel(this, plan);
            if (plan.IsPublished)
                Global = node.StartGlobal(plan, Runtime, Peers);
            node.ExportPgFunctions();
            foreach (var scope in plan.PgScopes.Distinct(StringComparer.Ordinal))
                node.StartScope(Runtime, scope);
            foreach (var (name, body) in node._beforeStart)
                Runtime.Spawn(body, name);
        }
    }
}
