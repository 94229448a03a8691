using System.ComponentModel;
using System.Diagnostics;
using System.Runtime.InteropServices;

namespace Enmesh.Cli;

/// <summary>A command that may run as long as its lease is held, and not a moment longer than it takes to end it.</summary>
internal static partial class LeasedCommand
{
    // Within the difference of lease duration and renew deadline, after which somebody else may hold the lease.
    private static readonly TimeSpan Mercy = TimeSpan.FromSeconds(4);

    private const int SigTerm = 15;

    /// <returns>Its exit status.</returns>
    /// <exception cref="FormatException">It cannot be started.</exception>
    internal static async Task<int> RunAsync(IReadOnlyList<string> command, CancellationToken end)
    {
        Process? started;
        try
        {
            started = Process.Start(new ProcessStartInfo(command[0], command.Skip(1)) { UseShellExecute = false });
        }
        catch (Win32Exception e)
        {
            throw new FormatException($"'{command[0]}' cannot be started: {e.Message}", e);
        }
        using var process = started!;
        try
        {
            await process.WaitForExitAsync(end).ConfigureAwait(false);
        }
        catch (OperationCanceledException)
        {
            await EndAsync(process).ConfigureAwait(false);
        }
        return process.ExitCode;
    }

    private static async Task EndAsync(Process process)
    {
        if (OperatingSystem.IsWindows() || Signal(process.Id, SigTerm) != 0)
            process.Kill(entireProcessTree: true);
        using var patience = new CancellationTokenSource(Mercy);
        try
        {
            await process.WaitForExitAsync(patience.Token).ConfigureAwait(false);
        }
        catch (OperationCanceledException)
        {
            process.Kill(entireProcessTree: true);
            await process.WaitForExitAsync(CancellationToken.None).ConfigureAwait(false);
        }
    }

    [LibraryImport("libc", EntryPoint = "kill")]
    [DefaultDllImportSearchPaths(DllImportSearchPath.System32)]
    private static partial int Signal(int process, int signal);
}

/// <summary>SIGTERM as well as Ctrl-C: the one is how Kubernetes ends a container.</summary>
internal sealed class Interruption : IDisposable
{
    private readonly CancellationTokenSource _source;
    private readonly PosixSignalRegistration _registration;

    internal Interruption(CancellationToken cancellationToken)
    {
        _source = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        _registration = PosixSignalRegistration.Create(PosixSignal.SIGTERM, context =>
        {
            context.Cancel = true;
            _source.Cancel();
        });
    }

    internal CancellationToken Token => _source.Token;

    public void Dispose()
    {
        _registration.Dispose();
        _source.Dispose();
    }
}
