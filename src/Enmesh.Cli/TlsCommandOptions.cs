using System.CommandLine;
using Enmesh.Certificates;

namespace Enmesh.Cli;

/// <summary>The options for TLS of every verb that is a node, for a time or for long.</summary>
internal sealed class TlsCommandOptions
{
    private const string Variables = "Enmesh__Tls__";

    private readonly Option<string?> _certificate = new("--tls-cert") { Description = "Speak TLS, with the certificate in this file (PEM), and behind it what leads to its authority.", HelpName = "FILE" };
    private readonly Option<string?> _key = new("--tls-key") { Description = "The file with its private key. Default: it stands in the file of the certificate.", HelpName = "FILE" };
    private readonly Option<string?> _ca = new("--tls-ca") { Description = "The file with the authorities that are trusted.", HelpName = "FILE" };
    private readonly Option<string?> _optionFile = new("--tls-optfile") { Description = "A file as erl -ssl_dist_optfile reads it, instead of these.", HelpName = "FILE" };
    private readonly Option<bool> _off = new("--no-tls") { Description = "Speak plain TCP, also beyond loopback." };

    internal void AddTo(Command command)
    {
        foreach (var option in new Option[] { _certificate, _key, _ca, _optionFile, _off })
            command.Options.Add(option);
    }

    /// <summary>The settings, each below the section of the node; what is not said is left to the environment.</summary>
    internal IEnumerable<KeyValuePair<string, string?>> Settings(ParseResult parsed)
    {
        if (parsed.GetValue(_off))
            return [KeyValuePair.Create("Tls:Mode", (string?)nameof(TlsMode.Off))];
        return new (string Key, Option<string?> Option)[]
        {
            (nameof(TlsOptions.CertificateFile), _certificate), (nameof(TlsOptions.KeyFile), _key),
            (nameof(TlsOptions.CaFile), _ca), (nameof(TlsOptions.OptionFile), _optionFile),
        }
        .Where(pair => parsed.GetValue(pair.Option) is not null)
        .Select(pair => KeyValuePair.Create($"Tls:{pair.Key}", parsed.GetValue(pair.Option)));
    }

    /// <summary>The same for a node that is made here, with what the environment says to <c>enmesh node</c>.</summary>
    internal TlsOptions Read(ParseResult parsed)
    {
        string? Of(Option<string?> option, string key) => parsed.GetValue(option) ?? Environment.GetEnvironmentVariable(Variables + key);

        var tls = new TlsOptions
        {
            CertificateFile = Of(_certificate, nameof(TlsOptions.CertificateFile)),
            KeyFile = Of(_key, nameof(TlsOptions.KeyFile)),
            CaFile = Of(_ca, nameof(TlsOptions.CaFile)),
            OptionFile = Of(_optionFile, nameof(TlsOptions.OptionFile)),
            Mode = parsed.GetValue(_off) ? TlsMode.Off : TlsMode.Auto,
        };
        if (tls.Validate() is { Count: > 0 } problems)
            throw new InvalidDataException(string.Join(Environment.NewLine, problems));
        return tls;
    }

    /// <summary>
    /// A host part for a node that nobody dials: one that its certificate names, so that it may call itself so; null
    /// when that names none of the kind.
    /// </summary>
    internal static string? HostOf(TlsOptions tls, bool isLong)
    {
        if (tls.Mode == TlsMode.Off || tls.CertificateFile is not { } file)
            return null;
        try
        {
            var certificates = PemText.Certificates(File.ReadAllText(file), file);
            var names = CertificateNames.Of(certificates[0]);
            return names.Addresses.Select(address => address.ToString()).Concat(names.Dns)
                .FirstOrDefault(host => NodeName.TryParse($"enmesh@{host}", out var name) && name.IsLong == isLong);
        }
        catch (Exception e) when (e is CertificateException or IOException or UnauthorizedAccessException)
        {
            return null; // the node says what is wrong when it starts
        }
    }
}
