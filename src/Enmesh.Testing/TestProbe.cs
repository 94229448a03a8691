using Enmesh.Processes;
using Enmesh.Terms;

namespace Enmesh.Testing;

/// <summary>
/// A process whose mailbox is in the test's hands: it can be sent to, called, linked with and monitored as any other,
/// and the test takes out what came.
/// </summary>
/// <remarks>
/// <para>
/// It traps exits: the end of a process it is linked with is a message. It takes every message at once and keeps it
/// until an expectation takes it out; an expectation takes the first message that fits and leaves the others, as
/// <c>receive</c> does.
/// </para>
/// <para>
/// Each expectation first waits until all processes are at rest. It then fails at once instead of waiting for a
/// time-out, but for <see cref="TestClusterOptions.Patience"/>. With a time it moves the clock on, timer by timer,
/// until the message is there or that time has passed. Members are for one test at a time.
/// </para>
/// </remarks>
public sealed partial class TestProbe
{
    private readonly List<Term> _messages = [];
    private readonly ProcessContext _context;
    private readonly string? _name;
    private TaskCompletionSource _came = NewSignal();

    private TestProbe(TestNode node, string? name)
    {
        Node = node;
        _name = name;
        _context = node.Node.Runtime.Create(TakeAllAsync, new() { Name = name is null ? null : new Atom(name) });
        _context.TrapExit = true;
        _context.Label = nameof(TestProbe);
        ProcessRuntime.Begin(_context);
    }

    /// <summary>The node it lives on.</summary>
    public TestNode Node { get; }

    /// <summary>Its pid.</summary>
    public Pid Self => _context.Self;

    /// <summary>
    /// The process, for all that it can do besides receiving, which is for the probe itself: timers, aliases, names,
    /// starting servers that are linked with it.
    /// </summary>
    public ProcessContext Context => _context;

    /// <summary>What has come and was not taken out, oldest first.</summary>
    public IReadOnlyList<Term> Messages
    {
        get
        {
            lock (_messages)
                return [.. _messages];
        }
    }

    /// <summary>Sends a message from this process.</summary>
    /// <inheritdoc cref="ProcessContext.SendAsync"/>
    public Task SendAsync(ProcessAddress to, Term message, CancellationToken cancellationToken = default) =>
        OutsideAsync(_context.SendAsync(to, message, cancellationToken));

    /// <summary>Casts from this process: <c>{'$gen_cast', Request}</c>.</summary>
    public Task CastAsync(ProcessAddress to, Term request, CancellationToken cancellationToken = default) =>
        OutsideAsync(_context.CastAsync(to, request, cancellationToken));

    /// <summary>
    /// Calls from this process. The clock is not moved: a call that is to time out is begun, the clock moved, and only
    /// then awaited.
    /// </summary>
    /// <exception cref="TestFailureException">
    /// Neither an answer nor the time-out came within <see cref="TestClusterOptions.Guard"/> of real time.
    /// </exception>
    /// <inheritdoc cref="ProcessContext.CallAsync"/>
    public async Task<Term> CallAsync(
        ProcessAddress to, Term request, TimeSpan? timeout = null, CancellationToken cancellationToken = default)
    {
        var call = _context.CallAsync(to, request, timeout, cancellationToken).AsTask();
        var guard = Node.Cluster.Options.Guard;
        // By way of the pool: the test's own code has no business on the cluster's thread.
        await Task.WhenAny(call, Task.Delay(guard, cancellationToken)).ContinueWith(
            static _ => { }, CancellationToken.None, TaskContinuationOptions.RunContinuationsAsynchronously,
            TaskScheduler.Default).ConfigureAwait(false);
        return call.IsCompleted || cancellationToken.IsCancellationRequested
            ? await call.ConfigureAwait(false)
            : throw Failure(
                $"an answer of {to} to {Situation.Print(request)}",
                $"none came within {guard.TotalSeconds:0.###} s of real time, " +
                "in which the clock was not moved to the call's time-out");
    }

    /// <summary>
    /// Links this process with another: its end is a message, see <see cref="ExpectExitAsync(Pid, Term?, TimeSpan?)"/>.
    /// </summary>
    public Task LinkAsync(Pid process) => OutsideAsync(_context.LinkAsync(process));

    /// <summary>
    /// Monitors a process: its end is a message, see <see cref="ExpectDownAsync(Pid, Term?, TimeSpan?)"/>.
    /// </summary>
    /// <returns>The reference that the message will carry.</returns>
    public async Task<Reference> MonitorAsync(ProcessAddress target)
    {
        var monitoring = _context.MonitorAsync(target).AsTask();
        await OutsideAsync(new ValueTask(monitoring)).ConfigureAwait(false);
        return await monitoring.ConfigureAwait(false);
    }

    /// <summary>Sends another process an exit signal: <c>exit(Pid, Reason)</c>.</summary>
    public void SendExit(Pid process, Term reason) => _context.SendExit(process, reason);

    /// <summary>
    /// Ends the probe with a reason, which those see who are linked with it or monitor it. Its messages stay.
    /// </summary>
    /// <exception cref="TestFailureException">The processes do not come to rest.</exception>
    public async Task ExitAsync(Term reason)
    {
        await Node.Cluster.SettleAsync().ConfigureAwait(false); // a link under way is made first
        _context.Exit(reason);
        await Node.Cluster.SettleAsync().ConfigureAwait(false);
    }

    /// <summary>Its name, or its pid.</summary>
    public override string ToString() => $"{_name ?? Situation.Print(Self)} of {Node}";

    internal static TestProbe Start(TestNode node, string? name) => new(node, name);

    private static TaskCompletionSource NewSignal() => new(TaskCreationOptions.RunContinuationsAsynchronously);

    private static async Task OutsideAsync(ValueTask task)
    {
        if (task.IsCompleted)
        {
            await task.ConfigureAwait(false);
            return;
        }
        await task.AsTask().ContinueWith(
            static done => done, CancellationToken.None, TaskContinuationOptions.RunContinuationsAsynchronously,
            TaskScheduler.Default).Unwrap().ConfigureAwait(false);
    }

    private async Task TakeAllAsync(ProcessContext context)
    {
        while (true)
        {
            var message = await context.ReceiveAsync().ConfigureAwait(false);
            lock (_messages)
            {
                _messages.Add(message);
                _came.TrySetResult();
            }
        }
    }
}
