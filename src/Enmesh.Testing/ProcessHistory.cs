using Enmesh.Processes;
using Enmesh.Terms;

namespace Enmesh.Testing;

/// <summary>The last processes of a node that have ended, for messages.</summary>
internal sealed class ProcessHistory(VirtualTime time)
{
    private const int Kept = 20;

    private readonly Queue<(TimeSpan At, string Process, Term Reason)> _ended = new();

    internal IReadOnlyList<(TimeSpan At, string Process, Term Reason)> Lines
    {
        get
        {
            lock (_ended)
                return [.. _ended];
        }
    }

    internal void Ended(ProcessContext process, Term reason)
    {
        if (process.IsSystem)
            return;
        lock (_ended)
        {
            _ended.Enqueue((time.Elapsed, Situation.NameOf(process), reason));
            if (_ended.Count > Kept)
                _ended.Dequeue();
        }
    }
}
