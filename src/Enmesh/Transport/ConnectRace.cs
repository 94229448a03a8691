using System.Net;
using System.Net.Sockets;

namespace Enmesh.Transport;

/// <summary>
/// Dials the addresses of one host beside each other, a little apart; the first one that answers wins.
/// </summary>
/// <remarks>
/// RFC 8305, section 5: the next attempt starts after 250 ms, or at once when the one before has failed.
/// </remarks>
internal sealed class ConnectRace(string host, int port, TimeProvider time, SocketConnector connect)
{
    internal static readonly TimeSpan Stagger = TimeSpan.FromMilliseconds(250);

    private readonly List<(IPAddress Address, SocketException Cause)> _failures = [];
    private readonly Dictionary<Task<Socket>, IPAddress> _running = [];

    /// <summary>
    /// The order of RFC 8305, section 4: families take turns, beginning with that of the first address.
    /// </summary>
    public static IReadOnlyList<IPAddress> Interleave(IReadOnlyList<IPAddress> addresses)
    {
        var first = addresses.Where(a => a.AddressFamily == addresses[0].AddressFamily).Distinct().ToList();
        var second = addresses.Where(a => a.AddressFamily != addresses[0].AddressFamily).Distinct().ToList();
        var result = new List<IPAddress>(first.Count + second.Count);
        for (var i = 0; i < Math.Max(first.Count, second.Count); i++)
        {
            result.AddRange(first.Skip(i).Take(1));
            result.AddRange(second.Skip(i).Take(1));
        }

        return result;
    }

    /// <summary>Runs the race.</summary>
    /// <exception cref="PeerUnreachableException">No address answered.</exception>
    public async Task<Socket> RunAsync(IReadOnlyList<IPAddress> addresses, CancellationToken cancellationToken)
    {
        using var over = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        try
        {
            for (var next = 0; next < addresses.Count || _running.Count > 0;)
            {
                if (next < addresses.Count)
                {
                    _running.Add(ConnectAsync(addresses[next], over.Token), addresses[next]);
                    next++;
                }

                if (await FirstAnswerAsync(more: next < addresses.Count, cancellationToken).Here() is { } socket)
                    return socket;
            }
        }
        finally
        {
            Cancel(over);
            await ForgetLosersAsync().Here();
        }

        throw Unreachable.From(host, port, _failures);
    }

    // The winner; or null when it is time for the next address.
    private async Task<Socket?> FirstAnswerAsync(bool more, CancellationToken cancellationToken)
    {
        using var waiting = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        var stagger = Task.Delay(more ? Stagger : Timeout.InfiniteTimeSpan, time, waiting.Token);
        var ended = await Task.WhenAny([stagger, .. _running.Keys]).Here();
        Cancel(waiting);
        cancellationToken.ThrowIfCancellationRequested();
        if (ended is not Task<Socket> attempt)
            return null;
        _running.Remove(attempt, out var address);
        try
        {
            return await attempt.Here();
        }
        catch (SocketException e)
        {
            _failures.Add((address!, e));
            return null;
        }
    }

    private async Task<Socket> ConnectAsync(IPAddress address, CancellationToken cancellationToken)
    {
        var socket = new Socket(address.AddressFamily, SocketType.Stream, ProtocolType.Tcp);
        try
        {
            await connect(socket, new IPEndPoint(address, port), cancellationToken).AsTask().Here();
            return socket;
        }
        catch
        {
            // Whatever it was, nobody else knows of this socket.
            socket.Dispose();
            throw;
        }
    }

    // Here and now: what is registered is brief, and the pool may have no thread for it.
    private static void Cancel(CancellationTokenSource source) => source.Cancel();

    private async Task ForgetLosersAsync()
    {
        foreach (var attempt in _running.Keys)
        {
            try
            {
                (await attempt.Here()).Dispose();
            }
            catch (Exception e) when (e is SocketException or OperationCanceledException)
            {
                // It lost the race; why no longer matters.
            }
        }
    }
}
