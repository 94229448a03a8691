using System.CommandLine;
using System.Globalization;
using Enmesh.Certificates;

namespace Enmesh.Cli;

/// <summary><c>enmesh certs optfile</c>: what an Erlang node needs to speak TLS with its peers.</summary>
internal static class CertsOptfileCommand
{
    internal static Command Create()
    {
        var place = new Argument<string>("dir") { Description = "The directory with tls.crt, tls.key and ca.crt, as the Erlang node sees it.", HelpName = "DIR" };
        var release = new Option<int>("--release")
        {
            Description = $"The release of OTP, {OptionFile.Oldest} to {OptionFile.Newest}.",
            HelpName = "OTP",
            Required = true,
            CustomParser = result =>
            {
                if (int.TryParse(result.Tokens.Count == 1 ? result.Tokens[0].Value : "", CultureInfo.InvariantCulture, out var given) && given is >= OptionFile.Oldest and <= OptionFile.Newest)
                    return given;
                result.AddError($"--release takes a release of OTP, {OptionFile.Oldest} to {OptionFile.Newest}.");
                return OptionFile.Newest;
            },
        };
        var authorities = new Option<string?>("--ca") { Description = "The authorities that are trusted. Default: DIR/ca.crt.", HelpName = "FILE" };
        var only13 = new Option<bool>("--tls13") { Description = "Offer TLS 1.3 alone." };
        var literal = new Option<bool>("--literal") { Description = "Write no fun, so that other programs can read the file; certificates need both kinds of names then." };
        var command = new Verb(
            "optfile",
            "Write an option file for the TLS distribution of an Erlang node.",
            """
            For erl -proto_dist inet_tls -ssl_dist_optfile FILE. Both sides show a certificate and verify the other's. OTP up to 25 looks for an
            address among the DNS names of a certificate alone, later releases among the IP names alone; unless --literal is given, a fun in the
            file has each find it in either place, as Enmesh does.

            Examples:
              enmesh certs optfile /tls --release 25 > inet_tls.conf
              enmesh certs optfile /tls --release 27 --ca /trust/ca.crt --literal
            """) { place, release, authorities, only13, literal };
        command.SetAction(parsed =>
        {
            var directory = parsed.GetValue(place)!.TrimEnd('/');
            Console.Out.Write(OptionFile.Write(new OptionFileSettings(
                parsed.GetValue(release), $"{directory}/{CertificateDirectory.CertificateFile}", $"{directory}/{CertificateDirectory.KeyFile}",
                parsed.GetValue(authorities) ?? $"{directory}/{CertificateDirectory.AuthorityFile}")
            {
                Literal = parsed.GetValue(literal),
                Tls12 = !parsed.GetValue(only13),
            }));
            return ExitCode.Success;
        });
        return command;
    }
}
