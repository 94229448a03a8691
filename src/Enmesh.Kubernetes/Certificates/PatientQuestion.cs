using Enmesh.Kubernetes.Api;

namespace Enmesh.Kubernetes.Certificates;

/// <summary>Asks the API again for as long as its failures may pass, with growing pauses; the caller's token is the limit.</summary>
internal sealed class PatientQuestion(TimeProvider time)
{
    private static readonly TimeSpan FirstPause = TimeSpan.FromSeconds(0.5);
    private static readonly TimeSpan MaxPause = TimeSpan.FromSeconds(10);

    /// <summary>How it failed last; null since there was an answer.</summary>
    internal string? Problem { get; private set; }

    /// <summary>Asks until there is an answer.</summary>
    /// <exception cref="KubernetesException">It failed in a way that does not pass by itself.</exception>
    internal async Task<T> AskAsync<T>(Func<Task<T>> ask, CancellationToken cancellationToken)
    {
        for (var failures = 0; ; failures++)
        {
            TimeSpan pause;
            try
            {
                var answer = await ask().ConfigureAwait(false);
                Problem = null;
                return answer;
            }
            catch (KubernetesException e) when (e.IsTransient)
            {
                Problem = e.Message;
                pause = PauseAfter(failures, e.RetryAfter);
            }
            await Task.Delay(pause, time, cancellationToken).ConfigureAwait(false);
        }
    }

    /// <summary>How long to leave the server alone after so many failures in a row.</summary>
    private static TimeSpan PauseAfter(int failures, TimeSpan? told)
    {
        var pause = FirstPause * (1 << Math.Min(failures, 5));
        pause = pause > MaxPause ? MaxPause : pause;
        return told > pause ? told.Value : pause;
    }
}
