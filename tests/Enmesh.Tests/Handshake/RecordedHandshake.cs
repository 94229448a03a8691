using System.Buffers.Binary;
using System.Globalization;
using System.Text.Json;
using Enmesh.Handshake;
using Enmesh.Wire;
using Xunit;

namespace Enmesh.Tests.Handshake;

/// <summary>One line of handshakes.jsonl: what a real node and a hand-written peer said to one another.</summary>
internal sealed class RecordedHandshake
{
    private RecordedHandshake(JsonElement line)
    {
        Otp = line.GetProperty("otp").GetInt32();
        Role = line.Text("beam_role");
        Scenario = line.Text("scenario");
        Cookie = line.Text("cookie");
        Outcome = line.Text("outcome");
        Messages = [.. line.GetProperty("messages").EnumerateArray().Select(m => (
            FromBeam: m.Text("dir") == "beam>us",
            Bytes: Convert.FromHexString(m.Text("hex"))))];
    }

    internal static IReadOnlyList<RecordedHandshake> All { get; } =
        [.. VectorFile.Lines("handshakes.jsonl").Select(line => new RecordedHandshake(line))];

    internal int Otp { get; }

    internal string Role { get; }

    internal string Scenario { get; }

    internal string Cookie { get; }

    internal string Outcome { get; }

    /// <summary>
    /// In order, with their length prefix; empty = the real node closed the connection, or stayed silent.
    /// </summary>
    internal IReadOnlyList<(bool FromBeam, byte[] Bytes)> Messages { get; }

    internal bool Connected => Outcome is "connected" or "went on and connected";

    internal static RecordedHandshake Find(int otp, string role, string scenario) =>
        All.Single(r => r.Otp == otp && r.Role == role && r.Scenario == scenario);

    /// <summary>The settings of the side that sent message 1, as far as its messages show them.</summary>
    internal HandshakeSettings DialerSettings()
    {
        Assert.True(HandshakeMessages.TryReadName(Body(0), out var name, out var problem), problem);
        var reply = Messages.Select(m => m.Bytes).FirstOrDefault(b => b.Length == 23 && b[2] == 'r');
        return new HandshakeSettings
        {
            Name = NodeName.TryParse(name.Name, out var node) ? node : null,
            Host = name.Name,
            Creation = name.Creation,
            Flags = name.Flags & ~DistributionFlags.NameMe,
            Cookies = _ => new PeerCookies(Cookie),
            NewChallenge = () => reply is null ? 1 : BinaryPrimitives.ReadUInt32BigEndian(reply.AsSpan(3)),
        };
    }

    /// <summary>The settings of the side that sent message 3.</summary>
    internal HandshakeSettings AnswererSettings()
    {
        var challenge = Challenge();
        return new HandshakeSettings
        {
            Name = NodeName.Parse(challenge.Name),
            Creation = challenge.Creation,
            Flags = challenge.Flags & ~DistributionFlags.NameMe,
            Cookies = _ => new PeerCookies(Cookie),
            NewChallenge = () => challenge.Challenge,
        };
    }

    internal ChallengeMessage Challenge()
    {
        foreach (var (_, bytes) in Messages.Skip(1))
        {
            if (bytes.Length > 2 && HandshakeMessages.TryReadChallenge(bytes.AsSpan(2), out var challenge, out _))
                return challenge;
        }
        return new(DistributionFlagSets.Hidden, 7, 4, "beam@127.0.0.1");
    }

    /// <summary>How the node must have stood with the caller to give the status that it gave.</summary>
    internal NodeAnswer AnswerBehindStatus()
    {
        var status = Messages.Select(m => m.Bytes).FirstOrDefault(b => b.Length > 3 && b[2] == 's');
        Assert.True(HandshakeStatus.TryRead((status ?? [0, 0, (byte)'s']).AsSpan(2), out var read));
        return read.Kind switch
        {
            HandshakeStatusKind.Named => new NodeAnswer.Granted(NodeName.Parse(read.Text), read.Creation),
            HandshakeStatusKind.NotAllowed => new NodeAnswer.Refused("because"),
            HandshakeStatusKind.Alive => new NodeAnswer.Admission(PeerStanding.Linked),
            HandshakeStatusKind.Nok or HandshakeStatusKind.OkSimultaneous =>
                new NodeAnswer.Admission(PeerStanding.Dialling),
            _ => new NodeAnswer.Admission(PeerStanding.Unconnected),
        };
    }

    public override string ToString() =>
        string.Create(CultureInfo.InvariantCulture, $"OTP {Otp} as {Role}: {Scenario}");

    private ReadOnlySpan<byte> Body(int index) => Messages[index].Bytes.AsSpan(2);
}

/// <summary>Drives a machine by hand, and keeps what it wanted done.</summary>
internal sealed class HandshakeDriver(HandshakeMachine machine, Func<NodeQuestion, NodeAnswer> node)
{
    internal List<byte[]> Sent { get; } = [];

    internal List<NodeName> Abandoned { get; } = [];

    internal HandshakeResult? Result { get; private set; }

    internal HandshakeException? Error { get; private set; }

    internal HandshakeDriver Start() => Happen(new HandshakeEvent.Started());

    internal HandshakeDriver Receive(ReadOnlySpan<byte> body) => Happen(new HandshakeEvent.Received(body.ToArray()));

    internal HandshakeDriver Close() => Happen(new HandshakeEvent.Closed());

    internal HandshakeDriver Happen(HandshakeEvent happened)
    {
        foreach (var effect in machine.Next(happened))
        {
            switch (effect)
            {
                case HandshakeEffect.Send send:
                    Sent.Add(send.Message.ToArray());
                    break;
                case HandshakeEffect.Ask ask:
                    Happen(new HandshakeEvent.Answered(node(ask.Question)));
                    break;
                case HandshakeEffect.AbandonOwnAttempt abandon:
                    Abandoned.Add(abandon.Peer);
                    break;
                case HandshakeEffect.Established established:
                    Result = established.Result;
                    break;
                case HandshakeEffect.Failed failed:
                    Error = failed.Error;
                    break;
            }
        }
        return this;
    }
}
