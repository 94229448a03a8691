using System.Net;
using Enmesh.Discovery;
using Enmesh.Testing;
using Xunit;

namespace Enmesh.Tests.Discovery;

/// <summary>What gossip makes of names that are heard, and of silence.</summary>
[Trait("Ring", "pure")]
public sealed class GossipTableTests
{
    private static readonly NodeName Self = NodeName.Parse("orders@10.0.0.1");
    private static readonly NodeName Two = NodeName.Parse("orders@10.0.0.2");
    private static readonly NodeName Three = NodeName.Parse("orders@10.0.0.3");
    private static readonly IPEndPoint Somewhere = new(IPAddress.Parse("10.0.0.9"), 45892);
    private readonly VirtualTime _time = new();
    private readonly GossipTable _table;

    public GossipTableTests()
    {
        _table = new GossipTable(TimeSpan.FromSeconds(30), TimeSpan.FromMinutes(10), _time);
        _table.Listening(hearsItself: true);
    }

    [Fact]
    public void Who_is_heard_is_a_member_at_once()
    {
        Assert.StartsWith("nobody else has been heard yet; that there is nobody is believed after 30 s", Doubt(), StringComparison.Ordinal);
        Assert.True(_table.Heard(Two));
        Assert.False(_table.Heard(Two));
        Assert.True(_table.Heard(Self));
        Assert.Equal("orders@10.0.0.1 orders@10.0.0.2", Complete());
    }

    [Fact]
    public void Silence_makes_the_answer_incomplete_and_only_a_long_one_leaves_the_member_out()
    {
        _table.Heard(Two);
        _table.Heard(Three);
        for (var minute = 0; minute < 10; minute++)
        {
            for (var i = 0; i < 3; i++)
            {
                _time.Advance(TimeSpan.FromSeconds(20));
                _table.Heard(Self);
                _table.Heard(Two);
                if (minute == 9 && i == 2)
                    break;
                var snapshot = _table.Snapshot(Self);
                Assert.Equal("orders@10.0.0.1 orders@10.0.0.2 orders@10.0.0.3", Names(snapshot));
                if (minute > 0)
                    Assert.StartsWith(
                        "not heard any longer: orders@10.0.0.3 for ", Assert.IsType<PeerSnapshot.Incomplete>(snapshot).Reason, StringComparison.Ordinal);
            }
        }
        Assert.Equal("orders@10.0.0.1 orders@10.0.0.2", Complete());
        Assert.True(_table.Heard(Three));
        Assert.Equal("orders@10.0.0.1 orders@10.0.0.2 orders@10.0.0.3", Complete());
    }

    [Fact]
    public void A_network_that_does_not_even_carry_our_own_packets_is_told()
    {
        _time.Advance(TimeSpan.FromSeconds(29));
        Assert.StartsWith("nobody else has been heard yet", Doubt(), StringComparison.Ordinal);
        _time.Advance(TimeSpan.FromSeconds(1));
        Assert.StartsWith("not even this node's own packets come back", Doubt(), StringComparison.Ordinal);
        _table.Heard(Self);
        Complete();
        _time.Advance(TimeSpan.FromSeconds(30));
        Assert.StartsWith("not even this node's own packets come back", Doubt(), StringComparison.Ordinal);
        _table.Listening(hearsItself: false);
        _time.Advance(TimeSpan.FromSeconds(30));
        Complete();
    }

    [Fact]
    public void Packets_that_nobody_understands_are_told_while_nobody_else_is_heard()
    {
        _time.Advance(TimeSpan.FromSeconds(30));
        _table.Heard(Self);
        _table.Refused(Somewhere, GossipRefusal.Foreign);
        _table.Refused(Somewhere, GossipRefusal.OtherSecret);
        Assert.Equal(
            "nobody else is heard who can be understood; 2 packets could not, the last from 10.0.0.9:45892: no secret of ours opens it", Doubt());
        _table.Heard(Two);
        Complete();
    }

    [Fact]
    public void A_packet_that_nobody_understood_long_ago_casts_no_doubt()
    {
        _table.Refused(Somewhere, GossipRefusal.Foreign);
        _time.Advance(TimeSpan.FromSeconds(31));
        _table.Heard(Self);
        Assert.Equal("orders@10.0.0.1", Complete());
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void Who_was_cut_off_himself_forgets_nobody(bool deaf)
    {
        _table.Heard(Self);
        _table.Heard(Two);
        if (deaf)
            _table.Deaf(new DiscoveryException("gone"));
        else
            _table.Sent("Network is unreachable");
        for (var minute = 0; minute < 60; minute++)
        {
            _time.Advance(TimeSpan.FromMinutes(1));
            _table.Snapshot(Self);
        }
        _table.Listening(hearsItself: true);
        _table.Sent(null);
        _table.Heard(Self);
        Assert.Equal("orders@10.0.0.1 orders@10.0.0.2", Complete());
        _time.Advance(TimeSpan.FromSeconds(30));
        _table.Heard(Self);
        Assert.StartsWith("not heard any longer: orders@10.0.0.2", Doubt(), StringComparison.Ordinal);
        _time.Advance(TimeSpan.FromMinutes(10));
        _table.Heard(Self);
        Assert.Equal("orders@10.0.0.1", Complete());
    }

    [Fact]
    public void Without_a_socket_there_is_no_answer_and_packets_that_cannot_be_sent_are_told()
    {
        _table.Deaf(new DiscoveryException("Gossip cannot take port 45892: in use."));
        Assert.Equal(
            "Gossip cannot take port 45892: in use.", Assert.IsType<PeerSnapshot.Unavailable>(_table.Snapshot(Self)).Cause.Message);
        _table.Listening(hearsItself: true);
        _table.Heard(Two);
        Complete();
        _table.Sent("Network is unreachable");
        Assert.Equal("its packets cannot be sent: Network is unreachable", Doubt());
        _table.Sent(null);
        Complete();
    }

    [Fact]
    public void A_flood_of_names_is_bounded_and_told()
    {
        _table.Heard(Self);
        for (var i = 0; i < 5000; i++)
            _table.Heard(NodeName.Parse($"x{i}@10.0.0.9"));
        var incomplete = Assert.IsType<PeerSnapshot.Incomplete>(_table.Snapshot(Self));
        Assert.Equal(GossipTable.MaxMembers, incomplete.Peers.Count);
        Assert.Contains("somebody floods the group", incomplete.Reason, StringComparison.Ordinal);
        _table.Heard(Self); // who is known changes nothing about it
        Assert.Contains("somebody floods the group", Doubt(), StringComparison.Ordinal);
    }

    private string Complete() => Names(Assert.IsType<PeerSnapshot.Complete>(_table.Snapshot(Self)));

    private string Doubt() => Assert.IsType<PeerSnapshot.Incomplete>(_table.Snapshot(Self)).Reason;

    private static string Names(PeerSnapshot snapshot) => string.Join(' ', (snapshot switch
    {
        PeerSnapshot.Complete complete => complete.Peers,
        PeerSnapshot.Incomplete incomplete => incomplete.Peers,
        _ => [],
    }).Select(peer => peer.Name.Text).Order(StringComparer.Ordinal));
}
