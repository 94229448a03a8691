using System.Buffers.Binary;
using System.Net.Sockets;
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

    private readonly string _path;
    private readonly NodeName _node;
    private readonly Func<ShellOptions, ShellSession> _start;
    private readonly ILogger _logger;
    private readonly Socket _socket;
    private readonly CancellationTokenSource _ending = new();
    private readonly List<Task> _consoles = [];
    private readonly Task _accepting;

    private ConsoleListener(string path, NodeName node, Func<ShellOptions, ShellSession> start, Socket socket, ILogger logger)
    {
        (_path, _node, _start, _socket, _logger) = (path, node, start, socket, logger);
        _accepting = AcceptAsync();
    }

    /// <summary>Begins to listen.</summary>
    /// <exception cref="IOException">The place cannot be had, or others could reach it.</exception>
    internal static ConsoleListener Start(string path, NodeName node, Func<ShellOptions, ShellSession> start, ILogger logger)
    {
        path = System.IO.Path.GetFullPath(path);
        ConsolePath.Prepare(path);
        var socket = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        try
        {
            if (File.Exists(path) && !IsAnswered(path))
                File.Delete(path); // of a node that has ended without tidying up
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
        return new(path, node, start, socket, logger);
    }

    public async ValueTask DisposeAsync()
    {
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

    private static bool IsAnswered(string path)
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
            Socket accepted;
            try
            {
                accepted = await _socket.AcceptAsync(_ending.Token).ConfigureAwait(false);
            }
            catch (Exception e) when (e is OperationCanceledException or SocketException or ObjectDisposedException)
            {
                return; // the end
            }
            lock (_consoles)
            {
                _consoles.RemoveAll(console => console.IsCompleted);
                if (_consoles.Count < MaxConsoles && UserOf(accepted) is var user && (user is null || user == ConsolePath.EffectiveUser()))
                {
                    _consoles.Add(ServeAsync(accepted));
                    continue;
                }
            }
            _logger.ConsoleRefused(_path);
            accepted.Dispose();
        }
    }

    private async Task ServeAsync(Socket socket)
    {
        await Task.Yield();
        _logger.ConsoleOpened(_path);
        try
        {
            var stream = new NetworkStream(socket, ownsSocket: true);
            await using (stream.ConfigureAwait(false))
                await new ConsoleConnection(stream, _node, _start).RunAsync(_ending.Token).ConfigureAwait(false);
        }
        catch (Exception e) when (e is IOException or SocketException or OperationCanceledException or ObjectDisposedException)
        {
            // It has gone; what it asked for is interrupted.
        }
        _logger.ConsoleClosed(_path);
    }

    // The kernel says who is at the other end. Null where it is asked in another way: the directory's mode has to do then.
    private static uint? UserOf(Socket socket)
    {
        if (!OperatingSystem.IsLinux())
            return null;
        const int SolSocket = 1, SoPeerCred = 17;
        Span<byte> credentials = stackalloc byte[12]; // pid, uid, gid
        socket.GetRawSocketOption(SolSocket, SoPeerCred, credentials);
        return BitConverter.IsLittleEndian
            ? BinaryPrimitives.ReadUInt32LittleEndian(credentials[4..]) : BinaryPrimitives.ReadUInt32BigEndian(credentials[4..]);
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
