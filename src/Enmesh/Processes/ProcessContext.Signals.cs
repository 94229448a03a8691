using Enmesh.Terms;

namespace Enmesh.Processes;

// Links, monitors, aliases and exits: how processes know of each other's end.
public sealed partial class ProcessContext
{
    private volatile bool _trapExit;

    /// <summary>
    /// Whether exit signals become messages <c>{'EXIT', From, Reason}</c> instead of ending the process:
    /// <c>process_flag(trap_exit, true)</c>. Only the signal <c>kill</c> ends it all the same. Default false.
    /// </summary>
    public bool TrapExit
    {
        get => _trapExit;
        set => _trapExit = value;
    }

    /// <summary>
    /// Links this process and another: when one ends, the other receives an exit signal with its reason. Linking twice
    /// is the same as once.
    /// </summary>
    /// <remarks>When the other is not there, or out of reach, the signal comes at once: <c>noproc</c>,
    /// <c>noconnection</c>.</remarks>
    /// <returns>Completed at once, unless the node has to be connected to first.</returns>
    public ValueTask LinkAsync(Pid process, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(process);
        return _runtime.LinkAsync(this, process, cancellationToken);
    }

    /// <summary>
    /// Takes a link back. No exit signal comes over it any more; a message of one that came before may wait already.
    /// </summary>
    /// <returns>Whether there was one.</returns>
    public bool Unlink(Pid process)
    {
        ArgumentNullException.ThrowIfNull(process);
        return _runtime.Unlink(this, process);
    }

    /// <summary>Sends an exit signal: <c>exit(Pid, Reason)</c>. Nobody survives <c>kill</c>.</summary>
    /// <remarks>Never waits. As a message, it is lost when there is no such process, or its node is not
    /// connected.</remarks>
    public void SendExit(Pid process, Term reason)
    {
        ArgumentNullException.ThrowIfNull(process);
        _runtime.SendExit(this, process, reason);
    }

    /// <summary>
    /// Has a message <c>{'DOWN', Ref, process, Who, Reason}</c> sent to this process when another ends, once.
    /// </summary>
    /// <remarks>When the other is not there, or out of reach, the message comes at once: <c>noproc</c>,
    /// <c>noconnection</c>.</remarks>
    /// <returns>The reference that the message will carry.</returns>
    public ValueTask<Reference> MonitorAsync(ProcessAddress target, CancellationToken cancellationToken = default) =>
        _runtime.MonitorAsync(this, target, MonitorOptions.Default, cancellationToken);

    /// <inheritdoc cref="MonitorAsync(ProcessAddress, CancellationToken)"/>
    public ValueTask<Reference> MonitorAsync(
        ProcessAddress target, MonitorOptions options, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(options);
        return _runtime.MonitorAsync(this, target, options, cancellationToken);
    }

    /// <summary>Takes a monitor back. Its message will not come any more.</summary>
    /// <param name="monitor">The monitor.</param>
    /// <param name="flush">Whether to take its message out of the mailbox, should it have come already.</param>
    /// <returns>Whether it was still active.</returns>
    public bool Demonitor(Reference monitor, bool flush = false)
    {
        ArgumentNullException.ThrowIfNull(monitor);
        if (_runtime.Demonitor(this, monitor))
            return true;
        if (flush)
            Mailbox.Remove(
                message => message.TupleElements is [_, { Reference: { } reference }, _, _, _] && reference == monitor);
        return false;
    }

    /// <summary>
    /// Makes a reference that others can send to instead of the pid, until it is taken back: <c>alias/1</c>.
    /// </summary>
    /// <param name="mode">How long it stands for the process.</param>
    /// <param name="hasPriority">Whether peers may send through it with priority (OTP 28 and later).</param>
    public Reference CreateAlias(AliasMode mode = AliasMode.ExplicitUnalias, bool hasPriority = false) =>
        _runtime.CreateAlias(this, mode, hasPriority);

    /// <summary>Takes an alias back, that of a monitor too. Messages through it are dropped from now on.</summary>
    /// <returns>Whether it was active.</returns>
    public bool Unalias(Reference alias)
    {
        ArgumentNullException.ThrowIfNull(alias);
        return _runtime.Unalias(this, alias);
    }

    /// <summary>Has this process told of nodes coming and going: <c>net_kernel:monitor_nodes/2</c>.</summary>
    /// <returns>The nodes of these types that are connected now; a message tells of every later change.</returns>
    public IReadOnlyList<NodeName> MonitorNodes(NodeMonitorOptions? options = null) =>
        _runtime.NodeMonitors.Add(this, options ?? NodeMonitorOptions.Default);

    /// <summary>Takes one request of <see cref="MonitorNodes"/> with these options back.</summary>
    /// <returns>Whether there was one.</returns>
    public bool DemonitorNodes(NodeMonitorOptions? options = null) =>
        _runtime.NodeMonitors.Remove(this, options ?? NodeMonitorOptions.Default);
}
