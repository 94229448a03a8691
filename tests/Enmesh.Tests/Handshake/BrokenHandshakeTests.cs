using Enmesh.Handshake;
using Enmesh.Wire;
using Xunit;

namespace Enmesh.Tests.Handshake;

/// <summary>Whatever a stranger sends or leaves out: one clear failure, and no other exception.</summary>
[Trait("Ring", "pure")]
public class BrokenHandshakeTests
{
    private static readonly NodeName Own = NodeName.Parse("own@host");
    private static readonly NodeName Peer = NodeName.Parse("peer@host");

    private static readonly HandshakeSettings Settings =
        new() { Name = Own, Creation = 17, Cookies = _ => new PeerCookies("secret"), NewChallenge = () => 77 };

    // What a right peer would send to a dialler, and to an acceptor.
    private static readonly byte[][] ToDialler =
    [
        [.. "sok"u8],
        HandshakeMessages.WriteChallenge(2, DistributionFlagSets.Hidden, 5, 6, Peer)[2..],
        HandshakeMessages.WriteAcknowledgement(2, ChallengeDigest.Compute("secret", 77))[2..],
    ];

    private static readonly byte[][] ToAcceptor =
    [
        HandshakeMessages.WriteName(2, DistributionFlagSets.Hidden, 6, Peer.Text)[2..],
        HandshakeMessages.WriteReply(2, 5, ChallengeDigest.Compute("secret", 77))[2..],
    ];

    private static readonly byte[][] OldToAcceptor =
    [
        [(byte)'n', 0, 5, 0x07, 0xDF, 0x7F, 0xBC, .. "peer@host"u8],
        [(byte)'c', 0, 0, 0, 0x0C, 0, 0, 0, 6],
        HandshakeMessages.WriteReply(2, 5, ChallengeDigest.Compute("secret", 77))[2..],
    ];

    private static readonly byte[][] AgainToAcceptor = [ToAcceptor[0], [.. "strue"u8], ToAcceptor[1]];

    private static readonly (byte[][] Messages, bool Dials, PeerStanding Standing)[] Conversations =
    [
        (ToDialler, true, PeerStanding.Unconnected),
        (ToAcceptor, false, PeerStanding.Unconnected),
        (OldToAcceptor, false, PeerStanding.Unconnected),
        (AgainToAcceptor, false, PeerStanding.Linked),
    ];

    [Fact]
    public void Conversations_are_right_as_they_stand()
    {
        foreach (var (messages, dials, standing) in Conversations)
            Assert.NotNull(Drive(dials, standing, messages).Result);
    }

    [Fact]
    public void Every_truncation_of_every_message_fails()
    {
        foreach (var (messages, dials, standing) in Conversations)
        {
            for (var i = 0; i < messages.Length; i++)
            {
                for (var length = 0; length < messages[i].Length; length++)
                {
                    var driver = Drive(dials, standing, [.. messages[..i], messages[i][..length]]);
                    // An old name has no length of its own: cut within the name, it is another name.
                    if (messages[i][0] == 'n' && driver.Error is null)
                        Assert.InRange(length, "nvvffffp@h".Length, messages[i].Length);
                    else
                        Assert.NotNull(driver.Error);
                    Assert.Null(driver.Result);
                }
            }
        }
    }

    [Fact]
    public void Random_damage_ends_in_a_failure_or_in_an_honest_connection()
    {
        var random = new Random(3);
        for (var round = 0; round < 20_000; round++)
        {
            var (messages, dials, standing) = Conversations[random.Next(Conversations.Length)];
            var copy = messages.Select(m => m.ToArray()).ToArray();
            var victim = copy[random.Next(copy.Length)];
            victim[random.Next(victim.Length)] ^= (byte)(1 << random.Next(8));
            var driver = Drive(dials, standing, copy);
            Assert.True(driver.Error is null || driver.Result is null);
        }
    }

    [Fact]
    public void Random_messages_fail()
    {
        var random = new Random(5);
        for (var round = 0; round < 20_000; round++)
        {
            var (messages, dials, standing) = Conversations[random.Next(Conversations.Length)];
            var nonsense = new byte[random.Next(100)];
            random.NextBytes(nonsense);
            if (nonsense.Length > 0)
                nonsense[0] = (byte)"Nncrsa"[random.Next(6)];
            var driver = Drive(dials, standing, [.. messages[..random.Next(messages.Length)], nonsense]);
            Assert.Null(driver.Result);
        }
    }

    [Theory]
    [InlineData(true, 0, HandshakeFailure.ClosedByPeer, "right after our name")]
    [InlineData(true, 1, HandshakeFailure.ClosedByPeer, "before its challenge")]
    [InlineData(true, 2, HandshakeFailure.CookieMismatch, "the cookies differ")]
    [InlineData(false, 0, HandshakeFailure.ClosedByPeer, "without a word")]
    [InlineData(false, 1, HandshakeFailure.ClosedByPeer, "after our challenge")]
    public void Closing_at_each_step_is_explained(bool dials, int step, HandshakeFailure failure, string text)
    {
        var driver = Drive(dials, PeerStanding.Unconnected, (dials ? ToDialler : ToAcceptor)[..step]).Close();
        Assert.Equal(failure, driver.Error!.Failure);
        Assert.Contains(text, driver.Error.Message, StringComparison.Ordinal);
        Assert.Equal(!dials && step == 0 ? null : Peer, driver.Error.Peer);
    }

    [Fact]
    public void Closing_after_alive_is_explained_on_both_sides()
    {
        var acceptor = Drive(false, PeerStanding.Linked, [ToAcceptor[0]]).Close();
        Assert.Contains("has a link to us already", acceptor.Error!.Message, StringComparison.Ordinal);
        var dialler = Drive(true, PeerStanding.Unconnected, [[.. "salive"u8]]).Close();
        Assert.Contains("older connection", dialler.Error!.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(true, 0, "its answer to our name")]
    [InlineData(true, 1, "its challenge")]
    [InlineData(true, 2, "its answer to our digest")]
    [InlineData(false, 0, "its name")]
    [InlineData(false, 1, "its answer to our challenge")]
    public void Silence_at_each_step_is_explained(bool dials, int step, string awaited)
    {
        var driver = Drive(dials, PeerStanding.Unconnected, (dials ? ToDialler : ToAcceptor)[..step]);
        driver.Happen(new HandshakeEvent.TimedOut(TimeSpan.FromSeconds(7)));
        Assert.Equal(HandshakeFailure.Timeout, driver.Error!.Failure);
        Assert.Contains($"has not sent {awaited} within 7 s", driver.Error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Nothing_happens_any_more_once_it_is_over()
    {
        foreach (var (messages, dials, standing) in Conversations)
        {
            var driver = Drive(dials, standing, messages);
            var sent = driver.Sent.Count;
            driver.Receive("sok"u8).Close().Happen(new HandshakeEvent.TimedOut(TimeSpan.FromSeconds(1)));
            Assert.NotNull(driver.Result);
            Assert.Null(driver.Error);
            Assert.Equal(sent, driver.Sent.Count);
        }
    }

    [Theory]
    [InlineData("1000", 4096)]
    [InlineData("0000", 0)]
    [InlineData("00001000", 4096)]
    public void Length_within_the_limit_is_read(string prefix, int length) =>
        Assert.Equal(length, HandshakeFraming.ReadLength(Convert.FromHexString(prefix), null));

    [Theory]
    [InlineData("1001", "4097 bytes")]
    [InlineData("00001001", "4097 bytes")]
    [InlineData("FFFFFFFF", "no Erlang node")]
    [InlineData("1603", "TLS")] // a ClientHello
    [InlineData("1503", "TLS")] // an alert
    [InlineData("4745", "another protocol")] // GET
    [InlineData("48545450", "another protocol")] // HTTP
    [InlineData("001D4E00", "without TLS")] // a name message with a length of 2 bytes
    public void Length_above_the_limit_is_refused_with_a_guess(string prefix, string guess)
    {
        var error = Assert.Throws<HandshakeException>(
            () => HandshakeFraming.ReadLength(Convert.FromHexString(prefix), Peer));
        Assert.Equal((HandshakeFailure.TooLong, Peer), (error.Failure, error.Peer));
        Assert.Contains(guess, error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Text_of_a_stranger_cannot_disturb_the_log()
    {
        var name = HandshakeMessages.WriteName(
            2, DistributionFlagSets.Hidden, 6, "evil\r\n\u001b[2J" + new string('x', 3000))[2..];
        var driver = Drive(false, PeerStanding.Unconnected, [name]);
        Assert.Equal(HandshakeFailure.InvalidName, driver.Error!.Failure);
        Assert.DoesNotContain(driver.Error.Message, char.IsControl);
        Assert.InRange(driver.Error.Message.Length, 10, 500);

        driver = Drive(true, PeerStanding.Unconnected, [[.. "s\u001b[2Jevil"u8, .. new byte[3000]]]);
        Assert.Equal(HandshakeFailure.Malformed, driver.Error!.Failure);
        Assert.DoesNotContain(driver.Error.Message, char.IsControl);
        Assert.InRange(driver.Error.Message.Length, 10, 500);
    }

    private static HandshakeDriver Drive(bool dials, PeerStanding standing, IEnumerable<byte[]> messages)
    {
        HandshakeMachine machine = dials ? new InitiatorHandshake(Settings, Peer) : new AcceptorHandshake(Settings);
        var driver = new HandshakeDriver(machine, question => question is NodeQuestion.GrantName
            ? new NodeAnswer.Granted(NodeName.Parse("granted@host"), 4)
            : new NodeAnswer.Admission(standing));
        if (dials)
            driver.Start();
        foreach (var message in messages)
            driver.Receive(message);
        return driver;
    }
}
