namespace Enmesh.SystemTests.Cluster;

/// <summary>
/// The table that <c>./test --ring system</c> prints: what was done to a cluster, and how long it took until it was as
/// it should be. A figure for people, never a condition of a test.
/// </summary>
internal static class MeshReport
{
    private static readonly Lock Gate = new();

    internal static void Add(string what, string then, TimeSpan took)
    {
        if (Environment.GetEnvironmentVariable("ENMESH_MESH_REPORT") is not { Length: > 0 } file)
            return;
        lock (Gate)
            File.AppendAllText(file, FormattableString.Invariant($"  {what,-44} {then,-34} {took.TotalSeconds,6:0.0} s\n"));
    }
}
