using System.Collections.Immutable;
using System.Globalization;
using System.Net;

namespace Enmesh.Resolver;

/// <summary>
/// The resolver's configuration as resolv.conf(5) and RES_OPTIONS give it, with the limits of glibc: three name
/// servers, ndots at most 15, time-out at most 30 s, at most 5 attempts. Unknown lines and options are ignored, as
/// glibc does.
/// </summary>
internal sealed record ResolvConf
{
    internal const string DefaultPath = "/etc/resolv.conf";
    internal const int DefaultPort = 53;
    private const int MaxServers = 3;
    private const int MaxNdots = 15;
    private const int MaxTimeoutSeconds = 30;
    private const int MaxAttempts = 5;

    /// <summary>Whom to ask, in this order; this host when the file names nobody.</summary>
    internal ImmutableArray<IPEndPoint> Servers { get; init; } = [new IPEndPoint(IPAddress.Loopback, DefaultPort)];

    /// <summary>The domains in which a name is looked for.</summary>
    internal ImmutableArray<string> Search { get; init; } = [];

    /// <summary>A name with at least so many dots is first asked for as it stands.</summary>
    internal int Ndots { get; init; } = 1;

    /// <summary>How long one server may take over one question.</summary>
    internal TimeSpan Timeout { get; init; } = TimeSpan.FromSeconds(5);

    /// <summary>How often the list of servers is gone through.</summary>
    internal int Attempts { get; init; } = 2;

    /// <summary>Whether each question begins with another server.</summary>
    internal bool Rotate { get; init; }

    /// <summary>Whether to ask over TCP from the start (use-vc).</summary>
    internal bool UseTcp { get; init; }

    /// <summary>Reads the text of a resolv.conf.</summary>
    /// <param name="text">The file; empty when there is none.</param>
    /// <param name="hostName">This host's name, whose domain is searched when the file names none.</param>
    /// <param name="localDomain">LOCALDOMAIN, which replaces the search list.</param>
    /// <param name="options">RES_OPTIONS, which comes on top of the file's options.</param>
    internal static ResolvConf Parse(
        string text, string hostName = "", string? localDomain = null, string? options = null)
    {
        var servers = ImmutableArray.CreateBuilder<IPEndPoint>();
        var conf = new ResolvConf();
        ImmutableArray<string>? search = null;
        foreach (var line in text.AsSpan().EnumerateLines())
        {
            // A keyword begins in the first column; so does a comment.
            if (line.IsEmpty || line[0] is ' ' or '\t' or '#' or ';')
                continue;
            var words = Words(line);
            if (words.Length < 2)
                continue;
            switch (words[0])
            {
                case "nameserver":
                    if (servers.Count < MaxServers && IPAddress.TryParse(words[1], out var address))
                        servers.Add(new IPEndPoint(address, DefaultPort));
                    break;
                case "search":
                    search = Domains(words.AsSpan(1));
                    break;
                case "domain":
                    search = Domains(words.AsSpan(1, 1));
                    break;
                case "options":
                    conf = conf.With(words.AsSpan(1));
                    break;
            }
        }
        if (!string.IsNullOrWhiteSpace(localDomain))
            search = Domains(Words(localDomain));
        if (options is not null)
            conf = conf.With(Words(options));
        return conf with
        {
            Servers = servers.Count > 0 ? servers.ToImmutable() : conf.Servers,
            Search = search ?? DomainOf(hostName),
        };
    }

    private static string[] Words(ReadOnlySpan<char> line) =>
        line.ToString().Split([' ', '\t', '\r'], StringSplitOptions.RemoveEmptyEntries);

    private static ImmutableArray<string> Domains(ReadOnlySpan<string> words)
    {
        var domains = ImmutableArray.CreateBuilder<string>();
        foreach (var word in words)
        {
            // "." is the root: the name as it stands takes that place in the order.
            if (word == "." || DnsName.Problem(word) is null)
                domains.Add(word.TrimEnd('.'));
        }
        return domains.ToImmutable();
    }

    private static ImmutableArray<string> DomainOf(string hostName)
    {
        var dot = hostName.IndexOf('.', StringComparison.Ordinal);
        return dot < 0 ? [] : Domains([hostName[(dot + 1)..]]);
    }

    private ResolvConf With(ReadOnlySpan<string> words)
    {
        var conf = this;
        foreach (var word in words)
        {
            conf = word switch
            {
                "rotate" => conf with { Rotate = true },
                "use-vc" => conf with { UseTcp = true },
                _ when Number(word, "ndots:") is { } n => conf with { Ndots = Math.Min(n, MaxNdots) },
                _ when Number(word, "timeout:") is { } n =>
                    conf with { Timeout = TimeSpan.FromSeconds(Math.Clamp(n, 1, MaxTimeoutSeconds)) },
                _ when Number(word, "attempts:") is { } n => conf with { Attempts = Math.Clamp(n, 1, MaxAttempts) },
                // edns0 asks for what we do anyway; the others speak of things we do not do.
                _ => conf,
            };
        }
        return conf;
    }

    // As atoi: the digits at the start count; a number of any length is only a large one.
    private static int? Number(string word, string key)
    {
        if (!word.StartsWith(key, StringComparison.Ordinal))
            return null;
        var rest = word.AsSpan(key.Length);
        var end = rest.IndexOfAnyExceptInRange('0', '9');
        var digits = end < 0 ? rest : rest[..end];
        if (digits.IsEmpty)
            return 0;
        return int.TryParse(digits, NumberStyles.None, CultureInfo.InvariantCulture, out var number)
            ? number
            : int.MaxValue;
    }
}
