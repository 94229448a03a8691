using System.CommandLine;
using Spectre.Console;

namespace Enmesh.Cli;

/// <summary><c>enmesh up</c>: a cluster on this machine, and who sees whom in it.</summary>
internal static class UpCommand
{
    private static readonly TimeSpan OnceTimeout = TimeSpan.FromSeconds(60);
    private static readonly TimeSpan Refresh = TimeSpan.FromMilliseconds(500);

    internal static Command Create()
    {
        var nodes = new Option<int>("--nodes") { Description = "How many nodes of ours.", HelpName = "N", DefaultValueFactory = _ => 3 };
        var beam = new Option<int>("--beam") { Description = "How many real Erlang nodes; needs erl on the PATH.", HelpName = "N" };
        var once = new Option<bool>("--once") { Description = "Print who sees whom when everybody sees everybody, and end: 0 when so, 1 with what is missing." };
        var json = new Option<bool>("--json") { Description = "Print JSON, for programs; implies --once." };
        foreach (var count in new[] { nodes, beam })
        {
            count.Validators.Add(result =>
            {
                if (result.GetValueOrDefault<int>() is < 0 or > 100)
                    result.AddError($"{count.Name} takes a number from 0 to 100.");
            });
        }
        var command = new Command(
            "up",
            "Start a cluster on this machine's loopback: each node a process of its own, an EPMD on a free port, a random cookie. "
            + "Shows who sees whom, and starts a node again that has died. Ctrl-C ends it all.") { nodes, beam, once, json };
        command.SetAction(async (parsed, cancellationToken) =>
        {
            var wanted = (Ours: parsed.GetValue(nodes), Beams: parsed.GetValue(beam));
            if (wanted.Ours + wanted.Beams == 0)
                throw new InvalidDataException("There is nothing to start: give --nodes or --beam a number above 0.");
            var cluster = await LocalCluster.StartAsync(wanted.Ours, wanted.Beams, cancellationToken).ConfigureAwait(false);
            await using (cluster.ConfigureAwait(false))
            {
                return parsed.GetValue(once) || parsed.GetValue(json)
                    ? await OnceAsync(cluster, parsed.GetValue(json), cancellationToken).ConfigureAwait(false)
                    : await LiveAsync(cluster, cancellationToken).ConfigureAwait(false);
            }
        });
        return command;
    }

    private static async Task<int> OnceAsync(LocalCluster cluster, bool json, CancellationToken cancellationToken)
    {
        using var deadline = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        deadline.CancelAfter(OnceTimeout);
        Mesh mesh;
        do
        {
            mesh = await cluster.LookAsync(cancellationToken).ConfigureAwait(false);
        }
        while (!mesh.IsComplete && await PauseAsync(deadline.Token).ConfigureAwait(false));
        cancellationToken.ThrowIfCancellationRequested();
        if (json)
        {
            Json.Print(mesh.ToResult());
        }
        else
        {
            CommandLine.Screen.Write(mesh.ToTable());
            Console.Out.WriteLine(mesh.Summary);
        }
        if (mesh.IsComplete)
            return ExitCode.Success;
        foreach (var missing in mesh.Missing)
            CommandLine.Complain(missing);
        foreach (var trouble in cluster.Troubles)
            CommandLine.Complain(trouble);
        return ExitCode.No;
    }

    private static async Task<int> LiveAsync(LocalCluster cluster, CancellationToken cancellationToken)
    {
        Console.Out.WriteLine(cluster.Introduction);
        if (Console.IsOutputRedirected)
            await FollowAsync(cluster, cancellationToken).ConfigureAwait(false);
        else
            await CommandLine.Screen.Live(new Text("")).StartAsync(context => RedrawAsync(context, cluster, cancellationToken)).ConfigureAwait(false);
        return ExitCode.Success;
    }

    private static async Task RedrawAsync(LiveDisplayContext context, LocalCluster cluster, CancellationToken cancellationToken)
    {
        do
        {
            try
            {
                var mesh = await cluster.LookAsync(cancellationToken).ConfigureAwait(false);
                context.UpdateTarget(new Rows([mesh.ToTable(), new Text(mesh.Summary), .. cluster.Notices.Select(notice => new Text(notice, new Style(Color.Grey)))]));
                context.Refresh();
            }
            catch (OperationCanceledException)
            {
                return;
            }
        }
        while (await PauseAsync(cancellationToken).ConfigureAwait(false));
    }

    // Without a terminal: a line for every change.
    private static async Task FollowAsync(LocalCluster cluster, CancellationToken cancellationToken)
    {
        var last = "";
        do
        {
            try
            {
                var mesh = await cluster.LookAsync(cancellationToken).ConfigureAwait(false);
                var now = string.Join(Environment.NewLine, [mesh.Summary, .. mesh.Missing]);
                if (now != last)
                    Console.Out.WriteLine(now);
                last = now;
            }
            catch (OperationCanceledException)
            {
                return;
            }
        }
        while (await PauseAsync(cancellationToken).ConfigureAwait(false));
    }

    private static async Task<bool> PauseAsync(CancellationToken cancellationToken)
    {
        try
        {
            await Task.Delay(Refresh, cancellationToken).ConfigureAwait(false);
            return true;
        }
        catch (OperationCanceledException)
        {
            return false;
        }
    }
}
