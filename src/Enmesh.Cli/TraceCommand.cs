using System.CommandLine;
using System.Globalization;
using Enmesh.Cli.Consoles;
using Enmesh.Consoles;
using Enmesh.Terms;
using Microsoft.Extensions.Logging;

namespace Enmesh.Cli;

/// <summary><c>enmesh trace NODE</c>: what happens, step by step, when it is dialled? <c>enmesh trace --of NODE</c>: what becomes of its calls?</summary>
internal static class TraceCommand
{
    private const int UsualColumns = 80;

    internal static Command Create()
    {
        var node = new Argument<string?>("node") { Description = "The node to dial: alive@host.", HelpName = "NODE", Arity = ArgumentArity.ZeroOrOne };
        var of = new Option<string?>("--of") { Description = "Follow the calls of this node, which runs on this machine, instead of dialling one.", HelpName = "NODE" };
        var socket = new Option<string?>("--socket") { Description = "The same for the node whose console has this socket.", HelpName = "PATH" };
        var tool = new ToolNode();
        var command = new Verb(
            "trace",
            "Dial a node and print each step as it happens, or follow the calls of one that runs here.",
            """
            TLS with its version, cipher suite and the certificates of both ends, then Erlang's own handshake, and the verdict where a step fails.
            With --of it is what a node of yours on this machine does, its own calls and those that it gets, until Ctrl-C: through the socket of its
            console, which nobody else may open. A node prints the same of all its links with Logging__LogLevel__Enmesh.Peers=Debug in its environment.

            Examples:
              enmesh trace orders@10.0.0.7 --tls-cert tls.crt --tls-key tls.key --tls-ca ca.crt
              enmesh trace --of orders@10.0.0.7
              Logging__LogLevel__Enmesh.Peers=Debug enmesh node --name a@127.0.0.1 --peer b@127.0.0.1:4371
            """) { node, of, socket };
        tool.AddTo(command);
        command.SetAction(async (parsed, cancellationToken) =>
        {
            var (dialled, followed, path) = (parsed.GetValue(node), parsed.GetValue(of), parsed.GetValue(socket));
            if (new[] { dialled, followed ?? path }.Count(given => given is not null) != 1)
                throw new FormatException("Say which: NODE to dial it, or --of NODE to follow it.");
            if (dialled is null)
                return await FollowAsync(path ?? ConsolePath.Of(NodeName.Parse(followed!), Environment.GetEnvironmentVariable), cancellationToken).ConfigureAwait(false);
            tool.Logs = new PrintedLogs(TimeProvider.System);
            var own = await tool.ConnectAsync(parsed, NodeName.Parse(dialled), cancellationToken).ConfigureAwait(false);
            await using (own.ConfigureAwait(false))
                return ExitCode.Success;
        });
        return command;
    }

    private static async Task<int> FollowAsync(string path, CancellationToken cancellationToken)
    {
        var target = await SocketTarget.OpenAsync(path, static _ => { }, UsualColumns, cancellationToken).ConfigureAwait(false);
        await using (target.ConfigureAwait(false))
        {
            Console.Out.WriteLine($"Following {TerminalText.Safe(target.Node)}: Ctrl-C ends it.");
            try
            {
                await foreach (var told in target.FollowAsync(cancellationToken).ConfigureAwait(false))
                    Print(told);
            }
            catch (OperationCanceledException)
            {
                return ExitCode.Success; // Ctrl-C is how it ends
            }
            CommandLine.Complain($"{target.Node} has ended.");
            return ExitCode.No;
        }
    }

    private static void Print(Term told)
    {
        if (told.TupleElements is not [_, { Int64: { } call }, { Boolean: { } isIncoming }, var peer, var step, var text, { Float: { } milliseconds }])
            return;
        var line = string.Create(
            CultureInfo.InvariantCulture,
            $"{TimeProvider.System.GetUtcNow():HH:mm:ss.fff} call {call} {(isIncoming ? "from" : "to")} {ConsoleFrames.TextOf(peer)} {ConsoleFrames.TextOf(step)} after {milliseconds:0.0} ms: {ConsoleFrames.TextOf(text)}");
        Console.Out.WriteLine(TerminalText.Safe(line.Replace('\n', ' ')));
    }

    /// <summary>Prints what a node logs of its links, with the time since the beginning.</summary>
    private sealed class PrintedLogs(TimeProvider time) : ILoggerFactory, ILogger
    {
        private readonly long _start = time.GetTimestamp();

        public ILogger CreateLogger(string categoryName) => this;

        public void AddProvider(ILoggerProvider provider) => throw new NotSupportedException();

        public void Dispose()
        {
            // There is nothing to give back.
        }

        public IDisposable? BeginScope<TState>(TState state)
            where TState : notnull => null;

        public bool IsEnabled(LogLevel logLevel) => logLevel >= LogLevel.Debug;

        public void Log<TState>(
            LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter) =>
            // What the other end says of itself is in it.
            Console.Out.WriteLine(string.Create(
                CultureInfo.InvariantCulture, $"{time.GetElapsedTime(_start).TotalMilliseconds,9:0.0} ms [{eventId.Id}] {TerminalText.OneLine(formatter(state, exception))}"));
    }
}
