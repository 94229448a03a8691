using Enmesh.Transport;

namespace Enmesh.Peers;

// Peers that are calling us while we want to call them.
internal sealed partial class PeerTable
{
    /// <summary>The calls that were let in before we wanted to call that peer ourselves, until they have come through or failed.</summary>
    private readonly Dictionary<NodeName, Coming> _coming = []; // under _gate

    /// <summary>
    /// A peer whose own call was let in is not called: both calls would come through, and the peer closes the one when it sees the other.
    /// Waited for as long as between two messages of a handshake: anybody can claim to be that peer, and keep silent.
    /// </summary>
    /// <returns>Whether it has come through, and completes the attempt.</returns>
    private async Task<bool> IsComingAsync(NodeName peer, Attempt attempt)
    {
        Coming? coming;
        lock (_gate)
        {
            if (HasLink())
                return true; // it has come through before we got to it
            coming = _coming.GetValueOrDefault(peer);
        }
        if (coming is null)
            return false;
        try
        {
            await Task.WhenAny(coming.Over.Task, attempt.Outcome.Task)
                .WaitAsync(_settings.HandshakeLimits.Step, _timeProvider, attempt.GiveUp.Token).Here();
        }
        catch (TimeoutException)
        {
            // Then it is we who call.
        }
        lock (_gate)
            return HasLink();

        // An attempt leaves the table with the link that completes it.
        bool HasLink() => _attempts.GetValueOrDefault(peer) != attempt;
    }

    // Under _gate.
    private void IsComing(NodeName peer)
    {
        if (!_coming.TryGetValue(peer, out var coming))
            _coming.Add(peer, coming = new Coming());
        coming.Calls++;
    }

    private void HasCome(NodeName peer)
    {
        Coming coming;
        lock (_gate)
        {
            coming = _coming[peer];
            if (--coming.Calls > 0)
                return;
            _coming.Remove(peer);
        }
        coming.Over.TrySetResult();
    }

    /// <summary>The calls of one peer, or of those who claim to be it.</summary>
    private sealed class Coming
    {
        internal int Calls { get; set; }

        internal TaskCompletionSource Over { get; } = new(); // who waits goes on here: the pool may have no thread
    }
}
