using System.Buffers;
using System.Buffers.Binary;
using Enmesh.Handshake;
using Enmesh.Peers;
using Enmesh.Terms;
using Enmesh.Terms.External;
using Enmesh.Transport;
using Enmesh.Wire;

namespace Enmesh.Tests.Peers;

/// <summary>A peer that does what the test says: a real handshake, then any bytes.</summary>
internal sealed class ScriptedPeer : IAsyncDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    private readonly TransportConnection _connection;
    private readonly FrameReader _reader;
    private readonly TermDecodeOptions _terms = new() { Atoms = new AtomTable() };

    private ScriptedPeer(TransportConnection connection, HandshakeResult handshake)
    {
        _connection = connection;
        Handshake = handshake;
        Pid = new Pid(handshake.OwnName.Atom, 1, 0, handshake.OwnCreation);
        _reader = new FrameReader(handshake.Negotiated, handshake.OwnName.Atom, _terms, FrameLimits.Default);
    }

    internal HandshakeResult Handshake { get; }

    internal Pid Pid { get; }

    internal static async Task<ScriptedPeer> ConnectAsync(
        NodeName node, int port, string name, string cookie, DistributionFlags flags = DistributionFlagSets.Hidden,
        Action? beforeReply = null, ITransport? transport = null)
    {
        var connection = await (transport ?? new TcpTransport()).ConnectAsync("127.0.0.1", port);
        var settings = new HandshakeSettings
        {
            Name = NodeName.Parse(name),
            Creation = 77,
            Flags = flags,
            PrefixBytes = connection.HandshakePrefixBytes,
            Cookies = _ =>
            {
                beforeReply?.Invoke(); // the challenge has come
                return new PeerCookies(cookie);
            },
        };
        try
        {
            await connection.OpenAsync(node.Host, Patience, CancellationToken.None);
            var driver = new HandshakeDriver(
                connection, new InitiatorHandshake(settings, node), static _ => throw new InvalidOperationException(),
                static _ => { },
                // Behind thousands of other callers, on a busy machine, it may take its time.
                new(Patience, Patience), TimeProvider.System);
            return new(connection, await driver.RunAsync(CancellationToken.None));
        }
        catch
        {
            await connection.DisposeAsync();
            throw;
        }
    }

    /// <summary>Sends bytes as they are, without a length.</summary>
    internal ValueTask SendRawAsync(params byte[] bytes) => _connection.WriteAsync(bytes);

    internal ValueTask SendFrameAsync(params byte[] frame)
    {
        var bytes = new byte[frame.Length + 4];
        BinaryPrimitives.WriteInt32BigEndian(bytes, frame.Length);
        frame.CopyTo(bytes, 4);
        return _connection.WriteAsync(bytes);
    }

    /// <summary>Sends a control message with a payload, as a frame without atoms in its header.</summary>
    internal ValueTask SendAsync(ControlMessage control, Term? payload = null, byte[]? brokenPayload = null)
    {
        var buffer = new ArrayBufferWriter<byte>();
        buffer.Write((ReadOnlySpan<byte>)[131, 68, 0]);
        var writer = new TermWriter(buffer, TermDialect.All, null);
        control.Write(ref writer, Handshake.Negotiated);
        if (payload is { } term)
            writer.WriteTerm(term);
        writer.Flush();
        if (brokenPayload is not null)
            buffer.Write(brokenPayload.AsSpan());
        return SendFrameAsync(buffer.WrittenSpan.ToArray());
    }

    /// <summary>The next message that is no tick; null when the node has closed the connection.</summary>
    internal async Task<(ControlMessage Control, Term? Payload)?> ReceiveAsync()
    {
        while (true)
        {
            var length = new byte[4];
            if (!await FillAsync(length))
                return null;
            var frame = new byte[BinaryPrimitives.ReadInt32BigEndian(length)];
            if (!await FillAsync(frame))
                return null;
            if (frame.Length == 0)
                continue;
            var message = _reader.Read(frame);
            Term? payload = null;
            if (message.PayloadOffset < frame.Length)
                payload = new TermReader(frame.AsSpan(
                    message.PayloadOffset), _terms, message.References.Span, default).ReadTerm();
            return (message.Control, payload);
        }
    }

    /// <summary>Waits for a tick; messages before it are passed over.</summary>
    internal async Task ReceiveTickAsync()
    {
        var length = new byte[4];
        do
        {
            if (!await FillAsync(length))
                throw new IOException("The node has closed the connection.");
            if (!await FillAsync(new byte[BinaryPrimitives.ReadInt32BigEndian(length)]))
                throw new IOException("The node has closed the connection in the midst of a frame.");
        }
        while (BinaryPrimitives.ReadInt32BigEndian(length) > 0);
    }

    internal async Task WaitForCloseAsync()
    {
        while (await ReceiveAsync() is not null)
        {
            // what came before the end
        }
    }

    public ValueTask DisposeAsync() => _connection.DisposeAsync();

    private async Task<bool> FillAsync(Memory<byte> destination)
    {
        while (!destination.IsEmpty)
        {
            int read;
            try
            {
                read = await _connection.ReadAsync(destination).AsTask().WaitAsync(TimeSpan.FromSeconds(30));
            }
            catch (IOException)
            {
                return false;
            }
            if (read == 0)
                return false;
            destination = destination[read..];
        }
        return true;
    }
}
