namespace Enmesh.Tests.Epmd;

/// <summary>One question to the epmd of a real release, and what came back.</summary>
public sealed record EpmdVector(int Otp, string Check, byte[] Sent, string Got)
{
    public byte[] GotBytes => Convert.FromHexString(Got);

    /// <summary>All questions that were asked in bytes, in their order, by release.</summary>
    public static ILookup<int, EpmdVector> All { get; } = Read().ToLookup(v => v.Otp);

    public override string ToString() => $"{Otp} {Check}";

    private static IEnumerable<EpmdVector> Read() =>
        from line in VectorFile.Lines("epmd.jsonl")
        let sent = Convert.FromHexString(line.Text("sent"))
        where sent.Length > 0
        select new EpmdVector(line.GetProperty("otp").GetInt32(), line.Text("check"), sent, line.Text("got"));
}
