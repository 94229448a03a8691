using System.Buffers.Binary;
using System.Text;
using Enmesh.Terms;
using Enmesh.Terms.External;
using Enmesh.Wire;
using Xunit;

namespace Enmesh.Tests.Wire;

/// <summary>Fragments, by hand: their order, their limits, and what a liar can cost.</summary>
[Trait("Ring", "pure")]
public class FragmentTests
{
    private const DistributionFlags Negotiated = DistributionFlags.DistHdrAtomCache | DistributionFlags.Fragments;

    // {2, '', #Pid<own@host 1.0/5>} without atoms in the header.
    private static readonly byte[] Control =
    [
        104, 3, 97, 2, 119, 0, 88, 119, 8, .. "own@host"u8, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 5,
    ];

    [Fact]
    public void Writer_opens_fragments_with_these_bytes()
    {
        var writer = new FrameWriter(Negotiated);
        var name = AtomCacheTests.NameOf(slot: 0x410); // in a cache that is small still: segment 0, index 16
        Atom[] atoms = [new(name)];
        var first = new byte[FrameWriter.MaxOpeningBytes(atoms)];
        var length = writer.WriteFirstFragment(first, 65536, 0x1122334455667788, 3, atoms);
        // length: 18 + references of 9 + 65536
        Assert.Equal(
            "0001001B" + "8345" + "1122334455667788" + "0000000000000003" + "01081005" + Convert.ToHexString(
                Encoding.ASCII.GetBytes(name)),
            Convert.ToHexString(first, 0, length));

        var next = new byte[FrameWriter.NextFragmentBytes];
        Assert.Equal(next.Length, FrameWriter.WriteNextFragment(next, 65536, 0x1122334455667788, 2));
        Assert.Equal("00010012" + "8346" + "1122334455667788" + "0000000000000002", Convert.ToHexString(next));
        FrameWriter.WriteNextFragment(next, 1, 7, 1);
        Assert.Equal("00000013" + "8346" + "0000000000000007" + "0000000000000001", Convert.ToHexString(next));
    }

    [Theory]
    [InlineData(1, 1UL)]
    [InlineData(65536, 1UL)]
    [InlineData(65537, 2UL)]
    [InlineData(1048576 + 60, 17UL)] // as a BEAM cuts 1 MiB
    public void Messages_are_cut_as_on_the_BEAM(long bytes, ulong fragments) =>
        Assert.Equal(fragments, FrameWriter.FragmentCount(bytes));

    [Fact]
    public void Fragments_of_any_size_in_any_mixture_make_the_messages_again()
    {
        var random = new Random(1);
        var reader = Reader();
        var waiting = Enumerable.Range(0, 40).Select(i => new Pending((ulong)i, random)).ToList();
        var done = 0;
        while (waiting.Count > 0)
        {
            var pick = waiting[random.Next(waiting.Count)];
            var (header, data) = pick.Next();
            if (!Receive(reader, header, data, out var message, out var bytes))
                continue;
            Assert.Equal(pick.Payload, bytes.Span[message.PayloadOffset..].ToArray());
            Assert.Equal(1u, message.Control.To.OwnPid.Id);
            waiting.Remove(pick);
            done++;
        }
        Assert.Equal(40, done);
        Assert.Equal((0, 0L), reader.Unfinished);
    }

    [Fact]
    public void Atoms_of_a_fragmented_message_stay_its_own()
    {
        var reader = Reader();
        // rex in slot 1040 for the first message, then the slot is given to ok by the second.
        Receive(reader, new(true, 1, 2), [1, 0x0C, 16, 3, .. "rex"u8, .. Control], out _, out _);
        Receive(reader, new(true, 2, 1), [1, 0x0C, 16, 2, .. "ok"u8, .. Control, 82, 0], out var second, out _);
        Assert.True(Receive(reader, new(false, 1, 1), [82, 0], out var first, out var bytes));

        Assert.Equal("ok", second.References.Span[0].Text);
        Assert.Equal("rex", first.References.Span[0].Text);
        Assert.Equal([82, 0], bytes.Span[first.PayloadOffset..].ToArray());
    }

    [Fact]
    public void Whole_message_in_a_single_fragment_is_complete_at_once()
    {
        Assert.True(Receive(Reader(), new(true, 9, 1), [0, .. Control, 106], out var message, out var bytes));
        Assert.Equal([106], bytes.Span[message.PayloadOffset..].ToArray());
    }

    [Fact]
    public void Continuation_of_nothing_is_refused() => Refused("belongs to no message", (new(false, 1, 1), [1]));

    [Fact]
    public void Message_that_begins_twice_is_refused() =>
        Refused("has begun already", (new(true, 1, 2), [0, .. Control]), (new(true, 1, 2), [0, .. Control]));

    [Theory]
    [InlineData(3UL)]
    [InlineData(1UL)]
    [InlineData(4UL)]
    public void Number_out_of_order_is_refused(ulong number) =>
        Refused("number 2 was expected", (new(true, 1, 3), [0, .. Control]), (new(false, 1, number), [1]));

    [Fact]
    public void Finished_message_cannot_go_on() =>
        Refused("belongs to no message", (new(true, 1, 1), [0, .. Control, 106]), (new(false, 1, 1), [1]));

    [Fact]
    public void Control_message_cut_in_two_is_refused() =>
        Refused("does not hold a whole control message", (new(true, 1, 2), [0, .. Control[..10]]));

    [Fact]
    public void Header_cut_in_two_is_refused() =>
        Refused("ends within its distribution header", (new(true, 1, 2), [1, 0x0C, 16, 3, (byte)'r']));

    [Fact]
    public void Fragment_shorter_than_its_header_or_numbered_0_is_refused()
    {
        var reader = Reader();
        var frame = Frame(new(true, 1, 1), []);
        for (var length = 2; length < FragmentHeader.Bytes; length++)
        {
            Assert.Throws<DistributionProtocolException>(
                () => reader.TryReadFragmentHeader(frame.AsSpan(0, length), out _));
            Assert.Throws<DistributionProtocolException>(() => reader.Reserve(new(true, 1, 1), length));
        }
        frame[17] = 0;
        Assert.Throws<DistributionProtocolException>(() => reader.TryReadFragmentHeader(frame, out _));
    }

    [Fact]
    public void Message_above_the_limit_is_refused_before_its_bytes_are_there()
    {
        var reader = Reader(new FrameLimits { MaxMessageBytes = 1000 });
        Receive(reader, new(true, 1, 3), [0, .. Control, .. new byte[900]], out _, out _);
        var error = Assert.Throws<DistributionProtocolException>(
            () => reader.Reserve(new(false, 1, 2), FragmentHeader.Bytes + 100));
        Assert.Contains("1000", error.Message, StringComparison.Ordinal);
        Assert.Throws<DistributionProtocolException>(() => reader.CheckLength(1001));
        Assert.Throws<DistributionProtocolException>(() => reader.CheckLength(uint.MaxValue));
        Assert.Equal(1000, reader.CheckLength(1000));
    }

    [Fact]
    public void Too_many_unfinished_messages_are_refused()
    {
        var reader = Reader(new FrameLimits { MaxUnfinishedMessages = 10 });
        for (var i = 0UL; i < 10; i++)
            Receive(reader, new(true, i, 2), [0, .. Control], out _, out _);
        Assert.Throws<DistributionProtocolException>(() => reader.Reserve(new(true, 11, 2), 100));
        Assert.Equal(10, reader.Unfinished.Messages);
    }

    [Fact]
    public void Too_much_memory_in_unfinished_messages_is_refused()
    {
        var reader = Reader(new FrameLimits { MaxUnfinishedBytes = 1 << 20 });
        var error = Assert.Throws<DistributionProtocolException>(() =>
        {
            for (var i = 0UL; i < 100; i++)
                Receive(reader, new(true, i, 1000), [0, .. Control, .. new byte[60_000]], out _, out _);
        });
        Assert.Contains("1048576", error.Message, StringComparison.Ordinal);
        Assert.InRange(reader.Unfinished.Messages, 15, 18); // 1 MiB of 60,000 bytes each
    }

    [Theory]
    [InlineData(1UL << 40)]
    [InlineData(ulong.MaxValue)]
    [InlineData(1UL << 62)]
    public void Announcing_a_vast_number_of_fragments_costs_no_memory(ulong count)
    {
        var reader = Reader();
        var before = GC.GetAllocatedBytesForCurrentThread();
        Receive(reader, new(true, 1, count), [0, .. Control], out _, out _);
        for (var i = 1UL; i < 100; i++)
            Receive(reader, new(false, 1, count - i), [1], out _, out _);
        Assert.InRange(GC.GetAllocatedBytesForCurrentThread() - before, 0, 100_000);
        Assert.InRange(reader.Unfinished.Bytes, 0, (Control.Length + 101) * 32);
    }

    [Fact]
    public void Message_of_a_megabyte_goes_into_its_final_array_at_once()
    {
        var reader = Reader();
        var data = new byte[65536];
        var before = GC.GetAllocatedBytesForCurrentThread();
        reader.Reserve(new(true, 1, 17), FragmentHeader.Bytes + 1 + Control.Length + data.Length);
        var allocated = GC.GetAllocatedBytesForCurrentThread() - before;
        Assert.InRange(allocated, 17 * 65536, 17 * 66000);
        Assert.InRange(reader.Unfinished.Bytes, 17 * 65536, 17 * 66000);
    }

    [Fact]
    public void Growth_costs_a_small_multiple_of_what_was_sent()
    {
        var reader = Reader();
        var before = GC.GetAllocatedBytesForCurrentThread();
        Receive(reader, new(true, 1, 65), [0, .. Control], out _, out _); // a small first fragment hides the size of the rest
        var data = new byte[65536];
        for (var i = 64UL; i > 0; i--)
            Receive(reader, new(false, 1, i), data, out _, out _);
        Assert.InRange(GC.GetAllocatedBytesForCurrentThread() - before, 64 * 65536, 5 * 64 * 65536);
    }

    private static FrameReader Reader(FrameLimits? limits = null) => new(
        Negotiated, new Atom("own@host"), new TermDecodeOptions { Atoms = new AtomTable() },
        limits ?? FrameLimits.Default);

    private static byte[] Frame(FragmentHeader header, ReadOnlySpan<byte> data)
    {
        var frame = new byte[FragmentHeader.Bytes + data.Length];
        frame[0] = 131;
        frame[1] = (byte)(header.IsFirst ? 69 : 70);
        BinaryPrimitives.WriteUInt64BigEndian(frame.AsSpan(2), header.Sequence);
        BinaryPrimitives.WriteUInt64BigEndian(frame.AsSpan(10), header.Number);
        data.CopyTo(frame.AsSpan(FragmentHeader.Bytes));
        return frame;
    }

    private static bool Receive(
        FrameReader reader, FragmentHeader expected, ReadOnlySpan<byte> data, out InboundMessage message,
        out ReadOnlyMemory<byte> bytes)
    {
        var frame = Frame(expected, data);
        Assert.True(reader.TryReadFragmentHeader(frame, out var header));
        Assert.Equal(expected, header);
        data.CopyTo(reader.Reserve(header, frame.Length).Span);
        return reader.Commit(header, out message, out bytes);
    }

    private static void Refused(string why, params (FragmentHeader Header, byte[] Data)[] fragments)
    {
        var reader = Reader();
        foreach (var (header, data) in fragments[..^1])
            Receive(reader, header, data, out _, out _);
        var last = fragments[^1];
        var error = Assert.Throws<DistributionProtocolException>(
            () => Receive(reader, last.Header, last.Data, out _, out _));
        Assert.Contains(why, error.Message, StringComparison.Ordinal);
    }

    private sealed class Pending
    {
        private readonly ulong _sequence;
        private readonly Queue<byte[]> _pieces = [];
        private bool _begun;

        internal Pending(ulong sequence, Random random)
        {
            _sequence = sequence;
            Payload = new byte[random.Next(200_000)];
            random.NextBytes(Payload);
            var rest = Payload.AsSpan();
            var first = random.Next(rest.Length + 1);
            _pieces.Enqueue([0, .. Control, .. rest[..first]]);
            for (rest = rest[first..]; !rest.IsEmpty; rest = rest[first..])
            {
                first = random.Next(0, Math.Min(rest.Length, 50_000) + 1);
                _pieces.Enqueue(rest[..first].ToArray());
            }
        }

        internal byte[] Payload { get; }

        internal (FragmentHeader Header, byte[] Data) Next()
        {
            var header = new FragmentHeader(!_begun, _sequence, (ulong)_pieces.Count);
            _begun = true;
            return (header, _pieces.Dequeue());
        }
    }
}
