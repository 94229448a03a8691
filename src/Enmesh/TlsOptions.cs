namespace Enmesh;

/// <summary>Whether a node speaks TLS with its peers.</summary>
public enum TlsMode
{
    /// <summary>With certificates it does; without, it speaks plain TCP, and only on loopback.</summary>
    Auto,

    /// <summary>It does not, on whatever network.</summary>
    Off,
}

/// <summary>
/// TLS between nodes, as Erlang's <c>-proto_dist inet_tls</c>: both ends show a certificate, and each must name the host
/// part of its node's name.
/// </summary>
public sealed class TlsOptions
{
    /// <summary>A certificate for tools: whoever shows it may connect as a hidden node of any name.</summary>
    public const string DefaultToolName = "enmesh-tools";

    /// <summary>In <see cref="AllowedNames"/>: any certificate of the trusted authorities will do, as on the BEAM.</summary>
    public const string AnyOfCa = "any-of-ca";

    /// <summary>Whether TLS is spoken. Default: as soon as there is a certificate.</summary>
    public TlsMode Mode { get; set; }

    /// <summary>
    /// The file with this node's certificate and, behind it, those that lead from it to its authority (PEM).
    /// </summary>
    public string? CertificateFile { get; set; }

    /// <summary>The file with the private key (PEM). Default: it stands in <see cref="CertificateFile"/>.</summary>
    public string? KeyFile { get; set; }

    /// <summary>The file with the authorities that are trusted (PEM); no others are, the system's neither.</summary>
    public string? CaFile { get; set; }

    /// <summary>Files with lists of revoked certificates (PEM or DER). Default: none, and nothing counts as revoked.</summary>
    public IList<string> CrlFiles { get; private set; } = [];

    /// <summary>
    /// A file as Erlang reads it with <c>-ssl_dist_optfile</c>, instead of the files above.
    /// </summary>
    public string? OptionFile { get; set; }

    /// <summary>
    /// Names that the certificate of a caller may bear instead of the host part of the node's name, or
    /// <see cref="AnyOfCa"/>. Default: none, so that the certificate must name that host.
    /// </summary>
    public IList<string> AllowedNames { get; private set; } = [];

    /// <summary>
    /// Names of certificates for tools: their holders may connect as hidden nodes of any name that is not connected.
    /// Default: <see cref="DefaultToolName"/>.
    /// </summary>
    public IList<string> ToolNames { get; private set; } = [DefaultToolName];

    /// <summary>
    /// Whether the keys of all TLS of this process are written to the file that <c>SSLKEYLOGFILE</c> names, for
    /// Wireshark: whoever reads that file reads everything. Default false.
    /// </summary>
    public bool KeyLog { get; set; }

    /// <summary>
    /// Has the node leave its cluster and come back, once, when its links were made with a certificate of its own that
    /// ends within this time and a newer one is there; at a moment of its own within the first half of it. Default: never,
    /// and links live on past their certificates, as on the BEAM. A minute to 30 days.
    /// </summary>
    /// <exception cref="ArgumentOutOfRangeException">The value is out of bounds.</exception>
    public TimeSpan? RenewLinksWithin
    {
        get;
        set
        {
            if (value is { } time)
            {
                ArgumentOutOfRangeException.ThrowIfLessThan(time, TimeSpan.FromMinutes(1), nameof(value));
                ArgumentOutOfRangeException.ThrowIfGreaterThan(time, TimeSpan.FromDays(30), nameof(value));
            }
            field = value;
        }
    }

    /// <summary>Whether any setting asks for TLS.</summary>
    internal bool IsOn => Mode != TlsMode.Off && (CertificateFile ?? KeyFile ?? CaFile ?? OptionFile) is not null;

    /// <summary>Says what is wrong between the settings, each problem beginning with its key.</summary>
    /// <returns>Empty when all is well.</returns>
    public IReadOnlyList<string> Validate()
    {
        if (!IsOn)
            return [];
        var problems = new List<string>();
        if (OptionFile is null)
        {
            if (CertificateFile is null)
                problems.Add($"{nameof(CertificateFile)}: the file with this node's certificate is missing; both ends show one.");
            if (CaFile is null)
                problems.Add($"{nameof(CaFile)}: the file with the trusted authorities is missing.");
        }
        else
        {
            foreach (var key in new[]
            {
                (nameof(CertificateFile), CertificateFile), (nameof(KeyFile), KeyFile), (nameof(CaFile), CaFile),
            })
            {
                if (key.Item2 is not null)
                    problems.Add($"{key.Item1}: {OptionFile} says which files to use; leave one of the two away.");
            }
        }
        foreach (var (key, names) in new[] { (nameof(AllowedNames), AllowedNames), (nameof(ToolNames), ToolNames) })
        {
            if (names.Any(name => name.Contains('*', StringComparison.Ordinal)))
                problems.Add($"{key}: a name stands for itself; there are no wildcards.");
        }
        return problems;
    }

    /// <summary>A copy that later changes do not reach.</summary>
    internal TlsOptions Copy()
    {
        var copy = (TlsOptions)MemberwiseClone();
        copy.CrlFiles = [.. CrlFiles];
        copy.AllowedNames = [.. AllowedNames];
        copy.ToolNames = [.. ToolNames];
        return copy;
    }
}
