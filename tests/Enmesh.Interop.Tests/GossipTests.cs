using System.Net;
using System.Net.Sockets;
using Enmesh.Discovery;
using Enmesh.TestSupport;
using Xunit;

namespace Enmesh.Interop.Tests;

/// <summary>
/// A real node that speaks as libcluster's gossip does: a socket with its options, its packets by its formula, plain and
/// with a secret.
/// </summary>
[Trait("Ring", "interop")]
public sealed class GossipTests
{
    private const string Secret = "pass phrase";
    private static readonly TimeSpan FarOff = TimeSpan.FromSeconds(60);

    public static TheoryData<int> Releases => Otp.Releases;

    [Theory]
    [MemberData(nameof(Releases))]
    public Task A_real_node_and_ours_hear_each_other_in_the_clear(int release) => HearEachOtherAsync(release, null);

    [Theory]
    [MemberData(nameof(Releases))]
    public async Task A_real_node_and_ours_hear_each_other_with_a_secret(int release)
    {
        var file = Path.GetTempFileName();
        await File.WriteAllTextAsync(file, Secret);
        try
        {
            await HearEachOtherAsync(release, file);
        }
        finally
        {
            File.Delete(file);
        }
    }

    private static async Task HearEachOtherAsync(int release, string? secretFile)
    {
        await using var beam = await BeamNode.StartAsync(release);
        var port = FreePort();
        await beam.LoadModuleAsync("gossip_peer", Module);
        await beam.EvalAsync($"gossip_peer:start({port}, {(secretFile is null ? "none" : $"<<\"{Secret}\">>")})");

        var self = NodeName.Parse(Otp.NewName("ours"));
        var heard = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        using var stop = new CancellationTokenSource();
        var discovery = new GossipDiscovery(new GossipDiscoveryOptions
        {
            Port = port,
            Interface = "127.0.0.1",
            Interval = TimeSpan.FromSeconds(0.5),
            SecretFile = secretFile,
        });
        var watching = discovery.WatchAsync(self, () => heard.TrySetResult(), stop.Token);
        await heard.Task.WaitAsync(FarOff);
        var found = Assert.IsType<PeerSnapshot.Complete>(await discovery.DiscoverAsync(self, CancellationToken.None));
        Assert.Contains(beam.Name, found.Peers.Select(peer => peer.Name.Text));
        await beam.WaitForAsync($"gossip_peer:heard('{self}')", timeout: FarOff);

        await stop.CancelAsync();
        await watching.ContinueWith(_ => { }, TaskScheduler.Default).WaitAsync(FarOff);
    }

    private static int FreePort()
    {
        using var socket = new Socket(AddressFamily.InterNetwork, SocketType.Dgram, ProtocolType.Udp);
        socket.Bind(new IPEndPoint(IPAddress.Any, 0));
        return ((IPEndPoint)socket.LocalEndPoint!).Port;
    }

    // Says its node's name every 100 ms and keeps the names it hears.
    private const string Module =
        """
        -module(gossip_peer).
        -export([start/2, heard/1]).

        start(Port, Secret) ->
            Starter = self(),
            Peer = spawn(fun() ->
                register(gossip_peer, self()),
                Group = {233,252,1,32},
                Loopback = {127,0,0,1},
                {ok, Socket} = gen_udp:open(Port, [binary, {active, true}, {ip, {0,0,0,0}}, {reuseaddr, true}, {broadcast, true},
                    {multicast_if, Loopback}, {multicast_ttl, 1}, {multicast_loop, true}, {add_membership, {Group, Loopback}}]),
                Starter ! {self(), ready},
                self() ! say,
                loop({Socket, Group, Port, Secret}, [])
            end),
            receive {Peer, ready} -> ok end.

        heard(Name) ->
            gossip_peer ! {heard, Name, self()},
            receive {gossip_peer, Answer} -> Answer end.

        loop({Socket, Group, Port, Secret} = State, Names) ->
            receive
                say ->
                    Plain = <<"heartbeat::", (term_to_binary(#{node => node()}))/binary>>,
                    ok = gen_udp:send(Socket, Group, Port, lock(Secret, Plain)),
                    erlang:send_after(100, self(), say),
                    loop(State, Names);
                {udp, Socket, _, _, Packet} ->
                    case unlock(Secret, Packet) of
                        <<"heartbeat::", Term/binary>> ->
                            #{node := Name} = binary_to_term(Term),
                            loop(State, lists:usort([Name | Names]));
                        _ ->
                            loop(State, Names)
                    end;
                {heard, Name, From} ->
                    From ! {gossip_peer, lists:member(Name, Names)},
                    loop(State, Names)
            end.

        lock(none, Plain) -> Plain;
        lock(Secret, Plain) ->
            Pad = 16 - byte_size(Plain) rem 16,
            Iv = crypto:strong_rand_bytes(16),
            Padded = <<Plain/binary, (binary:copy(<<Pad>>, Pad))/binary>>,
            [Iv, crypto:crypto_one_time(aes_256_cbc, crypto:hash(sha256, Secret), Iv, Padded, true)].

        unlock(none, Packet) -> Packet;
        unlock(Secret, <<Iv:16/binary, Locked/binary>>) ->
            Padded = crypto:crypto_one_time(aes_256_cbc, crypto:hash(sha256, Secret), Iv, Locked, false),
            binary:part(Padded, 0, byte_size(Padded) - binary:last(Padded)).
        """;
}
