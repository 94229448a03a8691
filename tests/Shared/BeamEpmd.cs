using System.Globalization;
using System.Net;
using System.Net.Sockets;

namespace Enmesh.TestSupport;

/// <summary>An <c>epmd</c> of its own for a test, on a free port.</summary>
internal sealed class BeamEpmd : IAsyncDisposable
{
    private readonly BeamHome _home;
    private readonly string _address;
    private readonly IReadOnlyList<string> _through;
    private ChildProcess _process;

    private BeamEpmd(
        BeamHome home, int release, int port, string address, IReadOnlyList<string> through, ChildProcess process)
    {
        _home = home;
        _address = address;
        _through = through;
        _process = process;
        Release = release;
        Port = port;
    }

    internal int Release { get; }

    internal int Port { get; }

    internal string Output => _process.Output;

    /// <summary>Starts one and waits until it accepts connections. Without a port it takes one that is free.</summary>
    internal static async Task<BeamEpmd> StartAsync(
        int release, int? port = null, string address = "127.0.0.1", IReadOnlyList<string>? through = null)
    {
        const int Attempts = 5;
        var home = BeamHome.Create(await Otp.RootAsync(release), Otp.NewCookie());
        try
        {
            for (var attempt = 1; ; attempt++)
            {
                var chosen = port ?? FreePort();
                try
                {
                    var process = await RunAsync(home, chosen, address, through ?? []);
                    return new(home, release, chosen, address, through ?? [], process);
                }
                catch (InvalidOperationException) when (port is null && attempt < Attempts)
                {
                    // Somebody took the port between our look and epmd's; take another one.
                }
            }
        }
        catch
        {
            home.Dispose();
            throw;
        }
    }

    /// <summary>The lines of <c>epmd -names</c>.</summary>
    internal async Task<string> NamesAsync()
    {
        var names = await Otp.RunAsync(Release, ["epmd", "-names"], epmdPort: Port, through: _through);
        return names.Successful;
    }

    /// <summary>Ends it at once, as a crash would.</summary>
    internal Task KillAsync() => _process.KillAsync();

    /// <summary>Starts it again on the same port, after <see cref="KillAsync"/>; it knows nobody then.</summary>
    internal async Task RestartAsync()
    {
        await _process.DisposeAsync();
        _process = await RunAsync(_home, Port, _address, _through);
    }

    public async ValueTask DisposeAsync()
    {
        await _process.DisposeAsync();
        _home.Dispose();
    }

    /// <summary>A TCP port of loopback that nobody uses at the moment.</summary>
    internal static int FreePort()
    {
        using var probe = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        probe.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        return ((IPEndPoint)probe.LocalEndPoint!).Port;
    }

    private static async Task<ChildProcess> RunAsync(
        BeamHome home, int port, string address, IReadOnlyList<string> through)
    {
        var number = port.ToString(CultureInfo.InvariantCulture);
        var process = ChildProcess.Start(
            [.. through, .. home.Enter, "epmd", "-d", "-d", "-address", address, "-port", number], home.Environment(port));
        try
        {
            await process.WaitForLineAsync("entering the main select() loop");
            return process;
        }
        catch
        {
            await process.DisposeAsync();
            throw;
        }
    }
}
