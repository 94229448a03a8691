using System.CommandLine;
using System.Text;
using Enmesh.Shell;

namespace Enmesh.Cli.Consoles;

/// <summary><c>enmesh eval EXPRESSION</c></summary>
internal static class EvalCommand
{
    internal static Command Create()
    {
        var expression = new Argument<string?>("expression")
        {
            Description = "Erlang expressions; the last dot may be left out. Without them, stdin is read.",
            HelpName = "EXPRESSION",
            Arity = ArgumentArity.ZeroOrOne,
        };
        var targets = new ConsoleTargets();
        var command = new Verb(
            "eval",
            "Evaluate Erlang expressions on a node and print their values.",
            """
            On a node of this machine that is yours: through its console's socket, in the node itself; no cookie is needed. On a BEAM:
            there, with the full language. On another .NET node: in this command, with the functions that the node lets its peers call.
            What is printed meanwhile goes to stdout as well. The first exception ends it.

            Examples:
              enmesh eval 'nodes().'
              enmesh eval --node orders@10.0.0.7 'gen_server:call(counter, next)'
              echo '[P || P <- processes(), process_info(P, message_queue_len) > {message_queue_len, 100}].' | enmesh eval --node orders@10.0.0.7
            """) { expression };
        targets.AddTo(command);
        command.SetAction(async (parsed, cancellationToken) =>
        {
            var text = parsed.GetValue(expression) ?? await Console.In.ReadToEndAsync(cancellationToken).ConfigureAwait(false);
            return await RunAsync(
                print => targets.OpenAsync(parsed, parsed.GetValue(targets.Node), print, static () => 80, cancellationToken),
                text, parsed.GetValue(targets.Tool.Json), cancellationToken).ConfigureAwait(false);
        });
        return command;
    }

    /// <summary>Evaluates what stands in a text, and prints what comes of it.</summary>
    internal static async Task<int> RunAsync(
        Func<Action<string>, Task<IConsoleTarget>> open, string text, bool asJson, CancellationToken cancellationToken)
    {
        var printed = new StringBuilder();
        var target = await open(Print).ConfigureAwait(false);
        await using (target.ConfigureAwait(false))
        {
            ConsoleAnswer? answer = null;
            foreach (var form in Forms(text))
            {
                answer = await EvaluateAsync(target, form, cancellationToken).ConfigureAwait(false);
                if (!asJson && (answer.Failed ? Console.Error : Console.Out) is var screen && answer.Text.Length > 0)
                    screen.WriteLine(TerminalText.Safe(answer.Text));
                if (answer.Failed || answer.Leaves)
                    break;
            }
            if (answer is null)
                throw new FormatException("There is no expression.");
            if (asJson)
            {
                Json.Print(new EvalResult(
                    target.Node, answer.Failed ? null : answer.Text, answer.Failed ? answer.Text : null, printed.Length == 0 ? null : printed.ToString()));
            }
            return answer.Failed ? ExitCode.No : ExitCode.Success;
        }

        void Print(string output)
        {
            if (asJson)
                printed.Append(output);
            else
                Console.Out.Write(TerminalText.Safe(output));
        }
    }

    // Ctrl-C ends the expression where it is evaluated, too.
    private static async Task<ConsoleAnswer> EvaluateAsync(IConsoleTarget target, string form, CancellationToken cancellationToken)
    {
        try
        {
            return await target.EvaluateAsync(form, cancellationToken).ConfigureAwait(false);
        }
        catch (OperationCanceledException)
        {
            target.Interrupt();
            throw;
        }
    }

    private static IEnumerable<string> Forms(string text)
    {
        while (text.AsSpan().Trim().Length > 0)
        {
            if (ShellSession.EndOfForm(text) is not { } end)
            {
                yield return text.TrimEnd() + ".";
                yield break;
            }
            yield return text[..end];
            text = text[end..];
        }
    }
}
