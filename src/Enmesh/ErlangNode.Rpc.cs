using Enmesh.Epmd;
using Enmesh.Modules;
using Enmesh.Processes;
using Enmesh.Services;
using Enmesh.Services.BuiltIns;
using Enmesh.Terms;
using Enmesh.Terms.Text;

namespace Enmesh;

// Functions: those that peers call here, and those called on peers; output and log events that come from elsewhere.
public sealed partial class ErlangNode
{
    private readonly TaskCompletionSource<int> _stopRequest = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private RpcClient? _rpc;
    private FunctionRunner? _runner;

    /// <summary>The functions that peers may call.</summary>
    public ExportedFunctions Functions { get; } = new();

    /// <summary>
    /// Lets peers call the functions of a module, a class with <see cref="ErlangModuleAttribute"/>, on this object;
    /// several of them at a time.
    /// </summary>
    /// <exception cref="ArgumentException">One of its functions is exported already; none was.</exception>
    public void Export<T>(T module)
        where T : class, IErlangModule<T> => Functions.Export(module);

    /// <summary>Calls functions on other nodes: <c>erpc</c> and <c>rpc</c>.</summary>
    public RpcClient Rpc =>
        _rpc ?? throw new InvalidOperationException("The node has not started; await StartAsync first.");

    /// <summary>
    /// Completes with an exit code when a peer asks the node to stop, <c>init:stop/0,1</c>, and may
    /// (<see cref="ErlangNodeOptions.StopByPeers"/>). The node leaves by itself; what else the program does is up to
    /// it.
    /// </summary>
    public Task<int> StopRequested => _stopRequest.Task;

    /// <summary>Calls a function on another node: <see cref="RpcClient.CallAsync"/>.</summary>
    /// <inheritdoc cref="RpcClient.CallAsync"/>
    public Task<Term> RpcAsync(
        NodeName node, string module, string function, IReadOnlyList<Term> arguments, TimeSpan? timeout = null,
        CancellationToken cancellationToken = default) =>
        Rpc.CallAsync(node, module, function, arguments, timeout, cancellationToken);

    /// <summary>
    /// Starts <c>user</c>, <c>rex</c> and <c>logger_proxy</c>, and lets peers start exported functions.
    /// </summary>
    private void StartFunctions(NodePlan plan, ProcessRuntime runtime, EpmdClient epmd)
    {
        var logger = _logs.CreateLogger("Enmesh.Services");
        var local = new LocalNode(runtime.Name.Atom, runtime.Creation);
        var user = new UserProcess(plan.UserDevice(_logs), local, logger);
        // Not on the node's own thread: consoles and logs may block.
        runtime.DefaultGroupLeader = KeptService.Start(
            runtime, UserProcess.Name, context => user.RunAsync(runtime, context), logger, isSystem: false);
        var runner = new FunctionRunner(Functions, new BuiltInTable(FactsOf(plan, runtime, epmd), Functions), logger);
        var reports = new CrashReports(runtime, logger);
        var erpc = new Erpc(runner, reports, logger);
        runtime.SpawnResolver = erpc.Resolve;
        runtime.SpawnUndefined = erpc.Undefined;
        runtime.IsService = erpc.IsService;
        KeptService.Start(runtime, Rex.Name, new Rex(runtime, runner, reports).RunAsync, logger);
        var proxy = new LoggerProxy(_logs.CreateLogger("Enmesh.RemoteLog"));
        KeptService.Start(runtime, LoggerProxy.Name, proxy.RunAsync, logger, isSystem: false);
        _runner = runner;
        _rpc = new RpcClient(runtime, runner);
        runtime.CallFunction = (node, target, token) =>
            Rpc.CallAsync(node, target.Module.Text, target.Function.Text, target.Arguments, Timeout.InfiniteTimeSpan, token);
        runtime.FindFunction = target => Functions.Find(target.Module, target.Function, target.Arguments.Count) is { } function
            ? context => function(context, target.Arguments)
            : null;
    }

    private NodeFacts FactsOf(NodePlan plan, ProcessRuntime runtime, EpmdClient epmd) => new()
    {
        Runtime = runtime,
        EpmdNames = plan.Epmd == EpmdMode.Off ? null : async token =>
        {
            var names = await epmd.NamesAsync(runtime.Name.Host, token).ConfigureAwait(false);
            return [.. names.Select(entry => (EpmdName.Readable(entry.Name), entry.Port))];
        },
        NetTickTime = () => Running.Ticks.NetTickTime,
        NetTickTimeIsChanging = () => Running.Ticks.IsChanging,
        ShortNames = plan.ShortNames,
        AtomBudget = plan.AtomBudget,
        SendBufferBytes = plan.Link.SendBufferBytes,
        StartedAt = _timeProvider.GetTimestamp(),
        Stop = plan.StopByPeers ? OnStopRequest : null,
    };

    // Once the process that was asked has ended, and with that has answered. Its monitor is set while it still runs: set
    // later it might find nobody, with the answer not yet on its way.
    private void OnStopRequest(ProcessContext asked, int exitCode)
    {
        _logs.CreateLogger("Enmesh.Services").StopRequested(exitCode);
        var waiting = Runtime.Create(
            async context =>
            {
                await context.ReceiveAsync().ConfigureAwait(false);
                _ = EndAsync(); // what it throws is for whoever disposes of the node
                _stopRequest.TrySetResult(exitCode);
            },
            new SpawnOptions());
        Runtime.MonitorNew(waiting, asked);
        ProcessRuntime.Begin(waiting);
    }
}
