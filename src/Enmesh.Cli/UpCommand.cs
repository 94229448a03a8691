using System.CommandLine;
using Spectre.Console;

namespace Enmesh.Cli;

/// <summary><c>enmesh up</c>: a cluster on this machine, and who sees whom in it.</summary>
internal static class UpCommand
{
    private const int MaxNodes = 100;
    private const int ShownNotices = 5;
    private static readonly TimeSpan OnceTimeout = TimeSpan.FromSeconds(60);
    private static readonly TimeSpan Refresh = TimeSpan.FromMilliseconds(500);

    internal static Command Create()
    {
        var nodes = NumberOptions.Count("--nodes", "How many nodes of ours.", usual: 3, max: MaxNodes);
        var beam = NumberOptions.Count(
            "--beam", "How many real Erlang nodes; needs erl on the PATH.", usual: 0, max: MaxNodes);
        var tls = new Option<bool>("--tls") { Description = "Over TLS, with certificates of an authority that ends with the cluster." };
        var once = new Option<bool>("--once") { Description = "Print who sees whom as soon as everybody sees everybody, and end." };
        var json = new Option<bool>("--json") { Description = "Print JSON, for programs; implies --once." };
        var command = new Verb(
            "up",
            "Start a cluster on this machine and show who sees whom.",
            """
            Each node is a process of its own on loopback; an EPMD on a free port and a random cookie are theirs alone. A node that dies is
            started again. Ctrl-C ends them all. With --once it waits at most a minute; what is missing then is on stderr.

            Examples:
              enmesh up                            three nodes of ours
              enmesh up --nodes 2 --beam 2         and two of Erlang's among them
              enmesh up --tls --beam 1             over TLS, Erlang's as well
              enmesh up --once --json              for a script: is the mesh complete?
            """)
        {
            nodes, beam, tls, once, json,
        };
        command.SetAction(async (parsed, cancellationToken) =>
        {
            var wanted = (Ours: parsed.GetValue(nodes), Beams: parsed.GetValue(beam));
            if (wanted.Ours + wanted.Beams == 0)
                throw new InvalidDataException("There is nothing to start: give --nodes or --beam a number above 0.");
            var cluster = await LocalCluster.StartAsync(
                wanted.Ours, wanted.Beams, parsed.GetValue(tls), cancellationToken).ConfigureAwait(false);
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
        while (!mesh.IsComplete && cluster.Troubles.Count == 0
            && await PauseAsync(deadline.Token).ConfigureAwait(false));
        cancellationToken.ThrowIfCancellationRequested();
        if (json)
            Json.Print(mesh.ToResult());
        else
            CommandLine.Screen.Write(new Rows(
                mesh.ToTable(processes: false),
                new Text(mesh.IsComplete ? mesh.Summary : $"{mesh.Summary} {Mesh.Legend}")));
        if (mesh.IsComplete)
            return ExitCode.Success;
        foreach (var missing in mesh.Missing.Concat(cluster.Troubles))
            CommandLine.Complain(missing);
        return ExitCode.No;
    }

    private static async Task<int> LiveAsync(LocalCluster cluster, CancellationToken cancellationToken)
    {
        Console.Out.WriteLine(cluster.Introduction);
        if (Console.IsOutputRedirected)
        {
            await LookAgainAndAgainAsync(
                cluster, new ChangeLines(cluster).Print, cancellationToken).ConfigureAwait(false);
            return ExitCode.Success;
        }
        await CommandLine.Screen.Live(new Text("The nodes start...")).StartAsync(context => LookAgainAndAgainAsync(
            cluster,
            mesh =>
            {
                var grey = new Style(Color.Grey);
                context.UpdateTarget(new Rows(
                [
                    mesh.ToTable(processes: true),
                    new Text(mesh.Summary),
                    .. mesh.IsComplete ? [] : (Text[])[new Text(Mesh.Legend, grey)],
                    .. cluster.Notices.TakeLast(ShownNotices).Select(notice => new Text(notice, grey)),
                ]));
                context.Refresh();
            },
            cancellationToken)).ConfigureAwait(false);
        return ExitCode.Success;
    }

    private static async Task LookAgainAndAgainAsync(
        LocalCluster cluster, Action<Mesh> show, CancellationToken cancellationToken)
    {
        try
        {
            do
            {
                cluster.Revive();
                show(await cluster.LookAsync(cancellationToken).ConfigureAwait(false));
            }
            while (await PauseAsync(cancellationToken).ConfigureAwait(false));
        }
        catch (OperationCanceledException)
        {
            // Ctrl-C while the nodes were asked.
        }
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

    /// <summary>What is shown without a terminal: a line for every change.</summary>
    private sealed class ChangeLines(LocalCluster cluster)
    {
        private readonly Dictionary<string, int> _processes = [];
        private readonly HashSet<string> _noticed = [];
        private string _last = "";

        internal void Print(Mesh mesh)
        {
            foreach (var notice in cluster.Notices.Where(_noticed.Add))
                Console.Out.WriteLine(notice);
            foreach (var node in mesh.Nodes)
            {
                if (node.Process is { } process && _processes.GetValueOrDefault(node.Name) != process)
                    Console.Out.WriteLine($"{node.Name} is process {_processes[node.Name] = process}.");
            }
            var now = string.Join(Environment.NewLine, [mesh.Summary, .. mesh.Missing]);
            if (now != _last)
                Console.Out.WriteLine(now);
            _last = now;
        }
    }
}
