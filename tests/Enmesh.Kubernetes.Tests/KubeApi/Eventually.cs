namespace Enmesh.Kubernetes.Tests.KubeApi;

/// <summary>Waits for what is bound to come.</summary>
internal static class Eventually
{
    internal static readonly TimeSpan FarOff = TimeSpan.FromSeconds(60);

    internal static async Task HoldsAsync(Func<bool> condition, string what = "what is waited for")
    {
        using var deadline = new CancellationTokenSource(FarOff);
        while (!condition())
        {
            if (deadline.IsCancellationRequested)
                throw new TimeoutException($"{what} did not come about within {FarOff.TotalSeconds} s.");
            await Task.Delay(2);
        }
    }
}
