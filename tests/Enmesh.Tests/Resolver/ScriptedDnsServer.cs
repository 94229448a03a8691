using System.Buffers.Binary;
using System.Net;
using System.Net.Sockets;
using Enmesh.Resolver;

namespace Enmesh.Tests.Resolver;

/// <summary>A query as it came in.</summary>
internal sealed record DnsRequest(byte[] Bytes, bool IsTcp)
{
    internal DnsQuestion Question => DnsMessage.Read(Bytes).Questions[0];

    internal bool HasEdns => DnsMessage.Read(Bytes).HasOptions;

    /// <summary>
    /// An answer of A records: the question's own bytes, then a pointer to its name before each address.
    /// </summary>
    internal byte[] Addresses(params string[] addresses) => Respond(0, addresses);

    /// <summary>An answer with a response code and flags of its own (0x0200 is "cut off").</summary>
    internal byte[] Respond(int code, string[]? addresses = null, int flags = 0, bool withQuestion = true)
    {
        addresses ??= [];
        var questionEnd = DnsHeader.Bytes + Question.Name.Length + 2 + 4;
        List<byte> bytes = [.. Bytes[..2], .. Number(0x8180 | flags | code), 0, (byte)(withQuestion ? 1 : 0), .. Number(addresses.Length), 0, 0, 0, 0];
        if (withQuestion)
            bytes.AddRange(Bytes[DnsHeader.Bytes..questionEnd]);
        foreach (var address in addresses)
            bytes.AddRange([0xC0, 12, 0, 1, 0, 1, 0, 0, 0, 60, 0, 4, .. IPAddress.Parse(address).GetAddressBytes()]);
        return [.. bytes];
    }

    internal static byte[] Number(int value) => [(byte)(value >> 8), (byte)value];
}

/// <summary>
/// A name server on loopback that answers over UDP and TCP on one port as the test's script says: any number of
/// messages for each query. Over TCP the script's bytes are sent as they are, so that lengths can lie.
/// </summary>
internal sealed class ScriptedDnsServer : IAsyncDisposable
{
    private readonly Socket _udp;
    private readonly Socket _tcp;
    private readonly Func<DnsRequest, IEnumerable<byte[]>> _script;
    private readonly CancellationTokenSource _stop = new();
    private readonly List<DnsRequest> _requests = [];
    private readonly Task _running;

    internal ScriptedDnsServer(Func<DnsRequest, IEnumerable<byte[]>> script, bool holdTcpOpen = false)
    {
        _script = script;
        (_tcp, _udp) = BindPair();
        EndPoint = (IPEndPoint)_udp.LocalEndPoint!;
        _running = Task.WhenAll(ServeUdpAsync(), ServeTcpAsync(holdTcpOpen));
    }

    internal IPEndPoint EndPoint { get; }

    internal IReadOnlyList<DnsRequest> Requests
    {
        get
        {
            lock (_requests)
                return [.. _requests];
        }
    }

    /// <summary>A message with the length TCP wants before it.</summary>
    internal static byte[] Framed(byte[] message) => [.. DnsRequest.Number(message.Length), .. message];

    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        _udp.Dispose();
        _tcp.Dispose();
        await _running;
        _stop.Dispose();
    }

    private static (Socket Tcp, Socket Udp) BindPair()
    {
        while (true)
        {
            var tcp = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
            var udp = new Socket(AddressFamily.InterNetwork, SocketType.Dgram, ProtocolType.Udp);
            tcp.Bind(new IPEndPoint(IPAddress.Loopback, 0));
            tcp.Listen();
            try
            {
                udp.Bind(tcp.LocalEndPoint!);
                return (tcp, udp);
            }
            catch (SocketException)
            {
                // Somebody else has the UDP port of that number.
                tcp.Dispose();
                udp.Dispose();
            }
        }
    }

    private IEnumerable<byte[]> Answer(DnsRequest request)
    {
        lock (_requests)
            _requests.Add(request);
        return _script(request);
    }

    private async Task ServeUdpAsync()
    {
        var buffer = new byte[4096];
        try
        {
            while (true)
            {
                var from = await _udp.ReceiveFromAsync(
                    buffer, SocketFlags.None, new IPEndPoint(IPAddress.Any, 0), _stop.Token);
                foreach (var message in Answer(new DnsRequest(buffer[..from.ReceivedBytes], IsTcp: false)))
                    await _udp.SendToAsync(message, SocketFlags.None, from.RemoteEndPoint, _stop.Token);
            }
        }
        catch (Exception e) when (e is OperationCanceledException or SocketException or ObjectDisposedException)
        {
            // The test is over.
        }
    }

    private async Task ServeTcpAsync(bool holdOpen)
    {
        try
        {
            while (true)
            {
                using var connection = await _tcp.AcceptAsync(_stop.Token);
                await using var stream = new NetworkStream(connection);
                var length = new byte[2];
                await stream.ReadExactlyAsync(length, _stop.Token);
                var query = new byte[BinaryPrimitives.ReadUInt16BigEndian(length)];
                await stream.ReadExactlyAsync(query, _stop.Token);
                foreach (var bytes in Answer(new DnsRequest(query, IsTcp: true)))
                    await stream.WriteAsync(bytes, _stop.Token);
                if (holdOpen)
                    await Task.Delay(Timeout.Infinite, _stop.Token);
            }
        }
        catch (Exception e) when (e is OperationCanceledException or IOException or SocketException or ObjectDisposedException)
        {
            // The test is over.
        }
    }
}
