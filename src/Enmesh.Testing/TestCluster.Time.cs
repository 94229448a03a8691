namespace Enmesh.Testing;

// The clock, and waiting for the cluster to come to rest.
public sealed partial class TestCluster
{
    /// <summary>
    /// Waits until all processes are at rest: nothing happens until a message comes or time passes. The clock stands
    /// meanwhile.
    /// </summary>
    /// <exception cref="TestFailureException">
    /// That takes longer, in real time, than <see cref="TestClusterOptions.Guard"/>.
    /// </exception>
    public async Task SettleAsync()
    {
        if (!await _rest.WaitAsync().ConfigureAwait(false))
            throw new TestFailureException(Situation.NotAtRest(this));
    }

    /// <summary>
    /// Moves the clock on. Timers fire one by one, each at its own instant and once all that the one before has brought
    /// about is over: a process that wakes every second does so three times in three seconds. At rest when this
    /// completes.
    /// </summary>
    /// <param name="by">How far; zero for what is due now.</param>
    /// <exception cref="ArgumentOutOfRangeException">The time is negative.</exception>
    /// <exception cref="TestFailureException">The processes do not come to rest.</exception>
    public async Task AdvanceAsync(TimeSpan by)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(by, TimeSpan.Zero);
        await AdvanceUntilAsync(by, static () => false).ConfigureAwait(false);
    }

    /// <summary>In which time the next timer is due, ticks between nodes aside; null when there is none.</summary>
    internal TimeSpan? NextTimer => _time.NextDue(static state => state is not Peers.Pulse) - _time.Elapsed;

    /// <summary>Moves the clock on, timer by timer, until something holds, at the most so far.</summary>
    /// <returns>Whether it holds.</returns>
    internal async Task<bool> AdvanceUntilAsync(TimeSpan atMost, Func<bool> holds)
    {
        await _clock.WaitAsync().ConfigureAwait(false);
        try
        {
            await SettleAsync().ConfigureAwait(false);
            var target = _time.Elapsed + atMost;
            while (!holds())
            {
                if (_time.TakeDue(target) is not { } fire)
                    return holds();
                _thread.Queue(fire);
                await SettleAsync().ConfigureAwait(false);
            }
            return true;
        }
        finally
        {
            _clock.Release();
        }
    }

    /// <summary>Waits for something that may need time to pass on the clock, and moves it as far as it takes.</summary>
    internal async Task FinishAsync(Task task)
    {
        while (!task.IsCompleted)
        {
            await SettleAsync().ConfigureAwait(false);
            // What is at rest is done, but for the last step to us on the pool.
            await Task.WhenAny(task, Task.Delay(TimeSpan.FromMilliseconds(20))).ConfigureAwait(false);
            if (!task.IsCompleted && _time.NextDue() is { } due && _time.TakeDue(due) is { } fire)
                _thread.Queue(fire);
        }
        await task.ConfigureAwait(false);
    }
}
