namespace Enmesh.Resolver;

/// <summary>Why a question has no answer. None of these says anything about the name.</summary>
internal enum DnsProblem
{
    /// <summary>Nothing came in time.</summary>
    Timeout,

    /// <summary>The server's host refused or could not be reached.</summary>
    Unreachable,

    /// <summary>SERVFAIL, or a code we do not know.</summary>
    ServerFailure,

    /// <summary>REFUSED: the server does not serve us, or not this zone.</summary>
    Refused,

    /// <summary>NOTIMP or FORMERR.</summary>
    NotImplemented,

    /// <summary>The server sends us on to others instead of resolving.</summary>
    Lame,

    /// <summary>The answer cannot be read or contradicts itself.</summary>
    Malformed,

    /// <summary>The aliases form a loop or never end.</summary>
    AliasLoop,
}

/// <summary>What came of a question. "There is none" and "nobody could say" are never the same.</summary>
internal abstract record DnsAnswer
{
    /// <summary>The records asked for, at the name or at the end of its aliases.</summary>
    internal sealed record Found(IReadOnlyList<DnsRecord> Records) : DnsAnswer;

    /// <summary>The name exists, but has no record of the type (NODATA).</summary>
    internal sealed record NoData : DnsAnswer;

    /// <summary>The name does not exist (NXDOMAIN).</summary>
    internal sealed record NoSuchName : DnsAnswer;

    /// <summary>The name is an alias, and the server left it to us to ask for its target.</summary>
    internal sealed record Continued(string Target) : DnsAnswer;

    /// <summary>Nobody could say.</summary>
    /// <param name="Problem">The kind of failure.</param>
    /// <param name="Message">What went wrong with which server, as a clause for the operator.</param>
    internal sealed record Failed(DnsProblem Problem, string Message) : DnsAnswer;
}

/// <summary>Reads a response as the answer to a question (RFC 1034 section 4.3.2, RFC 2308 section 2).</summary>
internal static class DnsInterpretation
{
    private const int MaxAliases = 16;

    internal static DnsAnswer Interpret(DnsMessage message, DnsQuestion question) => message.Code switch
    {
        DnsResponseCode.NoError or DnsResponseCode.NameError => FollowAliases(message, question),
        DnsResponseCode.ServerFailure => new DnsAnswer.Failed(DnsProblem.ServerFailure, "answered SERVFAIL"),
        DnsResponseCode.Refused => new DnsAnswer.Failed(DnsProblem.Refused, "answered REFUSED"),
        DnsResponseCode.NotImplemented => new DnsAnswer.Failed(DnsProblem.NotImplemented, "answered NOTIMP"),
        DnsResponseCode.FormatError => new DnsAnswer.Failed(DnsProblem.NotImplemented, "answered FORMERR"),
        var code => new DnsAnswer.Failed(DnsProblem.ServerFailure, $"answered with code {(int)code}"),
    };

    private static DnsAnswer FollowAliases(DnsMessage message, DnsQuestion question)
    {
        var nameMissing = message.Code == DnsResponseCode.NameError;
        var owner = question.Name;
        for (var aliases = 0; aliases <= MaxAliases; aliases++)
        {
            var records = message.Answers.Where(
                record => IsOf(record, question.Type) && DnsName.Same(record.Owner, owner)).ToList();
            if (records.Count > 0)
            {
                return nameMissing
                    ? new DnsAnswer.Failed(DnsProblem.Malformed, "answered NXDOMAIN and the record at once")
                    : new DnsAnswer.Found(records);
            }
            if (message.Answers.OfType<DnsRecord.Alias>().FirstOrDefault(
                alias => DnsName.Same(alias.Owner, owner)) is not { } alias)
                return nameMissing ? new DnsAnswer.NoSuchName() : Empty(message, owner, aliases > 0);
            owner = alias.Target;
        }
        return new DnsAnswer.Failed(DnsProblem.AliasLoop, $"answered with a loop or more than {MaxAliases} aliases");
    }

    private static DnsAnswer Empty(DnsMessage message, string end, bool aliased)
    {
        if (message.Authorities.Any(record => record is DnsRecord.Authority))
            return new DnsAnswer.NoData();
        if (!message.Header.IsAuthoritative && message.Authorities.Any(record => record is DnsRecord.NameServer))
            return new DnsAnswer.Failed(
                DnsProblem.Lame, "refers to other servers instead of resolving; it offers no recursion");
        return aliased ? new DnsAnswer.Continued(end) : new DnsAnswer.NoData();
    }

    private static bool IsOf(DnsRecord record, DnsType type) => (record, type) switch
    {
        (
            DnsRecord.Address address,
            DnsType.A) => address.Value.AddressFamily == System.Net.Sockets.AddressFamily.InterNetwork,
        (
            DnsRecord.Address address,
            DnsType.Aaaa) => address.Value.AddressFamily == System.Net.Sockets.AddressFamily.InterNetworkV6,
        (DnsRecord.Service, DnsType.Srv) => true,
        (DnsRecord.Pointer, DnsType.Ptr) => true,
        (DnsRecord.Alias, DnsType.Cname) => true,
        (DnsRecord.Authority, DnsType.Soa) => true,
        (DnsRecord.NameServer, DnsType.Ns) => true,
        _ => false,
    };
}
