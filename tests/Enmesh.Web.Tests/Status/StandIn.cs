using Enmesh.Web.Status;

namespace Enmesh.Web.Tests.Status;

/// <summary>A cluster that is not there, as the page gets it: n nodes that see each other over TLS, and what a test changes about that.</summary>
internal static class StandIn
{
    internal static readonly DateTimeOffset Now = new(2026, 5, 4, 12, 0, 0, TimeSpan.Zero);

    internal static string NameOf(int number) => $"orders-{number}@10-1-{number / 10}-{number}.orders-headless.shop.svc.cluster.local";

    internal static NodeStatus Cluster(int count, params (int One, int Other)[] parted)
    {
        string[] names = [.. Enumerable.Range(1, count).Select(NameOf)];
        bool Sees(string one, string other) => one != other && !parted.Any(pair =>
            (NameOf(pair.One), NameOf(pair.Other)) == (one, other) || (NameOf(pair.Other), NameOf(pair.One)) == (one, other));
        var status = new NodeStatus
        {
            At = Now,
            Node = About(names[0]),
            Nodes = [names[0]],
            Troubles = [],
            Members = [.. names.Skip(1).Select(Member)],
            Peers = new(count - 1, count - 1, count - 1),
            Views = [.. names.Select((name, index) => new ViewStatus(
                name, index == 0 ? "own" : "answered", Now, [.. names.Where(other => Sees(name, other))], null))],
            Parted = [.. parted.Select(pair => new PairStatus(NameOf(pair.One), NameOf(pair.Other)))],
            Links = [.. names.Skip(1).Select(Link)],
            Sources = [new() { Name = "pods", State = "Healthy", Peers = [.. names.Skip(1)], LacksSelf = false, Failures = 0, LastComplete = Now.AddSeconds(-4), LastDurationSeconds = 0.012 }],
            Certificates =
            [
                Certificate("node", $"CN={names[0]}", "CN=Orders CA", Now.AddDays(20)), Certificate("authority", "CN=Orders CA", "CN=Orders CA", Now.AddYears(3)),
            ],
            Names = new(3, ["net_kernel", "rex", "orders"], 1, ["ledger"], 1, [new("pg", "workers", count * 2, 2)]),
        };
        return status with { Troubles = Troubles.Of(status) };
    }

    internal static NodeStatus With(this NodeStatus status, Func<NodeStatus, NodeStatus> change)
    {
        var changed = change(status);
        return changed with { Troubles = Troubles.Of(changed) };
    }

    internal static CertificateStatus Certificate(string kind, string subject, string issuer, DateTimeOffset notAfter) => new()
    {
        Kind = kind,
        Role = "both",
        Subject = subject,
        Issuer = issuer,
        SerialNumber = "03F1C29A77D2054E",
        Names = "DNS:*.orders-headless.shop.svc.cluster.local",
        Key = "EC 256",
        NotBefore = Now.AddDays(-70),
        NotAfter = notAfter,
        SecondsLeft = (notAfter - Now).TotalSeconds,
        Sha256 = "9F86D081884C7D659A2FEAA0C55AD015A3BF4F1B2B0B822CD15D6C15B0F00A08",
    };

    private static NodeAbout About(string name) => new()
    {
        Name = name,
        Creation = 1_712_345_678,
        State = "up",
        Join = "Joined",
        IsHidden = false,
        Port = 4370,
        IsEncrypted = true,
        StartedAt = Now.AddDays(-3),
        UptimeSeconds = 259_200,
        Enmesh = "0.1.0",
        Runtime = ".NET 10.0.1",
        System = "Debian GNU/Linux 13 (trixie) X64",
        ProcessId = 1,
        Processors = 2,
        MemoryBytes = 94_371_840,
        Processes = 1_234,
        MailboxBytes = 5_120,
        NetTickTimeSeconds = 60,
        TickDelaySeconds = 0,
        PoolDelaySeconds = 0.0001,
    };

    private static MemberStatus Member(string name) =>
        new() { Name = name, State = "Up", Since = Now.AddHours(-5), IsHidden = false, Sources = ["pods"], Address = "10.1.2.3:4370", Failures = 0 };

    private static LinkStatus Link(string name) => new()
    {
        Peer = name,
        IsHidden = false,
        Transport = "TLS 1.3",
        Address = "10.1.2.3:4370",
        Since = Now.AddHours(-5),
        BytesReceived = 12_345_678,
        BytesSent = 8_765_432,
        MessagesReceived = 123_456,
        MessagesSent = 98_765,
        BytesPending = 0,
        Tls = new()
        {
            Version = "TLS 1.3",
            CipherSuite = "TLS_AES_256_GCM_SHA384",
            Since = Now.AddHours(-5),
            NotAfter = Now.AddDays(20),
            Peer = $"CN={name}",
            PeerNotAfter = Now.AddDays(20),
            PeerSerialNumber = "03F1C29A77D2054E",
            OwnNotAfter = Now.AddDays(20),
        },
    };
}

/// <summary>The status of a cluster that is not there.</summary>
internal sealed class StandInStatuses(NodeStatus status) : IStatuses
{
    internal NodeStatus Status { get; set; } = status;

    public NodeStatus? Find(string? node) => node is null || node == Status.Node.Name ? Status : null;

    public string? FindCertificates(string? node) => "# none\n";

    public Task RefreshAsync(string? node) => Task.CompletedTask;

    public ValueTask DisposeAsync() => default;
}
