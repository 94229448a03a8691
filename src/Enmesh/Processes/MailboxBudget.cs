namespace Enmesh.Processes;

/// <summary>
/// The bytes of peers' messages that wait in the mailboxes of a node, roughly, against the most there may be.
/// </summary>
internal sealed class MailboxBudget(long limit, Action exceeded)
{
    private long _used;
    private int _relieving;

    internal long Limit => limit;

    internal long Used => Volatile.Read(ref _used);

    internal void Take(long bytes)
    {
        if (Interlocked.Add(ref _used, bytes) <= limit || Interlocked.Exchange(ref _relieving, 1) != 0)
            return;
        // Not on the reader that brought the last straw: it looks at every mailbox.
        ThreadPool.UnsafeQueueUserWorkItem(static budget => budget.Relieve(), this, preferLocal: false);
    }

    internal void Return(long bytes)
    {
        if (bytes != 0)
            Interlocked.Add(ref _used, -bytes);
    }

    private void Relieve()
    {
        if (Used > limit)
            exceeded();
        Interlocked.Exchange(ref _relieving, 0);
    }
}
