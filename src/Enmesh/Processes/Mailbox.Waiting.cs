namespace Enmesh.Processes;

internal sealed partial class Mailbox
{
    /// <summary>The time-out and the cancellation of a receive; only made for a process that uses them.</summary>
    private sealed class Waiting(Mailbox mailbox, TimeProvider timeProvider) : IDisposable
    {
        private readonly Lock _gate = new();
        private ITimer? _timer;
        private CancellationTokenRegistration _registration;

        internal CancellationToken Token { get; private set; }

        internal void Arm(TimeSpan timeout, CancellationToken cancellationToken)
        {
            Token = cancellationToken;
            lock (_gate)
            {
                if (timeout != Timeout.InfiniteTimeSpan)
                {
                    // A timer of its own for each wait would be garbage; one that fires late for an earlier wait
                    // is told apart by the state it finds: disarmed, it says nothing.
                    _timer ??= timeProvider.CreateTimer(
                        static me => ((Waiting)me!).OnTimer(), this, Timeout.InfiniteTimeSpan,
                        Timeout.InfiniteTimeSpan);
                    _deadline =
                        timeProvider.GetTimestamp() + (long)(timeout.TotalSeconds * timeProvider.TimestampFrequency);
                    _timer.Change(timeout, Timeout.InfiniteTimeSpan);
                }
            }
            if (cancellationToken.CanBeCanceled)
                _registration = cancellationToken.UnsafeRegister(static me => ((Waiting)me!).OnCanceled(), this);
        }

        internal void Disarm()
        {
            lock (_gate)
            {
                _deadline = long.MaxValue;
                _timer?.Change(Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
            }
            _registration.Dispose();
            _registration = default;
        }

        public void Dispose()
        {
            Disarm();
            _timer?.Dispose();
        }

        private long _deadline = long.MaxValue;

        private void OnTimer()
        {
            lock (_gate)
            {
                if (_deadline == long.MaxValue)
                    return;
                var left = timeProvider.GetElapsedTime(timeProvider.GetTimestamp(), _deadline);
                if (left > TimeSpan.Zero)
                {
                    _timer!.Change(left, Timeout.InfiniteTimeSpan);
                    return;
                }
                _deadline = long.MaxValue;
                mailbox.Signal(Signals.TimedOut);
            }
        }

        private void OnCanceled() => mailbox.Signal(Signals.Canceled);
    }
}
