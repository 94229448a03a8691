using Enmesh.Terms;
using Enmesh.Terms.External;
using Enmesh.Wire;
using Xunit;

namespace Enmesh.Tests.Wire;

/// <summary>
/// Every truncation of recorded frames, and random damage: always one of two exceptions, and little memory.
/// </summary>
[Trait("Ring", "pure")]
public class BrokenFrameTests
{
    // One frame of every operation in every mode, as each release sends it, that can be read without those before it.
    private static readonly RecordedFrame[] Samples =
    [
        .. RecordedFrame.All
            .Where(f => f.Frame.Length is > 0 and < 2000 && Read(f, f.Frame))
            .DistinctBy(f => (f.Otp, f.Operation, f.Mode, f.FromBeam)),
    ];

    [Fact]
    public void Every_truncation_is_refused_or_read_and_nothing_else()
    {
        Assert.InRange(Samples.Length, 150, 1000);
        Assert.InRange(Samples.Count(s => s.Mode.Contains("header", StringComparison.Ordinal)), 15, 1000);
        foreach (var sample in Samples)
        {
            for (var length = 0; length < sample.Frame.Length; length++)
            {
                var isRead = Read(sample, sample.Frame[..length]);
                // A frame without its payload is as good as one with it, until somebody wants the payload.
                Assert.False(isRead, $"{sample} is whole after {length} of {sample.Frame.Length} bytes");
            }
        }
    }

    [Fact]
    public void Random_damage_is_refused_or_read_and_costs_no_memory()
    {
        var random = new Random(99);
        foreach (var sample in Samples)
        {
            for (var round = 0; round < 200; round++)
            {
                var damaged = sample.Frame.ToArray();
                for (var flips = random.Next(1, 4); flips > 0; flips--)
                    damaged[random.Next(damaged.Length)] ^= (byte)(1 << random.Next(8));
                var before = GC.GetAllocatedBytesForCurrentThread();
                Read(sample, damaged);
                var allocated = GC.GetAllocatedBytesForCurrentThread() - before;
                Assert.True(allocated < 300_000, $"{sample}: {allocated} bytes for {Convert.ToHexString(damaged)}");
            }
        }
    }

    [Fact]
    public void Random_bytes_are_refused()
    {
        var random = new Random(7);
        var sample = Samples.First(s => s.Mode == "header+fragments");
        for (var round = 0; round < 20_000; round++)
        {
            var bytes = new byte[random.Next(2, 200)];
            random.NextBytes(bytes);
            (bytes[0], bytes[1]) = (131, (byte)random.Next(68, 71));
            Read(sample, bytes);
        }
    }

    /// <returns>Whether the frame and its payload were read to the last byte.</returns>
    private static bool Read(RecordedFrame sample, ReadOnlySpan<byte> frame)
    {
        var options = new TermDecodeOptions { Atoms = new AtomTable() };
        var reader = new FrameReader(sample.Flags, new Atom(sample.Receiver), options, FrameLimits.Default);
        ReadOnlyMemory<byte> bytes = frame.ToArray();
        try
        {
            InboundMessage message;
            if (reader.TryReadFragmentHeader(frame, out var header))
            {
                frame[FragmentHeader.Bytes..].CopyTo(reader.Reserve(header, frame.Length).Span);
                if (!reader.Commit(header, out message, out bytes))
                    return false;
            }
            else
            {
                message = reader.Read(frame);
            }
            if (!message.Control.HasPayload)
                return message.PayloadOffset == bytes.Length;
            var payload = new TermReader(
                bytes.Span[message.PayloadOffset..], options, message.References.Span, default);
            payload.ReadTerm();
            return payload.IsAtEnd;
        }
        catch (DistributionProtocolException)
        {
            return false;
        }
        catch (TermFormatException)
        {
            return false;
        }
    }
}
