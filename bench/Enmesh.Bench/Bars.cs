namespace Enmesh.Bench;

/// <summary>How a figure is judged: which way is better, and how far Enmesh may be from the BEAM.</summary>
/// <param name="LowerIsBetter">Whether it is a time or a size, and not a rate.</param>
/// <param name="Limit">The ratio Enmesh / BEAM that is still good; null for a figure without a bar.</param>
internal readonly record struct Bar(bool LowerIsBetter, double? Limit)
{
    internal string Better => LowerIsBetter ? "lower" : "higher";

    internal bool? IsMet(double ratio) =>
        Limit is not { } limit ? null : LowerIsBetter ? ratio <= limit : ratio >= limit;

    internal string Text =>
        Limit is not { } limit ? "" : FormattableString.Invariant($"{(LowerIsBetter ? "<=" : ">=")} {limit:0.0}");

    /// <summary>
    /// The bar of a figure. Only what Enmesh does by itself has one: a mixed pair is as fast as its slower half.
    /// </summary>
    internal static Bar Of(string name, string unit, bool allEnmesh, bool tls = false)
    {
        var lower = unit is "us" or "ms" or "s" or "MiB" or "bytes" or "x";
        return new Bar(lower, !allEnmesh ? null : tls ? LimitOverTls(name) : LimitOf(name));
    }

    private static double? LimitOverTls(string name) => name switch
    {
        "rtt.p50" => 0.9,
        "flood.1" or "flood.8" => 1.5,
        "bulk.1MiB" => 10,
        "connect.cpu" => 1,
        _ => null,
    };

    private static double? LimitOf(string name) => name switch
    {
        "rtt.p50" => 0.9,
        "flood.1" or "flood.8" => 2,
        "bulk.1MiB" => 0.7,
        "call.gen_server.64" => 2,
        "call.erpc.64" => 1.5,
        "local.rtt" => 1,
        "local.typed" => 1.1, // beside a call with a term; on the BEAM that is the same
        "local.process" => 0.4, // 1 GiB for a million; the BEAM takes 2.6 KB for one
        "mesh.40.connect" or "mesh.40.cpu" => 0.8,
        "mesh.40.pss" => 1,
        "boot.connected" or "boot.rss" => 1.5,
        "terms.encode" or "terms.decode" => 1, // the geometric means
        _ when name.StartsWith("terms.", StringComparison.Ordinal) => 0.6,
        _ => null,
    };
}
