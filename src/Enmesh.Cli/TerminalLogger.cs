using Microsoft.Extensions.Logging;

namespace Enmesh.Cli;

/// <summary>What a library says while a verb waits for it: lines on stderr.</summary>
internal sealed class TerminalLogger : ILogger
{
    public IDisposable? BeginScope<TState>(TState state)
        where TState : notnull => null;

    public bool IsEnabled(LogLevel logLevel) => logLevel >= LogLevel.Information;

    public void Log<TState>(
        LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter)
    {
        if (IsEnabled(logLevel))
            CommandLine.Complain(formatter(state, exception));
    }
}
