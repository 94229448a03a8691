using System.CommandLine;
using System.Text;
using Enmesh.Cli.Consoles;
using Enmesh.Hosting;
using Enmesh.Hosting.Ssh;
using Enmesh.Terms;
using Enmesh.Terms.Text;

namespace Enmesh.Cli.Ssh;

/// <summary><c>enmesh ssh</c></summary>
internal static class SshCommand
{
    internal static Command Create()
    {
        var command = new Verb(
            "ssh",
            "What has to do with consoles over SSH.",
            """
            A node serves its console over SSH when it has keys to let in: enmesh node --ssh-keys FILE. See docs/ssh.md.

            Examples:
              enmesh ssh known-hosts orders@10.0.0.7 >>~/.ssh/known_hosts
              ssh -p 10022 enmesh@10.0.0.7
              ssh -p 10022 enmesh@10.0.0.7 'nodes().'
            """);
        command.Subcommands.Add(CreateKnownHosts());
        command.Subcommands.Add(SshSession.Create());
        return command;
    }

    private static Verb CreateKnownHosts()
    {
        var node = new Argument<string?>("node")
        {
            Description = "A node of the cluster: alive@host. Without one, the only node of this machine whose console you may open.",
            HelpName = "NODE",
            Arity = ArgumentArity.ZeroOrOne,
        };
        var targets = new ConsoleTargets();
        var command = new Verb(
            "known-hosts",
            "Print the host keys of all nodes of a cluster, for ~/.ssh/known_hosts.",
            """
            The nodes tell each other over Erlang's distribution, which has made sure who is who. ssh-keyscan takes whatever key the
            network shows. Yes: every node that serves SSH has told its key.

            Examples:
              enmesh ssh known-hosts orders@10.0.0.7 >>~/.ssh/known_hosts
              kubectl exec orders-7c9f4 -- enmesh ssh known-hosts >>~/.ssh/known_hosts
            """) { node };
        targets.AddTo(command);
        command.SetAction(async (parsed, cancellationToken) =>
        {
            var answer = await AskAsync(parsed, targets, parsed.GetValue(node) ?? parsed.GetValue(targets.Node), cancellationToken).ConfigureAwait(false);
            return Print(SshKnownHost.Read(answer), parsed.GetValue(targets.Tool.Json));
        });
        return command;
    }

    private static async Task<Term> AskAsync(ParseResult parsed, ConsoleTargets targets, string? node, CancellationToken cancellationToken)
    {
        var said = new StringBuilder();
        var target = await targets.OpenAsync(parsed, node, text => said.Append(text), static () => 80, cancellationToken).ConfigureAwait(false);
        await using (target.ConfigureAwait(false))
        {
            // Written, and not the value: the shell shortens what is long.
            var call = $"io:format(\"~0p~n\", [{ErlangSshExtensions.Module}:{SshKeyExchange.AllFunction}()]).";
            var answer = await target.EvaluateAsync(call, cancellationToken).ConfigureAwait(false);
            if (answer.Failed)
                throw new PeerUnreachableException(target.Node, 0, UnreachableReason.Refused, $"{target.Node} knows no host keys; does it serve SSH? {answer.Text}");
            return ErlangText.Parse(said.ToString().Trim());
        }
    }

    private static int Print(IReadOnlyList<SshKnownHost> hosts, bool asJson)
    {
        var known = hosts.Where(host => host.Key is not null).ToList();
        if (asJson)
        {
            Json.Print(new KnownHostsResult([.. hosts.Select(
                host => new KnownHostResult(host.Node, host.Host, host.Port, host.Key?.Text, host.Key?.Fingerprint, host.Problem))]));
        }
        else
        {
            known.ForEach(host => Console.Out.WriteLine(host.Line));
            foreach (var host in hosts.Where(host => host.Key is null))
                CommandLine.Complain($"{host.Node}: {host.Problem}");
        }
        return known.Count > 0 && known.Count == hosts.Count ? ExitCode.Success : ExitCode.No;
    }
}
