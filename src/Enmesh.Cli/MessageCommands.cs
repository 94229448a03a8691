using System.CommandLine;

namespace Enmesh.Cli;

/// <summary><c>enmesh send NODE TO TERM</c> and <c>enmesh call NODE TO TERM</c></summary>
internal static class MessageCommands
{
    internal static Command CreateSend()
    {
        var (to, term) = (To(), Message());
        return new AskVerb().Create(
            "send",
            "Send a message to a process of a node.",
            """
            As {Name, Node} ! Message. Whether anybody has the name nobody says; that the node has received it, is waited for.

            Examples:
              enmesh send orders@10.0.0.7 counter reset
              enmesh send orders@10.0.0.7 '#Pid<orders@10.0.0.7 97.0/6b003654>' '{ok, 1}'
            """,
            [to, term],
            async node =>
            {
                await node.Own.SendAsync(
                    node.AddressOf(node.Parsed.GetValue(to)!), AskedNode.ParseTerm(node.Parsed.GetValue(term)!), node.CancellationToken).ConfigureAwait(false);
                // Signals over a link keep their order: who answers this has received that.
                await node.Own.PingAsync(node.Target, node.Timeout, node.CancellationToken).ConfigureAwait(false);
                if (node.AsJson)
                    Json.Print(new SendResult(node.Target.Text, node.Parsed.GetValue(to)!, true));
                return ExitCode.Success;
            });
    }

    internal static Command CreateCall()
    {
        var (to, term) = (To(), Message());
        return new AskVerb().Create(
            "call",
            "Call a gen_server of a node and print its reply.",
            """
            As gen_server:call/3.

            Example:
              enmesh call orders@10.0.0.7 counter next
            """,
            [to, term],
            node => node.PrintAsync(() => node.Own.CallAsync(
                node.AddressOf(node.Parsed.GetValue(to)!), AskedNode.ParseTerm(node.Parsed.GetValue(term)!), node.Timeout, node.CancellationToken)));
    }

    private static Argument<string> To() => new("to") { Description = "Who: a registered name, or a pid in full.", HelpName = "NAME" };

    private static Argument<string> Message() => new("term") { Description = "What: an Erlang term.", HelpName = "TERM" };
}
