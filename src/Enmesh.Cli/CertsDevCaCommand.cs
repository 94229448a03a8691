using System.CommandLine;
using Enmesh.Certificates;

namespace Enmesh.Cli;

/// <summary><c>enmesh certs dev-ca</c>: an authority and pairs for one's own machine.</summary>
internal static class CertsDevCaCommand
{
    internal static Command Create()
    {
        var directory = new Argument<string>("dir") { Description = "The directory of the authority; it is made when it is not there.", HelpName = "DIR" };
        var names = new Argument<string[]>("name") { Description = "The nodes or hosts that get a pair.", HelpName = "NAME", Arity = ArgumentArity.ZeroOrMore };
        var key = CertsCommand.KeyKind();
        var days = NumberOptions.Count("--days", "How long the pairs are valid.", 90, 3650);
        var json = new Option<bool>("--json") { Description = "Print JSON, for programs." };
        var command = new Verb(
            "dev-ca",
            "Make an authority and pairs for development, on this machine.",
            """
            FOR DEVELOPMENT ONLY: the authority's key lies in DIR/ca.key, and whoever reads it can be any node. Each NAME gets DIR/NAME/tls.crt,
            tls.key and ca.crt. Nothing is overwritten; an authority that is there makes the further pairs.

            Examples:
              enmesh certs dev-ca ./tls orders@127.0.0.1 shop@127.0.0.1
              enmesh certs dev-ca ./tls enmesh-tools --days 1
            """) { directory, names, key, days, json };
        command.SetAction(parsed => Run(
            parsed.GetValue(directory)!, parsed.GetValue(names) ?? [], parsed.GetValue(key), Math.Max(1, parsed.GetValue(days)), parsed.GetValue(json)));
        return command;
    }

    private static int Run(string directory, string[] names, CertificateKeyKind key, int days, bool asJson)
    {
        using var made = DevelopmentDirectory.Open(directory, key);
        CommandLine.Complain($"FOR DEVELOPMENT ONLY: whoever reads {Path.Combine(directory, DevelopmentDirectory.AuthorityKeyFile)} can be any node that trusts it.");
        var template = new IssueOptions { Key = key, NotAfter = TimeProvider.System.GetUtcNow().AddDays(days) };
        var pairs = names.Select(name => new PairResult(name, made.Add(name, template))).ToList();
        if (asJson)
            Json.Print(new DevelopmentResult(made.AuthorityFile, made.IsNew, pairs));
        else
        {
            Console.Out.WriteLine($"{(made.IsNew ? "new" : "kept")} authority {made.AuthorityFile}");
            foreach (var pair in pairs)
                Console.Out.WriteLine($"new pair {pair.Directory}");
        }
        return ExitCode.Success;
    }
}
