using Enmesh.Transport;
using Xunit;

namespace Enmesh.Tests.Transport;

[Trait("Ring", "pure")]
public sealed class InMemoryConnectionTests : ConnectionContract
{
    private protected override async Task<(TransportConnection Left, TransportConnection Right)> PairAsync()
    {
        var transport = new InMemoryTransport(bufferBytes: 65_536);
        await using var listener = transport.Listen(ListenAddress.Loopback());
        var left = await transport.ConnectAsync("anything", listener.Port);
        return (left, await listener.AcceptAsync());
    }

    [Fact]
    public async Task Nobody_listens_so_the_dial_is_refused()
    {
        var e = await Assert.ThrowsAsync<PeerUnreachableException>(
            async () => await new InMemoryTransport().ConnectAsync("nowhere", 17));

        Assert.Equal((UnreachableReason.Refused, "nowhere", 17), (e.Reason, e.Host, e.Port));
    }

    [Fact]
    public async Task A_write_waits_while_the_buffer_is_full()
    {
        var (left, right) = InMemoryConnection.CreatePair(bufferBytes: 10);
        var writing = left.WriteAsync(new byte[11]).AsTask();
        Assert.False(writing.IsCompleted);

        Assert.Equal(10, await right.ReadAsync(new byte[100]));
        await writing.WaitAsync(Patience);
        Assert.Equal(1, await right.ReadAsync(new byte[100]));
    }
}

public abstract class TcpConnectionContract(bool ownThreads) : ConnectionContract
{
    private protected override async Task<(TransportConnection Left, TransportConnection Right)> PairAsync()
    {
        var transport = new TcpTransport { OwnThreads = ownThreads };
        await using var listener = transport.Listen(ListenAddress.Loopback());
        var left = await transport.ConnectAsync("127.0.0.1", listener.Port);
        var right = await listener.AcceptAsync();
        await right.OpenAsync(null, Patience, CancellationToken.None);
        return (left, right);
    }

    [Fact]
    public async Task It_is_described_by_the_address_of_the_other_end()
    {
        var transport = new TcpTransport { OwnThreads = ownThreads };
        await using var listener = transport.Listen(ListenAddress.Loopback());
        await using var connection = await transport.ConnectAsync("127.0.0.1", listener.Port);

        Assert.Equal($"tcp 127.0.0.1:{listener.Port}", connection.Description);
        Assert.Equal(2, connection.HandshakePrefixBytes);
        Assert.Equal(connection.RemoteEndPoint, listener.EndPoints[0]);
    }
}

[Trait("Ring", "loopback")]
public sealed class PooledTcpConnectionTests() : TcpConnectionContract(ownThreads: false);

[Trait("Ring", "loopback")]
public sealed class DirectTcpConnectionTests() : TcpConnectionContract(ownThreads: true)
{
    [Fact]
    public async Task A_reader_goes_on_on_the_connections_own_thread_which_calls_back_when_it_waits_again()
    {
        var (left, right) = await PairAsync();
        await using var _ = left;
        await using var __ = right;
        var calledBack = new TaskCompletionSource<Thread>();
        right.ReadOnOwnThread(() => calledBack.TrySetResult(Thread.CurrentThread));
        Assert.False(right.IsReadingThread);
        var reading = ReadTwiceAsync();
        await left.WriteAsync(new byte[1]);
        var thread = await reading.WaitAsync(Patience);

        Assert.Equal("enmesh reader", thread.Name);
        Assert.Same(thread, await calledBack.Task.WaitAsync(Patience));

        async Task<Thread> ReadTwiceAsync()
        {
            await right.ReadAsync(new byte[100]);
            Assert.True(right.IsReadingThread);
            var here = Thread.CurrentThread;
            var next = right.ReadAsync(new byte[100]).AsTask();
            await left.WriteAsync(new byte[1]);
            await next;
            return here;
        }
    }

    [Fact]
    public async Task Another_thread_takes_over_from_one_that_does_not_come_back()
    {
        var (left, right) = await PairAsync();
        await using var _ = left;
        await using var __ = right;
        var inside = new SemaphoreSlim(0);
        var leave = new ManualResetEventSlim();
        right.ReadOnOwnThread(() =>
        {
            inside.Release();
            leave.Wait();
        });
        var reading = ReadAllAsync();
        await left.WriteAsync(new byte[1]);
        Assert.True(await inside.WaitAsync(Patience));
        // The first look finds it inside, the second one still.
        Assert.True(right.HelpReader());
        Assert.False(right.HelpReader());
        await left.WriteAsync(new byte[1]);
        Assert.True(await inside.WaitAsync(Patience));
        leave.Set();
        left.CompleteWrites();

        Assert.Equal(2, await reading.WaitAsync(Patience));

        async Task<int> ReadAllAsync()
        {
            var all = 0;
            while (await right.ReadAsync(new byte[100]) is > 0 and var read)
                all += read;
            return all;
        }
    }

    [Fact]
    public async Task A_reader_that_is_at_work_elsewhere_needs_no_help()
    {
        var (left, right) = await PairAsync();
        await using var _ = left;
        await using var __ = right;
        right.ReadOnOwnThread(() => { });
        var reading = right.ReadAsync(new byte[1]).AsTask();

        Assert.False(right.HelpReader());
        Assert.False(right.HelpReader());
        await left.WriteAsync(new byte[1]);
        Assert.Equal(1, await reading.WaitAsync(Patience));
    }
}
