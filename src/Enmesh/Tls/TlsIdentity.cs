using Enmesh.Certificates;

namespace Enmesh.Tls;

/// <summary>Which certificates may call as whom.</summary>
/// <param name="allowedNames">Names that will do whatever the caller calls itself.</param>
/// <param name="toolNames">Names that will do for hidden nodes.</param>
internal sealed class TlsIdentity(IReadOnlyList<string> allowedNames, IReadOnlyList<string> toolNames)
{
    private readonly bool _takesAny = allowedNames.Contains(TlsOptions.AnyOfCa, StringComparer.OrdinalIgnoreCase);

    /// <summary>Why a caller may not have the host part that it claims; null when it may.</summary>
    /// <param name="names">Whom its certificate names.</param>
    /// <param name="shown">Its certificate, for the message.</param>
    /// <param name="host">The host part that it claims.</param>
    /// <param name="isHidden">Whether it connects as a hidden node that is not connected yet.</param>
    internal string? WhyNot(CertificateNames names, string shown, string host, bool isHidden)
    {
        if (_takesAny || names.Covers(host, HostRule.Enmesh) || Bears(names, allowedNames) || (isHidden && Bears(names, toolNames)))
            return null;
        return Mismatch("its", shown, host)
            + (Bears(names, toolNames) ? " It is one for tools, which connect as hidden nodes under a name of their own." : "")
            + $" Or list one of its names in Tls:{nameof(TlsOptions.AllowedNames)} here.";
    }

    /// <summary>The line on a certificate that is somebody else's.</summary>
    internal static string Mismatch(string whose, string shown, string host) => HostMatch.IsLiteral(host)
        ? $"{whose} certificate is not that of {host} ({shown}): it needs IP:{host} among its names, and DNS:{host} for peers of OTP 25 and older. Have one issued for that node, or check which node has that address."
        : $"{whose} certificate is not that of {host} ({shown}): it needs exactly DNS:{host} among its names, without a wildcard. Have one issued for that node, or name the node after its certificate.";

    private static bool Bears(CertificateNames names, IEnumerable<string> wanted) =>
        wanted.Any(name => names.Covers(name, HostRule.Enmesh) || names.Uris.Contains(name, StringComparer.Ordinal));
}
