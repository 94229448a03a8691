using System.Security.Cryptography;
using Enmesh.Wire;

namespace Enmesh.Handshake;

// erl_dist_protocol, "Distribution Handshake", the side that dials:
//   -> name   <- status   [<- alive -> true]   <- challenge   -> reply   <- acknowledgement

/// <summary>The side of a handshake that dials.</summary>
internal sealed class InitiatorHandshake : HandshakeMachine
{
    private readonly HandshakeSettings _settings;
    private readonly NodeName _peer;
    private State _state = new State.Connecting();

    internal InitiatorHandshake(HandshakeSettings settings, NodeName peer)
    {
        _settings = settings;
        _peer = peer;
    }

    internal override NodeName Peer => _peer;

    internal override bool IsOver => _state is State.Over;

    private bool AsksForName => _settings.Name is null;

    private DistributionFlags OwnFlags => AsksForName
        ? (_settings.Flags | DistributionFlags.NameMe) & ~DistributionFlags.Published
        : _settings.Flags;

    internal override IReadOnlyList<HandshakeEffect> Next(HandshakeEvent happened)
    {
        (_state, var effects) = (_state, happened) switch
        {
            (State.Over, _) => (_state, []),
            (_, HandshakeEvent.TimedOut timeout) => Fail(
                HandshakeFailure.Timeout,
                $"{_peer} has not sent {_state.Awaited} within {timeout.After.TotalSeconds:0.#} s."),
            (_, HandshakeEvent.Closed) => OnClosed(_state),
            (State.Connecting, HandshakeEvent.Started) => OnStarted(),
            (State.AwaitsStatus, HandshakeEvent.Received message) => OnStatus(message.Body.Span),
            (State.AwaitsChallenge named, HandshakeEvent.Received message) => OnChallenge(named, message.Body.Span),
            (State.AwaitsAcknowledgement asked, HandshakeEvent.Received message) =>
                OnAcknowledgement(asked, message.Body.Span),
            _ => throw new InvalidOperationException(
                $"{happened.GetType().Name} cannot happen to {_state.GetType().Name}."),
        };
        return effects;
    }

    private static (State, IReadOnlyList<HandshakeEffect>) Then(
        State state, params IReadOnlyList<HandshakeEffect> effects) => (state, effects);

    private (State, IReadOnlyList<HandshakeEffect>) OnStarted() => Then(
        new State.AwaitsStatus(),
        new HandshakeEffect.Send(HandshakeMessages.WriteName(
            _settings.PrefixBytes,
            OwnFlags,
            AsksForName ? 0 : _settings.Creation,
            _settings.Name?.Text ?? _settings.Host)));

    private (State, IReadOnlyList<HandshakeEffect>) OnStatus(ReadOnlySpan<byte> body)
    {
        if (!HandshakeStatus.TryRead(body, out var status))
            return Malformed("it sent something else than a status after our name");
        switch (status.Kind)
        {
            case HandshakeStatusKind.Ok or HandshakeStatusKind.OkSimultaneous when !AsksForName:
                return Then(new State.AwaitsChallenge(_settings.Name!, _settings.Creation, AfterAlive: false));
            case HandshakeStatusKind.Alive when !AsksForName:
                // It still holds a connection that we know to be gone, or we would not dial.
                return Then(
                    new State.AwaitsChallenge(_settings.Name!, _settings.Creation, AfterAlive: true),
                    new HandshakeEffect.Send(
                        HandshakeMessages.WriteStatus(_settings.PrefixBytes, HandshakeStatus.TrueText)));
            case HandshakeStatusKind.Named when AsksForName:
                return NodeName.TryParse(status.Text, out var name)
                    ? Then(new State.AwaitsChallenge(name, status.Creation, AfterAlive: false))
                    : Malformed("the name it gave us is no node name");
            case HandshakeStatusKind.Named:
                return Malformed("it gave us a name, though we have one");
            case HandshakeStatusKind.Nok:
                return Fail(HandshakeFailure.AlreadyConnecting, NokText());
            case HandshakeStatusKind.NotAllowed:
                return Fail(HandshakeFailure.NotAllowed, NotAllowedText(null));
            case HandshakeStatusKind.Unknown:
                return Malformed($"it answered our name with the unknown status '{status.Text}'");
            default:
                return Malformed($"it answered '{status.Text}' and gave us no name, though we asked for one");
        }
    }

    private (State, IReadOnlyList<HandshakeEffect>) OnChallenge(State.AwaitsChallenge named, ReadOnlySpan<byte> body)
    {
        if (HandshakeMessages.IsOldChallenge(body))
        {
            return Fail(
                HandshakeFailure.UnsupportedVersion,
                $"{_peer} speaks the handshake of a release before OTP 23, which is the oldest that can be joined.");
        }
        if (!HandshakeMessages.TryReadChallenge(body, out var challenge, out var problem))
            return Malformed(problem);
        if (challenge.Name != _peer.Text)
        {
            return Fail(
                HandshakeFailure.NameMismatch,
                $"We dialled {_peer}, and the node that answered calls itself '{Quote(challenge.Name)}'. "
                + "Its address may have been given to another node, or the name is spelled differently there.");
        }
        var missing = challenge.Flags.Missing(DistributionFlagSets.Demanded);
        if (missing != DistributionFlags.None)
        {
            return Fail(
                HandshakeFailure.MissingFlags,
                CapabilityText.PeerLacks(_peer.Text, missing));
        }
        var cookie = _settings.Cookies(_peer).Current;
        var ours = _settings.NewChallenge();
        var result = new HandshakeResult(
            _peer,
            challenge.Creation,
            challenge.Flags.Expand() & ~DistributionFlags.NameMe,
            DistributionFlagSets.Negotiate(OwnFlags, challenge.Flags) & ~DistributionFlags.NameMe,
            named.OwnName,
            named.OwnCreation);
        return Then(
            new State.AwaitsAcknowledgement(result, ChallengeDigest.Compute(cookie, ours)),
            new HandshakeEffect.Send(HandshakeMessages.WriteReply(
                _settings.PrefixBytes, ours, ChallengeDigest.Compute(cookie, challenge.Challenge))));
    }

    private (State, IReadOnlyList<HandshakeEffect>) OnAcknowledgement(
        State.AwaitsAcknowledgement asked, ReadOnlySpan<byte> body)
    {
        if (HandshakeStatus.TryRead(body, out var status) && status.Kind == HandshakeStatusKind.NotAllowed)
            return Fail(HandshakeFailure.NotAllowed, NotAllowedText(asked.Result.PeerFlags));
        if (!HandshakeMessages.TryReadAcknowledgement(body, out var digest, out var problem))
            return Malformed(problem);
        return CryptographicOperations.FixedTimeEquals(digest, asked.Digest)
            ? Then(new State.Over(), new HandshakeEffect.Established(asked.Result))
            : Fail(
                HandshakeFailure.CookieMismatch,
                $"{_peer} proved with its last digest that it does not know the cookie: the cookies differ.");
    }

    private (State, IReadOnlyList<HandshakeEffect>) OnClosed(State state) => state switch
    {
        State.AwaitsAcknowledgement => Fail(
            HandshakeFailure.CookieMismatch,
            $"{_peer} closed the connection after our answer to its challenge: the cookies differ. "
            + "Compare the cookie of this node with the one that erlang:get_cookie() shows there."),
        State.AwaitsChallenge { AfterAlive: true } => Fail(
            HandshakeFailure.ClosedByPeer,
            $"{_peer} still had an older connection from us and closed this one instead; it will notice the loss by "
            + "itself, at the latest after its net_ticktime."),
        State.AwaitsChallenge => Fail(
            HandshakeFailure.ClosedByPeer,
            $"{_peer} accepted our name and closed the connection before its challenge."),
        _ when _settings.OwnCertificate is { } certificate => Fail(
            HandshakeFailure.ClosedByPeer,
            $"{_peer} closed the connection after the TLS handshake, without an answer to our name. It does not accept our certificate "
            + $"({certificate}), most likely, and its log says why; or it finds the name {_settings.Name?.Text ?? _settings.Host} invalid."),
        _ => Fail(
            HandshakeFailure.ClosedByPeer,
            $"{_peer} closed the connection right after our name, without a word. That is what a node does that "
            + $"demands TLS, or that finds the name {_settings.Name?.Text ?? _settings.Host} invalid, and what a port "
            + "does that is no Erlang node."),
    };

    private string NokText() =>
        $"{_peer} answered 'nok': it is connecting to us itself, and that attempt goes ahead. Should none arrive, "
        + $"it may bear the same name as we ({_settings.Name?.Text ?? _settings.Host}), or find that name invalid.";

    private string NotAllowedText(DistributionFlags? peersFlags) =>
        $"{_peer} answered 'not_allowed': our name is not among those it allows (net_kernel:allow/1), it is shutting "
        + (_settings.OwnCertificate is { } certificate ? $"down, our certificate ({certificate}) does not name our host, " : "down, ")
        + $"or {CapabilityText.MayDemand(OwnFlags, peersFlags)}.";

    private (State, IReadOnlyList<HandshakeEffect>) Malformed(string what) =>
        Fail(HandshakeFailure.Malformed, $"{_peer} does not keep to the handshake: {what}.");

    private (State, IReadOnlyList<HandshakeEffect>) Fail(HandshakeFailure failure, string message) =>
        Then(new State.Over(), new HandshakeEffect.Failed(new HandshakeException(failure, _peer, message)));

    private static string Quote(string name) => AcceptorHandshake.Quote(name);

    private abstract record State(string Awaited)
    {
        internal sealed record Connecting() : State("anything");

        internal sealed record AwaitsStatus() : State("its answer to our name");

        internal sealed record AwaitsChallenge(NodeName OwnName, uint OwnCreation, bool AfterAlive)
            : State("its challenge");

        internal sealed record AwaitsAcknowledgement(HandshakeResult Result, byte[] Digest)
            : State("its answer to our digest");

        internal sealed record Over() : State("anything");
    }
}
