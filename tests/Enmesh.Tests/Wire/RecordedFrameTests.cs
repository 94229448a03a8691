using System.Buffers;
using Enmesh.Terms;
using Enmesh.Terms.External;
using Enmesh.Wire;
using Xunit;

namespace Enmesh.Tests.Wire;

/// <summary>Every recorded frame, in both directions: read, compared field by field, and written again.</summary>
[Trait("Ring", "pure")]
public class RecordedFrameTests
{
    public static TheoryData<int> Connections() => [.. Enumerable.Range(0, RecordedFrame.Connections.Count)];

    [Theory, MemberData(nameof(Connections))]
    public void Connection_is_read_as_recorded_and_written_with_the_same_bytes(int connection)
    {
        var frames = RecordedFrame.Connections[connection];
        foreach (var direction in frames.GroupBy(f => f.FromBeam))
        {
            var receiver = new RecordedReceiver(direction.First());
            foreach (var frame in direction)
            {
                if (frame.RefusesFrame())
                {
                    Assert.Throws<DistributionProtocolException>(() => receiver.Receive(frame));
                    break; // the link is closed
                }
                Assert.False(frame.IsUndecoded && !frame.RefusesPayload(), $"{frame} is read, though it is broken");
                if (receiver.Receive(frame))
                    Compare(frame, receiver);
            }
        }
    }

    [Fact]
    public void Vectors_hold_every_operation_but_those_that_nobody_sends_any_more()
    {
        var seen = RecordedFrame.All.Select(f => f.Operation).ToHashSet();
        var unseen = Enum.GetValues<ControlOperation>().Select(o => o.Name()).Where(n => !seen.Contains(n));
        Assert.Equal(
            ["SEND_TT", "EXIT_TT", "EXIT2_TT", "PAYLOAD_EXIT2_TT", "SPAWN_REPLY_TT"], unseen);
    }

    private static void Compare(RecordedFrame frame, RecordedReceiver receiver)
    {
        if (frame.Operation == "TICK")
        {
            Assert.Equal(0, frame.Frame.Length);
            return;
        }
        var control = receiver.Message.Control;
        if (frame.IsUndecoded)
        {
            Assert.Throws<TermFormatException>(() => receiver.ReadPayload());
            return;
        }
        Assert.Equal(frame.Operation, control.Operation.Name());
        Assert.Equal(frame.Control, VectorText.Of(RecordedReceiver.ToTuple(control)));
        if (frame.Atoms is { } atoms)
            Assert.Equal(atoms, receiver.Message.References.ToArray().Select(a => a.Text));
        if (frame.RefusesPayload())
            Assert.Throws<TermFormatException>(() => receiver.ReadPayload());
        else if (control.HasPayload)
            AssertSameTerm(frame.Message, VectorText.Of(receiver.ReadPayload()));
        if (RewrittenControl(frame, control) is { } rewritten)
            Assert.Equal(Convert.ToHexString(receiver.ControlBytes), Convert.ToHexString(rewritten));
        if (frame is { FromBeam: true, Mode: "pass-through" or "fragments", Fragment: null })
            Assert.Equal(Convert.ToHexString(frame.Bytes), Convert.ToHexString(Rewritten(frame, receiver)));
    }

    // Maps have no order of their own, and a bit string of whole bytes is a binary.
    private static void AssertSameTerm(string expected, string actual)
    {
        expected = expected.Replace("<<255:8>>", "<<255>>", StringComparison.Ordinal);
        if (expected.Contains("#{", StringComparison.Ordinal))
            Assert.Equal(expected.Order(), actual.Order());
        else
            Assert.Equal(expected, actual);
    }

    // What a real node sent, we send with the same bytes: the same operation for the same flags, the same fields, the
    // same atoms in the same order.
    private static byte[]? RewrittenControl(RecordedFrame frame, ControlMessage control)
    {
        var made = RecordedReceiver.Remake(control);
        var operation = made.OperationFor(frame.Flags);
        if (!frame.FromBeam && operation != control.Operation)
            return null; // the hand-written peer chose another form on purpose
        if (frame.Scenario.StartsWith("erl_call", StringComparison.Ordinal) || control.HasPriority)
            return null; // no BEAM; nothing we send
        Assert.Equal(control.Operation, operation);
        if (!frame.FromBeam)
            return null; // other encodings than ours, on purpose
        var output = new ArrayBufferWriter<byte>();
        var writer = new TermWriter(
            output, frame.Flags.Dialect(),
            frame.Flags.Has(DistributionFlags.DistHdrAtomCache) ? new AtomReferences() : null);
        var hasPayload = made.Write(ref writer, frame.Flags);
        writer.Flush();
        Assert.Equal(control.HasPayload, hasPayload);
        return output.WrittenSpan.ToArray();
    }

    private static byte[] Rewritten(RecordedFrame frame, RecordedReceiver receiver)
    {
        var writer = new FrameWriter(frame.Flags);
        var data = receiver.Data;
        var opening = new byte[FrameWriter.MaxOpeningBytes([])];
        var length = writer.WriteOpening(opening, data.Length, []);
        return [.. opening[..length], .. data];
    }
}
