using Enmesh.Handshake;
using Enmesh.Wire;
using Microsoft.Extensions.Logging;

namespace Enmesh.Peers;

/// <summary>How far a call has come, in the order of what happens.</summary>
internal enum HandshakeStep
{
    /// <summary>It is known where the peer listens: by EPMD, by discovery, or since all nodes have one port.</summary>
    Located,

    /// <summary>The connection below stands.</summary>
    Connected,

    /// <summary>The two have agreed on TLS.</summary>
    Secured,

    /// <summary>Erlang's own handshake is done: names, flags and cookie are right.</summary>
    Agreed,

    /// <summary>It came to nothing.</summary>
    Failed,
}

/// <summary>A step of one call, as it happened.</summary>
/// <param name="Call">Which call; counts from 1 within a node.</param>
/// <param name="IsIncoming">Whether the peer called.</param>
/// <param name="Peer">The peer, by its name as far as that is known, else by its address.</param>
/// <param name="Step">What happened.</param>
/// <param name="Text">The same in words, on one line.</param>
/// <param name="Elapsed">Since the call began.</param>
internal sealed record HandshakeNotice(long Call, bool IsIncoming, string Peer, HandshakeStep Step, string Text, TimeSpan Elapsed)
{
    /// <summary>What TLS came to, when it did.</summary>
    internal TlsLink? Tls { get; init; }

    /// <summary>What the handshake came to, when it did.</summary>
    internal HandshakeResult? Result { get; init; }
}

/// <summary>Tells whoever wants to know what becomes of the calls of a node, those it makes and those it gets.</summary>
internal sealed class HandshakeJournal(TimeProvider time, ILogger logger)
{
    private readonly Lock _gate = new();
    private Action<HandshakeNotice>[] _followers = [];
    private long _calls;

    /// <summary>Calls somebody with every step from now on, on the thread of the call: it must not wait.</summary>
    /// <returns>What ends it.</returns>
    internal IDisposable Follow(Action<HandshakeNotice> follower)
    {
        lock (_gate)
            _followers = [.. _followers, follower];
        return new Following(this, follower);
    }

    /// <summary>A call begins.</summary>
    internal Trail Begin(bool isIncoming, string peer) => new(this, Interlocked.Increment(ref _calls), isIncoming, peer, time.GetTimestamp());

    // The call goes on, whatever becomes of those who look on: one that fails is told no more.
    private void Tell(Action<HandshakeNotice> follower, HandshakeNotice notice)
    {
        try
        {
            follower(notice);
        }
#pragma warning disable CA1031 // Anything that left here would end somebody's call, and not in any of the ways that calls end.
        catch (Exception e)
#pragma warning restore CA1031
        {
            Forget(follower);
            logger.FollowerFailed(e);
        }
    }

    private void Forget(Action<HandshakeNotice> follower)
    {
        lock (_gate)
        {
            var index = Array.IndexOf(_followers, follower);
            if (index >= 0)
                _followers = [.. _followers[..index], .. _followers[(index + 1)..]];
        }
    }

    /// <summary>One call on its way.</summary>
    internal sealed class Trail(HandshakeJournal journal, long call, bool isIncoming, string peer, long begun)
    {
        private string _peer = peer;

        internal void Located(PeerEndPoint place) =>
            Tell(HandshakeStep.Located, static place => $"it is dialled at {EndPointOf(place)}", place);

        internal void Connected(string description) =>
            Tell(HandshakeStep.Connected, static at => $"the connection stands ({at})", description);

        // The transport logs it itself, with more.
        internal void Secured(TlsLink? tls)
        {
            if (tls is not null)
                Tell(HandshakeStep.Secured, static tls => $"{tls.Version}, {tls.CipherSuite}; its certificate: {tls.Peer}; ours: {tls.Own}", tls, tls, log: false);
        }

        internal void Agreed(HandshakeResult result)
        {
            _peer = result.Peer.Text;
            Tell(HandshakeStep.Agreed, FlagsText, result, result: result);
        }

        // Logged where it is decided what becomes of it.
        internal void Failed(Exception why) => Tell(HandshakeStep.Failed, static why => why.Message, why, log: false);

        private void Tell<T>(
            HandshakeStep step, Func<T, string> words, T about, TlsLink? tls = null, HandshakeResult? result = null, bool log = true)
        {
            var followers = Volatile.Read(ref journal._followers);
            var logged = log && journal.Logger.IsEnabled(LogLevel.Debug);
            if (followers.Length == 0 && !logged)
                return;
            var text = words(about);
            if (logged)
                journal.Logger.HandshakeStep(isIncoming ? "Called by" : "Dialling", _peer, text);
            var notice = new HandshakeNotice(call, isIncoming, _peer, step, text, journal.Time.GetElapsedTime(begun)) { Tls = tls, Result = result };
            foreach (var follower in followers)
                journal.Tell(follower, notice);
        }

        private static string EndPointOf(PeerEndPoint place) => Transport.EndPointText.HostAndPort(place.Host, place.Port);

        private static string FlagsText(HandshakeResult result)
        {
            var lacking = DistributionFlagSets.Hidden & ~result.PeerFlags.Expand();
            return $"the handshake is done: a {(result.PeerIsPublished ? "visible" : "hidden")} node, creation {result.PeerCreation}; "
                + (lacking == DistributionFlags.None ? "it has all that we have" : $"it lacks {lacking.Describe()}");
        }
    }

    private TimeProvider Time => time;

    private ILogger Logger => logger;

    private sealed class Following(HandshakeJournal journal, Action<HandshakeNotice> follower) : IDisposable
    {
        public void Dispose() => journal.Forget(follower);
    }
}
