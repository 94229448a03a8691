using System.Diagnostics;
using System.Globalization;
using System.Text;
using Xunit;

namespace Enmesh.TestSupport;

/// <summary>What a command printed and how it ended.</summary>
internal sealed record CommandResult(int ExitCode, string Output, string Errors)
{
    /// <summary>The output, when the command has succeeded; otherwise an exception that shows all of it.</summary>
    internal string Successful => ExitCode == 0 ? Output : throw new InvalidOperationException(ToString());

    public override string ToString() => $"exit code {ExitCode}\n--- output\n{Output}\n--- errors\n{Errors}";
}

/// <summary>
/// A program started by a test, in a process group of its own. The group ends with the test, and with the test process
/// if that is killed. Output is kept, can be waited for, and is written to the test's own output on disposal.
/// </summary>
internal sealed class ChildProcess : IAsyncDisposable
{
    private const int MaxOutputChars = 1 << 20;

    /// <summary>How long output is waited for after the end: a child that lives on may hold the pipe open.</summary>
    private static readonly TimeSpan LastOutput = TimeSpan.FromSeconds(5);

    private readonly Process _process;
    private readonly TaskCompletionSource _exited = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly IDisposable _atExit;
    private readonly StringBuilder _output = new();
    private readonly StringBuilder _errors = new();
    private readonly List<Waiter> _waiters = [];
    private readonly string _title;

    private ChildProcess(Process process, string title)
    {
        _process = process;
        _title = title;
        process.OutputDataReceived += (_, line) => Received(_output, line.Data);
        process.ErrorDataReceived += (_, line) => Received(_errors, line.Data);
        process.Exited += (_, _) => _exited.TrySetResult();
        process.EnableRaisingEvents = true;
        process.BeginOutputReadLine();
        process.BeginErrorReadLine();
        Id = process.Id;
        _atExit = AtExit.Run($"{KillGroup} 2>/dev/null");
    }

    /// <summary>The operating system's id of the program.</summary>
    internal int Id { get; }

    private string KillGroup => $"kill -9 -{Id.ToString(CultureInfo.InvariantCulture)}";

    internal bool HasExited => _process.HasExited;

    internal StreamWriter Input => _process.StandardInput;

    /// <summary>Everything printed so far, errors last.</summary>
    internal string Output
    {
        get
        {
            lock (_waiters)
                return $"{_output}{_errors}";
        }
    }

    /// <summary>
    /// Starts a program. Its environment is this process's with the given changes; null removes a variable.
    /// </summary>
    internal static ChildProcess Start(
        IReadOnlyList<string> command, IReadOnlyDictionary<string, string?>? environment = null, bool keepInput = false,
        string? directory = null)
    {
        // setsid becomes the program, so that the process id stays.
        var start = new ProcessStartInfo("setsid", command)
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            WorkingDirectory = directory ?? "",
        };
        // A .NET program that is killed would leave its sockets for debuggers in /tmp.
        start.Environment["DOTNET_EnableDiagnostics"] = "0";
        foreach (var (name, value) in environment ?? new Dictionary<string, string?>())
        {
            if (value is null)
                start.Environment.Remove(name);
            else
                start.Environment[name] = value;
        }

        var process = Process.Start(start) ?? throw new InvalidOperationException($"{command[0]} did not start.");
        if (!keepInput)
            process.StandardInput.Close();
        return new(process, string.Join(' ', command));
    }

    /// <summary>
    /// Runs a program to its end; <see cref="TimeoutException"/> with its output when that takes too long.
    /// </summary>
    internal static async Task<CommandResult> RunAsync(
        IReadOnlyList<string> command, IReadOnlyDictionary<string, string?>? environment = null, string input = "",
        string? directory = null, TimeSpan? timeout = null)
    {
        await using var child = Start(command, environment, keepInput: true, directory);
        try
        {
            await child.Input.WriteAsync(input);
            child.Input.Close();
        }
        catch (IOException)
        {
            // The program has ended without reading; how it ended is what the caller wants to know.
        }

        return await child.WaitForExitAsync(timeout ?? TimeSpan.FromSeconds(60));
    }

    /// <summary>Waits until the program has ended by itself.</summary>
    internal async Task<CommandResult> WaitForExitAsync(TimeSpan timeout)
    {
        try
        {
            await _exited.Task.WaitAsync(timeout);
        }
        catch (TimeoutException)
        {
            throw new TimeoutException($"`{_title}` still runs after {timeout}. It printed:\n{Output}");
        }

        await ReadToEndAsync();
        lock (_waiters)
            return new(_process.ExitCode, _output.ToString(), _errors.ToString());
    }

    /// <summary>Waits for a line of output or errors that contains the text, printed earlier or later.</summary>
    internal async Task<string> WaitForLineAsync(string text, TimeSpan? timeout = null)
    {
        var waiter = new Waiter(text);
        lock (_waiters)
        {
            foreach (var line in $"{_output}{_errors}".Split('\n'))
                waiter.See(line);
            _waiters.Add(waiter);
        }

        var limit = timeout ?? TimeSpan.FromSeconds(60);
        await Task.WhenAny(waiter.Seen.Task, _exited.Task, Task.Delay(limit));
        if (_exited.Task.IsCompleted)
            await ReadToEndAsync();
        if (waiter.Seen.Task.IsCompleted)
            return await waiter.Seen.Task;
        var how = HasExited ? $"ended with {_process.ExitCode}" : $"went on for {limit}";
        throw new InvalidOperationException($"`{_title}` {how} without printing \"{text}\". It printed:\n{Output}");
    }

    /// <summary>Sends a signal by name, e.g. TERM, STOP, CONT.</summary>
    internal Task SignalAsync(string signal) =>
        RunAsync(["kill", $"-{signal}", Id.ToString(CultureInfo.InvariantCulture)]);

    /// <summary>Ends the program itself at once (SIGKILL), as a crash would, and waits until it is gone.</summary>
    internal async Task KillAsync()
    {
        _process.Kill();
        await _exited.Task;
    }

    public async ValueTask DisposeAsync()
    {
        using (var kill = Process.Start(new ProcessStartInfo("sh", ["-c", $"{KillGroup} 2>/dev/null"])))
            await kill!.WaitForExitAsync();
        await _exited.Task;
        await ReadToEndAsync();
        _atExit.Dispose();
        _process.Dispose();
        // Shown by the runner only when the test fails.
        TestContext.Current.TestOutputHelper?.WriteLine($"$ {_title}\n{Output}");
    }

    private async Task ReadToEndAsync()
    {
        using var patience = new CancellationTokenSource(LastOutput);
        try
        {
            await _process.WaitForExitAsync(patience.Token);
        }
        catch (OperationCanceledException)
        {
            // Somebody else still holds the pipe; what is read is enough.
        }
    }

    private void Received(StringBuilder sink, string? line)
    {
        if (line is null)
            return;
        lock (_waiters)
        {
            if (sink.Length < MaxOutputChars)
                sink.Append(line).Append('\n');
            _waiters.ForEach(waiter => waiter.See(line));
        }
    }

    private sealed class Waiter(string text)
    {
        internal TaskCompletionSource<string> Seen { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);

        internal void See(string line)
        {
            if (line.Contains(text, StringComparison.Ordinal))
                Seen.TrySetResult(line);
        }
    }
}
