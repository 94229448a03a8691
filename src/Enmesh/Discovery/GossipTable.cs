using System.Net;
using Enmesh.Transport;

namespace Enmesh.Discovery;

/// <summary>Who was heard, and when: what gossip knows, and what it makes of silence.</summary>
/// <remarks>Called from the loops of the watch and from questions, so everything is under one lock.</remarks>
internal sealed class GossipTable(TimeSpan silentAfter, TimeSpan forgetAfter, TimeProvider time)
{
    /// <summary>In the clear anybody may send any name; beyond so many they are not kept.</summary>
    internal const int MaxMembers = 1024;

    private const int MaxNames = 5;

    private readonly Lock _lock = new();
    private readonly Dictionary<NodeName, TimeSpan> _heard = [];
    private readonly long _origin = time.GetTimestamp();
    private TimeSpan? _listeningSince;
    private bool _hearsItself;
    private Exception? _deaf;
    private string? _mute;
    private TimeSpan _sendingSince;
    private (int Count, IPEndPoint From, GossipRefusal Why, TimeSpan At)? _refused;
    private TimeSpan? _fullAt;

    /// <summary>The sockets are open.</summary>
    /// <param name="hearsItself">Whether this node's own packets come back to it.</param>
    internal void Listening(bool hearsItself)
    {
        lock (_lock)
        {
            _hearsItself = hearsItself;
            _listeningSince = Now();
            _deaf = null;
        }
    }

    /// <summary>Nothing can be heard, and why.</summary>
    internal void Deaf(Exception cause)
    {
        lock (_lock)
        {
            _deaf = cause;
            _listeningSince = null;
        }
    }

    /// <summary>Whether packets can be sent: null, or what keeps them.</summary>
    internal void Sent(string? problem)
    {
        lock (_lock)
        {
            if (_mute is not null && problem is null)
                _sendingSince = Now();
            _mute = problem;
        }
    }

    /// <summary>A packet came that could not be used.</summary>
    internal void Refused(IPEndPoint from, GossipRefusal why)
    {
        lock (_lock)
            _refused = ((_refused?.Count ?? 0) + 1, from, why, Now());
    }

    /// <summary>A node was heard.</summary>
    /// <returns>Whether it was not known before.</returns>
    internal bool Heard(NodeName node)
    {
        lock (_lock)
        {
            if (!_heard.ContainsKey(node) && _heard.Count >= MaxMembers)
            {
                _fullAt = Now();
                return false;
            }
            var isNew = !_heard.ContainsKey(node);
            _heard[node] = Now();
            return isNew;
        }
    }

    /// <summary>
    /// What is known now. Silence is told from absence: who falls silent makes the answer incomplete and stays in it; only
    /// who stays silent is left out, and then the answer is complete without it.
    /// </summary>
    internal PeerSnapshot Snapshot(NodeName self)
    {
        lock (_lock)
        {
            if (_deaf is not null)
                return new PeerSnapshot.Unavailable(_deaf);
            var now = Now();
            foreach (var (node, at) in _heard)
            {
                if (_mute is null && SilentFor(at, now) >= forgetAfter)
                    _heard.Remove(node);
            }
            DiscoveredPeer[] peers = [.. _heard.Keys.Select(node => new DiscoveredPeer(node))];
            return Doubt(self, now) is { } doubt
                ? new PeerSnapshot.Incomplete(peers, doubt)
                : new PeerSnapshot.Complete(peers);
        }
    }

    private string? Doubt(NodeName self, TimeSpan now)
    {
        if (_mute is not null)
            return $"its packets cannot be sent: {_mute}";
        if (now - _fullAt < silentAfter)
            return FormattableString.Invariant($"more than {MaxMembers} names are heard, and no more are kept; somebody floods the group");
        var isAlone = !_heard.Keys.Any(node => node != self);
        // In the beginning that nobody was heard says nothing.
        if (_listeningSince is not { } since || now - since < silentAfter)
        {
            return isAlone
                ? FormattableString.Invariant($"nobody else has been heard yet; that there is nobody is believed after {silentAfter.TotalSeconds:0.#} s")
                : null;
        }
        if (_hearsItself && !(_heard.TryGetValue(self, out var own) && now - own < silentAfter))
            return "not even this node's own packets come back: its socket or a packet filter of this host keeps them; name another Interface or Groups";
        var silent = _heard.Where(pair => pair.Key != self && SilentFor(pair.Value, now) >= silentAfter)
            .OrderBy(pair => pair.Key).ToArray();
        if (silent.Length > 0)
        {
            var names = string.Join(", ", silent.Take(MaxNames).Select(pair => FormattableString.Invariant(
                $"{pair.Key} for {(now - pair.Value).TotalSeconds:0} s")));
            return $"not heard any longer: {names}{(silent.Length > MaxNames ? $" and {silent.Length - MaxNames} more" : "")}";
        }
        return _refused is { } refused && isAlone && now - refused.At < silentAfter
            ? $"nobody else is heard who can be understood; {refused.Count} packets could not, the last from {EndPointText.Of(refused.From)}: {Text(refused.Why)}"
            : null;
    }

    internal static string Text(GossipRefusal why) => why switch
    {
        GossipRefusal.Foreign => "it is of another kind; is one side without a secret, or with another Protocol?",
        GossipRefusal.OtherSecret => "no secret of ours opens it",
        GossipRefusal.WrongTime => "its time is not ours; is a clock wrong?",
        _ => "it names no node",
    };

    // Only the time counts in which there was anything to hear: whoever was cut off himself knows nothing of the others.
    private TimeSpan SilentFor(TimeSpan heard, TimeSpan now)
    {
        var since = heard > _sendingSince ? heard : _sendingSince;
        return now - (_listeningSince > since ? _listeningSince.Value : since);
    }

    private TimeSpan Now() => time.GetElapsedTime(_origin);
}
