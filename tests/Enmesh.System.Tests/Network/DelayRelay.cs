using System.Collections.Concurrent;
using System.ComponentModel;
using System.Diagnostics;
using System.Runtime.InteropServices;
using System.Text;
using Enmesh.TestSupport;
using Microsoft.Win32.SafeHandles;

namespace Enmesh.SystemTests.Network;

/// <summary>
/// Makes a host's cable long: every frame between the host and the switch arrives later by a fixed time. The host's
/// port is taken out of the switch, and the two are joined again by a pair of TAP devices that this relay reads and writes.
/// </summary>
internal sealed partial class DelayRelay : IAsyncDisposable
{
    private const int MaxFrame = 2048;
    private const int WaitMilliseconds = 100;

    private readonly VirtualNetwork _network;
    private readonly VirtualHost _host;
    private readonly SafeFileHandle[] _taps;
    private readonly List<Thread> _threads = [];
    private readonly CancellationTokenSource _stop = new();
    private readonly TimeSpan _delay;

    private DelayRelay(VirtualNetwork network, VirtualHost host, SafeFileHandle[] taps, TimeSpan delay)
    {
        _network = network;
        _host = host;
        _taps = taps;
        _delay = delay;
        Begin(taps[0], taps[1]);
        Begin(taps[1], taps[0]);
    }

    private static string[] TapsOf(VirtualHost host) => [$"{host.SwitchPort}-in", $"{host.SwitchPort}-out"];

    /// <summary>Begins to delay, in both directions; disposing of it ends that.</summary>
    internal static async Task<DelayRelay> StartAsync(VirtualNetwork network, VirtualHost host, TimeSpan delay)
    {
        var names = TapsOf(host);
        var taps = OpenTaps($"/run/netns/{network.Switch}", names);
        try
        {
            await ShellAsync(
                $"""
                 ip -n {network.Switch} link add {host.SwitchPort}-far type bridge
                 ip -n {network.Switch} link set {host.SwitchPort}-far up
                 ip -n {network.Switch} link set {names[0]} master bridge up
                 ip -n {network.Switch} link set {names[1]} master {host.SwitchPort}-far up
                 ip -n {network.Switch} link set {host.SwitchPort} master {host.SwitchPort}-far
                 """);
            return new(network, host, taps, delay);
        }
        catch
        {
            Array.ForEach(taps, tap => tap.Dispose());
            throw;
        }
    }

    public async ValueTask DisposeAsync()
    {
        await ShellAsync(
            $"""
             ip -n {_network.Switch} link set {_host.SwitchPort} master bridge
             ip -n {_network.Switch} link delete {_host.SwitchPort}-far
             """);
        await _stop.CancelAsync();
        _threads.ForEach(thread => thread.Join());
        Array.ForEach(_taps, tap => tap.Dispose());
        _stop.Dispose();
    }

    private static async Task ShellAsync(string script)
    {
        var result = await ChildProcess.RunAsync(["sh", "-euc", script]);
        _ = result.Successful;
    }

    // Devices are made in the namespace of the thread that makes them; this one is for nothing else afterwards.
    private static SafeFileHandle[] OpenTaps(string networkNamespace, string[] names)
    {
        var taps = new SafeFileHandle[names.Length];
        Exception? failure = null;
        var thread = new Thread(() =>
        {
            try
            {
                using var place = File.OpenHandle(networkNamespace);
                Check(SetNamespace(place, NetworkNamespace));
                for (var i = 0; i < names.Length; i++)
                {
                    taps[i] = File.OpenHandle("/dev/net/tun", FileMode.Open, FileAccess.ReadWrite);
                    var request = new byte[40];
                    Encoding.ASCII.GetBytes(names[i], request);
                    BitConverter.TryWriteBytes(request.AsSpan(16), (short)(Tap | NoPacketInformation));
                    Check(Control(taps[i], SetInterface, request));
                }
            }
            catch (Exception e)
            {
                failure = e;
            }
        });
        thread.Start();
        thread.Join();
        return failure is null ? taps : throw new InvalidOperationException("The TAP devices could not be made.", failure);
    }

    private void Begin(SafeFileHandle from, SafeFileHandle to)
    {
        var late = new BlockingCollection<(long Due, byte[] Frame)>();
        Run(() => Read(from, late));
        Run(() => Write(to, late));
    }

    private void Run(Action work)
    {
        var thread = new Thread(() => work()) { IsBackground = true };
        _threads.Add(thread);
        thread.Start();
    }

    private void Read(SafeFileHandle from, BlockingCollection<(long Due, byte[] Frame)> late)
    {
        var buffer = new byte[MaxFrame];
        while (!_stop.IsCancellationRequested)
        {
            var poll = new PollRequest { Descriptor = (int)from.DangerousGetHandle(), Events = Readable };
            if (Poll(ref poll, 1, WaitMilliseconds) <= 0)
                continue;
            var length = Read(from, buffer, buffer.Length);
            if (length > 0)
                late.Add((Stopwatch.GetTimestamp() + (long)(_delay.TotalSeconds * Stopwatch.Frequency), buffer[..(int)length]));
        }
        late.CompleteAdding();
    }

    private static void Write(SafeFileHandle to, BlockingCollection<(long Due, byte[] Frame)> late)
    {
        foreach (var (due, frame) in late.GetConsumingEnumerable())
        {
            // A relay of time is the one place that has to sleep.
            var left = Stopwatch.GetElapsedTime(Stopwatch.GetTimestamp(), due);
            if (left > TimeSpan.Zero)
                Thread.Sleep(left);
            _ = Write(to, frame, frame.Length); // what cannot be written is lost, as on any network
        }
    }

    private static void Check(int result)
    {
        if (result < 0)
            throw new Win32Exception(Marshal.GetLastPInvokeError());
    }

    private const int NetworkNamespace = 0x40000000;
    private const nuint SetInterface = 0x400454ca;
    private const short Tap = 0x0002;
    private const short NoPacketInformation = 0x1000;
    private const short Readable = 1;

    [StructLayout(LayoutKind.Sequential)]
    private struct PollRequest
    {
        internal int Descriptor;
        internal short Events;
        internal short Returned;
    }

    [LibraryImport("libc", EntryPoint = "setns", SetLastError = true)]
    private static partial int SetNamespace(SafeFileHandle place, int kind);

    [LibraryImport("libc", EntryPoint = "ioctl", SetLastError = true)]
    private static partial int Control(SafeFileHandle device, nuint request, byte[] argument);

    [LibraryImport("libc", EntryPoint = "poll", SetLastError = true)]
    private static partial int Poll(ref PollRequest request, nuint count, int timeout);

    [LibraryImport("libc", EntryPoint = "read", SetLastError = true)]
    private static partial nint Read(SafeFileHandle from, byte[] into, nint count);

    [LibraryImport("libc", EntryPoint = "write", SetLastError = true)]
    private static partial nint Write(SafeFileHandle to, byte[] bytes, nint count);
}
