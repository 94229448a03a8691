using Enmesh.Handshake;
using Xunit;

namespace Enmesh.Tests.Handshake;

/// <summary>
/// Our machines in the place of either side of every recorded handshake, a real node's place included.
/// </summary>
[Trait("Ring", "pure")]
public class RecordedHandshakeTests
{
    // What the hand-written peer did on purpose, and our side never does.
    private static readonly string[] NotOurWay =
    [
        "v5", "challenge has the 26 set", "unknown first byte", "too short body", "name length exceeds",
        "empty message",
        "we say nothing", "name without @", "name with two @", "empty alive part", "empty host", "empty name",
        "name of 300 bytes", "bytes after the name", "NAME_ME and PUBLISHED", "all 64 flag bits",
    ];

    // An old 'n' is answered by us, never sent, and never sent in answer.
    public static TheoryData<int, string, string> Dialled() =>
        Rows(r => r.Connected && r.Messages[0].Bytes[2] == 'N' && !ByOldChallenge(r) && !DemandsMore(r));

    // Where the hand-written peer answered against the rules, there is nothing to compare with.
    public static TheoryData<int, string, string> Answered() =>
        Rows(r => r.Connected && !ByOldChallenge(r) && !DemandsMore(r)
            && r.Scenario is not ("status ok_simultaneous without a crossing attempt"
                or "a node started with -name undefined dials us, our challenge lacks NAME_ME"));

    public static TheoryData<int, string, string> Refused() =>
        Rows(r => !r.Connected && r.Role == "acceptor" && !NotOurWay.Any(r.Scenario.Contains)
            && !r.Outcome.StartsWith("refused: alive", StringComparison.Ordinal));

    [Theory, MemberData(nameof(Dialled))]
    public void Dialling_side_sends_the_recorded_bytes_and_is_connected(int otp, string role, string scenario)
    {
        var recorded = RecordedHandshake.Find(otp, role, scenario);
        var machine = new InitiatorHandshake(recorded.DialerSettings(), NodeName.Parse(recorded.Challenge().Name));
        var driver = Replay(recorded, machine, fromDialer: true);

        Assert.Null(driver.Error);
        Assert.Equal(recorded.Challenge().Creation, driver.Result!.PeerCreation);
        Assert.Equal(recorded.Challenge().Name, driver.Result.Peer.Text);
        Assert.True(machine.IsOver);
    }

    [Theory, MemberData(nameof(Answered))]
    public void Dialled_side_sends_the_recorded_bytes_and_is_connected(int otp, string role, string scenario)
    {
        var recorded = RecordedHandshake.Find(otp, role, scenario);
        var machine = new AcceptorHandshake(recorded.AnswererSettings());
        var driver = Replay(recorded, machine, fromDialer: false);

        Assert.Null(driver.Error);
        Assert.NotNull(driver.Result);
        Assert.Equal(
            recorded.AnswerBehindStatus() is NodeAnswer.Admission { Standing: PeerStanding.Linked },
            driver.Result.ReplacesLink);
        Assert.Equal(
            recorded.AnswerBehindStatus() is NodeAnswer.Admission { Standing: PeerStanding.Dialling } ? 1 : 0,
            driver.Abandoned.Count);
    }

    [Theory, MemberData(nameof(Refused))]
    public void Dialling_side_explains_each_refusal_of_a_real_node(int otp, string role, string scenario)
    {
        var recorded = RecordedHandshake.Find(otp, role, scenario);
        var machine = new InitiatorHandshake(recorded.DialerSettings(), NodeName.Parse("beam@127.0.0.1"));
        var driver = new HandshakeDriver(machine, _ => throw new InvalidOperationException()).Start();
        foreach (var (_, bytes) in recorded.Messages.Where(m => m.FromBeam && m.Bytes.Length > 0))
            driver.Receive(bytes.AsSpan(2));
        driver.Close();

        Assert.NotNull(driver.Error);
        Assert.Equal("beam@127.0.0.1", driver.Error.Peer!.Text);
        Assert.Equal(
            recorded.Outcome switch
            {
                ['r', 'e', 'f', 'u', 's', 'e', 'd', ':', ' ', 'n', 'o', 'k', ..] => HandshakeFailure.AlreadyConnecting,
                ['r', 'e', 'f', 'u', 's', 'e', 'd', ':', ' ', 'n', 'o', 't', ..] => HandshakeFailure.NotAllowed,
                _ when scenario.Contains("cookie", StringComparison.Ordinal) => HandshakeFailure.CookieMismatch,
                _ => HandshakeFailure.ClosedByPeer,
            },
            driver.Error.Failure);
    }

    // What a real node does with each of these calls, our acceptor does as well; ours demands no more than OTP 23 has.
    [Theory]
    [InlineData("no flags at all", HandshakeFailure.MissingFlags)]
    [InlineData("without EXTENDED_REFERENCES", HandshakeFailure.MissingFlags)]
    [InlineData("without NEW_FUN_TAGS", HandshakeFailure.MissingFlags)]
    [InlineData("without EXTENDED_PIDS_PORTS", HandshakeFailure.MissingFlags)]
    [InlineData("without UTF8_ATOMS", HandshakeFailure.MissingFlags)]
    [InlineData("without BIG_CREATION", HandshakeFailure.MissingFlags)]
    [InlineData("v5 n without HANDSHAKE_23", HandshakeFailure.MissingFlags)]
    [InlineData("v5 n, complement left out", HandshakeFailure.Malformed)]
    [InlineData("wrong cookie", HandshakeFailure.CookieMismatch)]
    [InlineData("name without @", HandshakeFailure.InvalidName)]
    [InlineData("name with two @", HandshakeFailure.InvalidName)]
    [InlineData("name with empty alive part", HandshakeFailure.InvalidName)]
    [InlineData("name with empty host", HandshakeFailure.InvalidName)]
    [InlineData("empty name", HandshakeFailure.InvalidName)]
    [InlineData("name of 300 bytes", HandshakeFailure.InvalidName)]
    [InlineData("beam's own name", HandshakeFailure.OwnName)]
    [InlineData("non-ASCII name in UTF-8", HandshakeFailure.InvalidName)]
    [InlineData("unknown first byte", HandshakeFailure.Malformed)]
    [InlineData("N with too short body", HandshakeFailure.Malformed)]
    [InlineData("N whose name length exceeds the message", HandshakeFailure.Malformed)]
    [InlineData("empty message", HandshakeFailure.Malformed)]
    [InlineData("not in net_kernel:allow/1", HandshakeFailure.NotAllowed)]
    [InlineData("second while first is up, alive answered false", HandshakeFailure.AlreadyConnecting)]
    [InlineData("second while first is up, alive true but wrong cookie", HandshakeFailure.CookieMismatch)]
    public void Dialled_side_refuses_what_a_real_node_refuses_with_the_same_bytes(
        string scenario, HandshakeFailure expected)
    {
        var recorded = RecordedHandshake.Find(27, "acceptor", scenario);
        var settings = recorded.AnswererSettings() with { Cookies = _ => new PeerCookies("abc") };
        var driver = new HandshakeDriver(new AcceptorHandshake(settings), _ => recorded.AnswerBehindStatus());
        foreach (var (_, bytes) in recorded.Messages.Where(m => !m.FromBeam))
            driver.Receive(bytes.AsSpan(2));

        Assert.Equal(expected, driver.Error!.Failure);
        Assert.Equal(
            recorded.Messages.Where(m => m.FromBeam && m.Bytes.Length > 0).Select(m => Convert.ToHexString(m.Bytes)),
            driver.Sent.Select(Convert.ToHexString));
    }

    // A hand-written peer broke a rule; a real node closed without a word; we do, and can tell why.
    [Theory]
    [InlineData("epmd says 6..6, we answer with a v5 challenge", HandshakeFailure.UnsupportedVersion)]
    [InlineData("status nok", HandshakeFailure.AlreadyConnecting)]
    [InlineData("status not_allowed", HandshakeFailure.NotAllowed)]
    [InlineData("status unknown", HandshakeFailure.Malformed)]
    [InlineData("status named although not asked", HandshakeFailure.Malformed)]
    [InlineData("wrong name in the challenge", HandshakeFailure.NameMismatch)]
    [InlineData("our challenge lacks MAP_TAG", HandshakeFailure.MissingFlags)]
    [InlineData("wrong cookie on our side", HandshakeFailure.CookieMismatch)]
    public void Dialling_side_refuses_what_a_real_node_refuses(string scenario, HandshakeFailure expected)
    {
        var recorded = RecordedHandshake.Find(27, "initiator", scenario);
        var dialled = scenario == "wrong name in the challenge" ? "srv16@127.0.0.1" : recorded.Challenge().Name;
        var machine = new InitiatorHandshake(
            recorded.DialerSettings() with { Cookies = _ => new PeerCookies("abc") }, NodeName.Parse(dialled));
        var driver = new HandshakeDriver(machine, _ => throw new InvalidOperationException()).Start();
        foreach (var (_, bytes) in recorded.Messages.Where(m => !m.FromBeam))
            driver.Receive(bytes.AsSpan(2));

        Assert.Equal(expected, driver.Error!.Failure);
    }

    private static HandshakeDriver Replay(RecordedHandshake recorded, HandshakeMachine machine, bool fromDialer)
    {
        var driver = new HandshakeDriver(machine, _ => recorded.AnswerBehindStatus());
        if (fromDialer)
            driver.Start();
        var dialerIsBeam = recorded.Role != "acceptor";
        var sent = 0;
        foreach (var (fromBeam, bytes) in recorded.Messages)
        {
            if ((fromBeam == dialerIsBeam) != fromDialer)
                driver.Receive(bytes.AsSpan(2));
            else if (sent >= driver.Sent.Count)
                Assert.Fail($"After {sent} messages we send nothing more, but {driver.Error?.Message}");
            else if (sent != 0 || !NotOurWay.Any(recorded.Scenario.Contains))
                Assert.Equal(Convert.ToHexString(bytes), Convert.ToHexString(driver.Sent[sent++]));
            else
                sent++;
        }
        Assert.Equal(sent, driver.Sent.Count);
        return driver;
    }

    // OTP 23 accepts a peer without these; we do not, or it would have to do without maps, floats or bit strings.
    private static bool DemandsMore(RecordedHandshake recorded) =>
        recorded.Otp == 23
        && recorded.Scenario is "without EXPORT_PTR_TAG" or "without BIT_BINARIES" or "without NEW_FLOATS" or "without MAP_TAG"
            or "our challenge lacks MAP_TAG";

    // OTP 23 goes back to the old challenge for a caller without HANDSHAKE_23.
    private static bool ByOldChallenge(RecordedHandshake recorded) =>
        recorded.Otp == 23 && recorded.Scenario is "without HANDSHAKE_23" or "v5 n without HANDSHAKE_23";

    private static TheoryData<int, string, string> Rows(Func<RecordedHandshake, bool> wanted)
    {
        var rows = new TheoryData<int, string, string>();
        foreach (var recorded in RecordedHandshake.All.Where(wanted))
            rows.Add(recorded.Otp, recorded.Role, recorded.Scenario);
        return rows;
    }
}
