using System.CommandLine;
using System.Globalization;
using Microsoft.Extensions.Logging;

namespace Enmesh.Cli;

/// <summary><c>enmesh trace NODE</c>: what happens, step by step, when it is dialled?</summary>
internal static class TraceCommand
{
    internal static Command Create()
    {
        var node = new Argument<string>("node") { Description = "The node: alive@host.", HelpName = "NODE" };
        var tool = new ToolNode();
        var command = new Verb(
            "trace",
            "Dial a node and print each step as it happens.",
            """
            TLS with its version, cipher suite and the certificates of both ends, then Erlang's own handshake, and the verdict where a step fails.
            A node that runs prints the same of all its links with Logging__LogLevel__Enmesh.Peers=Debug in its environment.

            Examples:
              enmesh trace orders@10.0.0.7 --tls-cert tls.crt --tls-key tls.key --tls-ca ca.crt
              Logging__LogLevel__Enmesh.Peers=Debug enmesh node --name a@127.0.0.1 --peer b@127.0.0.1:4371
            """) { node };
        tool.AddTo(command);
        command.SetAction(async (parsed, cancellationToken) =>
        {
            var target = NodeName.Parse(parsed.GetValue(node)!);
            tool.Logs = new PrintedLogs(TimeProvider.System);
            var own = await tool.ConnectAsync(parsed, target, cancellationToken).ConfigureAwait(false);
            await using (own.ConfigureAwait(false))
                return ExitCode.Success;
        });
        return command;
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
            Console.Out.WriteLine(string.Create(
                CultureInfo.InvariantCulture, $"{time.GetElapsedTime(_start).TotalMilliseconds,9:0.0} ms [{eventId.Id}] {formatter(state, exception)}"));
    }
}
