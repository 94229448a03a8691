using System.Buffers;
using System.Buffers.Binary;
using System.Net;
using System.Net.Sockets;
using System.Security.Cryptography;

namespace Enmesh.Resolver;

/// <summary>Puts one question to one server: over UDP, and over TCP where UDP does not do.</summary>
/// <remarks>
/// What keeps a forger out of UDP (RFC 5452): a fresh socket and so a fresh port for every question, connected, so that
/// the kernel drops what comes from elsewhere; a random id; the letters' case; an answer that does not repeat all of it
/// is not seen. The wait goes on, since the true answer may still come.
/// </remarks>
internal sealed class DnsExchange(TimeProvider time)
{
    private const int MaxUdpBytes = 65_535;

    private enum Verdict
    {
        Foreign,
        CaseLost,
        Ours,
    }

    /// <summary>Asks. Never throws but for the caller's cancellation.</summary>
    internal async Task<DnsAnswer> AskAsync(
        IPEndPoint server, DnsQuestion question, TimeSpan timeout, bool useTcp, CancellationToken cancellationToken)
    {
        try
        {
            byte[]? response = null;
            if (!useTcp)
            {
                response = await OverUdpAsync(
                    server, question, edns: true, timeout, cancellationToken).ConfigureAwait(false);
                if (response is not null && IsEdnsUnknown(response))
                    response = await OverUdpAsync(
                        server, question, edns: false, timeout, cancellationToken).ConfigureAwait(false);
            }
            response ??= await OverTcpAsync(server, question, timeout, cancellationToken).ConfigureAwait(false);
            return DnsInterpretation.Interpret(DnsMessage.Read(response), question);
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            // Only our own deadline cancels besides the caller.
            return new DnsAnswer.Failed(DnsProblem.Timeout, $"did not answer within {timeout.TotalSeconds:0.###} s");
        }
        catch (SocketException e)
        {
            var problem = e.SocketErrorCode == SocketError.ConnectionRefused
                ? "is not there: nothing listens on the port"
                : $"cannot be reached: {e.Message}";
            return new DnsAnswer.Failed(DnsProblem.Unreachable, problem);
        }
        catch (EndOfStreamException)
        {
            return new DnsAnswer.Failed(DnsProblem.Malformed, "closed the connection before its answer was whole");
        }
        catch (DnsFormatException e)
        {
            return new DnsAnswer.Failed(DnsProblem.Malformed, $"sent an answer that cannot be read: {e.Message}");
        }
    }

    /// <returns>The answer; null when it has to be asked for over TCP.</returns>
    private async Task<byte[]?> OverUdpAsync(
        IPEndPoint server, DnsQuestion question, bool edns, TimeSpan timeout, CancellationToken cancellationToken)
    {
        using var deadline = new Deadline(timeout, time, cancellationToken);
        var asked = question with { Name = DnsName.MixCase(question.Name, RandomNumberGenerator.GetBytes(32)) };
        var (id, query) = Write(asked, edns);
        using var socket = new Socket(server.AddressFamily, SocketType.Dgram, ProtocolType.Udp);
        await socket.ConnectAsync(server, deadline.Token).ConfigureAwait(false);
        await socket.SendAsync(query, deadline.Token).ConfigureAwait(false);
        var buffer = ArrayPool<byte>.Shared.Rent(MaxUdpBytes);
        try
        {
            while (true)
            {
                var received = await socket.ReceiveAsync(buffer.AsMemory(), deadline.Token).ConfigureAwait(false);
                var verdict = Judge(buffer.AsSpan(0, received), id, asked, out var header);
                if (verdict == Verdict.Foreign)
                    continue;
                // A server that loses the case may be a forger as well; over TCP nobody else can answer.
                return verdict == Verdict.CaseLost || header.IsTruncated ? null : buffer.AsSpan(0, received).ToArray();
            }
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(buffer);
        }
    }

    // u16 length before every message (RFC 1035 section 4.2.2)
    private async Task<byte[]> OverTcpAsync(
        IPEndPoint server, DnsQuestion question, TimeSpan timeout, CancellationToken cancellationToken)
    {
        using var deadline = new Deadline(timeout, time, cancellationToken);
        var (id, query) = Write(question, edns: true);
        var framed = new byte[query.Length + 2];
        BinaryPrimitives.WriteUInt16BigEndian(framed, (ushort)query.Length);
        query.CopyTo(framed.AsMemory(2));
        using var socket = new Socket(server.AddressFamily, SocketType.Stream, ProtocolType.Tcp);
        await socket.ConnectAsync(server, deadline.Token).ConfigureAwait(false);
        var stream = new NetworkStream(socket);
        await using (stream.ConfigureAwait(false))
        {
            await stream.WriteAsync(framed, deadline.Token).ConfigureAwait(false);
            await stream.ReadExactlyAsync(framed.AsMemory(0, 2), deadline.Token).ConfigureAwait(false);
            var response = new byte[BinaryPrimitives.ReadUInt16BigEndian(framed)];
            await stream.ReadExactlyAsync(response, deadline.Token).ConfigureAwait(false);
            if (Judge(response, id, question, out var header) == Verdict.Foreign)
                DnsFormatException.Throw("It answers another question", 0);
            if (header.IsTruncated)
                DnsFormatException.Throw("It is marked as cut off, over TCP", 2);
            return response;
        }
    }

    private static (ushort Id, ReadOnlyMemory<byte> Query) Write(DnsQuestion question, bool edns)
    {
        Span<byte> random = stackalloc byte[2];
        RandomNumberGenerator.Fill(random);
        var id = BinaryPrimitives.ReadUInt16BigEndian(random);
        var query = new byte[DnsQuery.MaxBytes];
        return (id, query.AsMemory(0, DnsQuery.Write(query, id, question, edns)));
    }

    private static Verdict Judge(ReadOnlySpan<byte> message, ushort id, DnsQuestion asked, out DnsHeader header)
    {
        DnsQuestion? question;
        try
        {
            if (!DnsMessage.TryReadHeader(message, out header, out question))
                return Verdict.Foreign;
        }
        catch (DnsFormatException)
        {
            // Not even the question can be read: whoever sent that did not get ours.
            header = default;
            return Verdict.Foreign;
        }
        if (header.Id != id || !header.IsResponse || header.Opcode != 0)
            return Verdict.Foreign;
        // Servers that cannot read the query at all send back the header alone.
        if (question is null)
            return header is { Questions: 0, Code: not DnsResponseCode.NoError } ? Verdict.Ours : Verdict.Foreign;
        if (question.Value.Type != asked.Type || !DnsName.Same(question.Value.Name, asked.Name))
            return Verdict.Foreign;
        return string.Equals(question.Value.Name, asked.Name, StringComparison.Ordinal)
            ? Verdict.Ours
            : Verdict.CaseLost;
    }

    // RFC 6891 section 7: a server from before EDNS answers FORMERR or NOTIMP, without an OPT record of its own.
    private static bool IsEdnsUnknown(ReadOnlySpan<byte> response)
    {
        if (!DnsMessage.TryReadHeader(response, out var header, out _)
            || header.Code is not (DnsResponseCode.FormatError or DnsResponseCode.NotImplemented))
        {
            return false;
        }
        return !DnsMessage.Read(response).HasOptions;
    }

    /// <summary>The caller's token and a time-out by our clock in one.</summary>
    private sealed class Deadline : IDisposable
    {
        private readonly CancellationTokenSource _timeout;
        private readonly CancellationTokenSource _linked;

        internal Deadline(TimeSpan timeout, TimeProvider time, CancellationToken caller)
        {
            _timeout = new CancellationTokenSource(timeout, time);
            _linked = CancellationTokenSource.CreateLinkedTokenSource(caller, _timeout.Token);
        }

        internal CancellationToken Token => _linked.Token;

        public void Dispose()
        {
            _linked.Dispose();
            _timeout.Dispose();
        }
    }
}
