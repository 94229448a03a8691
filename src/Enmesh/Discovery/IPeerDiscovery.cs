namespace Enmesh.Discovery;

/// <summary>A way to find the members of a cluster. Implement it to bring your own.</summary>
/// <remarks>
/// <para>Discovery reports, the reconciler decides: a strategy never connects or disconnects anybody. It says what it
/// knows, and above all <em>how well</em> it knows it. An answer that is not known to be whole is
/// <see cref="PeerSnapshot.Incomplete"/>, no answer at all is <see cref="PeerSnapshot.Unavailable"/>; both remove
/// nobody. Only <see cref="PeerSnapshot.Complete"/> may make a peer vanish.</para>
/// <para>A source is asked again and again, never twice at the same time. A strategy may keep state between two calls
/// without a lock. An exception thrown counts as <see cref="PeerSnapshot.Unavailable"/>.</para>
/// </remarks>
public interface IPeerDiscovery
{
    /// <summary>
    /// Whether a whole answer should name the asking node too, since all members are looked up in the same place. When
    /// it does not, others cannot find the node there, which is told. Default false.
    /// </summary>
    bool NamesSelf => false;

    /// <summary>Asks once who the members are.</summary>
    /// <param name="self">The name of the node that asks. It may be among the answers; the reconciler leaves it
    /// out.</param>
    /// <param name="cancellationToken">Ends the question, on shutdown or when the source's time-out has passed.</param>
    ValueTask<PeerSnapshot> DiscoverAsync(NodeName self, CancellationToken cancellationToken);
}
