using Microsoft.Extensions.Logging;
using Xunit;

namespace Enmesh.Interop.Tests;

/// <summary>Keeps what a node logs.</summary>
internal sealed class LogKeeper : ILoggerFactory, ILogger
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);
    private readonly List<(LogLevel Level, string Text)> _lines = [];

    public ILogger CreateLogger(string categoryName) => this;

    public void AddProvider(ILoggerProvider provider) => throw new NotSupportedException();

    public void Dispose()
    {
    }

    public IDisposable? BeginScope<TState>(TState state)
        where TState : notnull => null;

    public bool IsEnabled(LogLevel logLevel) => true;

    public void Log<TState>(
        LogLevel logLevel, EventId eventId, TState state, Exception? exception,
        Func<TState, Exception?, string> formatter)
    {
        lock (_lines)
            _lines.Add((logLevel, formatter(state, exception)));
    }

    internal async Task UntilAsync(LogLevel level, params string[] parts)
    {
        using var deadline = new CancellationTokenSource(Patience);
        while (true)
        {
            lock (_lines)
            {
                if (_lines.Any(line => line.Level == level && Array.TrueForAll(parts, part => line.Text.Contains(part, StringComparison.Ordinal))))
                    return;
                Assert.False(
                    deadline.IsCancellationRequested,
                    $"Nothing with {string.Join(" and ", parts)} in:\n{string.Join('\n', _lines)}");
            }
            await Task.Delay(20);
        }
    }
}
