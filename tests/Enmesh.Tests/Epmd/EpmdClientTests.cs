using System.Text;
using Enmesh.Epmd;
using Enmesh.Testing;
using Enmesh.Transport;
using Microsoft.Extensions.Logging.Abstractions;
using Xunit;

namespace Enmesh.Tests.Epmd;

/// <summary>The client against a scripted EPMD and against ours, over an in-memory network.</summary>
[Trait("Ring", "pure")]
public sealed class EpmdClientTests
{
    private readonly InMemoryTransport _network = new();
    private readonly VirtualTime _time = new();
    private readonly EpmdClient _client;

    public EpmdClientTests() => _client = new EpmdClient(_network, _time);

    [Fact]
    public async Task A_registered_node_is_found()
    {
        await using var server = Serve();
        var (connection, creation) = await _client.RegisterAsync("h", new EpmdEntry("orders", 40001));
        await using var _ = connection;

        Assert.True(creation >= 4);
        Assert.Equal(40001, (await _client.LookUpAsync(NodeName.Parse("orders@h"))).Port);
        Assert.Equal([new EpmdListing("orders", 40001)], await _client.NamesAsync("h"));
    }

    [Fact]
    public async Task Of_an_unknown_node_it_says_which_ones_are_known()
    {
        await using var server = Serve();
        var held = new List<TransportConnection>();
        var none = await Assert.ThrowsAsync<EpmdException>(() => _client.LookUpAsync(NodeName.Parse("billing@h")));
        foreach (var name in Enumerable.Range(1, 12))
            held.Add((await _client.RegisterAsync("h", new EpmdEntry($"n{name}", 1))).Connection);
        var some = await Assert.ThrowsAsync<EpmdException>(() => _client.LookUpAsync(NodeName.Parse("billing@h")));

        Assert.Equal((EpmdFailure.UnknownNode, "h", 4369), (some.Failure, some.Host, some.Port));
        Assert.Equal("EPMD on h:4369 knows no node 'billing'; it knows none at all.", none.Message);
        Assert.Equal(
            "EPMD on h:4369 knows no node 'billing'; it knows: n12, n11, n10, n9, n8, n7, n6, n5, n4, n3 and 2 more.",
            some.Message);
    }

    [Fact]
    public async Task A_taken_name_is_refused_with_what_to_do()
    {
        await using var server = Serve();
        var (connection, _) = await _client.RegisterAsync("h", new EpmdEntry("orders", 1));
        await using var first = connection;
        var e = await Assert.ThrowsAsync<EpmdException>(() => _client.RegisterAsync("h", new EpmdEntry("orders", 2)));

        Assert.Equal(EpmdFailure.NameTaken, e.Failure);
        Assert.StartsWith(
            "The name 'orders' is already registered at EPMD on h:4369.", e.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Nobody_listening_is_no_EPMD()
    {
        var e = await Assert.ThrowsAsync<EpmdException>(() => _client.NamesAsync("::1"));

        Assert.Equal(EpmdFailure.Unreachable, e.Failure);
        Assert.StartsWith("No EPMD answers on [::1]:4369: ", e.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("")]
    [InlineData("HTTP/1.1 400 Bad Request\r\n\r\n")]
    [InlineData("w")]
    public async Task An_answer_of_something_else_is_named_as_such(string answer)
    {
        await using var listener = _network.Listen(ListenAddress.Loopback(4369));
        var asking = _client.LookUpAsync(NodeName.Parse("orders@h"));
        await AnswerAsync(listener, answer);

        var e = await Assert.ThrowsAsync<EpmdException>(() => asking);
        Assert.Equal(EpmdFailure.Protocol, e.Failure);
        Assert.StartsWith("What listens on h:4369 is no EPMD, or a broken one: ", e.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_registration_without_an_answer_is_one_from_another_host()
    {
        await using var listener = _network.Listen(ListenAddress.Loopback(4369));
        var asking = _client.RegisterAsync("h", new EpmdEntry("orders", 1));
        await AnswerAsync(listener, "");

        var e = await Assert.ThrowsAsync<EpmdException>(() => asking);
        Assert.Contains("takes registrations from its own host only", e.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_silent_EPMD_is_given_up_after_ten_seconds()
    {
        await using var listener = _network.Listen(ListenAddress.Loopback(4369));
        var asking = _client.NamesAsync("h");
        await using var silent = await listener.AcceptAsync();
        _time.Advance(EpmdClient.Patience);

        var e = await Assert.ThrowsAsync<EpmdException>(() => asking.WaitAsync(TimeSpan.FromSeconds(60)));
        Assert.Equal(EpmdFailure.Unreachable, e.Failure);
        Assert.Contains("nothing came within 10 s", e.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Cancelling_throws_the_callers_token()
    {
        await using var listener = _network.Listen(ListenAddress.Loopback(4369));
        using var cancel = new CancellationTokenSource();
        var asking = _client.NamesAsync("h", cancel.Token);
        await using var silent = await listener.AcceptAsync();
        await cancel.CancelAsync();

        var e = await Assert.ThrowsAnyAsync<OperationCanceledException>(
            () => asking.WaitAsync(TimeSpan.FromSeconds(60)));
        Assert.Equal(cancel.Token, e.CancellationToken);
    }

    [Fact]
    public async Task An_answer_without_an_end_is_cut_off()
    {
        await using var listener = _network.Listen(ListenAddress.Loopback(4369));
        var asking = _client.NamesAsync("h");
        await using var endless = await listener.AcceptAsync();
        await Assert.ThrowsAsync<IOException>(async () =>
        {
            while (true)
                await endless.WriteAsync(new byte[65_536]);
        });

        var e = await Assert.ThrowsAsync<EpmdException>(() => asking);
        Assert.Contains("longer than 4194304 bytes", e.Message, StringComparison.Ordinal);
    }

    private EpmdServer Serve() => EpmdServer.Start(new EpmdSettings(4369, []), _network, _time, NullLogger.Instance);

    private static async Task AnswerAsync(ITransportListener listener, string answer)
    {
        await using var connection = await listener.AcceptAsync();
        await connection.ReadAsync(new byte[100]);
        await connection.WriteAsync(Encoding.ASCII.GetBytes(answer));
    }
}
