using System.Text.RegularExpressions;
using Enmesh.TestSupport;

namespace Enmesh.Web.Tests.Browser;

/// <summary>A real browser without a window, out of the root of OTP 27, with a profile that ends with it.</summary>
internal sealed class Chromium : IAsyncDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(2);

    private readonly BeamHome _home;
    private readonly ChildProcess _process;
    private readonly DevTools _tools;

    private Chromium(BeamHome home, ChildProcess process, DevTools tools) => (_home, _process, _tools) = (home, process, tools);

    internal static async Task<Chromium> StartAsync()
    {
        var root = await Otp.RootAsync(27);
        var home = BeamHome.Create(root, Otp.NewCookie());
        // It wants /proc, devices and shared memory: in a mount namespace of its own, which nobody has to clean up.
        var enter = $"mount -t proc proc '{root}/proc' && mount --rbind /dev '{root}/dev' && mount -t tmpfs tmpfs '{root}/dev/shm' && exec chroot '{root}' \"$@\"";
        var process = ChildProcess.Start(
            [
                "unshare", "--mount", "sh", "-c", enter, "sh", "chromium", "--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
                "--disable-background-networking", "--disable-component-update", "--disable-sync", "--remote-debugging-port=0",
                $"--user-data-dir={home.Inside}/profile", "about:blank",
            ],
            // What it leaves behind when it is killed goes with its home.
            new Dictionary<string, string?>(home.Environment(null)) { ["TMPDIR"] = home.Inside });
        try
        {
            var line = await process.WaitForLineAsync("DevTools listening on ", Patience);
            return new(home, process, await DevTools.ConnectAsync(new Uri(Regex.Match(line, @"ws://\S+").Value)));
        }
        catch
        {
            await process.DisposeAsync();
            home.Dispose();
            throw;
        }
    }

    /// <summary>Opens a page and waits until it has been updated once.</summary>
    internal async Task<BrowserPage> OpenAsync(Uri address)
    {
        var page = await BrowserPage.OpenAsync(_tools, address);
        await page.UntilAsync("document.documentElement?.dataset.updates > 0");
        return page;
    }

    public async ValueTask DisposeAsync()
    {
        await _tools.DisposeAsync();
        await _process.DisposeAsync();
        _home.Dispose();
    }
}
