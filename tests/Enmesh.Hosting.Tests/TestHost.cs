using System.Security.Cryptography;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using Xunit;

namespace Enmesh.Hosting.Tests;

/// <summary>
/// A host with settings of the test's own and nothing of the machine's, and a directory with a good cookie.
/// </summary>
internal sealed class TestHost : IAsyncDisposable
{
    /// <summary>The tests that look at, or change, the exit code of this process: one after the other.</summary>
    internal const string OwnsExitCode = "exit code";

    private readonly string _directory = Directory.CreateTempSubdirectory("enmesh-hosting-").FullName;
    private IHost? _host;

    internal TestHost()
    {
        Builder = Host.CreateEmptyApplicationBuilder(new HostApplicationBuilderSettings());
        Builder.Logging.AddProvider(Logs);
        Builder.Logging.SetMinimumLevel(LogLevel.Trace);
        CookieFile = WriteCookie("cookie", RandomNumberGenerator.GetHexString(32));
    }

    internal HostApplicationBuilder Builder { get; }

    internal LogKeeper Logs { get; } = new();

    internal string CookieFile { get; }

    internal IServiceProvider Services => _host!.Services;

    internal ErlangNode Node => Services.GetRequiredService<ErlangNode>();

    /// <summary>Settings of a node that works, below a section.</summary>
    internal TestHost With(string section, string alive) => Set(
        ($"{section}:Name", $"{alive}@127.0.0.1"), ($"{section}:CookieFile", CookieFile), ($"{section}:Port", "0"),
        ($"{section}:ListenAddresses", "127.0.0.1"), ($"{section}:Epmd", "register"));

    internal TestHost Set(params (string Key, string? Value)[] settings)
    {
        Builder.Configuration.AddInMemoryCollection(
            settings.ToDictionary(setting => setting.Key, setting => setting.Value));
        return this;
    }

    internal string WriteCookie(string name, string cookie, UnixFileMode mode = UnixFileMode.UserRead)
    {
        var file = Path.Combine(_directory, name);
        File.WriteAllText(file, cookie);
        if (!OperatingSystem.IsWindows())
            File.SetUnixFileMode(file, mode);
        return file;
    }

    internal async Task StartAsync()
    {
        _host = Builder.Build();
        await _host.StartAsync();
    }

    /// <summary>Starts it, and returns all that it complains about.</summary>
    internal async Task<IReadOnlyList<string>> RefusedAsync()
    {
        var refused = await Assert.ThrowsAsync<OptionsValidationException>(StartAsync);
        return [.. refused.Failures];
    }

    internal Task StopAsync() => _host!.StopAsync();

    public async ValueTask DisposeAsync()
    {
        if (_host is IAsyncDisposable host)
            await host.DisposeAsync();
        Directory.Delete(_directory, recursive: true);
    }
}

/// <summary>Keeps what is logged: category, level and text.</summary>
internal sealed class LogKeeper : ILoggerProvider
{
    private readonly List<(string Category, LogLevel Level, string Text)> _lines = [];

    internal IReadOnlyList<(string Category, LogLevel Level, string Text)> Lines
    {
        get
        {
            lock (_lines)
                return [.. _lines];
        }
    }

    public ILogger CreateLogger(string categoryName) => new Keeping(this, categoryName);

    public void Dispose()
    {
    }

    private sealed class Keeping(LogKeeper keeper, string category) : ILogger
    {
        public IDisposable? BeginScope<TState>(TState state)
            where TState : notnull => null;

        public bool IsEnabled(LogLevel logLevel) => true;

        public void Log<TState>(
            LogLevel logLevel, EventId eventId, TState state, Exception? exception,
            Func<TState, Exception?, string> formatter)
        {
            lock (keeper._lines)
                keeper._lines.Add((category, logLevel, formatter(state, exception)));
        }
    }
}
