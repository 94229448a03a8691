using Enmesh.Transport;

namespace Enmesh.Peers;

/// <summary>Takes calls, and bounds what callers can cost before they have proved that they know the cookie.</summary>
/// <remarks>
/// At most <see cref="MaxHandshakes"/> handshakes are under way. One more ends the oldest: a peer that means it is
/// through in milliseconds, those that linger are the ones that do not, so a flood of idle sockets keeps nobody out.
/// </remarks>
internal sealed class PeerListener : IAsyncDisposable
{
    internal const int MaxHandshakes = 128;

    private readonly ITransportListener _listener;
    private readonly Func<TransportConnection, CancellationToken, Task> _serve;
    private readonly CancellationTokenSource _stopping = new();
    private readonly LinkedList<Call> _calls = []; // oldest first; those given up are no longer among them
    private readonly HashSet<Call> _open = [];
    private readonly Task _loop;

    /// <param name="listener">Where calls come in. Owned from here on.</param>
    /// <param name="serve">Runs one handshake to its end, whatever it is, and closes the connection if it
    /// failed.</param>
    internal PeerListener(ITransportListener listener, Func<TransportConnection, CancellationToken, Task> serve)
    {
        _listener = listener;
        _serve = serve;
        _loop = AcceptAsync();
    }

    internal int Port => _listener.Port;

    internal IReadOnlyList<System.Net.EndPoint> EndPoints => _listener.EndPoints;

    internal int HandshakesUnderWay
    {
        get
        {
            lock (_calls)
                return _calls.Count;
        }
    }

    public async ValueTask DisposeAsync()
    {
        await _stopping.CancelAsync().ConfigureAwait(false);
        await _listener.DisposeAsync().ConfigureAwait(false);
        await _loop.ConfigureAwait(false);
        Task[] open;
        lock (_calls)
            open = [.. _open.Select(call => call.Served.Task)];
        await Task.WhenAll(open).ConfigureAwait(false);
        _stopping.Dispose();
    }

    private async Task AcceptAsync()
    {
        try
        {
            while (!_stopping.IsCancellationRequested)
                Begin(await _listener.AcceptAsync(_stopping.Token).Here());
        }
        catch (Exception e) when (e is OperationCanceledException or ObjectDisposedException)
        {
            // The node is shutting down.
        }
    }

    private void Begin(TransportConnection connection)
    {
        var call = new Call(CancellationTokenSource.CreateLinkedTokenSource(_stopping.Token));
        Call? oldest = null;
        lock (_calls)
        {
            if (_calls.Count >= MaxHandshakes)
            {
                oldest = _calls.First!.Value;
                _calls.RemoveFirst();
            }
            _calls.AddLast(call);
            _open.Add(call);
        }
        if (oldest is not null)
        {
            oldest.GiveUp.Cancel();
            oldest.GiveUp.Dispose(); // no longer among those that ServeAsync disposes of
        }
        _ = ServeAsync(connection, call);
    }

    private async Task ServeAsync(TransportConnection connection, Call call)
    {
        try
        {
            await _serve(connection, call.GiveUp.Token).Here();
        }
        finally
        {
            bool isListed;
            lock (_calls)
            {
                isListed = _calls.Remove(call);
                _open.Remove(call);
            }
            // Or the listener would keep something of every call for as long as it listens.
            if (isListed)
                call.GiveUp.Dispose();
            call.Served.TrySetResult();
        }
    }

    private sealed class Call(CancellationTokenSource giveUp)
    {
        internal CancellationTokenSource GiveUp { get; } = giveUp;

        internal TaskCompletionSource Served { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);
    }
}
