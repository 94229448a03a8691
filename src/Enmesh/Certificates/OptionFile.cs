using System.Globalization;
using System.Text;

namespace Enmesh.Certificates;

/// <summary>What an option file for <c>inet_tls_dist</c> says.</summary>
/// <param name="Release">The release of OTP it is for, 23 to 29.</param>
/// <param name="CertificateFile">The chain, as the Erlang node sees the file.</param>
/// <param name="KeyFile">The private key.</param>
/// <param name="AuthorityFile">The authorities that are trusted.</param>
internal sealed record OptionFileSettings(int Release, string CertificateFile, string KeyFile, string AuthorityFile)
{
    /// <summary>
    /// Whether only literals are written. Else a fun has the node find an address among both kinds of names: releases up
    /// to 25 look for it among the DNS names alone, later ones among the IP names alone.
    /// </summary>
    public bool Literal { get; init; }

    /// <summary>Whether TLS 1.2 is offered beside 1.3.</summary>
    public bool Tls12 { get; init; } = true;
}

/// <summary>
/// Writes the file for <c>erl -proto_dist inet_tls -ssl_dist_optfile FILE</c>: certificates on both sides, both
/// verified, in both roles.
/// </summary>
/// <remarks>
/// Tried with 23, 25, 27 and 29. Without options a server verifies nothing in any release, and a client nothing up to
/// 25; OTP 23 takes chains with one authority in between at most unless it is told a depth.
/// </remarks>
internal static class OptionFile
{
    /// <summary>The releases it is known to work with.</summary>
    public const int Oldest = 23;

    /// <inheritdoc cref="Oldest"/>
    public const int Newest = 29;

    private const int FirstWithIpNames = 26;
    private const int Depth = 10;

    // An address is a string as a host name is; the certificate has its bytes.
    private const string AddressAmongIpNames = """
        {customize_hostname_check, [{match_fun,
              fun({dns_id, Host}, {iPAddress, Bytes}) ->
                      case inet:parse_strict_address(Host) of
                          {ok, {_, _, _, _} = V4} ->
                              iolist_to_binary(Bytes) =:= << <<B:8>> || B <- tuple_to_list(V4) >>;
                          {ok, V6} ->
                              iolist_to_binary(Bytes) =:= << <<W:16>> || W <- tuple_to_list(V6) >>;
                          _ ->
                              default
                      end;
                 (_, _) ->
                      default
              end}]}
        """;

    private const string AddressAmongDnsNames = """
        {customize_hostname_check, [{match_fun,
              fun({ip, Address}, {dNSName, Name}) ->
                      case inet:parse_strict_address(Name) of
                          {ok, Address} -> true;
                          _ -> default
                      end;
                 (_, _) ->
                      default
              end}]}
        """;

    /// <summary>The file's text.</summary>
    /// <exception cref="CertificateException">The release is not known, or a path cannot be written.</exception>
    public static string Write(OptionFileSettings settings)
    {
        ArgumentNullException.ThrowIfNull(settings);
        if (settings.Release is < Oldest or > Newest)
            throw new CertificateException($"OTP {settings.Release} is not known; there are {Oldest} to {Newest}.");
        var text = new StringBuilder();
        var family = settings.Release < FirstWithIpNames ? $"{Oldest} to {FirstWithIpNames - 1}" : $"{FirstWithIpNames} and later";
        text.Append(CultureInfo.InvariantCulture, $"%% Distribution over TLS for OTP {family}:\n%%   erl -proto_dist inet_tls -ssl_dist_optfile THIS_FILE\n");
        text.Append("%% Certificates are shown and verified on both sides. New files are used within two minutes.\n");
        text.Append("[{server, [").Append(Files(settings));
        text.Append(",\n           {fail_if_no_peer_cert, true}]},\n {client, [").Append(Files(settings));
        if (!settings.Literal)
            text.Append(",\n           ").Append(settings.Release < FirstWithIpNames ? AddressAmongIpNames : AddressAmongDnsNames);
        return text.Append("]}].\n").ToString();
    }

    private static string Files(OptionFileSettings settings) => string.Join(
        ",\n           ",
        $"{{certfile, {Text(settings.CertificateFile)}}}",
        $"{{keyfile, {Text(settings.KeyFile)}}}",
        $"{{cacertfile, {Text(settings.AuthorityFile)}}}",
        "{verify, verify_peer}",
        FormattableString.Invariant($"{{depth, {Depth}}}"),
        settings.Tls12 ? "{versions, ['tlsv1.3', 'tlsv1.2']}" : "{versions, ['tlsv1.3']}");

    // A string as Erlang reads it, in ASCII whatever the encoding of the file is taken for.
    private static string Text(string path)
    {
        var text = new StringBuilder("\"");
        foreach (var rune in path.EnumerateRunes())
        {
            if (Rune.IsControl(rune) || rune == Rune.ReplacementChar)
                throw new CertificateException("A path for an option file has a character that cannot be written.");
            if (rune.Value is '"' or '\\')
                text.Append('\\').Append((char)rune.Value);
            else if (rune.IsAscii)
                text.Append((char)rune.Value);
            else
                text.Append(CultureInfo.InvariantCulture, $"\\x{{{rune.Value:x}}}");
        }
        return text.Append('"').ToString();
    }
}
