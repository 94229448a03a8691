using System.Buffers.Binary;
using Enmesh.Peers;
using Enmesh.Terms;
using Enmesh.Terms.External;
using Enmesh.Wire;
using Xunit;

namespace Enmesh.Tests.Peers;

[Trait("Ring", "pure")]
public sealed class SendQueueTests
{
    private const long Limit = 1 << 20;
    private static readonly Atom Us = new("us@host");
    private static readonly Pid From = new(Us, 1, 0, 4);
    private static readonly object Alice = new();
    private static readonly object Bob = new();

    [Fact]
    public void Small_messages_leave_in_one_batch_in_their_order()
    {
        var queue = new SendQueue(new FrameWriter(DistributionFlagSets.Hidden), Limit);
        Assert.Equal(SendQueue.Outcome.Wake, Add(queue, Alice, 0));
        for (var i = 1; i < 100; i++)
            Assert.Equal(SendQueue.Outcome.Queued, Add(queue, i % 2 == 0 ? Alice : Bob, i));
        Assert.Equal(Enumerable.Range(0, 100), Drain(queue, DistributionFlagSets.Hidden, maxBatches: 1).Select(Number));
        Assert.Equal(0, queue.PendingBytes);
    }

    [Fact]
    public void A_senders_messages_do_not_overtake_its_own_large_one_and_others_do()
    {
        var queue = new SendQueue(new FrameWriter(DistributionFlagSets.Hidden), Limit);
        Add(queue, Alice, 1, 2_000_000);
        Add(queue, Alice, 2);
        Add(queue, Bob, 3);
        Add(queue, Alice, 4, 100_000);
        Add(queue, Alice, 5);
        var order = Drain(queue, DistributionFlagSets.Hidden).Select(Number).ToList();
        Assert.Equal([1, 2, 4, 5], order.Where(number => number != 3));
        Assert.Equal(3, order[0]);
    }

    [Fact]
    public void Two_large_messages_go_side_by_side()
    {
        var queue = new SendQueue(new FrameWriter(DistributionFlagSets.Hidden), Limit);
        Add(queue, Alice, 1, 3_000_000);
        Add(queue, Bob, 2, 500_000);
        Assert.Equal([2, 1], Drain(queue, DistributionFlagSets.Hidden).Select(Number));
    }

    [Fact]
    public void A_tick_passes_a_large_message()
    {
        var queue = new SendQueue(new FrameWriter(DistributionFlagSets.Hidden), Limit);
        Add(queue, Alice, 1, 10_000_000);
        var batches = 0;
        for (var batch = queue.TryTake(); batch is not null; batch = queue.Written(takeNext: true, out _))
        {
            batches++;
            Assert.InRange(batch.Sum(segment => segment.Count), 1, 700_000);
        }
        Assert.InRange(batches, 15, 30);
    }

    [Theory]
    [InlineData((ulong)(DistributionFlagSets.Hidden & ~DistributionFlags.Fragments))]
    [InlineData((ulong)(DistributionFlagSets.Hidden & ~DistributionFlags.DistHdrAtomCache))]
    [InlineData((ulong)(DistributionFlagSets.Hidden & ~(DistributionFlags.DistHdrAtomCache | DistributionFlags.Fragments)))]
    [InlineData((ulong)DistributionFlagSets.Hidden)]
    public void Every_framing_is_read_back_whole(ulong negotiated)
    {
        var flags = (DistributionFlags)negotiated;
        var queue = new SendQueue(new FrameWriter(flags), long.MaxValue);
        for (var i = 0; i < 40; i++)
            Add(queue, i % 3 == 0 ? Alice : Bob, i, i % 5 == 0 ? 70_000 * i : 10 * i, flags);
        var read = Drain(queue, flags);
        Assert.Equal(Enumerable.Range(0, 40), read.Select(Number).Order());
        foreach (var message in read)
        {
            var bytes = message.TupleElements[1].BitString!.Value;
            var i = Number(message);
            Assert.Equal(i % 5 == 0 ? 70_000 * i : 10 * i, bytes.ByteLength);
            Assert.DoesNotContain(bytes.Span.ToArray(), b => b != (byte)i);
        }
    }

    [Fact]
    public async Task Full_means_above_the_limit_and_drained_means_half_of_it()
    {
        var queue = new SendQueue(new FrameWriter(DistributionFlagSets.Hidden), Limit);
        var i = 0;
        while (!queue.IsFull)
            Add(queue, Alice, i++, 10_000);
        Assert.Equal(
            SendQueue.Outcome.Full, queue.Add(Alice, Encode(0, 10, DistributionFlagSets.Hidden), unlessFull: true));
        var drained = queue.WhenDrained();
        Assert.False(drained.IsCompleted);
        Assert.NotNull(queue.TryTake());
        Assert.Null(queue.TryTake());
        Assert.Null(queue.Written(takeNext: false, out var more));
        Assert.False(more);
        await drained;
    }

    [Fact]
    public async Task Closing_lets_those_waiting_go_and_refuses_the_rest()
    {
        var queue = new SendQueue(new FrameWriter(DistributionFlagSets.Hidden), 10);
        Add(queue, Alice, 1, 1000);
        var drained = queue.WhenDrained();
        queue.Close();
        await drained;
        Assert.Equal(SendQueue.Outcome.Closed, Add(queue, Alice, 2));
        Assert.Equal(SendQueue.Outcome.Closed, queue.AddTick());
        Assert.Null(queue.TryTake());
    }

    [Fact]
    public void A_tick_is_sent_only_when_nothing_else_is()
    {
        var queue = new SendQueue(new FrameWriter(DistributionFlagSets.Hidden), Limit);
        Assert.Equal(SendQueue.Outcome.Wake, queue.AddTick());
        Assert.Equal([0, 0, 0, 0], Bytes(queue.TryTake()!));
        queue.Written(takeNext: false, out _);
        Add(queue, Alice, 1);
        Assert.Equal(SendQueue.Outcome.Queued, queue.AddTick());
        Assert.Equal([1], Drain(queue, DistributionFlagSets.Hidden).Select(Number));
    }

    private static int Number(Term message) => message.TupleElements[0].Int32!.Value;

    private static SendQueue.Outcome Add(
        SendQueue queue, object sender, int number, int bytes = 0,
        DistributionFlags flags = DistributionFlagSets.Hidden) =>
        queue.Add(sender, Encode(number, bytes, flags), unlessFull: false);

    private static MessageBuffer Encode(int number, int bytes, DistributionFlags flags)
    {
        var message = MessageBuffer.Rent();
        var writer = new TermWriter(
            message, TermDialect.All, flags.Has(DistributionFlags.DistHdrAtomCache) ? message.Atoms : null);
        ControlMessage.Send(From, new Atom("sink")).Write(ref writer, flags);
        message.ControlBytes = (int)writer.BytesWritten;
        if (!flags.UsesHeader())
            writer.WriteVersion();
        var payload = new byte[bytes];
        payload.AsSpan().Fill((byte)number);
        writer.WriteTerm(Term.Tuple(number, Term.Binary(payload)));
        writer.Flush();
        return message;
    }

    private static byte[] Bytes(IEnumerable<ArraySegment<byte>> batch) => [.. batch.SelectMany(segment => segment)];

    private static List<Term> Drain(SendQueue queue, DistributionFlags flags, int maxBatches = int.MaxValue)
    {
        var options = new TermDecodeOptions { Atoms = new AtomTable() };
        var reader = new FrameReader(flags, Us, options, FrameLimits.Default);
        var messages = new List<Term>();
        var batches = 0;
        var pending = new List<byte>();
        for (var batch = queue.TryTake(); batch is not null && batches < maxBatches; batch = queue.Written(takeNext: true, out _), batches++)
            pending.AddRange(Bytes(batch));
        var all = pending.ToArray();
        for (var at = 0; at < all.Length;)
        {
            var length = reader.CheckLength(BinaryPrimitives.ReadUInt32BigEndian(all.AsSpan(at)));
            var frame = all.AsSpan(at + 4, length);
            at += 4 + length;
            InboundMessage message;
            ReadOnlySpan<byte> bytes = frame;
            if (reader.TryReadFragmentHeader(frame, out var header))
            {
                frame[FragmentHeader.Bytes..].CopyTo(reader.Reserve(header, length).Span);
                if (!reader.Commit(header, out message, out var whole))
                    continue;
                bytes = whole.Span;
            }
            else
            {
                message = reader.Read(frame);
            }
            Assert.Equal("sink", message.Control.To.Name?.Text);
            messages.Add(
                new TermReader(bytes[message.PayloadOffset..], options, message.References.Span, default).ReadTerm());
        }
        Assert.Equal((0, 0L), reader.Unfinished);
        return messages;
    }
}
