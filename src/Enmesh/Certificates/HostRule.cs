using System.Net;

namespace Enmesh.Certificates;

/// <summary>How a release of OTP, or Enmesh, looks for the host part of a node's name in a certificate.</summary>
/// <remarks>
/// Tried with real nodes: for an address OTP up to 25 wants it as a DNS name, later ones as an IP name; a host name has to
/// be there exactly, wildcards do not count. Without the extension with the names, OTP takes a host name from the common
/// name. Enmesh takes an address from either, and never looks at the common name.
/// </remarks>
internal enum HostRule
{
    /// <summary>OTP 23 to 25: every host part is a DNS name.</summary>
    Otp25,

    /// <summary>OTP 26 and later: an address is an IP name.</summary>
    Otp27,

    /// <summary>Enmesh: an address is either.</summary>
    Enmesh,
}

/// <summary>Whether a certificate names a host.</summary>
internal static class HostMatch
{
    /// <summary>Whether the one who goes by a rule finds a host among a certificate's names.</summary>
    /// <param name="names">The names.</param>
    /// <param name="host">The host part of a node's name: a host name or an address without brackets.</param>
    /// <param name="rule">Who looks.</param>
    public static bool Covers(this CertificateNames names, string host, HostRule rule)
    {
        var address = IPAddress.TryParse(host, out var parsed) && IsLiteral(host) ? parsed : null;
        var byDns = names.Dns.Any(name => Same(name, host));
        if (address is null)
            return byDns || (rule != HostRule.Enmesh && !names.HasAlternativeNames && names.CommonName is { } common && Same(common, host));
        if (rule != HostRule.Enmesh && names.IsBeyondOtp())
            return false;
        var byAddress = names.Addresses.Contains(address);
        return rule switch
        {
            HostRule.Otp25 => byDns,
            HostRule.Otp27 => byAddress,
            _ => byDns || byAddress,
        };
    }

    /// <summary>Whether OTP refuses the certificate for its names alone, whichever they are.</summary>
    public static bool IsBeyondOtp(this CertificateNames names) =>
        names is { IsCritical: true, Addresses.Count: > 0, Dns.Count: 0, Uris.Count: 0 };

    /// <summary>Whether a host part is an address. The BCL takes <c>10.1</c> and <c>7</c> for addresses as well.</summary>
    public static bool IsLiteral(string host) =>
        host.Contains(':', StringComparison.Ordinal)
            ? IPAddress.TryParse(host, out _) && !host.Contains('[', StringComparison.Ordinal)
            : host.Count(c => c == '.') == 3 && host.All(c => char.IsAsciiDigit(c) || c == '.') && IPAddress.TryParse(host, out _);

    private static bool Same(string name, string host) =>
        !name.Contains('*', StringComparison.Ordinal) && string.Equals(name, host, StringComparison.OrdinalIgnoreCase);
}
