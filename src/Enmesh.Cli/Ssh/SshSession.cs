using System.CommandLine;
using Enmesh.Cli.Consoles;
using Enmesh.Consoles;
using Enmesh.Hosting.Ssh;

namespace Enmesh.Cli.Ssh;

/// <summary><c>enmesh ssh session</c>: what sshd runs for whoever has logged in, whatever he asked for.</summary>
internal static class SshSession
{
    private const string Unknown = "unknown";

    internal static Command Create()
    {
        var socket = new Option<string>("--socket") { Description = "The socket of the node's console for SSH.", HelpName = "PATH", Required = true };
        var command = new Verb(
            "session",
            "Serve a session; sshd starts it.",
            "Tells the node who has come, from what sshd leaves in the environment: SSH_CONNECTION, SSH_USER_AUTH, SSH_ORIGINAL_COMMAND.") { socket };
        command.Hidden = true;
        command.SetAction((parsed, cancellationToken) => RunAsync(parsed.GetValue(socket)!, cancellationToken));
        return command;
    }

    private static async Task<int> RunAsync(string socket, CancellationToken cancellationToken)
    {
        // sshd leaves a command alone whose connection is lost; what it evaluates would go on, for nobody.
        if (OperatingSystem.IsLinux() && !Unix.EndWithParent())
            return ExitCode.No;
        var expression = Environment.GetEnvironmentVariable("SSH_ORIGINAL_COMMAND");
        var visitor = Visitor(Environment.GetEnvironmentVariable, isInteractive: string.IsNullOrWhiteSpace(expression));
        async Task<IConsoleTarget> OpenAsync(Action<string> print, int columns) =>
            await SocketTarget.OpenAsync(socket, print, columns, cancellationToken, visitor).ConfigureAwait(false);
        return visitor.IsInteractive
            // The lines of all who come would be in one history: there is one user.
            ? await ConsoleCommand.RunAsync(screen => OpenAsync(screen.Print, screen.Columns), HistoryFile.ForThisTime(), cancellationToken).ConfigureAwait(false)
            : await EvalCommand.RunAsync(print => OpenAsync(print, 80), expression!, asJson: false, cancellationToken).ConfigureAwait(false);
    }

    private static ConsoleVisitor Visitor(Func<string, string?> environment, bool isInteractive)
    {
        var key = KeyIn(environment("SSH_USER_AUTH"));
        return new(
            environment("SSH_CONNECTION")?.Split(' ')[0] ?? Unknown, key?.Fingerprint ?? Unknown, key?.Type ?? Unknown, key?.Certificate ?? "", isInteractive);
    }

    // Lines as `publickey ssh-ed25519 AAAA…`. sshd has no place for the file where /tmp cannot be written; its own log has the fingerprint then.
    private static SshPublicKey? KeyIn(string? path)
    {
        const string Method = "publickey ";
        try
        {
            return path is null ? null : File.ReadLines(path)
                .Where(line => line.StartsWith(Method, StringComparison.Ordinal))
                .Select(line => SshPublicKey.Parse(line[Method.Length..])).FirstOrDefault(static key => key is not null);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return null;
        }
    }
}
