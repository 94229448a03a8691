using Enmesh.Consoles;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;

namespace Enmesh.Hosting.Ssh;

/// <summary>
/// A node's SSH: a console of its own for those who come that way, and the server that leads them there. It is there until the node has drained.
/// </summary>
internal sealed class SshService(string section, Func<ErlangSshOptions> options, Func<ErlangNode> node, ILogger logger, TimeProvider time) : IHostedLifecycleService, IAsyncDisposable
{
    private const UnixFileMode OnlyUser = UnixFileMode.UserRead | UnixFileMode.UserWrite;

    private SshServer? _server;
    private IAsyncDisposable? _console;

    /// <summary>What it shows for itself; null before it has started.</summary>
    internal SshHostKey? HostKey { get; private set; }

    public Task StartingAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public async Task StartAsync(CancellationToken cancellationToken)
    {
        try
        {
            await ServeAsync(options(), cancellationToken).ConfigureAwait(false);
        }
        catch (Exception e)
        {
            await EndAsync().ConfigureAwait(false);
            if (e is not (IOException or UnauthorizedAccessException))
                throw;
            throw new OptionsValidationException(Options.DefaultName, typeof(ErlangSshOptions), [$"{section}: SSH does not start: {e.Message}"]);
        }
    }

    public Task StartedAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StoppingAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    // Before the node ends, which goes last to start and first to end: operators may watch it drain.
    public Task StoppedAsync(CancellationToken cancellationToken) => EndAsync();

    // The host does not stop what has not started altogether.
    public async ValueTask DisposeAsync() => await EndAsync().ConfigureAwait(false);

    private async Task EndAsync()
    {
        HostKey = null;
        // Sessions end with their console, and the server's last words are of them.
        if (_console is not null)
            await _console.DisposeAsync().ConfigureAwait(false);
        if (_server is not null)
            await _server.DisposeAsync().ConfigureAwait(false);
        (_console, _server) = (null, null);
    }

    private async Task ServeAsync(ErlangSshOptions settings, CancellationToken cancellationToken)
    {
        var program = SshSurroundings.Server(settings)!;
        var generator = SshSurroundings.KeyGenerator!;
        var said = await SshSurroundings.RunAsync(program, ["-V"], cancellationToken).ConfigureAwait(false);
        var version = SshSurroundings.ParseVersion(said.Output + said.Errors);
        if (SshSurroundings.VersionProblem(program, version) is { } problem)
            throw new OptionsValidationException(Options.DefaultName, typeof(ErlangSshOptions), [$"{section}:{problem}"]);

        var self = node();
        var usual = ConsolePath.Of(self.Name, Environment.GetEnvironmentVariable);
        if (settings.Directory is null)
            ConsolePath.Prepare(usual); // made together with one below it, it would be open to others, and no place for consoles
        var directory = settings.Directory ?? Path.ChangeExtension(usual, ".ssh");
        var socket = Path.Combine(directory, "console");
        // With that the directory is the user's own, too.
        _console = self.ListenForConsoles(socket, new SshVisits(settings.LogExpressions, logger, time).Record);

        var keyFile = settings.HostKeyFile;
        var isNew = false;
        if (keyFile is null)
            (keyFile, isNew) = await SshHostKey.EnsureAsync(directory, generator, self.Name.Text, cancellationToken).ConfigureAwait(false);
        var key = await SshHostKey.PublicAsync(keyFile, generator, cancellationToken).ConfigureAwait(false);
        if (isNew)
            logger.SshHostKeyMade(key.Fingerprint, keyFile);

        var plan = Plan(settings, version!, keyFile, directory, socket);
        if (plan.Problem is { } unwritable)
            throw new IOException(unwritable);
        if (plan.PrincipalsFile is { } principals)
            Write(principals, string.Join('\n', settings.Principals) + "\n");
        var configuration = Path.Combine(directory, "sshd_config");
        Write(configuration, SshConfig.Text(plan));
        var test = await SshSurroundings.RunAsync(program, ["-t", "-f", configuration], cancellationToken).ConfigureAwait(false);
        if (test.Status != 0)
            throw new IOException($"sshd does not take its configuration {configuration}: {test.Errors.Trim()}");
        _server = new SshServer(program, configuration, () => logger.SshListening(settings.Listen, version!, key.Fingerprint), logger, time);
        await _server.StartAsync(cancellationToken).ConfigureAwait(false);
        HostKey = new(key, settings.Listen);
    }

    private static SshPlan Plan(ErlangSshOptions settings, Version version, string keyFile, string directory, string socket) => new()
    {
        Listen = settings.Listen,
        HostKeyFile = keyFile,
        HostCertificateFile = settings.HostCertificateFile,
        User = Unix.Account()!.Name,
        AuthorizedKeysFile = settings.AuthorizedKeysFile,
        UserAuthoritiesFile = settings.UserAuthoritiesFile,
        PrincipalsFile = settings.Principals.Count == 0 ? null : Path.Combine(directory, "principals"),
        RevokedKeysFile = settings.RevokedKeysFile,
        StrictModes = settings.StrictModes,
        IdleTimeout = settings.IdleTimeout,
        Command = [.. SshSurroundings.Command(settings)!, "ssh", "session", "--socket", socket],
        Environment = SshConfig.Environment(Environment.GetEnvironmentVariable),
        Version = version,
    };

    private static void Write(string path, string text)
    {
        File.Delete(path);
        var options = new FileStreamOptions { Mode = FileMode.CreateNew, Access = FileAccess.Write };
        if (!OperatingSystem.IsWindows())
            options.UnixCreateMode = OnlyUser;
        using var file = new StreamWriter(path, options);
        file.Write(text);
    }
}
