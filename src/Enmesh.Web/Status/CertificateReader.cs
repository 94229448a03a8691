using System.Globalization;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using Enmesh.Certificates;
using Enmesh.Tls;

namespace Enmesh.Web.Status;

/// <summary>A node's certificates, as facts and as text. Keys are never looked at.</summary>
internal static class CertificateReader
{
    internal static IReadOnlyList<CertificateStatus> Read(TlsState? state, DateTimeOffset now)
    {
        if (state is null)
            return [];
        return [.. All(state).Select(one => Facts(one.Certificate, one.Kind, one.Role, now))];
    }

    /// <summary>The chains and the authorities in PEM, each with what it is in front of it.</summary>
    internal static string ToPem(string node, TlsState? state, DateTimeOffset now)
    {
        if (state is null)
            return $"# {node} does not use TLS, and has no certificates.\n";
        var text = new StringBuilder().Append(CultureInfo.InvariantCulture, $"# Certificates of {node}, in use since {CertificateCheck.Text(state.Since)}. Keys are never shown.\n");
        foreach (var (certificate, kind, role) in All(state))
        {
            var facts = Facts(certificate, kind, role, now);
            text.Append(CultureInfo.InvariantCulture, $"\n# {Kinds(facts)}\n# Subject: {facts.Subject}\n# Issuer:  {facts.Issuer}\n# Names:   {facts.Names}\n")
                .Append(CultureInfo.InvariantCulture, $"# Serial:  {facts.SerialNumber}\n# Valid:   {CertificateCheck.Text(facts.NotBefore)} to {CertificateCheck.Text(facts.NotAfter)}\n")
                .Append(CultureInfo.InvariantCulture, $"# Key:     {facts.Key}\n# SHA-256: {facts.Sha256}\n{certificate.ExportCertificatePem()}\n");
        }
        return text.ToString();
    }

    /// <summary>What a certificate is for, in words.</summary>
    internal static string Kinds(CertificateStatus facts)
    {
        var where = facts.Role switch
        {
            "server" => " for being called",
            "client" => " for dialling",
            _ => "",
        };
        return facts.Kind switch
        {
            "node" => $"The node's own certificate{where}",
            "intermediate" => $"Leads to the authority{where}",
            _ => $"A trusted authority{where}",
        };
    }

    private static IEnumerable<(X509Certificate2 Certificate, string Kind, string Role)> All(TlsState state)
    {
        var isOne = ReferenceEquals(state.Server, state.Client);
        IEnumerable<(TlsMaterial Material, string Role)> roles = isOne ? [(state.Server, "both")] : [(state.Server, "server"), (state.Client, "client")];
        foreach (var (material, role) in roles)
        {
            yield return (material.Certificate, "node", role);
            foreach (var between in material.Chain.IntermediateCertificates)
                yield return (between, "intermediate", role);
            foreach (var authority in material.Authorities)
                yield return (authority, "authority", role);
        }
    }

    private static CertificateStatus Facts(X509Certificate2 certificate, string kind, string role, DateTimeOffset now)
    {
        var facts = CertificateFacts.Of(certificate);
        return new()
        {
            Kind = kind,
            Role = role,
            Subject = facts.Subject,
            Issuer = facts.Issuer,
            SerialNumber = facts.Serial,
            Names = facts.Names,
            Key = facts.Key,
            NotBefore = facts.NotBefore,
            NotAfter = facts.NotAfter,
            SecondsLeft = Math.Round((facts.NotAfter - now).TotalSeconds),
            Sha256 = certificate.GetCertHashString(System.Security.Cryptography.HashAlgorithmName.SHA256),
        };
    }
}
