using System.Buffers.Binary;
using Enmesh.Terms;
using Enmesh.Terms.External;
using Enmesh.Wire;
using Xunit;

namespace Enmesh.Tests.Wire;

/// <summary>One direction of a recorded connection, read as a link reads it.</summary>
internal sealed class RecordedReceiver
{
    private readonly FrameReader _reader;
    private readonly TermDecodeOptions _options = new() { Atoms = new AtomTable() };
    private readonly Dictionary<ulong, int> _openings = [];
    private ReadOnlyMemory<byte> _bytes;
    private int _controlOffset;
    private bool _ownsBytes;

    internal RecordedReceiver(RecordedFrame first)
    {
        // The mode was what was negotiated; the flags of the recording may say more than the hand-written peer used.
        Assert.Equal(first.Mode != "pass-through", first.Flags.UsesHeader());
        _reader = new FrameReader(
            first.Flags, new Atom(first.Receiver), _options, FrameLimits.Default, withSenders: true);
    }

    internal InboundMessage Message { get; private set; }

    internal ReadOnlySpan<byte> ControlBytes =>
        _bytes.Span[_controlOffset..^(_bytes.Length - Message.PayloadOffset + (HasVersion ? 1 : 0))];

    /// <summary>Control and payload, with what stands between them.</summary>
    internal ReadOnlySpan<byte> Data => _bytes.Span[_controlOffset..];

    private bool HasVersion => _bytes.Span[0] == FrameTag.PassThrough
        && Message.Control.HasPayload && Message.PayloadOffset < _bytes.Length;

    /// <returns>Whether a message, or a tick, is complete.</returns>
    internal bool Receive(RecordedFrame frame)
    {
        Assert.Equal(frame.Frame.Length, _reader.CheckLength(BinaryPrimitives.ReadUInt32BigEndian(frame.Bytes)));
        if (frame.Frame.IsEmpty)
            return true;
        if (_reader.TryReadFragmentHeader(frame.Frame, out var header))
            return ReceiveFragment(frame, header);
        _ownsBytes = false;
        _bytes = frame.Frame.ToArray();
        Message = _reader.Read(_bytes.Span);
        _controlOffset = 2 + (_bytes.Span[0] == FrameTag.PassThrough ? 0 : HeaderLength(_bytes.Span[2..]));
        return true;
    }

    internal Term ReadPayload()
    {
        var reader = new TermReader(
            _bytes.Span[Message.PayloadOffset..],
            _options,
            Message.References.Span,
            _ownsBytes ? _bytes[Message.PayloadOffset..] : default);
        var term = reader.ReadTerm();
        return reader.IsAtEnd ? term : throw new TermFormatException("Bytes are left over", reader.Position);
    }

    /// <summary>The control tuple again, from what was made of it.</summary>
    internal static Term ToTuple(ControlMessage control)
    {
        Term from = control.FromName is { } name ? name : control.From is { } pid ? pid : Atoms.Empty;
        Term to = control.To.Term;
        Term reference = control.Reference is { } r ? r : default(Term);
        var reason = control.HasPayload ? (Term[])[] : [control.Argument];
        var token = control.Token.IsNil ? (Term[])[] : [control.Token];
        Term flags = (long)((control.HasPriority ? AltActFlags.Priority : AltActFlags.None)
            | (token.Length > 0 ? AltActFlags.Token : AltActFlags.None)
            | (control.To.IsOwnAlias ? AltActFlags.Alias : AltActFlags.None)
            | (control.To.Name is not null ? AltActFlags.Name : AltActFlags.None)
            | (control.Kind == ControlKind.Exit2 ? AltActFlags.Exit : AltActFlags.None));
        Term[] fields = control.Operation switch
        {
            ControlOperation.RegSend or ControlOperation.RegSendTraced => [from, Atoms.Empty, to, .. token],
            ControlOperation.Exit or ControlOperation.Exit2 => [from, to, .. reason],
            ControlOperation.Monitor or ControlOperation.Demonitor => [from, to, reference],
            ControlOperation.MonitorExit or ControlOperation.PayloadMonitorExit => [from, to, reference, .. reason],
            ControlOperation.SpawnRequest or ControlOperation.SpawnRequestTraced =>
                [reference, from, control.Argument, control.Function, control.Options, .. token],
            ControlOperation.SpawnReply => [reference, to, (long)control.SpawnFlags, control.Argument],
            ControlOperation.UnlinkId or ControlOperation.UnlinkIdAck => [control.UnlinkId, from, to],
            ControlOperation.AltActSigSend => [flags, from, to, .. token],
            _ => [from, to, .. token],
        };
        return Term.Tuple([(long)control.Operation, .. fields]);
    }

    /// <summary>The same message, made for sending.</summary>
    internal static ControlMessage Remake(ControlMessage c)
    {
        var from = c.From ?? new Pid(new Atom("nobody@nowhere"), 1, 2, 3);
        var made = c.Kind switch
        {
            ControlKind.Send when c.To.Alias is { } alias => ControlMessage.Send(from, alias),
            ControlKind.Send when c.To.Name is { } name => ControlMessage.Send(from, name),
            ControlKind.Send => ControlMessage.Send(from, c.To.Pid!),
            ControlKind.Link => ControlMessage.Link(from, c.To.Pid!),
            ControlKind.Unlink => ControlMessage.Unlink(Math.Max(c.UnlinkId, 1), from, c.To.Pid!),
            ControlKind.UnlinkAck => ControlMessage.UnlinkAck(c.UnlinkId, from, c.To.Pid!),
            ControlKind.Exit => ControlMessage.Exit(from, c.To.Pid!, c.Argument),
            ControlKind.Exit2 => ControlMessage.Exit2(from, c.To.Pid ?? from, c.Argument),
            ControlKind.Monitor => ControlMessage.Monitor(from, c.To, c.Reference!),
            ControlKind.Demonitor => ControlMessage.Demonitor(from, c.To, c.Reference!),
            ControlKind.MonitorExit when c.FromName is { } name =>
                ControlMessage.MonitorExit(name, c.To.Pid!, c.Reference!, c.Argument),
            ControlKind.MonitorExit => ControlMessage.MonitorExit(from, c.To.Pid!, c.Reference!, c.Argument),
            ControlKind.GroupLeader => ControlMessage.GroupLeader(from, c.To.Pid!),
            ControlKind.SpawnRequest when c.Function.TupleElements is [{ Atom: { } module }, { Atom: { } function }, { Int32: { } arity }] =>
                ControlMessage.SpawnRequest(c.Reference!, from, c.Argument.Pid!, module, function, arity, c.Options),
            ControlKind.SpawnReply => ControlMessage.SpawnReply(c.Reference!, c.To.Pid!, c.SpawnFlags, c.Argument),
            _ => throw new InvalidOperationException($"{c.Operation} is not remade."),
        };
        return c.Token.IsNil ? made : made.WithToken(c.Token);
    }

    private bool ReceiveFragment(RecordedFrame frame, FragmentHeader header)
    {
        if (frame.Fragment is { } expected)
            Assert.Equal(expected, (header.Sequence, header.Number));
        var rest = frame.Frame[FragmentHeader.Bytes..];
        var place = _reader.Reserve(header, frame.Frame.Length);
        Assert.Equal(rest.Length, place.Length);
        rest.CopyTo(place.Span);
        if (header.IsFirst)
            _openings[header.Sequence] = HeaderLength(rest);
        if (!_reader.Commit(header, out var message, out _bytes))
            return false;
        _ownsBytes = true;
        Message = message;
        _controlOffset = _openings[header.Sequence];
        return true;
    }

    // Not by our reader: so that the test does not take its word for where the terms begin.
    private static int HeaderLength(ReadOnlySpan<byte> header)
    {
        int count = header[0];
        if (count == 0)
            return 1;
        int Nibble(ReadOnlySpan<byte> h, int i) => (h[1 + (i / 2)] >> (i % 2 * 4)) & 15;
        var prefix = (Nibble(header, count) & 1) + 1;
        var at = 1 + (count / 2) + 1;
        for (var i = 0; i < count; i++)
        {
            at++;
            if ((Nibble(header, i) & 8) != 0)
                at += prefix + (prefix == 2 ? BinaryPrimitives.ReadUInt16BigEndian(header[at..]) : header[at]);
        }
        return at;
    }
}
