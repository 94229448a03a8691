using System.CommandLine;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Enmesh.Certificates;
using Enmesh.Cli.Consoles;
using Spectre.Console;

namespace Enmesh.Cli;

/// <summary><c>enmesh certs show</c>: what does a certificate say, and who would accept it?</summary>
internal static class CertsShowCommand
{
    internal static Command Create()
    {
        var place = new Argument<string?>("file") { Description = "A chain (PEM), or a directory with tls.crt, tls.key and ca.crt.", HelpName = "FILE", Arity = ArgumentArity.ZeroOrOne };
        var key = new Option<string?>("--key") { Description = "The private key that is to belong to it. Default: tls.key of the directory.", HelpName = "FILE" };
        var trust = new Option<string?>("--trust") { Description = "The authorities that peers trust. Default: ca.crt of the directory.", HelpName = "FILE" };
        var hosts = new Option<string[]>("--for") { Description = "A node or host that it is to be for; may be repeated.", HelpName = "NAME" };
        var node = new Option<string?>("--node") { Description = "Show what a running node presents.", HelpName = "NODE" };
        var port = NumberOptions.Port("--port", "The node's distribution port. Default: what EPMD on its host says, else 4370.");
        var live = new Option<string?>("--live") { Description = "Show what is presented at an address.", HelpName = "HOST:PORT" };
        var own = new Option<string?>("--as") { Description = "The directory of a pair to show to the peer in return.", HelpName = "DIR" };
        var timeout = NumberOptions.Seconds("--timeout", "How long to wait for an answer.", usual: 10, min: 0.1, max: 3600);
        var json = new Option<bool>("--json") { Description = "Print JSON, for programs." };
        var command = new Verb(
            "show",
            "Show a certificate: names, dates, usages, and which releases would accept it for which host.",
            """
            Of a file, of a running node, or of whatever answers at an address. The answer is yes when nothing is wrong with it: it is valid, meant
            for both ends, leads to an authority of --trust, belongs to its key, and names the host as OTP 23 to 29 and Enmesh want it.

            Examples:
              enmesh certs show /var/run/enmesh/tls --for orders@10.0.0.7
              enmesh certs show tls.crt --key tls.key --trust ca.crt --json
              enmesh certs show --node orders@10.0.0.7 --trust ca.crt
              enmesh certs show --live 10.0.0.7:4370
            """) { place, key, trust, hosts, node, port, live, own, timeout, json };
        command.SetAction(async (parsed, cancellationToken) =>
        {
            var (file, named, at) = (parsed.GetValue(place), parsed.GetValue(node), parsed.GetValue(live));
            if (new[] { file, named, at }.Count(given => given is not null) != 1)
                throw new FormatException("Say what to show: FILE, --node NODE or --live HOST:PORT, one of them.");
            var wanted = (parsed.GetValue(hosts) ?? []).Select(HostOf).ToList();
            var patience = TimeSpan.FromSeconds(parsed.GetValue(timeout));
            ShownCertificate shown;
            if (file is not null)
                shown = OfFile(file, parsed.GetValue(key), parsed.GetValue(trust), wanted);
            else
            {
                var (host, number) = named is null
                    ? HostAndPort(at!)
                    : await WhereIsAsync(NodeName.Parse(named), parsed.GetValue(port), cancellationToken).ConfigureAwait(false);
                // Whoever dials a node wants its certificate to name that host.
                if (named is not null)
                    wanted = [.. wanted.Append(host).Distinct(StringComparer.OrdinalIgnoreCase)];
                shown = await ShownCertificate.OfPeerAsync(
                    host, number, wanted, parsed.GetValue(trust), OwnPair(parsed.GetValue(own)), patience, cancellationToken).ConfigureAwait(false);
            }
            if (parsed.GetValue(json))
                Json.Print(shown.Result());
            else
                Print(shown);
            return shown.Report.Problems.Count == 0 ? ExitCode.Success : ExitCode.No;
        });
        return command;
    }

    private static ShownCertificate OfFile(string place, string? keyFile, string? trustFile, List<string> hosts)
    {
        var (chainFile, key, trust) = CertsCommand.FilesOf(place);
        (key, trust) = (keyFile ?? key, trustFile ?? trust);
        var chain = PemText.Certificates(File.ReadAllText(chainFile), chainFile);
        var report = CertificateReport.Make(
            chain, hosts, ShownCertificate.Trusted(trust), TimeProvider.System.GetUtcNow(), chainFile,
            key is null ? null : (File.ReadAllText(key), key));
        return new(chainFile, report, null);
    }

    private static X509Certificate2? OwnPair(string? place)
    {
        if (place is null)
            return null;
        var (chain, key, _) = CertsCommand.FilesOf(place);
        try
        {
            return X509Certificate2.CreateFromPemFile(chain, key);
        }
        catch (CryptographicException e)
        {
            throw new CertificateException($"The pair in {place} cannot be used: {e.Message}", e);
        }
    }

    // orders@10.0.0.7, 10.0.0.7
    private static string HostOf(string name) => name[(name.IndexOf('@', StringComparison.Ordinal) + 1)..] is { Length: > 0 } host
        ? host
        : throw new FormatException($"'{name}' is no node (orders@10.0.0.7), nor a host.");

    private static (string Host, int Port) HostAndPort(string text)
    {
        var colon = text.LastIndexOf(':');
        return colon > 0 && int.TryParse(text.AsSpan(colon + 1), System.Globalization.CultureInfo.InvariantCulture, out var port) && port is > 0 and <= 65535
            ? (text[..colon].Trim('[', ']'), port)
            : throw new FormatException($"'{text}' is no address: HOST:PORT, as in 10.0.0.7:4370 or [fd00::7]:4370.");
    }

    private static async Task<(string Host, int Port)> WhereIsAsync(NodeName node, int? port, CancellationToken cancellationToken) =>
        (node.Host, (await PortLookup.FindAsync(node, port, null, cancellationToken).ConfigureAwait(false)).Port);

    private static void Print(ShownCertificate shown)
    {
        var report = shown.Report;
        Console.Out.WriteLine(shown.Link is null ? shown.Source : $"{shown.Source} ({shown.Link})");
        for (var i = 0; i < report.Chain.Count; i++)
        {
            var one = report.Chain[i];
            var table = new Table { Border = TableBorder.None, ShowHeaders = false };
            table.AddColumns("", "");
            void Row(string name, string value) => table.AddRow(Markup.Escape(name), Markup.Escape(TerminalText.OneLine(value))); // of a peer: whatever it has put there
            Row($"certificate {i + 1}", one.Subject.Length > 0 ? one.Subject : "(no subject)");
            Row("  names", one.Names);
            Row("  issuer", one.Issuer);
            Row("  valid", $"{CertificateCheck.Text(one.NotBefore)} to {CertificateCheck.Text(one.NotAfter)}, {ShownCertificate.Left(one.NotAfter)}");
            Row("  usages", $"{(one.KeyUsages.Count > 0 ? string.Join(", ", one.KeyUsages) : "any key usage")}; {(one.Usages is { } usages ? string.Join(", ", usages) : "any purpose")}");
            Row("  key", $"{one.Key}, signed with {one.Signature}, serial {one.Serial}");
            CommandLine.Screen.Write(table);
        }
        if (report.KeyMatches is { } matches)
            Console.Out.WriteLine(matches ? "The private key belongs to it." : "The private key does not belong to it.");
        foreach (var (host, verdicts) in report.Hosts)
            Console.Out.WriteLine($"for {host}: {string.Join(", ", verdicts.Select(verdict => $"{verdict.Who} {(verdict.Accepted ? "yes" : "no")}"))}");
        foreach (var warning in report.Warnings)
            CommandLine.Complain($"note: {warning}");
        foreach (var problem in report.Problems)
            CommandLine.Complain(problem);
    }
}
