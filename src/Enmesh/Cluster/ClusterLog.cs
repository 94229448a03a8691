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

    [LoggerMessage(EventId = EventIds.PeerCut, Level = LogLevel.Information,
        Message = "The link to {Peer} is cut: discovery no longer names it, and the rule for removal is {Rule}.")]
    internal static partial void PeerCut(this ILogger logger, NodeName peer, PeerRemoval rule);

    [LoggerMessage(EventId = EventIds.SelfNotNamed, Level = LogLevel.Warning,
        Message = "Discovery source '{Source}' names peers ({Peers}), but not this node, {Self}: others cannot find it there. Either the selector or list behind it misses this node, or this node's name is not the one that is made of its entry.")]
    internal static partial void SelfNotNamed(this ILogger logger, string source, int peers, NodeName self);

    [LoggerMessage(EventId = EventIds.SelfNamed, Level = LogLevel.Information,
        Message = "Discovery source '{Source}' names this node as well now.")]
    internal static partial void SelfNamed(this ILogger logger, string source);

    [LoggerMessage(EventId = EventIds.NameFormsMixed, Level = LogLevel.Warning,
        Message = "Discovery source '{Source}' names {Peer}, and this node is {Self}: one is a short name, the other a long one. Nodes of Erlang do not dial across; name all nodes of a cluster by hosts with a dot, or all by hosts without.")]
    internal static partial void NameFormsMixed(this ILogger logger, string source, NodeName peer, NodeName self);

    [LoggerMessage(EventId = EventIds.Joined,
        Message = "Waiting to join is over: {State}. Members, this node included: {Members}, wanted: {MinMembers}.")]
    internal static partial void Joined(this ILogger logger, LogLevel level, JoinState state, int members, int minMembers);

    [LoggerMessage(EventId = EventIds.Parted, Level = LogLevel.Warning,
        Message = "The cluster is parted: pairs of nodes without a link ({Count}): {Pairs}.")]
    internal static partial void Parted(this ILogger logger, int count, string pairs);

    [LoggerMessage(EventId = EventIds.Reunited, Level = LogLevel.Information,
        Message = "The cluster is no longer parted: every member sees every other.")]
    internal static partial void Reunited(this ILogger logger);

    [LoggerMessage(EventId = EventIds.Draining, Level = LogLevel.Information,
        Message = "This node is leaving the cluster: it dials nobody any more. Peers connected: {Connected}.")]
    internal static partial void Draining(this ILogger logger, int connected);

    [LoggerMessage(EventId = EventIds.ClockJumped, Level = LogLevel.Warning,
        Message = "The clock of this machine was set by {Seconds:0.0} s. Links, ticks and pauses are not affected; the times in certificates and logs are.")]
    internal static partial void ClockJumped(this ILogger logger, double seconds);

    [LoggerMessage(EventId = EventIds.ClusterLoopFailed, Level = LogLevel.Error,
        Message = "A step of the reconciler failed, which is a defect of Enmesh; it goes on with the next one.")]
    internal static partial void ClusterLoopFailed(this ILogger logger, Exception exception);

    internal static void Write(this ILogger logger, ReconcilerEffect effect, NodeName self, PeerRemoval removal)
    {
        switch (effect)
        {
            case ReconcilerEffect.Cut cut:
                logger.PeerCut(cut.Peer, removal);
                break;
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
                var level = note.IsLeaving ? LogLevel.Information : Level(note.Failure.Stage);
                var retryMs = Math.Round(note.RetryIn.TotalMilliseconds);
                logger.DialFailed(level, note.Peer, note.Failure.Stage, note.Failure.Message, note.Attempts, retryMs);
                break;
            case ReconcilerEffect.NoteSelf { IsNamed: true } note:
                logger.SelfNamed(note.Source);
                break;
            case ReconcilerEffect.NoteSelf note:
                logger.SelfNotNamed(note.Source, note.Peers, self);
                break;
            case ReconcilerEffect.NoteNameForm note:
                logger.NameFormsMixed(note.Source, note.Peer, self);
                break;
            case ReconcilerEffect.NoteJoin note:
                var how = note.State == JoinState.TimedOut ? LogLevel.Warning : LogLevel.Information;
                logger.Joined(how, note.State, note.Members, note.MinMembers);
                break;
            case ReconcilerEffect.NoteParted { Pairs.IsEmpty: true }:
                logger.Reunited();
                break;
            case ReconcilerEffect.NoteParted note:
                logger.Parted(note.Pairs.Count, Listing.Some(note.Pairs, pair => pair.ToString()));
                break;
            case ReconcilerEffect.NoteClockJump note:
                logger.ClockJumped(note.By.TotalSeconds);
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
