using Microsoft.Extensions.Hosting;

namespace Enmesh.Hosting;

/// <summary>The end of a host that cannot do any more what it is for.</summary>
internal static class HostFailure
{
    /// <summary>
    /// Stops the host with exit code 1, once it has started: before, the start itself would fail with a cancellation that tells nobody anything. One that
    /// does not start, or stops anyway, is left alone.
    /// </summary>
    internal static async Task FailAsync(this IHostApplicationLifetime lifetime)
    {
        var settled = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        using var started = lifetime.ApplicationStarted.Register(() => settled.TrySetResult());
        using var stopping = lifetime.ApplicationStopping.Register(() => settled.TrySetResult());
        await settled.Task.ConfigureAwait(false);
        if (lifetime.ApplicationStopping.IsCancellationRequested)
            return;
        Environment.ExitCode = 1;
        lifetime.StopApplication();
    }
}
