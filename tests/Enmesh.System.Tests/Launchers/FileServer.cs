using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Text;

namespace Enmesh.SystemTests.Launchers;

/// <summary>Answers HTTP GET on loopback from a table of paths; everything else is a 404.</summary>
internal sealed class FileServer : IAsyncDisposable
{
    private readonly TcpListener _listener = new(IPAddress.Loopback, 0);
    private readonly IReadOnlyDictionary<string, byte[]> _files;
    private readonly Task _serving;
    private int _served;

    internal FileServer(IReadOnlyDictionary<string, byte[]> files)
    {
        _files = files;
        _listener.Start();
        _serving = ServeAsync();
    }

    internal Uri Address => new($"http://{_listener.LocalEndpoint}");

    /// <summary>How many files were handed out.</summary>
    internal int Served => Volatile.Read(ref _served);

    public async ValueTask DisposeAsync()
    {
        _listener.Dispose();
        await _serving;
    }

    private async Task ServeAsync()
    {
        try
        {
            while (true)
            {
                using var client = await _listener.AcceptTcpClientAsync();
                await AnswerAsync(client.GetStream());
            }
        }
        catch (Exception end) when (end is SocketException or ObjectDisposedException)
        {
            // The listener was closed: the test is over.
        }
    }

    private async Task AnswerAsync(NetworkStream stream)
    {
        using var reader = new StreamReader(stream, Encoding.ASCII, leaveOpen: true);
        var request = await reader.ReadLineAsync() ?? "";
        while (!string.IsNullOrEmpty(await reader.ReadLineAsync()))
        {
            // Headers are of no interest.
        }

        var found = _files.TryGetValue(request.Split(' ')[1], out var body);
        body ??= [];
        var status = found ? "200 OK" : "404 Not Found";
        var length = body.Length.ToString(CultureInfo.InvariantCulture);
        await stream.WriteAsync(
            Encoding.ASCII.GetBytes($"HTTP/1.1 {status}\r\nContent-Length: {length}\r\nConnection: close\r\n\r\n"));
        await stream.WriteAsync(body);
        if (found)
            Interlocked.Increment(ref _served);
    }
}
