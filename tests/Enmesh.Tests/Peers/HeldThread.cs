using Enmesh.Peers;

namespace Enmesh.Tests.Peers;

/// <summary>A node's thread that gets to nothing while a test holds it.</summary>
internal sealed class HeldThread : TurnThread, IDisposable
{
    private readonly NodeThread _thread = new(TimeProvider.System);
    private readonly List<ITurn> _waiting = [];
    private bool _isHeld;

    internal override bool IsCurrent => _thread.IsCurrent;

    public void Dispose() => _thread.Dispose();

    internal override void Queue(ITurn work)
    {
        lock (_waiting)
        {
            if (_isHeld)
                _waiting.Add(work);
            else
                _thread.Queue(work);
        }
    }

    internal void Hold()
    {
        lock (_waiting)
            _isHeld = true;
    }

    /// <summary>Lets it go on, and waits until it has done what has waited.</summary>
    internal Task ReleaseAsync()
    {
        var done = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        lock (_waiting)
        {
            _isHeld = false;
            _waiting.ForEach(_thread.Queue);
            _waiting.Clear();
            _thread.Queue(done.SetResult);
        }
        return done.Task;
    }
}
