using Enmesh.TestSupport;
using Enmesh.Tls;
using Enmesh.Transport;
using Microsoft.Extensions.Logging.Abstractions;
using Xunit;

namespace Enmesh.Tests.Tls;

/// <summary>A peer that reads no more does not keep a connection from its end.</summary>
[Trait("Ring", "loopback")]
public sealed class FarewellTests
{
    // The smallest record of TLS 1.3, with one byte in it.
    private const int RecordBytes = 23;
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    [Theory]
    [InlineData(1)] // as many records as fit, and no room for the farewell
    [InlineData(1 << 20)] // one that is still being written
    public async Task A_peer_that_reads_no_more_does_not_keep_us(int bytes)
    {
        using var pki = new TestPki();
        using var source = pki.Setup("127.0.0.1").Open(TimeProvider.System, NullLogger.Instance);
        var transport = new TlsTransport(
            new InMemoryTransport(), source, new TlsIdentity([], []), TimeProvider.System, NullLogger.Instance);
        await using var listener = transport.Listen(ListenAddress.Loopback());
        var left = await transport.ConnectAsync("127.0.0.1", listener.Port);
        await using var right = await listener.AcceptAsync();
        await Task.WhenAll(left.OpenAsync("127.0.0.1", Patience, default).AsTask(), right.OpenAsync(null, Patience, default).AsTask());

        var writes = new List<Task>();
        var records = bytes > 1 ? 1 : InMemoryConnection.DefaultBufferBytes / RecordBytes;
        while (writes.Count < records && writes.All(write => write.IsCompleted))
            writes.Add(left.WriteAsync(new byte[bytes]).AsTask());

        await left.DisposeAsync().AsTask().WaitAsync(Patience);
        if (writes.Find(write => !write.IsCompletedSuccessfully) is { } held)
            await Assert.ThrowsAsync<IOException>(() => held.WaitAsync(Patience));
    }
}
