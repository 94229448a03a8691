namespace Enmesh.Discovery;

/// <summary>
/// A strategy that notices by itself when its answer would change, as from a watched file or a stream of events: it is
/// then asked at once, and not only at the end of its interval.
/// </summary>
/// <remarks>
/// <para>The questions stay what they are: every answer comes from <see cref="IPeerDiscovery.DiscoverAsync"/>, which is
/// still asked at each interval as well, so that a change whose notice got lost is found all the same. A strategy that
/// knows that its watch is well may answer from what it has noticed, without asking anybody.</para>
/// <para><see cref="WatchAsync"/> runs beside the questions, so the two share state under a lock, or as one immutable
/// value.</para>
/// </remarks>
public interface IWatchedPeerDiscovery : IPeerDiscovery
{
    /// <summary>
    /// Watches for as long as the node is in its cluster. It is begun together with the first question, and awaited
    /// when the node stops.
    /// </summary>
    /// <remarks>
    /// Should it end before it is told to, normally or by an exception, then the source is only asked at its interval
    /// for the time being, the exception is logged, and the watch is begun anew after a pause of one interval, of 30 s
    /// at most.
    /// </remarks>
    /// <param name="self">The name of the node that asks.</param>
    /// <param name="changed">Says that there may be something new; callable from any thread, it never blocks or throws.
    /// Notices that come close together end in one question, and five questions a second is the most that come of
    /// them.</param>
    /// <param name="cancellationToken">Ends the watch.</param>
    Task WatchAsync(NodeName self, Action changed, CancellationToken cancellationToken);
}
