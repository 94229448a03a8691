using System.Collections.Concurrent;
using System.Net.WebSockets;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace Enmesh.Web.Tests.Browser;

/// <summary>Speaks the DevTools protocol with a browser.</summary>
internal sealed class DevTools : IAsyncDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    private readonly ClientWebSocket _socket = new();
    private readonly SemaphoreSlim _sending = new(1);
    private readonly CancellationTokenSource _stop = new();
    private readonly ConcurrentDictionary<int, TaskCompletionSource<JsonNode>> _calls = new();
    private Task _reading = Task.CompletedTask;
    private int _last;

    /// <summary>What the browser has told by itself: the session, the event, its parameters.</summary>
    internal ConcurrentQueue<(string Session, string Method, JsonNode Parameters)> Events { get; } = new();

    internal static async Task<DevTools> ConnectAsync(Uri address)
    {
        var tools = new DevTools();
        using var limit = new CancellationTokenSource(Patience);
        await tools._socket.ConnectAsync(address, limit.Token);
        tools._reading = tools.ReadAsync();
        return tools;
    }

    internal async Task<JsonNode> CallAsync(string? session, string method, JsonObject? parameters = null)
    {
        var id = Interlocked.Increment(ref _last);
        var call = _calls[id] = new(TaskCreationOptions.RunContinuationsAsynchronously);
        var message = new JsonObject { ["id"] = id, ["method"] = method, ["params"] = parameters ?? [] };
        if (session is not null)
            message["sessionId"] = session;
        await _sending.WaitAsync();
        try
        {
            await _socket.SendAsync(JsonSerializer.SerializeToUtf8Bytes(message), WebSocketMessageType.Text, endOfMessage: true, _stop.Token);
        }
        finally
        {
            _sending.Release();
        }
        return await call.Task.WaitAsync(Patience);
    }

    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        await _reading;
        _socket.Dispose();
        _sending.Dispose();
        _stop.Dispose();
    }

    private async Task ReadAsync()
    {
        var buffer = new byte[1 << 16];
        using var message = new MemoryStream();
        Exception end = new IOException("The browser has ended.");
        try
        {
            while (true)
            {
                var part = await _socket.ReceiveAsync(buffer, _stop.Token);
                if (part.MessageType == WebSocketMessageType.Close)
                    break;
                message.Write(buffer, 0, part.Count);
                if (!part.EndOfMessage)
                    continue;
                Take(JsonNode.Parse(message.ToArray())!);
                message.SetLength(0);
            }
        }
        catch (Exception e) when (e is OperationCanceledException or WebSocketException)
        {
            end = e;
        }
        foreach (var call in _calls.Values)
            call.TrySetException(end);
    }

    private void Take(JsonNode message)
    {
        if (message["id"] is not { } id)
            Events.Enqueue(((string?)message["sessionId"] ?? "", (string)message["method"]!, message["params"]!));
        else if (_calls.TryRemove((int)id, out var call) && message["error"] is { } error)
            call.TrySetException(new InvalidOperationException(error.ToJsonString()));
        else
            call?.TrySetResult(message["result"]!);
    }
}
