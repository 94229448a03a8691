using System.Globalization;
using Microsoft.Extensions.Logging;
using Xunit;

namespace Enmesh.Interop.Tests;

/// <summary>Keeps what a node logs.</summary>
internal sealed class LogKeeper : ILoggerFactory, ILogger
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);
    private readonly List<(LogLevel Level, string Text)> _lines = [];
    private readonly List<string> _times = [];

    /// <summary>Writes all of it to the output of the test, which is shown when that fails.</summary>
    internal void Show()
    {
        lock (_lines)
        {
            foreach (var (line, time) in _lines.Zip(_times))
                TestContext.Current.TestOutputHelper?.WriteLine($"{time} {line.Level}: {line.Text}");
        }
    }

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
        {
            _lines.Add((logLevel, formatter(state, exception)));
            _times.Add(TimeProvider.System.GetUtcNow().ToString("HH:mm:ss.ffffff", CultureInfo.InvariantCulture));
        }
    }

    internal Task UntilAsync(LogLevel level, params string[] parts) => UntilAsync(1, level, parts);

    internal async Task UntilAsync(int times, LogLevel level, params string[] parts)
    {
        using var deadline = new CancellationTokenSource(Patience);
        while (true)
        {
            lock (_lines)
            {
                if (_lines.Count(line => line.Level == level && Array.TrueForAll(parts, part => line.Text.Contains(part, StringComparison.Ordinal))) >= times)
                    return;
                Assert.False(
                    deadline.IsCancellationRequested,
                    $"Nothing with {string.Join(" and ", parts)} in:\n{string.Join('\n', _lines)}");
            }
            await Task.Delay(20);
        }
    }
}
