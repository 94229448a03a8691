using System.Collections.Concurrent;
using System.Globalization;
using System.Net;
using System.Text;

namespace Enmesh.TestSupport;

/// <summary>
/// A real Erlang node, started from the root of its release. Disposing of it, or the end of the test process by
/// whatever means, ends it; what it printed goes to the test's output.
/// </summary>
internal sealed class BeamNode : IAsyncDisposable
{
    private static readonly TimeSpan StartTimeout = TimeSpan.FromSeconds(60);
    private static readonly TimeSpan EvalTimeout = TimeSpan.FromSeconds(30);

    private readonly BeamHome _home;
    private readonly ChildProcess _process;
    private readonly BeamControl _control;
    private readonly ConcurrentBag<string> _announced = [];

    private BeamNode(BeamOptions options, BeamHome home, ChildProcess process, BeamControl control, BeamHello hello)
    {
        _home = home;
        _process = process;
        _control = control;
        Options = options;
        Release = hello.Release;
        Name = hello.Name;
        ProcessId = hello.ProcessId;
        Port = hello.Port;
        BeamReports.Watch(this);
    }

    /// <summary>How it was started, with everything chosen by the fixture filled in: start again with them.</summary>
    internal BeamOptions Options { get; }

    /// <summary>The release the node itself reports.</summary>
    internal int Release { get; }

    internal string Name { get; }

    internal string Cookie => Options.Cookie!;

    /// <summary>The operating system's process id.</summary>
    internal int ProcessId { get; }

    /// <summary>Where it accepts distribution connections; 0 when it is not distributed.</summary>
    internal int Port { get; }

    internal bool HasExited => _process.HasExited;

    /// <summary>What it printed so far.</summary>
    internal string Output => _process.Output;

    /// <summary>Parts of reports that the node may print.</summary>
    internal IReadOnlyCollection<string> Announced => _announced;

    /// <summary>
    /// Says that the node may print reports with one of these texts in them; any other fails the test.
    /// </summary>
    internal void Announce(params ReadOnlySpan<string> parts)
    {
        foreach (var part in parts)
            _announced.Add(part);
    }

    /// <summary>Starts a node and waits until it is ready.</summary>
    internal static async Task<BeamNode> StartAsync(int release, BeamOptions? options = null)
    {
        const int Attempts = 3;
        options ??= new();
        var portIsOurs = options is { Port: null, Distributed: true, Epmd: null, EpmdPort: null };
        for (var attempt = 1; ; attempt++)
        {
            var complete = options with
            {
                Name = options.Name ?? Otp.NewName(),
                Cookie = options.Cookie ?? Otp.NewCookie(),
                Port = portIsOurs ? BeamEpmd.FreePort() : options.Port,
            };
            try
            {
                return await StartOnceAsync(release, complete);
            }
            catch (InvalidOperationException taken) when (
                portIsOurs && attempt < Attempts && taken.Message.Contains("eaddrinuse", StringComparison.Ordinal))
            {
                // Somebody took the port between our look and the node's; take another one.
            }
        }
    }

    /// <summary>
    /// Evaluates Erlang expressions and returns the value as <c>~0tp</c> prints it. The variable <c>In</c> is the
    /// input, a binary. <see cref="BeamEvalException"/> when the evaluation fails.
    /// </summary>
    internal async Task<string> EvalAsync(
        string expressions, ReadOnlyMemory<byte> input = default, TimeSpan? timeout = null)
    {
        var source = Terminated(expressions);
        var value = await _control.EvaluateAsync(BeamControl.Kind.Text, source, input, timeout ?? EvalTimeout);
        return Encoding.UTF8.GetString(value.Span);
    }

    /// <summary>As <see cref="EvalAsync"/> for expressions whose value is iodata; returns its bytes.</summary>
    internal Task<ReadOnlyMemory<byte>> EvalBytesAsync(
        string expressions, ReadOnlyMemory<byte> input = default, TimeSpan? timeout = null) =>
        _control.EvaluateAsync(BeamControl.Kind.Bytes, Terminated(expressions), input, timeout ?? EvalTimeout);

    /// <summary>Evaluates Elixir code in this node and returns what <c>inspect</c> makes of the value.</summary>
    internal async Task<string> EvalElixirAsync(
        string code, ReadOnlyMemory<byte> input = default, TimeSpan? timeout = null)
    {
        var value = await _control.EvaluateAsync(BeamControl.Kind.Elixir, code, input, timeout ?? EvalTimeout);
        return Encoding.UTF8.GetString(value.Span);
    }

    /// <summary>Waits until the expression has a value that matches the pattern.</summary>
    internal Task WaitForAsync(string expression, string pattern = "true", TimeSpan? timeout = null) =>
        EvalAsync(
            $"(fun Wait() -> case ({expression}) of {pattern} -> ok; _ -> receive after 10 -> Wait() end end end)()",
            timeout: timeout);

    /// <summary>Compiles an Erlang module in the node and loads it.</summary>
    internal async Task LoadModuleAsync(string name, string source)
    {
        await File.WriteAllTextAsync(Path.Combine(_home.Outside, $"{name}.erl"), source);
        await EvalAsync(
            $$"""
            case compile:file("{{_home.Inside}}/{{name}}", [binary, return_errors]) of
              {ok, Module, Code} -> {module, Module} = code:load_binary(Module, "{{name}}.erl", Code);
              Errors -> error(Errors)
            end
            """);
    }

    /// <summary>Runs a program of this node's root with its cookie and its EPMD, e.g. <c>erl_call</c>.</summary>
    internal Task<CommandResult> RunToolAsync(IReadOnlyList<string> command, string input = "") =>
        Otp.RunAsync(Release, command, Cookie, EpmdPort(Options), input, Options.Through);

    /// <summary>Leaves the cluster in order (<c>init:stop/0</c>) and waits until the process has ended.</summary>
    internal async Task StopAsync()
    {
        try
        {
            await EvalAsync("init:stop()");
        }
        catch (InvalidOperationException)
        {
            // It was gone before the answer was.
        }

        await _process.WaitForExitAsync(StartTimeout);
    }

    /// <summary>Puts a file into its home directory, in one step.</summary>
    internal void WriteFile(string name, string text)
    {
        var path = Path.Combine(_home.Outside, name);
        File.WriteAllText(path + ".new", AtHome(text, _home));
        File.Move(path + ".new", path, overwrite: true);
    }

    /// <summary>Ends the process at once, as a crash would.</summary>
    internal Task KillAsync() => _process.KillAsync();

    /// <summary>Stops the process (SIGSTOP): it keeps its connections and says nothing.</summary>
    internal Task SuspendAsync() => _process.SignalAsync("STOP");

    /// <summary>Lets it go on after <see cref="SuspendAsync"/>.</summary>
    internal Task ResumeAsync() => _process.SignalAsync("CONT");

    public async ValueTask DisposeAsync()
    {
        await _process.DisposeAsync();
        _control.Dispose();
        _home.Dispose();
    }

    private static async Task<BeamNode> StartOnceAsync(int release, BeamOptions options)
    {
        var home = BeamHome.Create(await Otp.RootAsync(release), options.Cookie!);
        BeamControl? control = null;
        ChildProcess? process = null;
        try
        {
            File.Copy(
                Repository.PathTo("tests", "Shared", "beam_control.erl"),
                Path.Combine(home.Outside, "beam_control.erl"));
            foreach (var (name, text) in options.Files)
                await File.WriteAllTextAsync(Path.Combine(home.Outside, name), AtHome(text, home));
            control = new(Path.Combine(home.Outside, "control"));
            var environment = home.Environment(EpmdPort(options));
            foreach (var (name, value) in options.Environment)
                environment[name] = value;
            process = ChildProcess.Start(Command(options, home), environment);
            var hello = await ReadyAsync(process, control);
            if (hello.Release != release)
            {
                throw new InvalidOperationException(
                    $"The root for OTP {release} holds OTP {hello.Release}: the Debian suite has moved on. Leave {release} " +
                    "out with --otp, or move the table in scripts/otp-root on.");
            }

            return new(options, home, process, control, hello);
        }
        catch
        {
            if (process is not null)
                await process.DisposeAsync();
            control?.Dispose();
            home.Dispose();
            throw;
        }
    }

    private static async Task<BeamHello> ReadyAsync(ChildProcess process, BeamControl control)
    {
        using var waiting = new CancellationTokenSource();
        var ready = control.AcceptAsync(waiting.Token);
        var exit = process.WaitForExitAsync(StartTimeout);
        var first = await Task.WhenAny(ready, exit);
        if (first == ready)
        {
            // Nobody waits for that task any more; its time-out is of no interest.
            _ = exit.ContinueWith(static ended => ended.Exception, TaskScheduler.Default);
            return await ready;
        }

        await waiting.CancelAsync();
        throw new InvalidOperationException($"The node ended before it was ready: {await exit}");
    }

    private static List<string> Command(BeamOptions options, BeamHome home)
    {
        List<string> command =
        [
            .. options.Through, .. home.Enter,
            // Busy waiting of idle schedulers would slow down everything else on a small machine.
            "erl", "-noshell", "-noinput", "+sbwt", "none", "+sbwtdcpu", "none", "+sbwtdio", "none",
        ];
        if (options.Distributed)
            command.AddRange(Distribution(options));
        command.AddRange(options.Arguments.Select(argument => AtHome(argument, home)));
        command.AddRange(
        [
            "-eval",
            $"{{ok, M, B}} = compile:file(\"{home.Inside}/beam_control\", [binary]), " +
            $"{{module, M}} = code:load_binary(M, \"beam_control.erl\", B), M:start(\"{home.Inside}/control\").",
        ]);
        return command;
    }

    private static string AtHome(string text, BeamHome home) => text.Replace("{home}", home.Inside, StringComparison.Ordinal);

    private static List<string> Distribution(BeamOptions options)
    {
        var port = options.Port?.ToString(CultureInfo.InvariantCulture);
        List<string> arguments = [options.ShortName ? "-sname" : "-name", options.Name!, "-start_epmd", "false"];
        if (EpmdPort(options) is null)
            arguments.AddRange(["-erl_epmd_port", port!]);
        else if (port is not null)
            arguments.AddRange(["-kernel", "inet_dist_listen_min", port, "inet_dist_listen_max", port]);
        if (options.Address is not null)
            arguments.AddRange(["-kernel", "inet_dist_use_interface", ErlangAddress(options.Address)]);
        if (options.Hidden)
            arguments.Add("-hidden");
        return arguments;
    }

    private static string ErlangAddress(string address)
    {
        var bytes = IPAddress.Parse(address).GetAddressBytes();
        if (bytes.Length == 4)
            return $"{{{string.Join(',', bytes)}}}";
        return $"{{{string.Join(',', bytes.Chunk(2).Select(pair => (pair[0] << 8) | pair[1]))}}}";
    }

    private static int? EpmdPort(BeamOptions options) => options.Epmd?.Port ?? options.EpmdPort;

    private static string Terminated(string expressions)
    {
        var source = expressions.TrimEnd();
        return source.EndsWith('.') ? source : $"{source}.";
    }
}
