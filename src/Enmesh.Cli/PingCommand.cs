using System.CommandLine;

namespace Enmesh.Cli;

/// <summary><c>enmesh ping NODE</c>: is it there, and does it take our cookie?</summary>
internal static class PingCommand
{
    internal static Command Create()
    {
        var node = new Argument<string>("node") { Description = "The node: alive@host.", HelpName = "NODE" };
        var tool = new ToolNode();
        var command = new Verb(
            "ping",
            "Connect to a node and ask whether it is there.",
            """
            As net_adm:ping/1. Where that fails it says at which step and why: no EPMD, nobody listens, another name, another cookie.

            Examples:
              enmesh ping orders@10.0.0.7                   its port comes from EPMD on 10.0.0.7, else it is 4370
              enmesh ping orders@10.0.0.7 --port 4371       nobody is asked for the port
            """) { node };
        tool.AddTo(command);
        command.SetAction((parsed, cancellationToken) => RunAsync(
            parsed, NodeName.Parse(parsed.GetValue(node)!), tool, cancellationToken));
        return command;
    }

    private static async Task<int> RunAsync(
        ParseResult parsed, NodeName target, ToolNode tool, CancellationToken cancellationToken)
    {
        var time = TimeProvider.System;
        var timeout = tool.TimeoutOf(parsed);
        var started = time.GetTimestamp();
        try
        {
            var own = await tool.ConnectAsync(parsed, target, cancellationToken).ConfigureAwait(false);
            await using (own.ConfigureAwait(false))
            {
                var connected = time.GetElapsedTime(started);
                started = time.GetTimestamp();
                await own.PingAsync(target, timeout, cancellationToken).ConfigureAwait(false);
                var answered = time.GetElapsedTime(started);
                if (parsed.GetValue(tool.Json))
                    Json.Print(new PingResult(
                        target.Text, "pong", Math.Round(connected.TotalMilliseconds, 1),
                        Math.Round(answered.TotalMilliseconds, 1), null));
                else
                    Console.Out.WriteLine($"pong from {target}: connected in {connected.TotalMilliseconds:0.0} ms, answered in {answered.TotalMilliseconds:0.0} ms");
                return ExitCode.Success;
            }
        }
        catch (Exception e) when (parsed.GetValue(tool.Json) && e is (EnmeshException and not CookieException) or TimeoutException)
        {
            Json.Print(new PingResult(target.Text, "pang", null, null, e.Message));
            return ExitCode.No;
        }
    }
}
