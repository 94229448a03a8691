namespace Enmesh.Web.Status;

// What /api tells, in the words of docs/operations.md: a change here is a change of what programs read.

/// <summary>A node as its operator wants to see it, at one moment. There is never a secret in it.</summary>
internal sealed record NodeStatus
{
    /// <summary>The moment.</summary>
    public required DateTimeOffset At { get; init; }

    /// <summary>The node.</summary>
    public required NodeAbout Node { get; init; }

    /// <summary>All nodes of this program.</summary>
    public required IReadOnlyList<string> Nodes { get; init; }

    /// <summary>How far the program is on its way out; null while nobody has told it to stop.</summary>
    public DrainStatus? Drain { get; init; }

    /// <summary>What an operator should look at, each a sentence; empty when all is well.</summary>
    public required IReadOnlyList<string> Troubles { get; init; }

    /// <summary>Who is wanted or connected.</summary>
    public required IReadOnlyList<MemberStatus> Members { get; init; }

    /// <summary>How many peers there are, and should be.</summary>
    public required PeerCounts Peers { get; init; }

    /// <summary>Whom each member sees, this node first.</summary>
    public required IReadOnlyList<ViewStatus> Views { get; init; }

    /// <summary>Pairs of nodes without a link to each other, as the members have told twice.</summary>
    public required IReadOnlyList<PairStatus> Parted { get; init; }

    /// <summary>The links that are up.</summary>
    public required IReadOnlyList<LinkStatus> Links { get; init; }

    /// <summary>The sources of discovery.</summary>
    public required IReadOnlyList<SourceStatus> Sources { get; init; }

    /// <summary>What the node shows and trusts; empty without TLS.</summary>
    public required IReadOnlyList<CertificateStatus> Certificates { get; init; }

    /// <summary>Names and groups.</summary>
    public required NamesStatus Names { get; init; }
}

/// <summary>The node itself.</summary>
internal sealed record NodeAbout
{
    public required string Name { get; init; }

    public required long Creation { get; init; }

    /// <summary><c>joining</c>, <c>up</c>, <c>draining</c>.</summary>
    public required string State { get; init; }

    /// <summary>How it has come in: <c>Waiting</c>, <c>Joined</c>, <c>First</c>, <c>TimedOut</c>.</summary>
    public required string Join { get; init; }

    public required bool IsHidden { get; init; }

    public int? Port { get; init; }

    public required bool IsEncrypted { get; init; }

    /// <summary>Why what the files of certificates hold now is not used; null when it is.</summary>
    public string? CertificatesProblem { get; init; }

    public required DateTimeOffset StartedAt { get; init; }

    public required double UptimeSeconds { get; init; }

    public required string Enmesh { get; init; }

    public required string Runtime { get; init; }

    public required string System { get; init; }

    public required int ProcessId { get; init; }

    public required int Processors { get; init; }

    public required long MemoryBytes { get; init; }

    public required int Processes { get; init; }

    public required long MailboxBytes { get; init; }

    public required double NetTickTimeSeconds { get; init; }

    public required double TickDelaySeconds { get; init; }

    public required double PoolDelaySeconds { get; init; }
}

/// <summary>The way out.</summary>
/// <param name="Phase"><c>serving</c>, <c>hooks</c>, <c>closing</c>.</param>
/// <param name="Since">When the program was told to stop.</param>
/// <param name="Until">When the phase ends at latest; null when nobody knows.</param>
/// <param name="SecondsLeft">Until then.</param>
/// <param name="Hooks">The hooks that are not done.</param>
/// <param name="IsHurried">Whether a second signal has come.</param>
internal sealed record DrainStatus(
    string Phase, DateTimeOffset Since, DateTimeOffset? Until, double? SecondsLeft, IReadOnlyList<string> Hooks, bool IsHurried);

/// <summary>How many peers there are.</summary>
internal sealed record PeerCounts(int Expected, int Discovered, int Connected);

/// <summary>A peer that is wanted or connected.</summary>
internal sealed record MemberStatus
{
    public required string Name { get; init; }

    /// <summary><c>Waiting</c>, <c>Dialing</c>, <c>Up</c>, <c>Backoff</c>.</summary>
    public required string State { get; init; }

    public required DateTimeOffset Since { get; init; }

    public required bool IsHidden { get; init; }

    public required IReadOnlyList<string> Sources { get; init; }

    public string? Address { get; init; }

    public required int Failures { get; init; }

    public DateTimeOffset? RetryAt { get; init; }

    public FailureStatus? LastFailure { get; init; }
}

/// <summary>Why a peer is or was not connected.</summary>
internal sealed record FailureStatus(string Stage, string Message, DateTimeOffset At);

/// <summary>Whom a node sees.</summary>
/// <param name="Name">The node.</param>
/// <param name="State"><c>own</c>, <c>answered</c>, <c>asking</c>, <c>silent</c>, <c>unconnected</c>.</param>
/// <param name="At">When it answered.</param>
/// <param name="Sees">Its <c>nodes()</c>; null when it has not said.</param>
/// <param name="Problem">Why it has not.</param>
internal sealed record ViewStatus(string Name, string State, DateTimeOffset? At, IReadOnlyList<string>? Sees, string? Problem);

/// <summary>Two nodes.</summary>
internal sealed record PairStatus(string One, string Other);

/// <summary>A link that is up.</summary>
internal sealed record LinkStatus
{
    public required string Peer { get; init; }

    public required bool IsHidden { get; init; }

    /// <summary><c>tcp</c>, <c>TLS 1.2</c>, <c>TLS 1.3</c>.</summary>
    public required string Transport { get; init; }

    public required string Address { get; init; }

    public DateTimeOffset? Since { get; init; }

    public required long BytesReceived { get; init; }

    public required long BytesSent { get; init; }

    public required long MessagesReceived { get; init; }

    public required long MessagesSent { get; init; }

    public required long BytesPending { get; init; }

    public LinkTlsStatus? Tls { get; init; }
}

/// <summary>What the ends of a link have agreed on.</summary>
internal sealed record LinkTlsStatus
{
    public required string Version { get; init; }

    public required string CipherSuite { get; init; }

    public required DateTimeOffset Since { get; init; }

    /// <summary>Until when the certificates are valid that the link was made with.</summary>
    public required DateTimeOffset NotAfter { get; init; }

    public required string Peer { get; init; }

    public required DateTimeOffset PeerNotAfter { get; init; }

    public required string PeerSerialNumber { get; init; }

    public required DateTimeOffset OwnNotAfter { get; init; }
}

/// <summary>A source of discovery.</summary>
internal sealed record SourceStatus
{
    public required string Name { get; init; }

    /// <summary><c>Starting</c>, <c>Healthy</c>, <c>Partial</c>, <c>Failing</c>.</summary>
    public required string State { get; init; }

    public required IReadOnlyList<string> Peers { get; init; }

    public string? Problem { get; init; }

    public required bool LacksSelf { get; init; }

    public required int Failures { get; init; }

    public DateTimeOffset? LastComplete { get; init; }

    public required double LastDurationSeconds { get; init; }
}

/// <summary>A certificate that the node shows or trusts.</summary>
internal sealed record CertificateStatus
{
    /// <summary><c>node</c>, <c>intermediate</c>, <c>authority</c>.</summary>
    public required string Kind { get; init; }

    /// <summary><c>both</c>, <c>server</c>, <c>client</c>.</summary>
    public required string Role { get; init; }

    public required string Subject { get; init; }

    public required string Issuer { get; init; }

    public required string SerialNumber { get; init; }

    public required string Names { get; init; }

    public required string Key { get; init; }

    public required DateTimeOffset NotBefore { get; init; }

    public required DateTimeOffset NotAfter { get; init; }

    public required double SecondsLeft { get; init; }

    public required string Sha256 { get; init; }
}

/// <summary>Names and groups, the first of each in order; the counts are of all.</summary>
internal sealed record NamesStatus(
    int RegisteredCount, IReadOnlyList<string> Registered, int GlobalCount, IReadOnlyList<string> Global, int GroupCount,
    IReadOnlyList<GroupStatus> Groups);

/// <summary>A group of <c>pg</c>.</summary>
internal sealed record GroupStatus(string Scope, string Group, int Members, int LocalMembers);
