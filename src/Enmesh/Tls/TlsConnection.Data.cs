using System.Runtime.CompilerServices;
using System.Security.Authentication;

namespace Enmesh.Tls;

// What goes over it once it is open.
internal sealed partial class TlsConnection
{
    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder<>))]
    public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
    {
        if (buffer.IsEmpty)
            throw new ArgumentException("A read needs room for at least one byte.", nameof(buffer));
        cancellationToken.ThrowIfCancellationRequested();
        try
        {
            // The end counts with or without the farewell of TLS (close_notify): no release of OTP says one when it stops.
            // What is cut off in the midst of a frame is told from an end all the same, by the frame.
            return await _tls.ReadAsync(buffer, cancellationToken).ConfigureAwait(false);
        }
        catch (Exception e) when (e is not OperationCanceledException and not ArgumentException)
        {
            throw Broken(e, cancellationToken);
        }
    }

    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder))]
    public override async ValueTask WriteAsync(
        ReadOnlyMemory<byte> buffer, CancellationToken cancellationToken = default)
    {
        cancellationToken.ThrowIfCancellationRequested();
        try
        {
            if (buffer.Length > RecordBytes)
                _records.Gather();
            await _tls.WriteAsync(buffer, cancellationToken).ConfigureAwait(false);
            await _records.SendGatheredAsync(cancellationToken).ConfigureAwait(false);
        }
        catch (Exception e) when (e is not OperationCanceledException)
        {
            throw Broken(e, cancellationToken);
        }
    }

    // Full records, whatever the segments are: what lies between is copied, long ones are encrypted where they lie.
    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder))]
    public override async ValueTask WriteAsync(
        IReadOnlyList<ArraySegment<byte>> segments, CancellationToken cancellationToken = default)
    {
        cancellationToken.ThrowIfCancellationRequested();
        try
        {
            if (Exceeds(segments, RecordBytes))
                _records.Gather();
            var plain = 0;
            for (var i = 0; i < segments.Count; i++)
            {
                ReadOnlyMemory<byte> rest = segments[i];
                if (plain == 0 && i == segments.Count - 1)
                {
                    if (!rest.IsEmpty)
                        await _tls.WriteAsync(rest, cancellationToken).ConfigureAwait(false);
                    break;
                }
                while (!rest.IsEmpty)
                {
                    if (plain == 0 && rest.Length >= RecordBytes)
                    {
                        var whole = rest.Length - (rest.Length % RecordBytes);
                        await _tls.WriteAsync(rest[..whole], cancellationToken).ConfigureAwait(false);
                        rest = rest[whole..];
                        continue;
                    }
                    if (_plain.Length == 0)
                        _plain = new byte[RecordBytes];
                    var taken = Math.Min(rest.Length, RecordBytes - plain);
                    rest.Span[..taken].CopyTo(_plain.AsSpan(plain));
                    plain += taken;
                    rest = rest[taken..];
                    if (plain < RecordBytes)
                        continue;
                    await _tls.WriteAsync(_plain, cancellationToken).ConfigureAwait(false);
                    plain = 0;
                }
            }
            if (plain > 0)
                await _tls.WriteAsync(_plain.AsMemory(0, plain), cancellationToken).ConfigureAwait(false);
            await _records.SendGatheredAsync(cancellationToken).ConfigureAwait(false);
        }
        catch (Exception e) when (e is not OperationCanceledException)
        {
            throw Broken(e, cancellationToken);
        }
    }

    private static bool Exceeds(IReadOnlyList<ArraySegment<byte>> segments, int bytes)
    {
        for (var i = 0; i < segments.Count && bytes >= 0; i++)
            bytes -= segments[i].Count;
        return bytes < 0;
    }

    private Exception Broken(Exception cause, CancellationToken cancellationToken)
    {
        if (cancellationToken.IsCancellationRequested)
            return new OperationCanceledException(cancellationToken);
        if (IsClosed)
            return new IOException($"{Description}: the connection was closed on this side.", cause);
        // TLS 1.3 says after the handshake of the one what the other thinks of its certificate.
        if (_words?.OfAlert(cause) is { } refused)
            return new IOException(refused.Message, refused);
        return cause is IOException { InnerException: null or not AuthenticationException } known && known.Message.StartsWith(_inner.Description, StringComparison.Ordinal)
            ? known
            : new IOException($"{Description}: {(cause.InnerException ?? cause).Message}", cause);
    }
}
