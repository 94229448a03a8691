using System.Text.Json.Nodes;
using Enmesh.TestSupport;

namespace Enmesh.Web.Tests.Browser;

/// <summary>One page in the browser.</summary>
internal sealed class BrowserPage
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    private readonly DevTools _tools;
    private readonly string _session;

    private BrowserPage(DevTools tools, string session) => (_tools, _session) = (tools, session);

    /// <summary>What went wrong in it: scripts that failed, what its policy has refused, files that could not be had.</summary>
    internal IReadOnlyList<string> Complaints =>
    [
        .. _tools.Events.Where(told => told.Session == _session && (told.Method is "Runtime.exceptionThrown" or "Page.javascriptDialogOpening"
                || (told.Method == "Log.entryAdded" && (string?)told.Parameters["entry"]!["level"] == "error")))
            .Select(told => told.Parameters.ToJsonString()),
    ];

    internal static async Task<BrowserPage> OpenAsync(DevTools tools, Uri address)
    {
        var target = await tools.CallAsync(null, "Target.createTarget", new() { ["url"] = "about:blank" });
        var attached = await tools.CallAsync(
            null, "Target.attachToTarget", new() { ["targetId"] = (string)target["targetId"]!, ["flatten"] = true });
        var page = new BrowserPage(tools, (string)attached["sessionId"]!);
        foreach (var domain in new[] { "Page", "Runtime", "Log" })
            await page.CallAsync($"{domain}.enable");
        await page.SizeAsync(1280, 900);
        await page.CallAsync("Page.navigate", new() { ["url"] = address.ToString() });
        return page;
    }

    /// <summary>The value of an expression.</summary>
    internal async Task<JsonNode?> EvaluateAsync(string expression)
    {
        var result = await CallAsync("Runtime.evaluate", new() { ["expression"] = expression, ["returnByValue"] = true, ["awaitPromise"] = true });
        return result["exceptionDetails"] is { } failed ? throw new InvalidOperationException(failed.ToJsonString()) : result["result"]!["value"];
    }

    /// <summary>Waits until an expression is true.</summary>
    internal async Task UntilAsync(string condition)
    {
        using var limit = new CancellationTokenSource(Patience);
        while ((bool?)await EvaluateAsync($"!!({condition})") != true)
        {
            if (limit.IsCancellationRequested)
                throw new TimeoutException($"Never true: {condition}. The page says: {await EvaluateAsync("document.body.innerText")}");
            await Task.Delay(TimeSpan.FromMilliseconds(50), CancellationToken.None);
        }
    }

    internal Task SizeAsync(int width, int height) => CallAsync("Emulation.setDeviceMetricsOverride", new()
    {
        ["width"] = width,
        ["height"] = height,
        ["deviceScaleFactor"] = 1,
        ["mobile"] = width < 600,
    });

    internal Task DarkAsync(bool dark) => CallAsync("Emulation.setEmulatedMedia", new()
    {
        ["features"] = new JsonArray(new JsonObject { ["name"] = "prefers-color-scheme", ["value"] = dark ? "dark" : "light" }),
    });

    /// <summary>Keeps a picture of all of it among the artifacts.</summary>
    internal async Task PictureAsync(string name)
    {
        var picture = await CallAsync("Page.captureScreenshot", new() { ["format"] = "png", ["captureBeyondViewport"] = true });
        var folder = Repository.PathTo("artifacts", "pictures");
        Directory.CreateDirectory(folder);
        await File.WriteAllBytesAsync(Path.Combine(folder, $"{name}.png"), Convert.FromBase64String((string)picture["data"]!));
    }

    internal Task KeyAsync(string key) => Task.WhenAll(
        CallAsync("Input.dispatchKeyEvent", new() { ["type"] = "keyDown", ["key"] = key, ["code"] = key, ["windowsVirtualKeyCode"] = key == "Tab" ? 9 : 39 }),
        CallAsync("Input.dispatchKeyEvent", new() { ["type"] = "keyUp", ["key"] = key, ["code"] = key, ["windowsVirtualKeyCode"] = key == "Tab" ? 9 : 39 }));

    private Task<JsonNode> CallAsync(string method, JsonObject? parameters = null) => _tools.CallAsync(_session, method, parameters);
}
