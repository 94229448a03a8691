using System.Buffers;
using System.Buffers.Binary;
using System.Net.Sockets;
using Enmesh.Handshake;
using Enmesh.Terms;
using Enmesh.Terms.External;
using Enmesh.Wire;
using Xunit;

namespace Enmesh.Interop.Tests;

/// <summary>
/// The rooms Handshake and Wire on a bare socket: every frame as the test wants it cut, in the order it wants.
/// </summary>
internal sealed class RawLink : IDisposable
{
    private readonly TcpClient _client;
    private readonly NetworkStream _stream;
    private readonly FrameReader _reader;
    private readonly FrameWriter _writer;
    private readonly TermDecodeOptions _options = new() { Atoms = new AtomTable() };
    private readonly AtomReferences _atoms = new();
    private ulong _sequence;

    private RawLink(TcpClient client, HandshakeResult result)
    {
        _client = client;
        _stream = client.GetStream();
        Result = result;
        _reader = new FrameReader(
            result.Negotiated, result.OwnName.Atom, _options, FrameLimits.Default, withSenders: true);
        _writer = new FrameWriter(result.Negotiated);
    }

    internal HandshakeResult Result { get; }

    internal Pid Self => new(Result.OwnName.Atom, 1, 0, Result.OwnCreation);

    internal static async Task<RawLink> DialAsync(
        int port, NodeName peer, HandshakeSettings settings, CancellationToken token)
    {
        var client = new TcpClient();
        await client.ConnectAsync("127.0.0.1", port, token);
        client.NoDelay = true;
        var machine = new InitiatorHandshake(settings, peer);
        HandshakeEvent happened = new HandshakeEvent.Started();
        while (true)
        {
            foreach (var effect in machine.Next(happened))
            {
                switch (effect)
                {
                    case HandshakeEffect.Send send:
                        await client.GetStream().WriteAsync(send.Message, token);
                        break;
                    case HandshakeEffect.Established established:
                        return new RawLink(client, established.Result);
                    case HandshakeEffect.Failed failed:
                        client.Dispose();
                        throw failed.Error;
                }
            }
            var prefix = new byte[HandshakeFraming.TcpPrefixBytes];
            if (await client.GetStream().ReadAtLeastAsync(
                prefix, prefix.Length, throwOnEndOfStream: false, token) < prefix.Length)
            {
                happened = new HandshakeEvent.Closed();
                continue;
            }
            var body = new byte[HandshakeFraming.ReadLength(prefix, peer)];
            await client.GetStream().ReadExactlyAsync(body, token);
            happened = new HandshakeEvent.Received(body);
        }
    }

    /// <summary>
    /// The frames of a message: one, or its fragments if <paramref name="cut"/> says how long the next one is to be,
    /// given what is left. The first one always holds the control message.
    /// </summary>
    internal List<byte[]> Frames(ControlMessage control, Term payload, Func<int, int>? cut = null)
    {
        var output = new ArrayBufferWriter<byte>();
        _atoms.Clear();
        var writer = new TermWriter(output, Result.Negotiated.Dialect(), _writer.GathersAtoms ? _atoms : null);
        if (control.Write(ref writer, Result.Negotiated))
        {
            var controlBytes = (int)writer.BytesWritten;
            if (!_writer.UsesHeader)
                writer.WriteVersion();
            writer.WriteTerm(payload);
            writer.Flush();
            if (cut is not null)
                return Fragments(output.WrittenSpan, controlBytes, cut);
        }
        writer.Flush();
        var opening = new byte[FrameWriter.MaxOpeningBytes(_atoms.Atoms)];
        var length = _writer.WriteOpening(opening, output.WrittenCount, _atoms.Atoms);
        return [[.. opening[..length], .. output.WrittenSpan]];
    }

    internal async Task SendAsync(IEnumerable<byte[]> frames, CancellationToken token)
    {
        foreach (var frame in frames)
            await _stream.WriteAsync(frame, token);
    }

    /// <summary>The next message that is not for the services of a node.</summary>
    internal async Task<(ControlMessage Control, Term Payload)> ReceiveAsync(CancellationToken token)
    {
        var prefix = new byte[FrameWriter.LengthBytes];
        while (true)
        {
            await _stream.ReadExactlyAsync(prefix, token);
            var frame = new byte[_reader.CheckLength(BinaryPrimitives.ReadUInt32BigEndian(prefix))];
            await _stream.ReadExactlyAsync(frame, token);
            if (frame.Length == 0)
            {
                await _stream.WriteAsync(new byte[FrameWriter.LengthBytes], token);
                continue;
            }
            InboundMessage message;
            ReadOnlyMemory<byte> bytes = frame;
            if (_reader.TryReadFragmentHeader(frame, out var header))
            {
                frame.AsMemory(FragmentHeader.Bytes).CopyTo(_reader.Reserve(header, frame.Length));
                if (!_reader.Commit(header, out message, out bytes))
                    continue;
            }
            else
            {
                message = _reader.Read(frame);
            }
            if (message.Control.To.Name is not null)
                continue;
            return (message.Control, Payload(message, bytes));
        }
    }

    public void Dispose() => _client.Dispose();

    private Term Payload(InboundMessage message, ReadOnlyMemory<byte> bytes)
    {
        if (!message.Control.HasPayload)
            return default;
        var reader = new TermReader(bytes.Span[message.PayloadOffset..], _options, message.References.Span, default);
        var term = reader.ReadTerm();
        Assert.True(reader.IsAtEnd);
        return term;
    }

    private List<byte[]> Fragments(ReadOnlySpan<byte> data, int controlBytes, Func<int, int> cut)
    {
        var lengths = new List<int> { controlBytes + cut(data.Length - controlBytes) };
        for (var rest = data.Length - lengths[0]; rest > 0; rest -= lengths[^1])
            lengths.Add(cut(rest));
        var frames = new List<byte[]>();
        var (sequence, number) = (++_sequence, (ulong)lengths.Count);
        foreach (var length in lengths)
        {
            var opening = new byte[FrameWriter.MaxOpeningBytes(_atoms.Atoms)];
            var written = frames.Count == 0
                ? _writer.WriteFirstFragment(opening, length, sequence, number, _atoms.Atoms)
                : FrameWriter.WriteNextFragment(opening, length, sequence, number);
            frames.Add([.. opening[..written], .. data[..length]]);
            data = data[length..];
            number--;
        }
        return frames;
    }
}
