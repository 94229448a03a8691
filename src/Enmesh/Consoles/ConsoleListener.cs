using System.Net.Sockets;
using Enmesh.Peers;
using Enmesh.Shell;
using Enmesh.Telemetry;
using Microsoft.Extensions.Logging;

namespace Enmesh.Consoles;

/// <summary>Takes the consoles of a node: over a Unix domain socket that only its own user may open.</summary>
internal sealed class ConsoleListener : IAsyncDisposable
{
    // People, and tools that ask one thing.
    private const int MaxConsoles = 16;

    private const UnixFileMode OnlyUser = UnixFileMode.UserRead | UnixFileMode.UserWrite;

    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(200);

    private readonly string _path;
    private readonly NodeName _node;
    private readonly Func<ShellOptions, ShellSession> _start;
    private readonly Func<Action<HandshakeNotice>, IDisposable> _follow;
    private readonly ILogger _logger;
    private readonly Func<ConsoleVisitor, IConsoleRecord>? _recordVisit;
    private readonly Socket _socket;
    private readonly CancellationTokenSource _ending = new();
    private readonly List<Task> _consoles = [];
    private readonly Task _accepting;
    private int _disposed;

    private ConsoleListener(
        string path, NodeName node, Func<ShellOptions, ShellSession> start, Func<Action<HandshakeNotice>, IDisposable> follow, Socket socket, ILogger logger,
        Func<ConsoleVisitor, IConsoleRecord>? recordVisit)
    {
        (_path, _node, _start, _follow, _socket, _logger, _recordVisit) = (path, node, start, follow, socket, logger, recordVisit);
        _accepting = AcceptAsync();
    }

    /// <summary>Begins to listen.</summary>
    /// <exception cref="IOException">The place cannot be had, or others could reach it.</exception>
    internal static ConsoleListener Start(
        string path, NodeName node, Func<ShellOptions, ShellSession> start, Func<Action<HandshakeNotice>, IDisposable> follow, ILogger logger,
        Func<ConsoleVisitor, IConsoleRecord>? recordVisit = null)
    {
        path = System.IO.Path.GetFullPath(path);
        ConsolePath.Prepare(path);
        var socket = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        try
        {
            if (File.Exists(path) && !IsAnswered(path))
                RemoveDead(path);
            socket.Bind(new UnixDomainSocketEndPoint(path));
            if (!OperatingSystem.IsWindows())
                File.SetUnixFileMode(path, OnlyUser);
            socket.Listen();
        }
        catch (Exception e) when (e is SocketException or UnauthorizedAccessException)
        {
            socket.Dispose();
            throw new IOException($"{path}: {e.Message}", e);
        }
        return new(path, node, start, follow, socket, logger, recordVisit);
    }

    public async ValueTask DisposeAsync()
    {
        // Once: the socket that is there later is somebody else's.
        if (Interlocked.Exchange(ref _disposed, 1) != 0)
            return;
        await _ending.CancelAsync().ConfigureAwait(false);
        _socket.Dispose();
        await _accepting.ConfigureAwait(false);
        Task[] consoles;
        lock (_consoles)
            consoles = [.. _consoles];
        await Task.WhenAll(consoles).ConfigureAwait(false);
        File.Delete(_path);
        _ending.Dispose();
    }

    // Of a node that has ended without tidying up; what is no socket is somebody's file.
    private static void RemoveDead(string path)
    {
        if (Owner.OfFile(path)?.IsSocket ?? new FileInfo(path).Length == 0)
            File.Delete(path);
        else
            throw new IOException($"{path} is a file, and not the socket of a console.");
    }

    /// <summary>Whether somebody listens there: a node that was killed leaves its socket behind.</summary>
    internal static bool IsAnswered(string path)
    {
        using var probe = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        try
        {
            probe.Connect(new UnixDomainSocketEndPoint(path));
            return true;
        }
        catch (SocketException)
        {
            return false;
        }
    }

    private async Task AcceptAsync()
    {
        while (!_ending.IsCancellationRequested)
        {
            if (await NextAsync().ConfigureAwait(false) is not { } accepted)
                continue;
            lock (_consoles)
            {
                _consoles.RemoveAll(console => console.IsCompleted);
                if (_consoles.Count < MaxConsoles && IsOwn(accepted))
                {
                    _consoles.Add(ServeAsync(accepted));
                    continue;
                }
            }
            _logger.ConsoleRefused(_path);
            accepted.Dispose();
        }
    }

    // A console that cannot be taken now, for want of descriptors or since it has gone, does not end the others.
    private async Task<Socket?> NextAsync()
    {
        try
        {
            return await _socket.AcceptAsync(_ending.Token).ConfigureAwait(false);
        }
        catch (SocketException) when (!_ending.IsCancellationRequested)
        {
            await Task.Delay(Pause, _ending.Token).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            return null;
        }
        catch (Exception e) when (e is OperationCanceledException or SocketException or ObjectDisposedException)
        {
            return null; // the end
        }
    }

    // The kernel says who is at the other end. Where it is not asked, the directory's mode has to do.
    private static bool IsOwn(Socket accepted)
    {
        try
        {
            return Owner.OfPeer(accepted) is not { } user || user == Owner.EffectiveUser();
        }
        catch (SocketException)
        {
            return false; // it has gone
        }
    }

    private async Task ServeAsync(Socket socket)
    {
        await Task.Yield();
        if (_recordVisit is null)
            _logger.ConsoleOpened(_path);
        try
        {
            var stream = new NetworkStream(socket, ownsSocket: true);
            await using (stream.ConfigureAwait(false))
                await new ConsoleConnection(stream, _node, _start, _follow, _recordVisit).RunAsync(_ending.Token).ConfigureAwait(false);
        }
        catch (Exception e) when (e is IOException or SocketException or OperationCanceledException or ObjectDisposedException)
        {
            // It has gone; what it asked for is interrupted.
        }
        if (_recordVisit is null)
            _logger.ConsoleClosed(_path);
    }
}

/// <summary>What the consoles report.</summary>
internal static partial class ConsoleLog
{
    [LoggerMessage(EventId = EventIds.ConsoleOpened, Level = LogLevel.Information, Message = "A console was opened at {Path}.")]
    internal static partial void ConsoleOpened(this ILogger logger, string path);

    [LoggerMessage(EventId = EventIds.ConsoleClosed, Level = LogLevel.Information, Message = "The console at {Path} was left.")]
    internal static partial void ConsoleClosed(this ILogger logger, string path);

    [LoggerMessage(EventId = EventIds.ConsoleRefused, Level = LogLevel.Warning,
        Message = "A console at {Path} was refused: it is another user's, or there are too many.")]
    internal static partial void ConsoleRefused(this ILogger logger, string path);

    [LoggerMessage(EventId = EventIds.ConsoleNotThere, Level = LogLevel.Warning, Message = "There is no console: {Problem}")]
    internal static partial void ConsoleNotThere(this ILogger logger, string problem);
}
