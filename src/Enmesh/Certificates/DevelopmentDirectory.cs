namespace Enmesh.Certificates;

/// <summary>
/// An authority for development in a directory, and pairs for nodes in directories below it: <c>ca.crt</c>,
/// <c>ca.key</c>, and for each name <c>NAME/tls.crt</c>, <c>NAME/tls.key</c> and <c>NAME/ca.crt</c>.
/// </summary>
/// <remarks>Nothing that is there is ever overwritten; an authority that is there goes on signing.</remarks>
internal sealed class DevelopmentDirectory : IDisposable
{
    /// <summary>The files of the authority.</summary>
    public const string AuthorityKeyFile = "ca.key";

    private readonly string _directory;

    private DevelopmentDirectory(string directory, CertificateAuthority authority, bool isNew)
    {
        _directory = directory;
        Authority = authority;
        IsNew = isNew;
    }

    /// <summary>The authority.</summary>
    public CertificateAuthority Authority { get; }

    /// <summary>Whether it was just made.</summary>
    public bool IsNew { get; }

    /// <summary>The authority's certificate, which nodes trust.</summary>
    public string AuthorityFile => Path.Combine(_directory, CertificateDirectory.AuthorityFile);

    /// <summary>Opens the authority in a directory, or makes one.</summary>
    /// <exception cref="CertificateException">There is something else.</exception>
    /// <exception cref="IOException">It cannot be read or written.</exception>
    public static DevelopmentDirectory Open(string directory, CertificateKeyKind key = CertificateKeyKind.EcP256, TimeProvider? time = null)
    {
        ArgumentException.ThrowIfNullOrEmpty(directory);
        var (certificate, secret) = (Path.Combine(directory, CertificateDirectory.AuthorityFile), Path.Combine(directory, AuthorityKeyFile));
        if (File.Exists(certificate) != File.Exists(secret))
            throw new CertificateException($"Of {certificate} and {secret} only one is there; an authority has both. Name another directory.");
        if (File.Exists(certificate))
            return new(directory, CertificateAuthority.FromPem(File.ReadAllText(certificate), File.ReadAllText(secret), time), isNew: false);
        var made = CertificateAuthority.Create("Enmesh development only", key, time: time);
        try
        {
            CreateDirectory(directory);
            WriteNew(secret, made.ExportKeyPem());
            WriteNew(certificate, made.CertificatePem);
            return new(directory, made, isNew: true);
        }
        catch
        {
            made.Dispose();
            throw;
        }
    }

    /// <summary>Where the pair for a name lies.</summary>
    public string PathTo(string name) => Path.Combine(_directory, name);

    /// <summary>Makes a pair for a name: a node's, of which the host part is named, or a host.</summary>
    /// <returns>The directory of the pair.</returns>
    /// <exception cref="CertificateException">There is one already, or the name cannot be a directory's or a
    /// certificate's.</exception>
    public string Add(string name, IssueOptions? template = null)
    {
        ArgumentException.ThrowIfNullOrEmpty(name);
        var host = name[(name.IndexOf('@', StringComparison.Ordinal) + 1)..];
        if (host.Length == 0 || name.IndexOfAny(['/', '\\', '*', '[', ']']) >= 0 || name is "." or "..")
            throw new CertificateException($"'{name}' is no name of a node (orders@10.0.0.7), nor of a host.");
        var pair = Authority.Issue((template ?? new IssueOptions()) with { Hosts = [host] });
        var directory = PathTo(name);
        if (Directory.Exists(directory) || File.Exists(directory))
            throw new CertificateException($"{directory} is there already, and nothing is overwritten. Remove it to get another pair.");
        CreateDirectory(directory);
        WriteNew(Path.Combine(directory, CertificateDirectory.KeyFile), pair.KeyPem);
        WriteNew(Path.Combine(directory, CertificateDirectory.CertificateFile), pair.ChainPem);
        WriteNew(Path.Combine(directory, CertificateDirectory.AuthorityFile), Authority.CertificatePem);
        return directory;
    }

    /// <inheritdoc/>
    public void Dispose() => Authority.Dispose();

    private static void CreateDirectory(string directory)
    {
        if (OperatingSystem.IsWindows())
            Directory.CreateDirectory(directory);
        else
            Directory.CreateDirectory(directory, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
    }

    private static void WriteNew(string file, string text)
    {
        var options = new FileStreamOptions { Mode = FileMode.CreateNew, Access = FileAccess.Write, Share = FileShare.None };
        if (!OperatingSystem.IsWindows())
            options.UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite;
        using var writer = new StreamWriter(file, options);
        writer.Write(text);
    }
}
