using Microsoft.Extensions.Logging;

namespace Enmesh.Tests;

/// <summary>Keeps what a node logs.</summary>
internal sealed class LogKeeper : ILoggerFactory, ILogger
{
    private readonly List<(LogLevel Level, string Text)> _lines = [];
    private readonly List<(Func<string, bool> Wanted, TaskCompletionSource Seen)> _waiters = [];

    internal IReadOnlyList<(LogLevel Level, string Text)> Lines
    {
        get
        {
            lock (_lines)
                return [.. _lines];
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
        var text = formatter(state, exception);
        lock (_lines)
        {
            _lines.Add((logLevel, text));
            foreach (var (_, seen) in _waiters.Where(waiter => waiter.Wanted(text)))
                seen.TrySetResult();
        }
    }

    /// <summary>Completes when there is a line with the part in it.</summary>
    internal Task UntilAsync(string part)
    {
        bool Wanted(string text) => text.Contains(part, StringComparison.Ordinal);
        var seen = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        lock (_lines)
        {
            if (_lines.Any(line => Wanted(line.Text)))
                return Task.CompletedTask;
            _waiters.Add((Wanted, seen));
        }
        return seen.Task.WaitAsync(TimeSpan.FromSeconds(30));
    }
}
