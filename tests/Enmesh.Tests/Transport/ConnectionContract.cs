using System.Security.Cryptography;
using Enmesh.Tests.Epmd;
using Enmesh.Transport;
using Xunit;

namespace Enmesh.Tests.Transport;

/// <summary>What a link may expect of every connection, whatever lies below.</summary>
public abstract class ConnectionContract
{
    private protected abstract Task<(TransportConnection Left, TransportConnection Right)> PairAsync();

    [Fact]
    public async Task Bytes_arrive_in_order_and_the_end_is_zero_again_and_again()
    {
        var (left, right) = await PairAsync();
        await using var _ = left;
        await using var __ = right;
        await left.WriteAsync("hello "u8.ToArray());
        await left.WriteAsync("world"u8.ToArray());
        left.CompleteWrites();

        Assert.Equal("hello world"u8.ToArray(), await ReadToEndAsync(right));
        Assert.Equal(0, await right.ReadAsync(new byte[1]));
        Assert.Equal(0, await right.ReadAsync(new byte[1]));
    }

    [Fact]
    public async Task A_half_closed_connection_still_carries_the_other_direction()
    {
        var (left, right) = await PairAsync();
        await using var _ = left;
        await using var __ = right;
        left.CompleteWrites();
        Assert.Equal(0, await right.ReadAsync(new byte[8]));
        await right.WriteAsync("answer"u8.ToArray());
        await right.DisposeAsync();

        Assert.Equal("answer"u8.ToArray(), await ReadToEndAsync(left));
        await Assert.ThrowsAsync<IOException>(async () => await left.WriteAsync(new byte[1]));
    }

    [Theory]
    [InlineData(1)]
    [InlineData(8)]
    [InlineData(9)]
    [InlineData(1000)]
    public async Task A_gathered_write_of_more_than_the_buffers_hold_arrives_whole(int segments)
    {
        var (left, right) = await PairAsync();
        await using var _ = left;
        await using var __ = right;
        var bytes = RandomNumberGenerator.GetBytes(20_000_000);
        // Unequal parts, empty ones among them, each at an offset of its own array.
        var list = new List<ArraySegment<byte>> { default };
        for (int i = 0, at = 0; i < segments; i++)
        {
            var length = i == segments - 1 ? bytes.Length - at : bytes.Length / segments / 2 * (i % 3);
            list.Add(new ArraySegment<byte>(bytes, at, length));
            at += length;
        }

        var reading = ReadToEndAsync(right, pieceBytes: 70_001);
        await left.WriteAsync(list);
        await left.WriteAsync([]);
        left.CompleteWrites();

        Assert.Equal(SHA256.HashData(bytes), SHA256.HashData(await reading));
    }

    [Fact]
    public async Task Closing_delivers_what_was_written()
    {
        var (left, right) = await PairAsync();
        await using var _ = right;
        await left.WriteAsync(new byte[30_000]);
        await left.DisposeAsync();

        Assert.Equal(30_000, (await ReadToEndAsync(right)).Length);
    }

    [Fact]
    public async Task Abort_ends_a_pending_read_and_a_pending_write_on_both_sides()
    {
        var (left, right) = await PairAsync();
        await using var _ = left;
        await using var __ = right;
        var leftReads = left.ReadAsync(new byte[8]).AsTask();
        var leftWrites = WriteForEverAsync(left);
        var rightWrites = right.ReadAsync(new byte[8]);
        Assert.NotEqual(0, await rightWrites);
        await Task.Run(left.Abort);

        await Assert.ThrowsAsync<IOException>(() => leftReads.WaitAsync(Patience));
        await Assert.ThrowsAsync<IOException>(() => leftWrites.WaitAsync(Patience));
        await Assert.ThrowsAsync<IOException>(() => ReadToEndAsync(right).WaitAsync(Patience));
        await Assert.ThrowsAsync<IOException>(() => WriteForEverAsync(right).WaitAsync(Patience));
        var after = await Assert.ThrowsAsync<IOException>(async () => await left.ReadAsync(new byte[8]));
        Assert.Contains("closed on this side", after.Message, StringComparison.Ordinal);
        left.Abort();
        left.CompleteWrites();
    }

    [Fact]
    public async Task A_cancelled_read_throws_the_callers_token_and_aborts()
    {
        var (left, right) = await PairAsync();
        await using var _ = left;
        await using var __ = right;
        using var cancel = new CancellationTokenSource();
        var reading = left.ReadAsync(new byte[8], cancel.Token).AsTask();
        await cancel.CancelAsync();

        var e = await Assert.ThrowsAnyAsync<OperationCanceledException>(() => reading.WaitAsync(Patience));
        Assert.Equal(cancel.Token, e.CancellationToken);
        await Assert.ThrowsAsync<IOException>(() => right.ReadAsync(new byte[8]).AsTask().WaitAsync(Patience));
    }

    [Fact]
    public async Task A_cancelled_write_throws_the_callers_token_and_aborts()
    {
        var (left, right) = await PairAsync();
        await using var _ = left;
        await using var __ = right;
        using var cancel = new CancellationTokenSource();
        var writing = WriteForEverAsync(left, cancel.Token);
        Assert.NotEqual(0, await right.ReadAsync(new byte[8]));
        await cancel.CancelAsync();

        var e = await Assert.ThrowsAnyAsync<OperationCanceledException>(() => writing.WaitAsync(Patience));
        Assert.Equal(cancel.Token, e.CancellationToken);
        await Assert.ThrowsAsync<IOException>(() => ReadToEndAsync(right).WaitAsync(Patience));
    }

    [Fact]
    public async Task A_cancelled_token_costs_nothing_when_nothing_was_waiting()
    {
        var (left, right) = await PairAsync();
        await using var _ = left;
        await using var __ = right;
        using (var cancel = new CancellationTokenSource())
        {
            var reading = left.ReadAsync(new byte[8], cancel.Token);
            await right.WriteAsync(new byte[8], cancel.Token);
            Assert.Equal(8, await reading);
            await cancel.CancelAsync();
        }

        await right.WriteAsync(new byte[3]);
        Assert.Equal(3, await left.ReadAsync(new byte[8]));
    }

    [Fact]
    public async Task Bytes_that_wait_are_seen_without_reading_them()
    {
        var (left, right) = await PairAsync();
        await using var _ = left;
        await using var __ = right;
        Assert.False(left.HasUnread);
        await right.WriteAsync(new byte[8]);
        await EpmdServerTests.UntilAsync(() => left.HasUnread);
        Assert.Equal(8, await left.ReadAsync(new byte[8]));
        Assert.False(left.HasUnread);
        await right.WriteAsync(new byte[8]);
        await EpmdServerTests.UntilAsync(() => left.HasUnread);
        left.Abort();

        Assert.False(left.HasUnread);
    }

    [Fact]
    public async Task A_read_into_nothing_is_refused_because_zero_means_the_end()
    {
        var (left, right) = await PairAsync();
        await using var _ = left;
        await using var __ = right;

        await Assert.ThrowsAsync<ArgumentException>(async () => await left.ReadAsync(Memory<byte>.Empty));
    }

    private protected static TimeSpan Patience => TimeSpan.FromSeconds(60);

    private protected static async Task<byte[]> ReadToEndAsync(TransportConnection connection, int pieceBytes = 4096)
    {
        using var all = new MemoryStream();
        var piece = new byte[pieceBytes];
        while (await connection.ReadAsync(piece) is var read and not 0)
            all.Write(piece, 0, read);
        return all.ToArray();
    }

    private static async Task WriteForEverAsync(
        TransportConnection connection, CancellationToken cancellationToken = default)
    {
        var bytes = new byte[1 << 20];
        while (true)
            await connection.WriteAsync(bytes, cancellationToken);
    }
}
