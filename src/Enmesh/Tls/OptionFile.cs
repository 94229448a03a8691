using System.Security.Authentication;
using Enmesh.Terms;
using Enmesh.Terms.Text;

namespace Enmesh.Tls;

// ssl application, "Using TLS for Erlang Distribution", "Specifying TLS Options": one term,
//   [{server, [Option, ...]}, {client, [Option, ...]}].
// OTP evaluates it as an expression; this reads terms alone.

/// <summary>Reads a file as <c>-ssl_dist_optfile</c> names it: the options that mean files and versions. All others are named and refused.</summary>
internal static class OptionFile
{
    // OTP's own.
    private const int LeastDepth = 10;

    /// <summary>What makes no difference here: said in many files, and either so anyway, or about sessions, which are never resumed.</summary>
    private static readonly string[] Harmless =
        ["secure_renegotiate", "client_renegotiation", "reuse_sessions", "reuse_session", "honor_cipher_order", "honor_ecc_order", "log_level", "log_alert", "hibernate_after"];

    /// <summary>Reads a file.</summary>
    /// <param name="path">The file.</param>
    /// <param name="crlFiles">Lists of revoked certificates, which the file does not name.</param>
    /// <exception cref="TlsSettingsException">It is none, or says what is not done here; the message has every problem.</exception>
    internal static TlsFiles Read(string path, IReadOnlyList<string> crlFiles)
    {
        var problems = new List<string>();
        var roles = new Dictionary<string, TlsRoleFiles>(StringComparer.Ordinal);
        foreach (var section in Sections(path))
        {
            if (section.TupleElements is [{ AtomText: "server" or "client" }, { AsList: { } options }])
                roles[section.TupleElements[0].AtomText!] = ReadRole(section.TupleElements[0].AtomText!, options, crlFiles, problems);
            else
                problems.Add($"{Shown(section)} is neither {{server, [...]}} nor {{client, [...]}}");
        }
        foreach (var role in new[] { "server", "client" })
        {
            if (!roles.ContainsKey(role))
                problems.Add($"the section {role} is missing");
        }
        return problems.Count == 0
            ? new TlsFiles(roles["client"], roles["server"])
            : throw new TlsSettingsException($"{path} cannot be used: {string.Join("; ", problems)}.");
    }

    private static IReadOnlyList<Term> Sections(string path)
    {
        string text;
        try
        {
            text = File.ReadAllText(path);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new TlsSettingsException($"{path} cannot be read: {e.Message}", e);
        }
        try
        {
            if (ErlangText.Consult(text) is [{ AsList: { } sections }])
                return [.. sections];
        }
        catch (TermSyntaxException e)
        {
            throw new TlsSettingsException(
                $"{path} is not a term that can be read here: {e.Message} Erlang evaluates this file; calls and funs in it mean nothing here. Leave them away, or set CertificateFile, KeyFile and CaFile.", e);
        }
        throw new TlsSettingsException($"{path} is not one list of sections: [{{server, [...]}}, {{client, [...]}}].");
    }

    private static TlsRoleFiles ReadRole(string role, ListTerm options, IReadOnlyList<string> crlFiles, List<string> problems)
    {
        var found = new Dictionary<string, string>(StringComparer.Ordinal);
        var versions = SslProtocols.None;
        foreach (var option in options)
        {
            if (option.TupleElements is not [{ AtomText: { } key }, var value])
            {
                problems.Add($"{role}: {Shown(option)} is no option");
                continue;
            }
            switch (key)
            {
                case "certfile" or "keyfile" or "cacertfile" or "password":
                    if (CharData.TryGetText(value, CharEncoding.Utf8, out var text) && text.Length > 0)
                        found[key] = text;
                    else
                        problems.Add($"{role}: {key} wants a text");
                    break;
                case "versions":
                    versions = ReadVersions(role, value, problems);
                    break;
                case "verify" when value.IsAtom("verify_peer"):
                case "fail_if_no_peer_cert" when value.IsAtom(Atoms.True):
                    break;
                case "depth" when value.Integer >= LeastDepth: // chains have no such limit here, so only a small one would mean anything
                    break;
                case "verify" or "fail_if_no_peer_cert":
                    problems.Add($"{role}: {{{key}, {Shown(value)}}}: here both ends always show a certificate that is checked; any of the authorities' will do with Tls:AllowedNames any-of-ca");
                    break;
                default:
                    if (!Harmless.Contains(key, StringComparer.Ordinal))
                        problems.Add($"{role}: the option {key} is not known here; remove it, or set CertificateFile, KeyFile and CaFile instead of this file");
                    break;
            }
        }
        foreach (var key in new[] { "certfile", "cacertfile" })
        {
            if (!found.ContainsKey(key))
                problems.Add($"{role}: {key} is missing{(key == "certfile" ? ", and both ends show a certificate" : "")}");
        }
        string At(string key) => Path.GetFullPath(found.GetValueOrDefault(key, found.GetValueOrDefault("certfile", ".")));

        return new TlsRoleFiles(At("certfile"), At("keyfile"), At("cacertfile"), crlFiles)
        {
            Password = found.GetValueOrDefault("password"),
            Versions = versions == SslProtocols.None ? SslProtocols.Tls12 | SslProtocols.Tls13 : versions,
        };
    }

    private static SslProtocols ReadVersions(string role, Term value, List<string> problems)
    {
        var versions = SslProtocols.None;
        foreach (var version in value.AsList ?? default)
        {
            switch (version.AtomText)
            {
                case "tlsv1.2":
                    versions |= SslProtocols.Tls12;
                    break;
                case "tlsv1.3":
                    versions |= SslProtocols.Tls13;
                    break;
                default:
                    problems.Add($"{role}: the version {Shown(version)} is not spoken; 'tlsv1.2' and 'tlsv1.3' are");
                    break;
            }
        }
        if (versions == SslProtocols.None)
            problems.Add($"{role}: versions has none in it");
        return versions;
    }

    // A password stands in such a file: of what is not understood only the shape is shown, and not much of it.
    private static string Shown(Term term)
    {
        var text = term.TupleElements is [{ AtomText: { } key }, ..] ? $"{{{key}, ...}}" : term.AtomText ?? "something else";
        return text.Length > 60 ? text[..60] : text;
    }
}
