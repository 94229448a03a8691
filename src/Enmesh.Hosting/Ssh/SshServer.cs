using System.ComponentModel;
using System.Diagnostics;
using System.Text;
using Microsoft.Extensions.Logging;

namespace Enmesh.Hosting.Ssh;

/// <summary>sshd as a child of this process: its log is ours, it is started again when it ends, and it ends with us.</summary>
internal sealed class SshServer(string server, string configuration, Action listening, ILogger logger, TimeProvider time) : IAsyncDisposable
{
    // Ends sshd when this script's input does, which is a pipe from us: also when we are killed, and nobody can tell it.
    // The shell's `read` waits for that, so that there is no process beside the two shells.
    private const string Guard = """
        trap '' INT
        exec 3<&0 </dev/null
        "$@" &
        sshd=$!
        { while read -r _ <&3; do :; done; kill "$sshd"; } >/dev/null 2>&1 &
        guard=$!
        exec 3<&-
        trap 'kill "$sshd"' TERM HUP
        wait "$sshd"
        status=$?
        kill "$guard" 2>/dev/null
        exit "$status"
        """;

    private const string Shell = "/bin/sh";
    private const int WordsKept = 5;
    private const int CannotStart = -1;

    // More than a pipe holds: what is read ends where a message does.
    private const int PipeBytes = 128 << 10;

    private static readonly TimeSpan FirstDelay = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan LongestDelay = TimeSpan.FromMinutes(1);

    // What has run for so long has not failed at its start.
    private static readonly TimeSpan LongEnough = TimeSpan.FromMinutes(1);

    private static readonly TimeSpan EndPatience = TimeSpan.FromSeconds(5);

    private readonly CancellationTokenSource _stopping = new();
    private readonly TaskCompletionSource _up = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly List<Task> _logs = [];
    private Task _running = Task.CompletedTask;
    private volatile bool _listens;

    /// <summary>Starts it, and waits until it listens.</summary>
    /// <exception cref="IOException">It has ended instead.</exception>
    internal async Task StartAsync(CancellationToken cancellationToken)
    {
        _running = RunAsync();
        await _up.Task.WaitAsync(cancellationToken).ConfigureAwait(false);
    }

    public async ValueTask DisposeAsync()
    {
        await _stopping.CancelAsync().ConfigureAwait(false);
        await _running.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        // Sessions hold the pipe until they have ended, and say so into it. Nobody has to wait for one that does not.
        await Task.WhenAny(Task.WhenAll(_logs), Task.Delay(EndPatience, time)).ConfigureAwait(false);
        _stopping.Dispose();
    }

    private async Task RunAsync()
    {
        var delay = FirstDelay;
        while (!_stopping.IsCancellationRequested)
        {
            var begun = time.GetTimestamp();
            var (status, words) = await RunOnceAsync().ConfigureAwait(false);
            if (_stopping.IsCancellationRequested)
                return;
            if (_up.TrySetException(new IOException($"sshd has ended with {status} instead of listening: {words}")))
                return;
            delay = time.GetElapsedTime(begun) > LongEnough ? FirstDelay : delay;
            logger.SshEnded(status, words, delay.TotalSeconds);
            await Task.Delay(delay, time, _stopping.Token).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            delay = delay * 2 < LongestDelay ? delay * 2 : LongestDelay;
        }
    }

    private async Task<(int Status, string Words)> RunOnceAsync()
    {
        Process started;
        try
        {
            started = Start();
        }
        catch (Win32Exception e)
        {
            return (CannotStart, $"{Shell} cannot be started: {e.Message}."); // for want of processes, say, which may pass
        }
        using var process = started;
        _listens = false;
        var words = new Queue<string>();
        var log = LogAsync(process.StandardError.BaseStream, words);
        lock (_logs)
        {
            _logs.RemoveAll(task => task.IsCompleted);
            _logs.Add(log);
        }
        // Its input's end is what ends it.
        using var end = _stopping.Token.Register(process.StandardInput.Close);
        await process.WaitForExitAsync(CancellationToken.None).ConfigureAwait(false);
        // What it said last is on its way, unless a session of it lives on and holds the pipe.
        await Task.WhenAny(log, Task.Delay(FirstDelay, time)).ConfigureAwait(false);
        lock (words)
            return (process.ExitCode, words.Count == 0 ? "it said nothing." : string.Join(" | ", words));
    }

    private Process Start() => Process.Start(new ProcessStartInfo(Shell, ["-c", Guard, "sshd", server, "-D", "-e", "-f", configuration])
    {
        UseShellExecute = false,
        RedirectStandardInput = true,
        RedirectStandardError = true,
    })!;

    private async Task LogAsync(Stream log, Queue<string> last)
    {
        var buffer = new byte[PipeBytes];
        var beginsWithMessage = true;
        await using (log.ConfigureAwait(false))
        {
            while (await log.ReadAsync(buffer).ConfigureAwait(false) is > 0 and var count)
            {
                foreach (var message in SshLogText.Messages(Encoding.UTF8.GetString(buffer, 0, count), beginsWithMessage))
                    Log(message, last);
                beginsWithMessage = count < buffer.Length;
            }
        }
    }

    private void Log(string message, Queue<string> last)
    {
        lock (last)
        {
            last.Enqueue(message);
            if (last.Count > WordsKept)
                last.Dequeue();
        }
        Log(SshLogLine.Parse(message));
    }

    private void Log(SshLogLine line)
    {
        switch (line)
        {
            case SshLogLine.Listening:
                if (!_listens)
                    listening(); // once a start, whatever the number of addresses
                _listens = true;
                _up.TrySetResult();
                break;
            case SshLogLine.Accepted accepted:
                logger.SshAccepted(accepted.User, accepted.Address, accepted.Key, accepted.Fingerprint, accepted.Certificate);
                break;
            case SshLogLine.Refused refused:
                logger.SshRefused(refused.Line);
                break;
            case SshLogLine.Complaint complaint:
                logger.SshComplained(complaint.Line);
                break;
            case SshLogLine.Other other:
                logger.SshSaid(other.Line);
                break;
        }
    }
}
