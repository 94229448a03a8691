using Xunit;

namespace Enmesh.Tests.Groups;

/// <summary>
/// Clusters of our scopes and models of BEAM ones under any sequence of joins, leaves, deaths, crashes and splits:
/// nothing of ours makes a BEAM scope crash, and in the end everybody sees the same.
/// </summary>
[Trait("Ring", "pure")]
public sealed class PgScopeProperties
{
    private const int Steps = 400;

    public static TheoryData<int[]> Mixtures =>
    [
        new[] { 0, 0, 0 },
        new[] { 0, 0, 23 },
        new[] { 0, 23, 25, 27 },
        new[] { 0, 0, 27, 29 },
        new[] { 0, 0, 29, 29 },
    ];

    private static int Seeds => Environment.GetEnvironmentVariable("ENMESH_LONG") == "1" ? 5_000 : 150;

    [Theory]
    [MemberData(nameof(Mixtures))]
    public void Scopes_agree_after_any_history_and_no_BEAM_scope_crashes_because_of_us(int[] releases)
    {
        for (var seed = 0; seed < Seeds; seed++)
        {
            try
            {
                Run(seed, releases);
            }
            catch (Exception e)
            {
                throw new InvalidOperationException($"Seed {seed}: {e.Message}", e);
            }
        }
    }

    private static void Run(int seed, int[] releases)
    {
        var cluster = new SimCluster(seed);
        foreach (var release in releases)
        {
            if (release == 0)
                cluster.AddOurs();
            else
                cluster.AddBeam(release);
        }
        for (var step = 0; step < Steps; step++)
            cluster.Step();
        cluster.SettleAndCompare();
    }
}
