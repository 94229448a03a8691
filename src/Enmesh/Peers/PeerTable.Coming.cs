namespace Enmesh.Peers;

// Peers that are calling us while we want to call them.
internal sealed partial class PeerTable
{
    /// <summary>The calls that were let in before we wanted to call that peer ourselves, until they have come through or failed.</summary>
    private readonly Dictionary<NodeName, TaskCompletionSource> _coming = []; // under _gate

    /// <summary>
    /// A peer whose own call was let in is not called: both calls would come through, and the peer closes the one when it sees the other.
    /// </summary>
    private async Task<bool> IsComingAsync(NodeName peer, Attempt attempt)
    {
        TaskCompletionSource? coming;
        lock (_gate)
            coming = _coming.GetValueOrDefault(peer);
        if (coming is not null)
            await Task.WhenAny(coming.Task, attempt.Link.Task).WaitAsync(attempt.GiveUp.Token).ConfigureAwait(false);
        return attempt.Link.Task.IsCompleted;
    }

    private void HasCome(NodeName peer, TaskCompletionSource ended)
    {
        lock (_gate)
        {
            if (_coming.GetValueOrDefault(peer) == ended)
                _coming.Remove(peer);
        }
        ended.TrySetResult();
    }
}
