using Enmesh.Handshake;
using Enmesh.Terms;
using Enmesh.TestSupport;
using Enmesh.Wire;
using Xunit;

namespace Enmesh.Interop.Tests;

/// <summary>Frames of every mode between us and real nodes, which read what we write and write what we read.</summary>
[Trait("Ring", "interop")]
public sealed class WireTests
{
    private const string Echo =
        "register(wire_echo, spawn(fun F() -> receive {P, stop} -> P ! stop; {P, T} -> P ! {echo, T}, F() end end))";

    public static TheoryData<int> Releases => Otp.Releases;

    [Theory]
    [MemberData(nameof(Releases))]
    public async Task Real_node_reads_what_we_write_in_every_mode_and_we_read_its_answers(int release)
    {
        await using var beam = await BeamNode.StartAsync(release);
        await beam.EvalAsync(Echo);
        DistributionFlags[] modes =
        [
            DistributionFlags.None,
            DistributionFlags.DistHdrAtomCache,
            DistributionFlags.Fragments,
            DistributionFlags.DistHdrAtomCache | DistributionFlags.Fragments,
        ];
        foreach (var mode in modes)
        {
            var (link, token) = await DialAsync(beam, mode);
            using (link)
            {
                Assert.Equal(mode, link.Result.Negotiated & modes[^1]);
                await EchoAsync(link, release, mode.Has(DistributionFlags.Fragments), token);
            }
        }
    }

    [Theory]
    [MemberData(nameof(Releases))]
    public async Task Fragments_of_several_messages_may_be_mixed_in_any_way(int release)
    {
        await using var beam = await BeamNode.StartAsync(release);
        await beam.EvalAsync(Echo);
        var random = new Random(release);
        var (link, token) = await DialAsync(beam, DistributionFlags.DistHdrAtomCache | DistributionFlags.Fragments);
        using (link)
        {
            // Each sender's fragments in order, those of different messages mixed; the headers in the order of the
            // frames sent.
            var expected = new List<Term>();
            for (var round = 0; round < 10; round++)
            {
                var first = RandomTerm(random, release);
                var second = RandomTerm(random, release);
                var a = link.Frames(
                    To(link), Term.Tuple(link.Self, first), left => random.Next(0, Math.Min(left, 5000) + 1));
                var b = link.Frames(
                    To(link), Term.Tuple(link.Self, second), left => random.Next(0, Math.Min(left, 5000) + 1));
                List<byte[]> mixed = [a[0], b[0]];
                var (i, j) = (1, 1);
                while (i < a.Count || j < b.Count)
                    mixed.Add(j == b.Count || (i < a.Count && random.Next(2) == 0) ? a[i++] : b[j++]);
                expected.AddRange([first, second]);
                await link.SendAsync(mixed, token);
            }
            var received = new List<Term>();
            while (received.Count < expected.Count)
                received.Add((await link.ReceiveAsync(token)).Payload.TupleElements[1]);
            Assert.Equal(expected.Count, received.Intersect(expected).Count());
        }
    }

    [Theory]
    [MemberData(nameof(Releases))]
    public async Task Node_without_a_name_is_given_one_by_a_real_node(int release)
    {
        await using var beam = await BeamNode.StartAsync(release);
        var (link, _) = await DialAsync(
            beam, DistributionFlags.DistHdrAtomCache, settings => settings with { Name = null, Host = "127.0.0.1" });
        using (link)
        {
            Assert.Equal("127.0.0.1", link.Result.OwnName.Host);
            Assert.NotEqual(0u, link.Result.OwnCreation);
            await beam.WaitForAsync("nodes(hidden)", $"['{link.Result.OwnName}']");
        }
    }

    [Theory]
    [MemberData(nameof(Releases))]
    public async Task Wrong_cookie_is_called_by_its_name(int release)
    {
        await using var beam = await BeamNode.StartAsync(release);
        beam.Announce("Invalid challenge reply");
        var error = await Assert.ThrowsAsync<HandshakeException>(
            () => DialAsync(beam, DistributionFlags.None, settings => settings with { Cookies = _ => new("wrong") }));
        Assert.Equal(HandshakeFailure.CookieMismatch, error.Failure);
    }

    [Theory]
    [MemberData(nameof(Releases))]
    public async Task A_real_node_refuses_us_for_each_flag_that_it_demands_when_we_lack_it_alone(int release)
    {
        const DistributionFlags Digest = DistributionFlags.Mandatory25Digest; // would stand for the others
        DistributionFlags[] demanded =
        [
            DistributionFlags.ExtendedReferences, DistributionFlags.NewFunTags, DistributionFlags.ExtendedPidsPorts,
            DistributionFlags.Utf8Atoms, DistributionFlags.BigCreation,
        ];
        if (release >= 25)
            demanded = [.. Enum.GetValues<DistributionFlags>().Where(flag => flag != 0 && DistributionFlagSets.Mandatory25.Has(flag))];
        if (release >= 26)
            demanded = [.. demanded, DistributionFlags.UnlinkId, DistributionFlags.V4Nc];
        await using var beam = await BeamNode.StartAsync(release);
        var (whole, _) = await DialAsync(beam, DistributionFlags.None, settings => settings with { Flags = settings.Flags & ~Digest });
        whole.Dispose();
        beam.Announce("rejected since it cannot handle");
        foreach (var flag in demanded)
        {
            var error = await Assert.ThrowsAsync<HandshakeException>(() => DialAsync(
                beam, DistributionFlags.None, settings => settings with { Flags = settings.Flags & ~Digest & ~flag }));
            Assert.True(error.Failure == HandshakeFailure.NotAllowed, $"{flag}: {error}");
        }
    }

    private static async Task<(RawLink Link, CancellationToken Token)> DialAsync(
        BeamNode beam, DistributionFlags mode, Func<HandshakeSettings, HandshakeSettings>? change = null)
    {
        var settings = new HandshakeSettings
        {
            Name = NodeName.Parse(Otp.NewName("raw")),
            Creation = 4711,
            Cookies = _ => new PeerCookies(beam.Cookie),
            Flags = (DistributionFlagSets.Hidden & ~(DistributionFlags.DistHdrAtomCache | DistributionFlags.Fragments)) | mode,
        };
        var token = new CancellationTokenSource(TimeSpan.FromMinutes(2)).Token;
        return (await RawLink.DialAsync(
            beam.Port, NodeName.Parse(beam.Name), change?.Invoke(settings) ?? settings, token), token);
    }

    private static ControlMessage To(RawLink link) => ControlMessage.Send(link.Self, new Atom("wire_echo"));

    private static async Task EchoAsync(RawLink link, int release, bool cuts, CancellationToken token)
    {
        var random = new Random(release);
        for (var round = 0; round < 60; round++)
        {
            var term = RandomTerm(random, release);
            Func<int, int>? cut = cuts && round % 3 == 0 ? left => random.Next(0, Math.Min(left, 40_000) + 1) : null;
            await link.SendAsync(link.Frames(To(link), Term.Tuple(link.Self, term), cut), token);
            var (control, payload) = await link.ReceiveAsync(token);
            Assert.Equal(link.Self, control.To.Pid);
            Assert.Equal(Term.Tuple(new Atom("echo"), term), payload);
        }
    }

    // Many atoms: more than a header takes, long ones, the empty one, and enough different ones to push each other out.
    private static Term RandomTerm(Random random, int release)
    {
        var elements = new Term[random.Next(4) == 0 ? random.Next(600) : random.Next(20)];
        for (var i = 0; i < elements.Length; i++)
        {
            elements[i] = random.Next(30) switch
            {
                0 => new Atom(""),
                1 => new Atom(new string((char)('a' + random.Next(26)), 255)),
                2 => new Atom(new string('å', random.Next(1, 255))),
                3 => random.Next(),
                4 => Term.Binary(new byte[random.Next(3000)]),
                5 => new Reference(new Atom("third@host"), 7, 1, 2, (uint)random.Next(1000)),
                6 => new Pid(new Atom("third@host"), (uint)random.Next(1 << 15), 3, 7),
                _ => new Atom("n" + random.Next(4000)),
            };
        }
        Term list = Term.List(elements);
        return random.Next(6) == 0
            ? Term.Tuple(list, Term.Binary(new byte[random.Next(50_000, 300_000)]))
            : Term.Tuple(list, release);
    }
}
