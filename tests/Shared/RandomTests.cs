namespace Enmesh.TestSupport;

/// <summary>How long random tests run: <c>./test --long</c> wants a hundred times as much.</summary>
internal static class RandomTests
{
    private static readonly int Factor = string.IsNullOrEmpty(Environment.GetEnvironmentVariable("ENMESH_LONG"))
        ? 1
        : 100;

    internal static int Count(int usual) => usual * Factor;
}
