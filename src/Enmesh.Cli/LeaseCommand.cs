using System.CommandLine;
using Enmesh.Kubernetes.Leases;

namespace Enmesh.Cli;

/// <summary><c>enmesh lease</c>: what is to be done once, and who waits for it.</summary>
internal static class LeaseCommand
{
    private static readonly TimeSpan Pause = TimeSpan.FromSeconds(2);

    internal static Command Create()
    {
        var command = new Command("lease", "Do something once in a cluster on Kubernetes, and wait for it.");
        command.Subcommands.Add(CreateRun());
        command.Subcommands.Add(CreateWait());
        return command;
    }

    private static Verb CreateRun()
    {
        var lease = Name();
        var mark = new Option<string?>("--done") { Description = "Leave this mark when the command has succeeded, and do nothing where it is already.", HelpName = "MARK" };
        var words = new Argument<string[]>("COMMAND") { Description = "The command and its arguments, behind --.", Arity = ArgumentArity.OneOrMore };
        var api = new ClusterApiOptions();
        var command = new Verb(
            "run",
            "Run a command while holding a Lease.",
            """
            Waits until nobody else holds the Lease, runs the command, and gives the Lease up. When the Lease is lost meanwhile, the command is told to
            end (SIGTERM), and killed 5 s later: no two run at once. The exit status is the command's own; 1 also when the Lease was lost. This is no node
            and joins nothing. Needs create, get and patch on leases of coordination.k8s.io.

            Examples:
              enmesh lease run orders-migrations --done 1.4.2 -- /app/migrate --verbose
            """) { lease, mark, words };
        api.AddTo(command);
        command.SetAction(async (parsed, cancellationToken) =>
        {
            var done = Checked(parsed.GetValue(mark));
            using var client = api.Connect(parsed);
            var marks = new LeaseMarks(client, parsed.GetValue(api.Namespace), parsed.GetValue(lease)!, TimeProvider.System);
            var elector = new LeaderElector(
                client, new() { Name = parsed.GetValue(lease)!, Namespace = parsed.GetValue(api.Namespace) }, null, new TerminalLogger());
            using var interruption = new Interruption(cancellationToken);
            var held = await elector.AcquireAsync(interruption.Token).ConfigureAwait(false);
            await using (held.ConfigureAwait(false))
            {
                // Looked at under the lease: whoever had it before may have done it.
                if (done is not null && await marks.HasAsync(done, interruption.Token).ConfigureAwait(false))
                {
                    CommandLine.Complain($"{done} is done already.");
                    return ExitCode.Success;
                }
                using var either = CancellationTokenSource.CreateLinkedTokenSource(held.Lost, interruption.Token);
                var status = await LeasedCommand.RunAsync(parsed.GetValue(words)!, either.Token).ConfigureAwait(false);
                if (either.IsCancellationRequested)
                {
                    CommandLine.Complain(held.Why is { } why ? $"The Lease was lost ({why}); the command was ended." : "The command was ended.");
                    return ExitCode.No;
                }
                if (status == ExitCode.Success && done is not null)
                    await marks.SetPatientlyAsync(done, Pause, why => CommandLine.Complain($"{done} is done, and not marked yet: {why}"), either.Token).ConfigureAwait(false);
                return status;
            }
        });
        return command;
    }

    private static Verb CreateWait()
    {
        var lease = Name();
        var mark = new Option<string>("--done") { Description = "The mark that is waited for.", HelpName = "MARK", Required = true };
        var timeout = NumberOptions.Seconds("--timeout", "How long to wait.", 600, 1, 86_400);
        var api = new ClusterApiOptions();
        var command = new Verb(
            "wait",
            "Wait until something has been done under a Lease.",
            """
            As an init container of what must not start before. Needs get on this one Lease, and nothing else.

            Examples:
              enmesh lease wait orders-migrations --done 1.4.2
            """) { lease, mark, timeout };
        api.AddTo(command);
        command.SetAction(async (parsed, cancellationToken) =>
        {
            var done = Checked(parsed.GetValue(mark))!;
            using var client = api.Connect(parsed);
            using var patience = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
            patience.CancelAfter(TimeSpan.FromSeconds(parsed.GetValue(timeout)));
            try
            {
                await new LeaseMarks(client, parsed.GetValue(api.Namespace), parsed.GetValue(lease)!, TimeProvider.System)
                    .WaitAsync(done, Pause, why => CommandLine.Complain($"waiting for {done}: {why}"), patience.Token).ConfigureAwait(false);
                return ExitCode.Success;
            }
            catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
            {
                CommandLine.Complain(FormattableString.Invariant($"{done} was not done within {parsed.GetValue(timeout):0} s."));
                return ExitCode.No;
            }
        });
        return command;
    }

    private static Argument<string> Name() => new("LEASE") { Description = "The name of the Lease." };

    private static string? Checked(string? mark) => mark is not null && LeaseMarks.Problem(mark) is { } problem ? throw new FormatException(problem) : mark;
}
