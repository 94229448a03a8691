using Enmesh.Telemetry;
using Microsoft.Extensions.Logging;

namespace Enmesh.Cluster;

/// <summary>
/// What discovery and the reconciler report. Which line is due is decided in <see cref="Reconciler"/>.
/// </summary>
internal static partial class ClusterLog
{
    [LoggerMessage(EventId = EventIds.SourceFailing, Level = LogLevel.Warning,
        Message = "Discovery source '{Source}' fails: {Problem}. Its peers are kept; questions without a whole answer so far: {Failures}.")]
    internal static partial void SourceFailing(this ILogger logger, string source, string problem, int failures);

    [LoggerMessage(EventId = EventIds.SourcePartial, Level = LogLevel.Warning,
        Message = "Discovery source '{Source}' answers only in part: {Problem}. No peer is removed; questions without a whole answer so far: {Failures}.")]
    internal static partial void SourcePartial(this ILogger logger, string source, string problem, int failures);

    [LoggerMessage(EventId = EventIds.SourceRecovered, Level = LogLevel.Information,
        Message = "Discovery source '{Source}' answers again. Peers it names: {Peers}.")]
    internal static partial void SourceRecovered(this ILogger logger, string source, int peers);

    [LoggerMessage(EventId = EventIds.SourceNotWatched, Level = LogLevel.Warning,
        Message = "Discovery source '{Source}' cannot be watched: {Problem} It is asked every {IntervalSeconds} s instead.")]
    internal static partial void SourceNotWatched(
        this ILogger logger, string source, string problem, double intervalSeconds);

    [LoggerMessage(EventId = EventIds.NobodyDiscovered, Level = LogLevel.Warning,
        Message = "Discovery names no peer besides this node (sources: {Sources}). If there should be some, check the domain, hosts or list given to it.")]
    internal static partial void NobodyDiscovered(this ILogger logger, string sources);

    [LoggerMessage(EventId = EventIds.DiscoveredAgain, Level = LogLevel.Information,
        Message = "Peers that discovery names now: {Peers} (sources: {Sources}).")]
    internal static partial void DiscoveredAgain(this ILogger logger, int peers, string sources);

    [LoggerMessage(EventId = EventIds.PeerDiscovered, Level = LogLevel.Information,
        Message = "Discovery source '{Source}' names a new peer, {Peer}.")]
    internal static partial void PeerDiscovered(this ILogger logger, NodeName peer, string source);

    [LoggerMessage(EventId = EventIds.PeerVanished, Level = LogLevel.Information,
        Message = "Discovery no longer names {Peer}. It is not dialled any more; a link to it is left alone.")]
    internal static partial void PeerVanished(this ILogger logger, NodeName peer);

    [LoggerMessage(EventId = EventIds.DialFailed,
        Message = "Peer {Peer} cannot be connected, at stage {Stage}: {Problem} (failures in a row: {Failures}, next attempt in {RetryMs} ms)")]
    internal static partial void DialFailed(
        this ILogger logger, LogLevel level, NodeName peer, PeerStage stage, string problem, int failures,
        double retryMs);

    [LoggerMessage(EventId = EventIds.MembersMissing, Level = LogLevel.Warning,
        Message = "Peers connected: {Connected}, expected: {Expected}. Missing: {Missing}.")]
    internal static partial void MembersMissing(this ILogger logger, int connected, int expected, string missing);

    [LoggerMessage(EventId = EventIds.MembersComplete, Level = LogLevel.Information,
        Message = "The cluster is whole again. Peers connected: {Connected}, expected: {Expected}.")]
    internal static partial void MembersComplete(this ILogger logger, int connected, int expected);

    [LoggerMessage(EventId = EventIds.ClusterLoopFailed, Level = LogLevel.Error,
        Message = "A step of the reconciler failed, which is a defect of Enmesh; it goes on with the next one.")]
    internal static partial void ClusterLoopFailed(this ILogger logger, Exception exception);

    internal static void Write(this ILogger logger, ReconcilerEffect effect)
    {
        switch (effect)
        {
            case ReconcilerEffect.NoteSourceTrouble { Failing: true } note:
                logger.SourceFailing(note.Source, note.Problem, note.Failures);
                break;
            case ReconcilerEffect.NoteSourceTrouble note:
                logger.SourcePartial(note.Source, note.Problem, note.Failures);
                break;
            case ReconcilerEffect.NoteSourceRecovered note:
                logger.SourceRecovered(note.Source, note.Peers);
                break;
            case ReconcilerEffect.NoteDiscovered { Peers: 0 } note:
                logger.NobodyDiscovered(note.Sources);
                break;
            case ReconcilerEffect.NoteDiscovered note:
                logger.DiscoveredAgain(note.Peers, note.Sources);
                break;
            case ReconcilerEffect.NoteMembers { Complete: true } note:
                logger.MembersComplete(note.Connected, note.Expected);
                break;
            case ReconcilerEffect.NoteMembers note:
                logger.MembersMissing(note.Connected, note.Expected, note.Missing);
                break;
            case ReconcilerEffect.NoteDialFailed note:
                var level = Level(note.Failure.Stage);
                var retryMs = Math.Round(note.RetryIn.TotalMilliseconds);
                logger.DialFailed(level, note.Peer, note.Failure.Stage, note.Failure.Message, note.Attempts, retryMs);
                break;
            case ReconcilerEffect.Publish { Event: ClusterEvent.PeerDiscovered discovered }:
                logger.PeerDiscovered(discovered.Peer, discovered.Source);
                break;
            case ReconcilerEffect.Publish { Event: ClusterEvent.PeerVanished vanished }:
                logger.PeerVanished(vanished.Peer);
                break;
        }
    }

    // A peer that is away comes back or vanishes by itself; one that is refused needs somebody to set it right.
    private static LogLevel Level(PeerStage stage) =>
        stage is PeerStage.Dns or PeerStage.Epmd or PeerStage.Tcp or PeerStage.Link or PeerStage.Tick
        ? LogLevel.Information
        : LogLevel.Warning;
}
