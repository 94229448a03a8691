using System.Globalization;
using Microsoft.Extensions.Logging;

namespace Enmesh.Testing;

/// <summary>Keeps the last warnings and errors of the nodes for messages, and passes everything on.</summary>
internal sealed class KitLog(TimeProvider time, ILoggerFactory? next)
{
    private const int Kept = 20;

    private readonly Queue<string> _lines = new();

    internal IReadOnlyList<string> Lines
    {
        get
        {
            lock (_lines)
                return [.. _lines];
        }
    }

    internal ILoggerFactory For(NodeName node) => new Factory(this, node, next);

    private void Keep(NodeName node, string text)
    {
        var seconds = new TimeSpan(time.GetTimestamp()).TotalSeconds.ToString("0.###", CultureInfo.InvariantCulture);
        lock (_lines)
        {
            _lines.Enqueue($"at {seconds} s, {node}: {text}");
            if (_lines.Count > Kept)
                _lines.Dequeue();
        }
    }

    private sealed class Factory(KitLog log, NodeName node, ILoggerFactory? next) : ILoggerFactory
    {
        public ILogger CreateLogger(string categoryName) => new Logger(log, node, next?.CreateLogger(categoryName));

        public void AddProvider(ILoggerProvider provider) => throw new NotSupportedException();

        public void Dispose()
        {
            // The next one is the test's.
        }
    }

    private sealed class Logger(KitLog log, NodeName node, ILogger? next) : ILogger
    {
        public IDisposable? BeginScope<TState>(TState state)
            where TState : notnull => next?.BeginScope(state);

        public bool IsEnabled(LogLevel logLevel) => logLevel >= LogLevel.Warning || next?.IsEnabled(logLevel) == true;

        public void Log<TState>(
            LogLevel logLevel, EventId eventId, TState state, Exception? exception,
            Func<TState, Exception?, string> formatter)
        {
            if (logLevel >= LogLevel.Warning)
            {
                var thrown = exception is null ? "" : $" {exception.GetType().Name}: {exception.Message}";
                log.Keep(node, formatter(state, exception) + thrown);
            }
            next?.Log(logLevel, eventId, state, exception, formatter);
        }
    }
}
