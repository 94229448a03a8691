using System.Diagnostics;

namespace Enmesh.Cli;

/// <summary>A node that runs as a child process, and ends with this one.</summary>
internal sealed class NodeChild : IAsyncDisposable
{
    private const int KeptLines = 20;
    private static readonly TimeSpan RestartAfter = TimeSpan.FromSeconds(2);
    private static readonly TimeSpan StopTime = TimeSpan.FromSeconds(5);

    // Ends with its stdin, and dials, every second, whoever EPMD knows.
    private const string BeamProgram =
        "spawn(fun() -> (fun Wait() -> case io:get_line(\"\") of eof -> halt(0); {error, _} -> halt(0); _ -> Wait() end end)() end), "
        + "(fun Mesh() -> case erl_epmd:names({127,0,0,1}) of "
        + "{ok, Names} -> [net_kernel:connect_node(list_to_atom(N ++ \"@127.0.0.1\")) || {N, _} <- Names, N =/= hd(string:tokens(atom_to_list(node()), \"@\"))]; "
        + "_ -> ok end, timer:sleep(1000), Mesh() end)().";

    private readonly ProcessStartInfo _start;
    private readonly Queue<string> _output = new();
    private readonly List<(DateTimeOffset At, string Text)> _notices = [];
    private Process _process;
    private long? _died;

    private NodeChild(NodeName name, bool isBeam, ProcessStartInfo start)
    {
        Name = name;
        IsBeam = isBeam;
        _start = start;
        _start.RedirectStandardInput = _start.RedirectStandardOutput = _start.RedirectStandardError = true;
        _process = Begin();
    }

    internal NodeName Name { get; }

    internal bool IsBeam { get; }

    internal IReadOnlyList<(DateTimeOffset At, string Text)> Notices => _notices;

    /// <summary>The operating system's id of the process; null while there is none.</summary>
    internal int? ProcessId => _process.HasExited ? null : _process.Id;

    /// <summary>How a node ended and what it said last; null for one that is well.</summary>
    internal string? Trouble
    {
        get
        {
            if (!_process.HasExited)
                return null;
            _process.WaitForExit(); // until all that it said has been read
            lock (_output)
                return $"{Name} ended with status {_process.ExitCode}{(_output.Count == 0 ? " and said nothing." : $": {string.Join(Environment.NewLine, _output)}")}";
        }
    }

    /// <summary>Looks for a program on the PATH.</summary>
    internal static string? Find(string program) => (Environment.GetEnvironmentVariable("PATH") ?? "")
        .Split(Path.PathSeparator, StringSplitOptions.RemoveEmptyEntries)
        .Select(folder => Path.Combine(folder, program))
        .FirstOrDefault(File.Exists);

    internal static NodeChild OfOurs(NodeName name, string cookieFile, int epmdPort, LocalTls? tls)
    {
        var start = new ProcessStartInfo(Environment.ProcessPath!);
        // Under `dotnet enmesh.dll` the process is dotnet's.
        if (Path.GetFileNameWithoutExtension(start.FileName) == "dotnet")
            start.ArgumentList.Add(Environment.GetCommandLineArgs()[0]);
        foreach (var argument in (string[])
        [
            "node", "--name", name.Text, "--port", "0", "--epmd", "register", "--epmd-port", $"{epmdPort}",
            "--epmd-host", name.Host, "--cookie-file", cookieFile, "--until-stdin-closes", .. tls?.Arguments ?? [],
        ])
        {
            start.ArgumentList.Add(argument);
        }
        // Members come and go here while somebody watches.
        start.Environment["Enmesh__Discovery__epmd__Interval"] = "0.5";
        start.Environment["Enmesh__Cluster__MaxBackoff"] = "2";
        return new(name, isBeam: false, start);
    }

    internal static NodeChild OfBeam(NodeName name, string erl, string home, int epmdPort, LocalTls? tls)
    {
        var start = new ProcessStartInfo(erl);
        foreach (var argument in (string[])
        [
            // Ctrl-C in the terminal is for the command; it ends its nodes itself.
            "+Bi", "-noshell", "-name", name.Text, "-start_epmd", "false", "-kernel", "inet_dist_use_interface",
            "{127,0,0,1}", .. tls?.BeamArguments ?? [], "-eval", BeamProgram,
        ])
        {
            start.ArgumentList.Add(argument);
        }
        // The cookie is found in $HOME, never on the command line.
        start.Environment["HOME"] = home;
        start.Environment["ERL_EPMD_PORT"] = $"{epmdPort}";
        return new(name, isBeam: true, start);
    }

    internal void StartAgainIfDead()
    {
        if (!_process.HasExited)
            return;
        if (_died is not { } died)
        {
            _died = TimeProvider.System.GetTimestamp();
            Note($"{Name} has ended with status {_process.ExitCode}; it will be started again.{LastWords()}");
        }
        else if (TimeProvider.System.GetElapsedTime(died) >= RestartAfter)
        {
            _died = null;
            _process.Dispose();
            _process = Begin();
            Note($"{Name} is started again, as process {_process.Id}.");
        }
    }

    public async ValueTask DisposeAsync()
    {
        try
        {
            _process.StandardInput.Close();
            await _process.WaitForExitAsync().WaitAsync(StopTime).ConfigureAwait(false);
        }
        catch (Exception e) when (e is TimeoutException or IOException)
        {
            // It does not heed the end of its input, or is gone already.
            _process.Kill(entireProcessTree: true);
        }
        _process.Dispose();
    }

    private void Note(string text)
    {
        _notices.Add((TimeProvider.System.GetUtcNow(), text));
        if (_notices.Count > KeptLines)
            _notices.RemoveAt(0);
    }

    // One that was killed has said nothing about it.
    private string LastWords()
    {
        const int KilledBySignal = 128;
        lock (_output)
            return _output.Count == 0 || _process.ExitCode > KilledBySignal ? "" : $" It said: {_output.Last()}";
    }

    private Process Begin()
    {
        lock (_output)
            _output.Clear();
        var process = new Process { StartInfo = _start };
        process.OutputDataReceived += (_, line) => Keep(line.Data);
        process.ErrorDataReceived += (_, line) => Keep(line.Data);
        process.Start();
        process.BeginOutputReadLine();
        process.BeginErrorReadLine();
        return process;
    }

    private void Keep(string? line)
    {
        if (string.IsNullOrWhiteSpace(line))
            return;
        lock (_output)
        {
            _output.Enqueue(line);
            while (_output.Count > KeptLines)
                _output.Dequeue();
        }
    }
}
