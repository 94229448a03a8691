using System.Diagnostics;

namespace Enmesh.Cli;

/// <summary>A node that runs as a child process, and ends with this one.</summary>
internal sealed class NodeChild : IAsyncDisposable
{
    private const int KeptLines = 20;
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
    private DateTimeOffset? _died;

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

    /// <summary>What a node that has died said last; null for one that is well.</summary>
    internal string? Trouble
    {
        get
        {
            lock (_output)
                return _process.HasExited ? $"{Name} ended with status {_process.ExitCode}. {string.Join(Environment.NewLine, _output)}" : null;
        }
    }

    /// <summary>Looks for a program on the PATH.</summary>
    internal static string? Find(string program) => (Environment.GetEnvironmentVariable("PATH") ?? "")
        .Split(Path.PathSeparator, StringSplitOptions.RemoveEmptyEntries)
        .Select(folder => Path.Combine(folder, program))
        .FirstOrDefault(File.Exists);

    internal static NodeChild OfOurs(NodeName name, string home, int epmdPort)
    {
        var start = new ProcessStartInfo(Environment.ProcessPath!);
        // Under `dotnet enmesh.dll` the process is dotnet's.
        if (Path.GetFileNameWithoutExtension(start.FileName) == "dotnet")
            start.ArgumentList.Add(Environment.GetCommandLineArgs()[0]);
        foreach (var argument in new[]
        {
            "node", "--name", name.Text, "--port", "0", "--epmd", "register", "--epmd-port", $"{epmdPort}",
            "--epmd-host", name.Host, "--cookie-file", Path.Combine(home, ".erlang.cookie"), "--until-stdin-closes",
        })
        {
            start.ArgumentList.Add(argument);
        }
        start.Environment["ERL_EPMD_PORT"] = $"{epmdPort}";
        // Members come and go here while somebody watches.
        start.Environment["Enmesh__Discovery__epmd__Interval"] = "0.5";
        start.Environment["Enmesh__Cluster__MaxBackoff"] = "2";
        return new(name, isBeam: false, start);
    }

    internal static NodeChild OfBeam(NodeName name, string erl, string home, int epmdPort)
    {
        var start = new ProcessStartInfo(erl);
        foreach (var argument in new[]
        {
            "-noshell", "-name", name.Text, "-start_epmd", "false", "-kernel", "inet_dist_use_interface", "{127,0,0,1}", "-eval", BeamProgram,
        })
        {
            start.ArgumentList.Add(argument);
        }
        // The cookie is found in $HOME, never on the command line.
        start.Environment["HOME"] = home;
        start.Environment["ERL_EPMD_PORT"] = $"{epmdPort}";
        return new(name, isBeam: true, start);
    }

    internal void StartAgainIfDead(TimeSpan after)
    {
        if (!_process.HasExited)
            return;
        var now = TimeProvider.System.GetUtcNow();
        if (_died is null)
        {
            _died = now;
            Note($"{Name} has ended with status {_process.ExitCode}; it is started again.");
        }
        else if (now - _died >= after)
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
            _process.Kill(entireProcessTree: true);
        }
        _process.Dispose();
    }

    private void Note(string text) =>
        _notices.Add((TimeProvider.System.GetUtcNow(), $"{TimeProvider.System.GetLocalNow():HH:mm:ss} {text}"));

    private Process Begin()
    {
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
        if (line is null)
            return;
        lock (_output)
        {
            _output.Enqueue(line);
            while (_output.Count > KeptLines)
                _output.Dequeue();
        }
    }
}
