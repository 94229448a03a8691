using System.Buffers;
using System.Buffers.Binary;
using Enmesh.Terms;
using Enmesh.Terms.External;
using Enmesh.TestSupport;
using Enmesh.Wire;
using Xunit;

namespace Enmesh.Tests.Peers;

/// <summary>Large messages are read straight to where they belong, wherever the connection cuts them.</summary>
[Trait("Ring", "loopback")]
public sealed class LargeFrameTests : IAsyncLifetime
{
    private const string Cookie = "the-cookie-of-large-messages";
    private const int FragmentBytes = 40_000; // more than is waited for in the reader's buffer
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);
    private static readonly byte[] Tick = [0, 0, 0, 0];

    private readonly LoopbackCluster _cluster = new();
    private readonly SemaphoreSlim _arrived = new(0);
    private readonly Queue<Term> _received = [];
    private ScriptedPeer _peer = null!;

    public async ValueTask InitializeAsync()
    {
        var node = await _cluster.StartAsync("node@127.0.0.1", cookie: Cookie);
        node.Spawn(async context =>
        {
            while (true)
            {
                _received.Enqueue(await context.ReceiveAsync());
                _arrived.Release();
            }
        }, "sink");
        _peer = await ScriptedPeer.ConnectAsync(node.Name, node.Port!.Value, "scripted@127.0.0.1", Cookie);
    }

    public async ValueTask DisposeAsync()
    {
        await _peer.DisposeAsync();
        await _cluster.DisposeAsync();
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Fragments_are_put_together_wherever_they_are_cut(bool withOthersBetween)
    {
        var payload = new byte[3 * FragmentBytes];
        new Random(1).NextBytes(payload);
        var fragments = Fragments(Message(Term.Binary(payload)), sequence: 7);
        var between = withOthersBetween ? [.. Tick, .. Frame([131, 68, 0, .. Message(1)])] : Array.Empty<byte>();
        var stream = fragments.Aggregate((all, next) => [.. all, .. between, .. next]);
        var end = fragments[0].Length; // of the first fragment: the head of what follows is 22 bytes long
        for (var cut = end - 3; cut <= end + 30; cut += 3)
        {
            await _peer.SendRawAsync(stream[..cut]);
            await Task.Yield();
            await _peer.SendRawAsync(stream[cut..]);
            for (var i = 1; withOthersBetween && i < fragments.Count; i++)
                Assert.Equal(1, await NextAsync());
            Assert.Equal(Term.Binary(payload), await NextAsync());
        }
    }

    private async Task<Term> NextAsync()
    {
        Assert.True(await _arrived.WaitAsync(Patience));
        return _received.Dequeue();
    }

    private byte[] Message(Term payload)
    {
        var buffer = new ArrayBufferWriter<byte>();
        var writer = new TermWriter(buffer, TermDialect.All, null);
        ControlMessage.Send(_peer.Pid, new Atom("sink")).Write(ref writer, _peer.Handshake.Negotiated);
        writer.WriteTerm(payload);
        writer.Flush();
        return buffer.WrittenSpan.ToArray();
    }

    private static List<byte[]> Fragments(byte[] message, long sequence)
    {
        var count = (message.Length + FragmentBytes - 1) / FragmentBytes;
        var fragments = new List<byte[]>();
        for (var number = count; number > 0; number--)
        {
            var data = message.AsSpan((count - number) * FragmentBytes);
            var head = new byte[18];
            (head[0], head[1]) = (131, number == count ? (byte)69 : (byte)70);
            BinaryPrimitives.WriteInt64BigEndian(head.AsSpan(2), sequence);
            BinaryPrimitives.WriteInt64BigEndian(head.AsSpan(10), number);
            byte[] atoms = number == count ? [0] : [];
            fragments.Add(Frame([.. head, .. atoms, .. data[..Math.Min(FragmentBytes, data.Length)]]));
        }
        return fragments;
    }

    private static byte[] Frame(byte[] body)
    {
        var frame = new byte[body.Length + 4];
        BinaryPrimitives.WriteInt32BigEndian(frame, body.Length);
        body.CopyTo(frame, 4);
        return frame;
    }
}
