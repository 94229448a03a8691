using System.Globalization;
using System.Text;
using System.Text.RegularExpressions;
using Enmesh.Epmd;
using Enmesh.Testing;
using Enmesh.Transport;
using Microsoft.Extensions.Logging.Abstractions;
using Xunit;

namespace Enmesh.Tests.Epmd;

/// <summary>The embedded server over an in-memory network, with a clock that the test moves.</summary>
[Trait("Ring", "pure")]
public sealed partial class EpmdServerTests : IAsyncLifetime
{
    private readonly InMemoryTransport _network = new();
    private readonly VirtualTime _time = new();
    private EpmdServer _server = null!;

    public ValueTask InitializeAsync()
    {
        _server = EpmdServer.Start(new EpmdSettings(4369, []), _network, _time, NullLogger.Instance);
        return default;
    }

    public ValueTask DisposeAsync() => _server.DisposeAsync();

    [Theory]
    [InlineData(23)]
    [InlineData(25)]
    [InlineData(27)]
    [InlineData(29)]
    public async Task It_answers_every_question_as_a_real_epmd_answered_it(int otp)
    {
        TransportConnection? one = null;
        foreach (var vector in EpmdVector.All[otp].TakeWhile(v => !v.Check.Contains("real", StringComparison.Ordinal)))
        {
            if (vector.Check == "PORT2 one after its connection closed")
            {
                await one!.DisposeAsync();
                await UntilAsync(() => _server.Entries.All(e => e.Name != "one"));
            }

            var connection = await _network.ConnectAsync("h", 4369);
            one ??= connection;
            await connection.WriteAsync(Framed(vector.Sent));
            var registration = vector.Got.StartsWith("7600", StringComparison.Ordinal)
                || vector.Got.StartsWith("7900", StringComparison.Ordinal);
            var got = registration
                ? await ReadAsync(connection, vector.Got.Length / 2)
                : await ReadToEndAsync(connection);

            Assert.Equal((vector.Check, Comparable(vector.GotBytes)), (vector.Check, Comparable(got)));
        }
    }

    [Fact]
    public async Task A_request_that_comes_byte_by_byte_is_answered()
    {
        await using var connection = await _network.ConnectAsync("h", 4369);
        foreach (var piece in Framed(Convert.FromHexString("789c414d000006000500036f6e650000")))
            await connection.WriteAsync(new[] { piece });

        Assert.Equal(0x76, (await ReadAsync(connection, 6))[0]);
        Assert.Equal(40001, Assert.Single(_server.Entries).Port);
    }

    [Fact]
    public async Task Who_asks_nothing_is_closed_after_ten_seconds()
    {
        await using var silent = await _network.ConnectAsync("h", 4369);
        await using var half = await _network.ConnectAsync("h", 4369);
        await half.WriteAsync(new byte[] { 0, 16, 120 });
        var ends = Task.WhenAll(EndAsync(silent), EndAsync(half));
        await UntilAsync(() => _time.ArmedTimers == 2);
        _time.Advance(EpmdServer.Patience - TimeSpan.FromMilliseconds(1));
        Assert.False(ends.IsCompleted);
        _time.Advance(TimeSpan.FromMilliseconds(1));

        await ends.WaitAsync(TimeSpan.FromSeconds(60));
    }

    [Fact]
    public async Task A_registered_node_may_be_silent_for_ever()
    {
        await using var node = await RegisterAsync("one");
        await UntilAsync(() => _time.ArmedTimers == 0);
        _time.Advance(TimeSpan.FromDays(30));

        Assert.Single(_server.Entries);
    }

    [Fact]
    public async Task A_registered_node_that_says_more_is_forgotten()
    {
        await using var node = await RegisterAsync("one");
        await node.WriteAsync(new byte[1]);

        await EndAsync(node).WaitAsync(TimeSpan.FromSeconds(60));
        await UntilAsync(() => _server.Entries.Count == 0);
    }

    [Theory]
    [InlineData("0000")]
    [InlineData("0801")]
    [InlineData("ffff")]
    public async Task A_request_of_no_bytes_or_too_many_is_closed_before_it_comes(string length)
    {
        await using var connection = await _network.ConnectAsync("h", 4369);
        await connection.WriteAsync(Convert.FromHexString(length));

        await EndAsync(connection).WaitAsync(TimeSpan.FromSeconds(60));
    }

    [Fact]
    public async Task A_flood_of_silent_connections_keeps_nobody_out()
    {
        await using var node = await RegisterAsync("one");
        var silent = new List<TransportConnection>();
        for (var i = 0; i < EpmdServer.MaxPending + 20; i++)
        {
            silent.Add(await _network.ConnectAsync("h", 4369));
            // The one that makes room is the oldest, which the next round would not see without waiting.
            if (i >= EpmdServer.MaxPending)
                await EndAsync(silent[i - EpmdServer.MaxPending]).WaitAsync(TimeSpan.FromSeconds(60));
        }

        var names = await new EpmdClient(_network, _time).NamesAsync("h");
        Assert.Equal([new EpmdListing("one", 40001)], names);
        Assert.Single(_server.Entries);
        foreach (var connection in silent)
            await connection.DisposeAsync();
    }

    [Fact]
    public async Task Ending_it_ends_every_connection()
    {
        await using var node = await RegisterAsync("one");
        await using var silent = await _network.ConnectAsync("h", 4369);
        await _server.DisposeAsync();

        await EndAsync(node).WaitAsync(TimeSpan.FromSeconds(60));
        await EndAsync(silent).WaitAsync(TimeSpan.FromSeconds(60));
        await Assert.ThrowsAsync<PeerUnreachableException>(async () => await _network.ConnectAsync("h", 4369));
    }

    private async Task<TransportConnection> RegisterAsync(string name) =>
        (await new EpmdClient(_network, _time).RegisterAsync("h", new EpmdEntry(name, 40001))).Connection;

    private static byte[] Framed(byte[] body) => [(byte)(body.Length >> 8), (byte)body.Length, .. body];

    // Creations, the port of the epmd and file descriptors are another epmd's own affair.
    private static string Comparable(byte[] answer)
    {
        if (answer is [0x76 or 0x79, 0, ..])
            return string.Create(CultureInfo.InvariantCulture, $"registered {answer[0]}, {answer.Length} bytes");
        var text = Encoding.Latin1.GetString(answer);
        return answer.Length > 4 && text[4..].Contains("name ", StringComparison.Ordinal)
            ? Connection().Replace(text[4..], "fd = N")
            : Convert.ToHexStringLower(answer);
    }

    private static async Task<byte[]> ReadAsync(TransportConnection connection, int bytes)
    {
        var answer = new byte[bytes];
        for (var got = 0; got < bytes;)
        {
            var read = await connection.ReadAsync(answer.AsMemory(got)).AsTask().WaitAsync(TimeSpan.FromSeconds(60));
            Assert.NotEqual(0, read);
            got += read;
        }

        return answer;
    }

    private static async Task<byte[]> ReadToEndAsync(TransportConnection connection)
    {
        using var all = new MemoryStream();
        var piece = new byte[4096];
        while (await connection.ReadAsync(piece).AsTask().WaitAsync(TimeSpan.FromSeconds(60)) is var read and not 0)
            all.Write(piece, 0, read);
        return all.ToArray();
    }

    private static async Task EndAsync(TransportConnection connection)
    {
        try
        {
            Assert.Equal(0, await connection.ReadAsync(new byte[1]));
        }
        catch (IOException)
        {
            // Cut off is as good as closed.
        }
    }

    internal static async Task UntilAsync(Func<bool> condition)
    {
        using var patience = new CancellationTokenSource(TimeSpan.FromSeconds(60));
        while (!condition())
        {
            patience.Token.ThrowIfCancellationRequested();
            await Task.Delay(1, patience.Token);
        }
    }

    [GeneratedRegex("fd = [0-9]+")]
    private static partial Regex Connection();
}
