using System.Runtime.CompilerServices;
using Xunit;

namespace Enmesh.Interop.Tests;

/// <summary>What is sure to happen, and nobody knows when.</summary>
internal static class Waiting
{
    internal static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    internal static async Task UntilAsync(
        Func<bool> condition, [CallerArgumentExpression(nameof(condition))] string what = "")
    {
        using var deadline = new CancellationTokenSource(Patience);
        while (!condition())
        {
            Assert.False(deadline.IsCancellationRequested, $"It does not happen: {what}");
            await Task.Delay(10, CancellationToken.None);
        }
    }
}
