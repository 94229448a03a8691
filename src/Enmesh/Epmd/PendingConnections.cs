using Enmesh.Transport;

namespace Enmesh.Epmd;

/// <summary>
/// Connections that have not asked their question yet. Honest ones ask within milliseconds, so when there are too many
/// it is the oldest that goes: a flood of silent connections can't keep anybody out.
/// </summary>
internal sealed class PendingConnections(int max)
{
    private readonly Lock _lock = new();
    private readonly LinkedList<TransportConnection> _oldestFirst = new();

    /// <summary>Adds a connection.</summary>
    /// <returns>The one that was aborted to make room; null when there was room.</returns>
    public TransportConnection? Add(TransportConnection connection)
    {
        TransportConnection? evicted = null;
        lock (_lock)
        {
            if (_oldestFirst.Count >= max)
            {
                evicted = _oldestFirst.First!.Value;
                _oldestFirst.RemoveFirst();
            }

            _oldestFirst.AddLast(connection);
        }

        evicted?.Abort();
        return evicted;
    }

    /// <summary>Takes a connection out, if it is still in.</summary>
    public void Remove(TransportConnection connection)
    {
        lock (_lock)
            _oldestFirst.Remove(connection);
    }
}
