using System.Security.Authentication;

namespace Enmesh.Tls;

/// <summary>Where one role of a node, dialling or being called, has its certificates from.</summary>
/// <param name="CertificateFile">Its certificate and those that lead from it to its authority.</param>
/// <param name="KeyFile">Its private key.</param>
/// <param name="CaFile">The authorities that are trusted.</param>
/// <param name="CrlFiles">Lists of revoked certificates.</param>
internal sealed record TlsRoleFiles(string CertificateFile, string KeyFile, string CaFile, IReadOnlyList<string> CrlFiles)
{
    /// <summary>The password of the key; null when it is not encrypted.</summary>
    internal string? Password { get; init; }

    /// <summary>The versions that are offered and accepted.</summary>
    internal SslProtocols Versions { get; init; } = SslProtocols.Tls12 | SslProtocols.Tls13;

    /// <summary>Whether its own certificate is shown whatever it is worth: for tests of what peers say to that.</summary>
    internal bool Unchecked { get; init; }

    internal IEnumerable<string> All => [CertificateFile, KeyFile, CaFile, .. CrlFiles];

    /// <summary>Lists count by what is in them.</summary>
    public bool Equals(TlsRoleFiles? other) => other is not null
        && (CertificateFile, KeyFile, CaFile, Password, Versions) == (other.CertificateFile, other.KeyFile, other.CaFile, other.Password, other.Versions)
        && CrlFiles.SequenceEqual(other.CrlFiles, StringComparer.Ordinal);

    /// <inheritdoc/>
    public override int GetHashCode() => HashCode.Combine(CertificateFile, KeyFile, CaFile);
}

/// <summary>The files of both roles.</summary>
/// <param name="Client">For dialling.</param>
/// <param name="Server">For being called.</param>
internal sealed record TlsFiles(TlsRoleFiles Client, TlsRoleFiles Server)
{
    internal IEnumerable<string> All => Client.All.Concat(Server.All).Distinct(StringComparer.Ordinal);
}
