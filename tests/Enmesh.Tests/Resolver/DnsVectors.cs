using Enmesh.Resolver;

namespace Enmesh.Tests.Resolver;

/// <summary>A line of tests/vectors/dns.jsonl: what a real name server answered.</summary>
internal sealed record DnsVector(string Id, string Name, DnsType Type, int? Edns, byte[] Query, byte[] Response)
{
    internal static IReadOnlyList<DnsVector> All { get; } =
    [
        .. VectorFile.Lines("dns.jsonl").Select(line => new DnsVector(
            $"{line.Text("server")} {line.Text("case")}",
            line.Text("name"),
            (DnsType)line.GetProperty("type").GetInt32(),
            line.GetProperty("edns") is { ValueKind: System.Text.Json.JsonValueKind.Number } edns
                ? edns.GetInt32()
                : null,
            Convert.FromHexString(line.Text("query")),
            Convert.FromHexString(line.Text("hex")))),
    ];

    internal DnsQuestion Question => new(Name, Type);

    internal static DnsVector Of(string id) => All.Single(vector => vector.Id == id);
}
