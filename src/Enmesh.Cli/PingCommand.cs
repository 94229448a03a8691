using System.CommandLine;

namespace Enmesh.Cli;

/// <summary><c>enmesh ping NODE</c>: is it there, and does it take our cookie?</summary>
internal static class PingCommand
{
    internal static Command Create()
    {
        var node = new Argument<string>("node") { Description = "The node: alive@host.", HelpName = "NODE" };
        var tool = new ToolNode();
        var command = new Command("ping", "Connect to a node and ask whether it is there, as net_adm:ping/1. Says at which step it fails and why.") { node };
        tool.AddTo(command);
        command.SetAction((parsed, cancellationToken) => RunAsync(parsed, NodeName.Parse(parsed.GetValue(node)!), tool, cancellationToken));
        return command;
    }

    private static async Task<int> RunAsync(ParseResult parsed, NodeName target, ToolNode tool, CancellationToken cancellationToken)
    {
        var timeout = TimeSpan.FromSeconds(parsed.GetValue(tool.Timeout));
        var started = TimeProvider.System.GetTimestamp();
        try
        {
            var own = await tool.ConnectAsync(parsed, target, cancellationToken).WaitAsync(timeout, cancellationToken).ConfigureAwait(false);
            await using (own.ConfigureAwait(false))
            {
                var connected = TimeProvider.System.GetElapsedTime(started);
                started = TimeProvider.System.GetTimestamp();
                await own.PingAsync(target, timeout, cancellationToken).ConfigureAwait(false);
                var answered = TimeProvider.System.GetElapsedTime(started);
                if (parsed.GetValue(tool.Json))
                    Json.Print(new PingResult(target.Text, "pong", Math.Round(connected.TotalMilliseconds, 1), Math.Round(answered.TotalMilliseconds, 1), null));
                else
                    Console.Out.WriteLine($"pong from {target}: connected in {connected.TotalMilliseconds:0.0} ms, answered in {answered.TotalMilliseconds:0.0} ms");
                return ExitCode.Success;
            }
        }
        catch (Exception e) when (parsed.GetValue(tool.Json) && e is EnmeshException or TimeoutException)
        {
            Json.Print(new PingResult(target.Text, "pang", null, null, e.Message));
            return ExitCode.No;
        }
        catch (TimeoutException)
        {
            CommandLine.Complain($"{target} did not answer within {timeout.TotalSeconds:0.#} s.");
            return ExitCode.No;
        }
    }
}
