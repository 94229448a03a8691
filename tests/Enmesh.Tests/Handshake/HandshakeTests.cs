using Enmesh.Handshake;
using Enmesh.Wire;
using Xunit;

namespace Enmesh.Tests.Handshake;

/// <summary>The two machines against each other and against peers that stop, lie or talk nonsense.</summary>
[Trait("Ring", "pure")]
public class HandshakeTests
{
    private static readonly NodeName Alice = NodeName.Parse("alice@host");
    private static readonly NodeName Bob = NodeName.Parse("bob@host");

    [Fact]
    public void Digest_is_that_of_a_real_node()
    {
        // Recorded: OTP 27, cookie abc, our challenge 3683773674.
        var recorded = RecordedHandshake.Find(27, "initiator", "epmd says versions 6..6");
        var reply = recorded.Messages[3].Bytes;
        Assert.Equal(reply[7..], ChallengeDigest.Compute("abc", 3683773674));
        Assert.True(ChallengeDigest.Matches(reply.AsSpan(7), "abc", 3683773674));
        Assert.False(ChallengeDigest.Matches(reply.AsSpan(7), "abd", 3683773674));
        Assert.False(ChallengeDigest.Matches(reply.AsSpan(7), "abc", 3683773675));
        Assert.False(ChallengeDigest.Matches([], "abc", 3683773674));
    }

    [Fact]
    public void Cookie_that_no_node_can_have_is_the_callers_mistake() =>
        Assert.Throws<ArgumentException>(() => ChallengeDigest.Compute("中", 1));

    [Theory]
    [InlineData(HandshakeFraming.TcpPrefixBytes)]
    [InlineData(HandshakeFraming.TlsPrefixBytes)]
    public void Two_nodes_of_ours_are_connected(int prefix)
    {
        var (dialler, acceptor) = Connect(
            Settings(Alice) with { PrefixBytes = prefix }, Settings(Bob) with { PrefixBytes = prefix });

        Assert.Equal(Bob, dialler.Result!.Peer);
        Assert.Equal(Alice, acceptor.Result!.Peer);
        Assert.Equal(DistributionFlagSets.Hidden, dialler.Result.Negotiated);
        Assert.Equal(dialler.Result.Negotiated, acceptor.Result.Negotiated);
        Assert.Equal((17u, 17u), (dialler.Result.PeerCreation, acceptor.Result.PeerCreation));
        Assert.False(dialler.Result.PeerIsPublished);
    }

    [Fact]
    public void Challenges_are_not_repeated()
    {
        var settings = Settings(Alice);
        Assert.InRange(Enumerable.Range(0, 100).Select(_ => settings.NewChallenge()).Distinct().Count(), 99, 100);
    }

    [Fact]
    public void Published_peer_is_told_from_a_hidden_one()
    {
        var (dialler, acceptor) = Connect(
            Settings(Alice) with { Flags = DistributionFlagSets.Hidden | DistributionFlags.Published }, Settings(Bob));
        Assert.True(acceptor.Result!.PeerIsPublished);
        Assert.False(dialler.Result!.PeerIsPublished);
    }

    [Fact]
    public void Cookie_of_one_peer_may_differ_from_that_of_all_others()
    {
        var (dialler, _) = Connect(
            Settings(Alice) with { Cookies = peer => new(peer == Bob ? "special" : "common") },
            Settings(Bob) with { Cookies = peer => new(peer == Alice ? "special" : "common") });
        Assert.NotNull(dialler.Result);
    }

    [Fact]
    public void Cookie_is_changed_without_a_refusal()
    {
        // Before: old. First everybody accepts the new one, then everybody uses it, then the old one is dropped.
        PeerCookies[] stages = [new("old"), new("old", "new"), new("new", "old"), new("new")];
        for (var i = 0; i < stages.Length - 1; i++)
        {
            foreach (var (mine, yours) in
                ((PeerCookies, PeerCookies)[])[(stages[i], stages[i + 1]), (stages[i + 1], stages[i])])
            {
                var (dialler, acceptor) = Connect(
                    Settings(Alice) with { Cookies = _ => mine }, Settings(Bob) with { Cookies = _ => yours });
                Assert.NotNull(dialler.Result);
                Assert.NotNull(acceptor.Result);
            }
        }
        Assert.DoesNotContain("old", stages[1].ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public void Different_cookies_are_called_by_their_name_on_both_sides()
    {
        var (dialler, acceptor) = Connect(Settings(Alice) with { Cookies = _ => new("one") }, Settings(Bob));
        Assert.Equal(HandshakeFailure.CookieMismatch, acceptor.Error!.Failure);
        Assert.Equal(HandshakeFailure.CookieMismatch, dialler.Error!.Failure);
        Assert.Contains("cookies differ", acceptor.Error.Message, StringComparison.Ordinal);
        Assert.Contains("cookies differ", dialler.Error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Impostor_that_does_not_know_the_cookie_is_found_out_by_its_acknowledgement()
    {
        var dialler = new HandshakeDriver(
            new InitiatorHandshake(Settings(Alice), Bob), _ => throw new InvalidOperationException());
        dialler.Start()
            .Receive(HandshakeMessages.WriteStatus(2, "ok").AsSpan(2))
            .Receive(HandshakeMessages.WriteChallenge(2, DistributionFlagSets.Hidden, 5, 6, Bob).AsSpan(2))
            .Receive(HandshakeMessages.WriteAcknowledgement(2, new byte[16]).AsSpan(2));
        Assert.Equal(HandshakeFailure.CookieMismatch, dialler.Error!.Failure);
        Assert.Null(dialler.Result);
    }

    [Fact]
    public void Refusal_in_place_of_the_acknowledgement_is_understood()
    {
        // Recorded from OTP 27 and 29, after a complement that lacked a flag.
        var dialler = new HandshakeDriver(
            new InitiatorHandshake(Settings(Alice), Bob), _ => throw new InvalidOperationException());
        dialler.Start()
            .Receive(HandshakeMessages.WriteStatus(2, "ok").AsSpan(2))
            .Receive(HandshakeMessages.WriteChallenge(2, DistributionFlagSets.Hidden, 5, 6, Bob).AsSpan(2))
            .Receive("snot_allowed"u8);
        Assert.Equal(HandshakeFailure.NotAllowed, dialler.Error!.Failure);
        Assert.Contains("net_kernel:allow/1", dialler.Error.Message, StringComparison.Ordinal);
        Assert.DoesNotContain("BIG_CREATION", dialler.Error.Message, StringComparison.Ordinal); // we have that
    }

    [Fact]
    public void Missing_flags_are_called_by_name_on_both_sides()
    {
        var poor = Settings(Alice) with { Flags = DistributionFlagSets.Hidden & ~(DistributionFlags.BigCreation | DistributionFlags.Utf8Atoms | DistributionFlags.Mandatory25Digest) };
        var (dialler, acceptor) = Connect(poor, Settings(Bob));
        Assert.Equal(HandshakeFailure.MissingFlags, acceptor.Error!.Failure);
        Assert.Contains("alice@host lacks UTF8_ATOMS, BIG_CREATION", acceptor.Error.Message, StringComparison.Ordinal);
        Assert.Equal(Alice, acceptor.Error.Peer);
        Assert.Equal(HandshakeFailure.NotAllowed, dialler.Error!.Failure);

        (dialler, acceptor) = Connect(Settings(Bob), poor);
        Assert.Equal(HandshakeFailure.MissingFlags, dialler.Error!.Failure);
        Assert.Contains("alice@host lacks UTF8_ATOMS, BIG_CREATION", dialler.Error.Message, StringComparison.Ordinal);
        Assert.Equal(HandshakeFailure.ClosedByPeer, acceptor.Error!.Failure);
    }

    [Theory]
    [InlineData("alice@host", "bob@host", false)] // the acceptor's name is the greater one: its own attempt wins
    [InlineData("bob@host", "alice@host", true)]
    [InlineData("a@host", "a@host2", false)]
    [InlineData("Z@host", "a@host", false)] // as text: capitals first
    [InlineData("nö@host", "nz@host", null)]
    public void Crossing_attempts_are_decided_by_the_names_as_text(string caller, string own, bool? goesOn)
    {
        var (dialler, acceptor) = Connect(
            Settings(NodeName.Parse(caller)), Settings(NodeName.Parse(own)),
            _ => new NodeAnswer.Admission(PeerStanding.Dialling));
        if (goesOn is null)
        {
            Assert.Equal(HandshakeFailure.InvalidName, acceptor.Error!.Failure);
            return;
        }
        Assert.Equal(goesOn, acceptor.Result is not null);
        Assert.Equal(goesOn, dialler.Result is not null);
        Assert.Equal(goesOn.Value ? [NodeName.Parse(caller)] : [], acceptor.Abandoned);
        if (!goesOn.Value)
            Assert.Equal(HandshakeFailure.AlreadyConnecting, dialler.Error!.Failure);
    }

    [Fact]
    public void A_peer_that_lacks_much_is_called_old_instead_of_all_its_lacks_being_named()
    {
        var (_, acceptor) = Connect(
            Settings(Alice) with { Flags = DistributionFlags.Handshake23 | DistributionFlags.DistMonitor },
            Settings(Bob));
        Assert.Equal(
            "alice@host lacks 9 capabilities that every node from OTP 23 on has, EXTENDED_REFERENCES, NEW_FUN_TAGS, "
            + "EXTENDED_PIDS_PORTS among them: it is of an older release, or no Erlang node at all.",
            acceptor.Error!.Message);
    }

    [Fact]
    public void A_refusal_names_what_we_lack_and_nothing_that_we_have()
    {
        // Before its challenge the peer has said nothing of what it can do.
        var early = new HandshakeDriver(
            new InitiatorHandshake(Settings(Alice), Bob), _ => throw new InvalidOperationException());
        early.Start().Receive("snot_allowed"u8);
        Assert.Equal(
            "bob@host answered 'not_allowed': our name is not among those it allows (net_kernel:allow/1), it is shutting down, "
            + "or it demands a capability that we lack, which no release from OTP 23 to 29 does.",
            early.Error!.Message);

        var ours = Settings(Alice) with { Flags = DistributionFlagSets.Hidden & ~DistributionFlags.Alias };
        var late = new HandshakeDriver(new InitiatorHandshake(ours, Bob), _ => throw new InvalidOperationException());
        late.Start().Receive("sok"u8);
        var challenge = HandshakeMessages.WriteChallenge(
            2, DistributionFlagSets.Hidden | DistributionFlags.Published, 1, 2, Bob);
        late.Receive(Body(challenge, 2)).Receive("snot_allowed"u8);
        Assert.EndsWith("or it demands what we lack: ALIAS.", late.Error!.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Second_link_replaces_the_first_only_after_the_right_digest()
    {
        var linked = new NodeAnswer.Admission(PeerStanding.Linked);
        var (dialler, acceptor) = Connect(Settings(Alice), Settings(Bob), _ => linked);
        Assert.True(acceptor.Result!.ReplacesLink);
        Assert.False(dialler.Result!.ReplacesLink);

        (_, acceptor) = Connect(Settings(Alice) with { Cookies = _ => new("wrong") }, Settings(Bob), _ => linked);
        Assert.Equal(HandshakeFailure.CookieMismatch, acceptor.Error!.Failure);
        Assert.Null(acceptor.Result);
    }

    [Fact]
    public void Node_without_a_name_gets_one_from_a_node_of_ours()
    {
        var nameless = Settings(Alice) with { Name = null, Host = "10.0.0.7", Flags = DistributionFlagSets.Hidden | DistributionFlags.Published };
        var granted = NodeName.Parse("1RROYMK4DFSJ4@10.0.0.7");
        var asked = new List<NodeQuestion>();
        var (dialler, acceptor) = Connect(nameless, Settings(Bob), question =>
        {
            asked.Add(question);
            return new NodeAnswer.Granted(granted, 99);
        });

        Assert.Equal([new NodeQuestion.GrantName("10.0.0.7")], asked);
        Assert.Equal((granted, 99u), (dialler.Result!.OwnName, dialler.Result.OwnCreation));
        Assert.Equal((granted, 99u), (acceptor.Result!.Peer, acceptor.Result.PeerCreation));
        Assert.False(acceptor.Result.PeerIsPublished); // though it said so
        Assert.False(dialler.Result.Negotiated.Has(DistributionFlags.NameMe));
    }

    [Fact]
    public void Node_without_a_name_is_refused_where_none_are_given()
    {
        var (dialler, acceptor) = Connect(
            Settings(Alice) with { Name = null, Host = "h" }, Settings(Bob),
            _ => new NodeAnswer.Refused("names are not given here"));
        Assert.Equal(HandshakeFailure.NotAllowed, acceptor.Error!.Failure);
        Assert.Contains("names are not given here", acceptor.Error.Message, StringComparison.Ordinal);
        Assert.Equal(HandshakeFailure.NotAllowed, dialler.Error!.Failure);
    }

    [Fact]
    public void Peer_that_gives_no_name_though_asked_is_refused()
    {
        var machine = new InitiatorHandshake(Settings(Alice) with { Name = null, Host = "h" }, Bob);
        var driver = new HandshakeDriver(machine, _ => throw new InvalidOperationException()).Start().Receive("sok"u8);
        Assert.Equal(HandshakeFailure.Malformed, driver.Error!.Failure);
    }

    [Fact]
    public void Node_without_a_name_cannot_be_dialled() =>
        Assert.Throws<ArgumentException>(() => new AcceptorHandshake(Settings(Alice) with { Name = null }));

    private static HandshakeSettings Settings(NodeName name) =>
        new() { Name = name, Creation = 17, Cookies = _ => new PeerCookies("secret") };

    private static (HandshakeDriver Dialler, HandshakeDriver Acceptor) Connect(
        HandshakeSettings from, HandshakeSettings to, Func<NodeQuestion, NodeAnswer>? node = null)
    {
        var dialler = new HandshakeDriver(
            new InitiatorHandshake(from, to.Name!), _ => throw new InvalidOperationException());
        var acceptor = new HandshakeDriver(
            new AcceptorHandshake(to), node ?? (_ => new NodeAnswer.Admission(PeerStanding.Unconnected)));
        dialler.Start();
        var (fromDialler, fromAcceptor) = (0, 0);
        while (fromDialler < dialler.Sent.Count || fromAcceptor < acceptor.Sent.Count)
        {
            if (fromDialler < dialler.Sent.Count)
                acceptor.Receive(Body(dialler.Sent[fromDialler++], from.PrefixBytes));
            else
                dialler.Receive(Body(acceptor.Sent[fromAcceptor++], to.PrefixBytes));
        }
        if (acceptor.Error is not null)
            dialler.Close();
        if (dialler.Error is not null)
            acceptor.Close();
        return (dialler, acceptor);
    }

    private static ReadOnlySpan<byte> Body(byte[] message, int prefix)
    {
        Assert.Equal(message.Length - prefix, HandshakeFraming.ReadLength(message.AsSpan(0, prefix), null));
        return message.AsSpan(prefix);
    }
}
