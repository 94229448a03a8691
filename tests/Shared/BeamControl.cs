using System.Buffers.Binary;
using System.Collections.Concurrent;
using System.Net.Sockets;
using System.Text;

namespace Enmesh.TestSupport;

/// <summary>An expression evaluated in a BEAM node ended with an exception.</summary>
internal sealed class BeamEvalException(string expression, string reason)
    : Exception($"{reason}\nin: {expression}")
{
    internal string Reason { get; } = reason;
}

/// <summary>What a node says about itself when it is ready.</summary>
internal sealed record BeamHello(int Release, string Name, int ProcessId, int Port);

/// <summary>
/// Our end of the private socket to a node under test; the other one is <c>beam_control.erl</c>. Any number of
/// evaluations may be under way.
/// </summary>
internal sealed class BeamControl : IDisposable
{
    private readonly Socket _listener;
    private readonly ConcurrentDictionary<uint, TaskCompletionSource<ReadOnlyMemory<byte>>> _pending = new();
    private readonly SemaphoreSlim _sending = new(1);
    private NetworkStream? _stream;
    private Task _reading = Task.CompletedTask;
    private uint _lastId;
    private volatile bool _ended;

    internal BeamControl(string path)
    {
        // sun_path of Linux.
        const int MaxPathBytes = 107;
        if (Encoding.UTF8.GetByteCount(path) > MaxPathBytes)
            throw new InvalidOperationException(
                $"{path} is too long for a socket: set ENMESH_CACHE to a shorter path.");
        _listener = new(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        _listener.Bind(new UnixDomainSocketEndPoint(path));
        _listener.Listen(1);
    }

    internal enum Kind : byte
    {
        Text = 0,
        Bytes = 1,
        Elixir = 2,
    }

    internal async Task<BeamHello> AcceptAsync(CancellationToken cancellationToken)
    {
        _stream = new(await _listener.AcceptAsync(cancellationToken), ownsSocket: true);
        var lines = Encoding.UTF8.GetString((await ReadPacketAsync(_stream, cancellationToken)).Span).Split('\n');
        _reading = ReadAnswersAsync(_stream);
        return new(int.Parse(lines[0]), lines[1], int.Parse(lines[2]), int.Parse(lines[3]));
    }

    internal async Task<ReadOnlyMemory<byte>> EvaluateAsync(
        Kind kind, string source, ReadOnlyMemory<byte> input, TimeSpan timeout)
    {
        var stream = _stream ?? throw new InvalidOperationException("The node is not ready.");
        var answer = new TaskCompletionSource<ReadOnlyMemory<byte>>(TaskCreationOptions.RunContinuationsAsynchronously);
        var id = Interlocked.Increment(ref _lastId);
        _pending[id] = answer;
        if (_ended)
            throw Ended();
        await _sending.WaitAsync();
        try
        {
            await stream.WriteAsync(Request(id, kind, source, input.Span));
        }
        catch (IOException)
        {
            throw Ended();
        }
        finally
        {
            _sending.Release();
        }

        ReadOnlyMemory<byte> packet;
        try
        {
            packet = await answer.Task.WaitAsync(timeout);
        }
        catch (TimeoutException)
        {
            throw new TimeoutException($"No result within {timeout} of: {source}");
        }
        finally
        {
            _pending.TryRemove(id, out _);
        }

        return packet.Span[0] == 0
            ? packet[1..]
            : throw new BeamEvalException(source, Encoding.UTF8.GetString(packet.Span[1..]));
    }

    public void Dispose()
    {
        _stream?.Dispose();
        _listener.Dispose();
        _sending.Dispose();
    }

    // u32 length | u32 id | u8 kind | u32 length of the source | source | input
    private static byte[] Request(uint id, Kind kind, string source, ReadOnlySpan<byte> input)
    {
        const int HeadBytes = 13;
        var sourceBytes = Encoding.UTF8.GetBytes(source);
        var request = new byte[HeadBytes + sourceBytes.Length + input.Length];
        BinaryPrimitives.WriteInt32BigEndian(request, request.Length - sizeof(uint));
        BinaryPrimitives.WriteUInt32BigEndian(request.AsSpan(4), id);
        request[8] = (byte)kind;
        BinaryPrimitives.WriteInt32BigEndian(request.AsSpan(9), sourceBytes.Length);
        sourceBytes.CopyTo(request, HeadBytes);
        input.CopyTo(request.AsSpan(HeadBytes + sourceBytes.Length));
        return request;
    }

    private static async Task<ReadOnlyMemory<byte>> ReadPacketAsync(
        NetworkStream stream, CancellationToken cancellationToken)
    {
        var length = new byte[sizeof(int)];
        await stream.ReadExactlyAsync(length, cancellationToken);
        var packet = new byte[BinaryPrimitives.ReadInt32BigEndian(length)];
        await stream.ReadExactlyAsync(packet, cancellationToken);
        return packet;
    }

    private static InvalidOperationException Ended() => new("The node has ended.");

    private async Task ReadAnswersAsync(NetworkStream stream)
    {
        try
        {
            while (true)
            {
                var packet = await ReadPacketAsync(stream, CancellationToken.None);
                if (_pending.TryGetValue(BinaryPrimitives.ReadUInt32BigEndian(packet.Span), out var answer))
                    answer.TrySetResult(packet[sizeof(uint)..]);
            }
        }
        catch (Exception end) when (end is IOException or ObjectDisposedException)
        {
            // The node is gone or we are: whoever waits learns it.
            _ended = true;
            foreach (var answer in _pending.Values)
                answer.TrySetException(Ended());
        }
    }
}
