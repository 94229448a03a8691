using Enmesh.Wire;

namespace Enmesh.Handshake;

// erl_dist_protocol, "Distribution Handshake", the side that is dialled:
//   <- name   -> status   [-> alive <- true]   -> challenge   [<- complement, after an old name]   <- reply   ->
// acknowledgement

/// <summary>The side of a handshake that is dialled.</summary>
internal sealed class AcceptorHandshake : HandshakeMachine
{
    private readonly HandshakeSettings _settings;
    private readonly NodeName _own;
    private State _state = new State.AwaitsName();

    /// <summary>Makes the machine; the caller speaks first.</summary>
    /// <exception cref="ArgumentException">We have no name yet; nobody can dial us.</exception>
    internal AcceptorHandshake(HandshakeSettings settings)
    {
        _settings = settings;
        _own = settings.Name
            ?? throw new ArgumentException("A node without a name cannot be dialled.", nameof(settings));
    }

    internal override NodeName? Peer => _state.Peer;

    internal override bool IsOver => _state is State.Over;

    private string Who => Peer?.Text ?? "The caller";

    internal override IReadOnlyList<HandshakeEffect> Next(HandshakeEvent happened)
    {
        (_state, var effects) = (_state, happened) switch
        {
            (State.Over, _) => (_state, []),
            (_, HandshakeEvent.TimedOut timeout) => Fail(
                HandshakeFailure.Timeout,
                $"{Who} has not sent {_state.Awaited} within {timeout.After.TotalSeconds:0.#} s."),
            (_, HandshakeEvent.Closed) => OnClosed(_state),
            (State.AwaitsName, HandshakeEvent.Received message) => OnName(message.Body.Span),
            (State.AsksNode asked, HandshakeEvent.Answered(var answer)) => OnAnswer(asked, answer),
            (State.AwaitsAliveAnswer alive, HandshakeEvent.Received message) => OnAliveAnswer(alive, message.Body.Span),
            (State.AwaitsComplement old, HandshakeEvent.Received message) => OnComplement(old, message.Body.Span),
            (State.AwaitsReply asked, HandshakeEvent.Received message) => OnReply(asked, message.Body.Span),
            (State.AsksNode, HandshakeEvent.Received) => Malformed("it spoke before it was its turn"),
            _ => throw new InvalidOperationException(
                $"{happened.GetType().Name} cannot happen to {_state.GetType().Name}."),
        };
        return effects;
    }

    /// <summary>Text of a peer, fit for a message: no control characters, no pages.</summary>
    internal static string Quote(string text)
    {
        var shown = text.Length > 300 ? text[..300] + "…" : text;
        return string.Concat(shown.Select(static c => char.IsControl(c) ? '?' : c));
    }

    private static (State, IReadOnlyList<HandshakeEffect>) Then(
        State state, params IReadOnlyList<HandshakeEffect> effects) => (state, effects);

    private (State, IReadOnlyList<HandshakeEffect>) OnName(ReadOnlySpan<byte> body)
    {
        if (!HandshakeMessages.TryReadName(body, out var call, out var problem))
            return Malformed(problem);
        var asksForName = call.Flags.Has(DistributionFlags.NameMe) && !call.IsOld;
        if (!NodeName.TryParse(asksForName ? "name@" + call.Name : call.Name, out var peer))
        {
            // Without a status, as every node does it.
            return Fail(
                HandshakeFailure.InvalidName,
                $"The caller calls itself '{Quote(call.Name)}', which is no {(asksForName ? "host" : "node name")}.");
        }
        var missing = call.Flags.Missing(
            call.IsOld ? DistributionFlagSets.Demanded | DistributionFlags.Handshake23 : DistributionFlagSets.Demanded);
        if (asksForName)
        {
            var nameless = new Caller(
                peer, call.Flags & ~DistributionFlags.Published, Creation: 0, call.IsOld, WasNamed: true);
            return missing == DistributionFlags.None
                ? Then(
                    new State.AsksNode(nameless), new HandshakeEffect.Ask(new NodeQuestion.GrantName(call.Name)))
                : MissingFlags($"A caller from {peer.Host} that asks for a name", missing);
        }
        var caller = new Caller(peer, call.Flags, call.Creation, call.IsOld, WasNamed: false);
        _state = new State.AsksNode(caller); // who it is stands in whatever comes next
        if (missing != DistributionFlags.None)
            return MissingFlags(peer.Text, missing);
        if (peer == _own)
        {
            return Fail(
                HandshakeFailure.OwnName,
                $"The caller bears our own name, {_own}: two nodes have the same name, or this node dialled itself.",
                Status(HandshakeStatus.NokText));
        }
        if (!System.Text.Ascii.IsValid(peer.Alive))
        {
            return Fail(
                HandshakeFailure.InvalidName,
                $"The caller calls itself {peer}; before the '@' a node name has ASCII characters only.",
                Status(HandshakeStatus.NokText));
        }
        return Then(_state, new HandshakeEffect.Ask(new NodeQuestion.Admit(peer, caller.Flags.Has(DistributionFlags.Published))));
    }

    private (State, IReadOnlyList<HandshakeEffect>) OnAnswer(State.AsksNode asked, NodeAnswer answer)
    {
        var caller = asked.Caller;
        switch (answer)
        {
            case NodeAnswer.Refused(var why):
                return Fail(
                    HandshakeFailure.NotAllowed, $"{Who} was refused: {why}", Status(HandshakeStatus.NotAllowedText));
            case NodeAnswer.Granted(var name, var creation) when caller.WasNamed:
                return Challenge(
                    caller with { Name = name, Creation = creation },
                    false,
                    new HandshakeEffect.Send(HandshakeMessages.WriteNamed(_settings.PrefixBytes, name, creation)));
            case NodeAnswer.Admission(PeerStanding.Unconnected) when !caller.WasNamed:
                return Challenge(caller, false, Status(HandshakeStatus.OkText));
            case NodeAnswer.Admission(PeerStanding.Linked) when !caller.WasNamed:
                return Then(new State.AwaitsAliveAnswer(caller), Status(HandshakeStatus.AliveText));
            // Both dial at the same time: the attempt of the node with the greater name goes ahead.
            case NodeAnswer.Admission(PeerStanding.Dialling) when !caller.WasNamed && _own > caller.Name:
                return Fail(
                    HandshakeFailure.AlreadyConnecting,
                    $"{caller.Name} called while we were dialling it; our attempt goes ahead.",
                    Status(HandshakeStatus.NokText));
            case NodeAnswer.Admission(PeerStanding.Dialling) when !caller.WasNamed:
                return Challenge(
                    caller,
                    false,
                    new HandshakeEffect.AbandonOwnAttempt(caller.Name),
                    Status(HandshakeStatus.OkSimultaneousText));
            default:
                throw new InvalidOperationException($"{answer} is no answer to what was asked about {caller.Name}.");
        }
    }

    private (State, IReadOnlyList<HandshakeEffect>) OnAliveAnswer(
        State.AwaitsAliveAnswer alive, ReadOnlySpan<byte> body)
    {
        if (!HandshakeStatus.TryRead(body, out var status))
            return Malformed("it sent something else than an answer to 'alive'");
        return status.Text switch
        {
            HandshakeStatus.TrueText => Challenge(alive.Caller, true),
            HandshakeStatus.FalseText => Fail(
                HandshakeFailure.AlreadyConnecting,
                $"{Who} gave up its call in favour of the link that is up already."),
            _ => Malformed($"it answered 'alive' with '{status.Text}' instead of true or false"),
        };
    }

    private (State, IReadOnlyList<HandshakeEffect>) Challenge(
        Caller caller, bool replaces, params ReadOnlySpan<HandshakeEffect> first)
    {
        var challenge = _settings.NewChallenge();
        var effects = new List<HandshakeEffect>(first.Length + 1);
        effects.AddRange(first);
        effects.Add(new HandshakeEffect.Send(HandshakeMessages.WriteChallenge(
            _settings.PrefixBytes, FlagsFor(caller), challenge, _settings.Creation, _own)));
        return Then(
            caller.IsOld
                ? new State.AwaitsComplement(caller, challenge, replaces)
                : new State.AwaitsReply(caller, challenge, replaces),
            effects);
    }

    // A node that asked for a name drops us after the last message unless our challenge says that we gave it one.
    private DistributionFlags FlagsFor(Caller caller) => caller.WasNamed
        ? (_settings.Flags | DistributionFlags.NameMe) & ~DistributionFlags.Published
        : _settings.Flags;

    private (State, IReadOnlyList<HandshakeEffect>) OnComplement(State.AwaitsComplement old, ReadOnlySpan<byte> body)
    {
        if (!HandshakeMessages.TryReadComplement(body, out var high, out var creation, out var problem))
            return Malformed(problem);
        var caller = old.Caller with { Flags = old.Caller.Flags | high, Creation = creation };
        return Then(new State.AwaitsReply(caller, old.Challenge, old.Replaces));
    }

    private (State, IReadOnlyList<HandshakeEffect>) OnReply(State.AwaitsReply asked, ReadOnlySpan<byte> body)
    {
        if (!HandshakeMessages.TryReadReply(body, out var challenge, out var digest, out var problem))
            return Malformed(problem);
        var caller = asked.Caller;
        if (_settings.Cookies(caller.Name).FindUsed(digest, asked.Challenge) is not { } cookie)
        {
            return Fail(
                HandshakeFailure.CookieMismatch,
                $"{caller.Name} answered our challenge with a wrong digest: the cookies differ.");
        }
        var result = new HandshakeResult(
            caller.Name,
            caller.Creation,
            caller.Flags.Expand() & ~DistributionFlags.NameMe,
            DistributionFlagSets.Negotiate(FlagsFor(caller), caller.Flags) & ~DistributionFlags.NameMe,
            _own,
            _settings.Creation,
            asked.Replaces);
        return Then(
            new State.Over(Peer),
            new HandshakeEffect.Send(HandshakeMessages.WriteAcknowledgement(
                _settings.PrefixBytes, ChallengeDigest.Compute(cookie, challenge))),
            new HandshakeEffect.Established(result));
    }

    private (State, IReadOnlyList<HandshakeEffect>) OnClosed(State state) => state switch
    {
        State.AwaitsName when _settings.OwnCertificate is { } certificate => Fail(
            HandshakeFailure.ClosedByPeer,
            $"A caller closed the connection after the TLS handshake, before it gave its name: it does not accept our certificate ({certificate}), "
            + "most likely, and its log says why."),
        State.AwaitsName => Fail(
            HandshakeFailure.ClosedByPeer,
            "A caller closed the connection without a word: a port scan, or a check whether the port is open."),
        State.AwaitsAliveAnswer => Fail(
            HandshakeFailure.ClosedByPeer,
            $"{Who} closed the connection when it heard that it has a link to us already."),
        State.AwaitsReply asked => ClosedAfterChallenge(asked.Caller.Flags),
        State.AwaitsComplement => ClosedAfterChallenge(null), // an old caller, half of whose flags would come now
        _ => Fail(HandshakeFailure.ClosedByPeer, $"{Who} closed the connection before we had answered its name."),
    };

    private (State, IReadOnlyList<HandshakeEffect>) ClosedAfterChallenge(DistributionFlags? callersFlags) => Fail(
        HandshakeFailure.ClosedByPeer,
        $"{Who} closed the connection after our challenge: it has dialled another name than ours ({_own}), its own attempt "
        + $"has been replaced by ours, or {CapabilityText.MayDemand(_settings.Flags, callersFlags)}.");

    private (State, IReadOnlyList<HandshakeEffect>) MissingFlags(string who, DistributionFlags missing) => Fail(
        HandshakeFailure.MissingFlags,
        CapabilityText.PeerLacks(who, missing),
        Status(HandshakeStatus.NotAllowedText));

    private (State, IReadOnlyList<HandshakeEffect>) Malformed(string what) =>
        Fail(HandshakeFailure.Malformed, $"{Who} does not keep to the handshake: {what}.");

    private (State, IReadOnlyList<HandshakeEffect>) Fail(
        HandshakeFailure failure, string message, params ReadOnlySpan<HandshakeEffect> first)
    {
        var peer = Peer;
        var error = new HandshakeException(failure, peer, message);
        return Then(new State.Over(peer), [.. first, new HandshakeEffect.Failed(error)]);
    }

    private HandshakeEffect.Send Status(string status) =>
        new(HandshakeMessages.WriteStatus(_settings.PrefixBytes, status));

    /// <summary>Who calls. A caller that asks for a name bears a made-up one on its host until it has got it.</summary>
    private sealed record Caller(NodeName Name, DistributionFlags Flags, uint Creation, bool IsOld, bool WasNamed);

    private abstract record State(NodeName? Peer, string Awaited)
    {
        internal sealed record AwaitsName() : State(null, "its name");

        internal sealed record AsksNode(Caller Caller) : State(Caller.WasNamed ? null : Caller.Name, "anything");

        internal sealed record AwaitsAliveAnswer(Caller Caller) : State(Caller.Name, "its answer to 'alive'");

        internal sealed record AwaitsComplement(Caller Caller, uint Challenge, bool Replaces)
            : State(Caller.Name, "the rest of its flags");

        internal sealed record AwaitsReply(Caller Caller, uint Challenge, bool Replaces)
            : State(Caller.Name, "its answer to our challenge");

        internal sealed record Over(NodeName? Peer) : State(Peer, "anything");
    }
}
