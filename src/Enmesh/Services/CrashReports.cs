using Enmesh.Processes;
using Enmesh.Terms;
using Microsoft.Extensions.Logging;

namespace Enmesh.Services;

/// <summary>
/// Says that a function which a peer has spawned or cast has failed, where the emulator of a BEAM does: on the node of the
/// process's group leader, which is that of whoever started it.
/// </summary>
/// <remarks>
/// What ends by <c>exit</c> does so on purpose, and what is called by <c>erpc:call</c> tells its caller itself: of neither
/// anything is said, as on the BEAM.
/// </remarks>
internal sealed class CrashReports(ProcessRuntime runtime, ILogger logger)
{
    private static readonly Atom Log = new("log");
    private static readonly Atom Tag = new("tag");
    private static readonly Term Format = Term.CharList("Error in process ~p on node ~p with exit value:~n~p~n");

    private static readonly (Term, Term) FromEmulator = (
        new Atom("error_logger"), Term.Map((new Atom("emulator"), Atoms.True), (Tag, Atoms.Error)));

    /// <summary>Has a process end with what came of its function, and reports a failure.</summary>
    internal void End(ProcessContext process, in Outcome outcome, Term reason)
    {
        process.EndReason = reason;
        if (outcome.Kind is not (OutcomeKind.Error or OutcomeKind.Throw))
            return;
        var leader = process.GroupLeader;
        if (leader.Node != process.Self.Node && runtime.FindLink(leader.Node) is { } link)
            runtime.SendOver(link, process, (LoggerProxy.Name, link.Peer), ToEvent(process, leader, reason));
        else
            logger.SpawnedFailed(process.DisplayName, reason);
    }

    // {log, Level, Format, Arguments, Metadata}, as logger_proxy takes it.
    private static Term ToEvent(ProcessContext process, Pid leader, Term reason)
    {
        var microseconds = (process.TimeProvider.GetUtcNow() - DateTimeOffset.UnixEpoch).Ticks
            / TimeSpan.TicksPerMicrosecond;
        var metadata = Term.Map(
            FromEmulator, (new Atom("pid"), process.Self), (new Atom("time"), microseconds), (new Atom("gl"), leader));
        return Term.Tuple(
            Log, Atoms.Error, Format, Term.List(process.Self, process.Self.Node, reason), metadata);
    }
}
