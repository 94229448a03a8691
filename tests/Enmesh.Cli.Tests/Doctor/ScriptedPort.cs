using System.Net;
using System.Net.Sockets;
using System.Text;

namespace Enmesh.Cli.Tests.Doctor;

/// <summary>A port of loopback behind which something does as the test says, which is no node.</summary>
internal sealed class ScriptedPort : IAsyncDisposable
{
    private readonly TcpListener _listener = new(IPAddress.Loopback, 0);
    private readonly CancellationTokenSource _stop = new();
    private readonly Func<Socket, CancellationToken, Task> _serve;
    private readonly Task _accepting;

    private ScriptedPort(Func<Socket, CancellationToken, Task> serve)
    {
        _serve = serve;
        _listener.Start();
        Port = ((IPEndPoint)_listener.LocalEndpoint).Port;
        _accepting = AcceptAsync();
    }

    internal int Port { get; }

    /// <summary>Accepts, and never says a word.</summary>
    internal static ScriptedPort Silent() => new(static (_, stop) => Task.Delay(Timeout.Infinite, stop));

    /// <summary>Breaks each connection off.</summary>
    internal static ScriptedPort Resetting() => new(static async (socket, stop) =>
    {
        await socket.ReceiveAsync(new byte[1], SocketFlags.None, stop);
        socket.LingerState = new LingerOption(enable: true, 0);
    });

    /// <summary>Ends each connection in order, once it has heard something.</summary>
    internal static ScriptedPort Closing() => new(static async (socket, stop) =>
    {
        await socket.ReceiveAsync(new byte[4096], SocketFlags.None, stop);
        socket.Shutdown(SocketShutdown.Send);
        while (await socket.ReceiveAsync(new byte[4096], SocketFlags.None, stop) > 0)
        {
            // whatever it is
        }
    });

    /// <summary>Says the same to everybody, once it has heard something.</summary>
    internal static ScriptedPort Saying(string text) => Saying(Encoding.Latin1.GetBytes(text));

    internal static ScriptedPort Saying(params byte[][] texts) => new(async (socket, stop) =>
    {
        foreach (var text in texts)
        {
            await socket.ReceiveAsync(new byte[4096], SocketFlags.None, stop);
            await socket.SendAsync(text, SocketFlags.None, stop);
        }
        while (await socket.ReceiveAsync(new byte[4096], SocketFlags.None, stop) > 0)
        {
            // whatever it is
        }
    });

    /// <summary>A port of which nobody knows that it is free, and behind which there is nobody.</summary>
    internal static int Nobody()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        return ((IPEndPoint)listener.LocalEndpoint).Port;
    }

    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        _listener.Dispose();
        await _accepting;
        _stop.Dispose();
    }

    private async Task AcceptAsync()
    {
        var serving = new List<Task>();
        try
        {
            while (true)
                serving.Add(ServeAsync(await _listener.AcceptSocketAsync(_stop.Token)));
        }
        catch (Exception e) when (e is OperationCanceledException or SocketException or InvalidOperationException)
        {
            // The test is over; a listener that was disposed of in between says so in either way.
        }
        await Task.WhenAll(serving);
    }

    private async Task ServeAsync(Socket socket)
    {
        using (socket)
        {
            try
            {
                await _serve(socket, _stop.Token);
            }
            catch (Exception e) when (e is OperationCanceledException or SocketException)
            {
                // It has gone, or the test is over.
            }
        }
    }
}
