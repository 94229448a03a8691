using System.Text.RegularExpressions;
using Enmesh.SystemTests.Network;
using Enmesh.TestSupport;

namespace Enmesh.SystemTests.Ssh;

/// <summary>
/// A node on a host of its own, in what its container would be: the root of a Debian with OpenSSH, which cannot be written, a user of its own with an entry in
/// passwd, a devpts whose terminals are the group tty's, memory for <c>/tmp</c> and <c>/run</c>, and settings mounted as Kubernetes does, in a directory that
/// everybody could write.
/// </summary>
internal sealed partial class SshPod : IAsyncDisposable
{
    internal const int Port = 10022;

    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(2);

    private readonly string _directory;
    private readonly string _root;
    private readonly VirtualHost _host;
    private readonly IDisposable _atExit;
    private ChildProcess? _node;

    private SshPod(VirtualHost host, string root, string cookie)
    {
        (_host, _root) = (host, root);
        _directory = Directory.CreateTempSubdirectory("enmesh-ssh-").FullName;
        _atExit = AtExit.Run($"rm -rf --one-file-system '{_directory}'");
        Directory.CreateDirectory($"{_directory}/etc");
        // What .NET would mask otherwise.
        File.SetUnixFileMode($"{_directory}/etc", (UnixFileMode)0x3FF);
        File.WriteAllText($"{_directory}/passwd", Container.Users);
        Put("cookie", cookie);
        Put("authorized_keys", "");
    }

    internal VirtualHost Host => _host;

    internal ChildProcess Node => _node!;

    internal string Name => $"shop@{_host.Address}";

    /// <summary>A pod that has not started.</summary>
    internal static async Task<SshPod> CreateAsync(VirtualHost host, string cookie) => new(host, await Otp.RootAsync(27), cookie);

    /// <summary>Puts a file among the mounted settings, as whole as a ConfigMap's; a key as the kubelet puts a Secret's, which is root's.</summary>
    internal void Put(string name, string text)
    {
        var path = $"{_directory}/etc/{name}";
        File.WriteAllText(path + ".new", text);
        File.SetUnixFileMode(path + ".new", (UnixFileMode)(name is "cookie" or "host_key" ? 0x120 : 0x124));
        if (name == "cookie")
            _ = ChildProcess.RunAsync(["chown", $"{Container.User}:{Container.User}", path + ".new"]).GetAwaiter().GetResult().Successful;
        if (name == "host_key")
            _ = ChildProcess.RunAsync(["chown", $"0:{Container.User}", path + ".new"]).GetAwaiter().GetResult().Successful;
        File.Move(path + ".new", path, overwrite: true);
    }

    /// <summary>Starts the node, with SSH.</summary>
    internal async Task StartAsync(IEnumerable<string> settings, params string[] options)
    {
        _node = Launch(settings, options);
        await _node.WaitForLineAsync("is up on port", Patience);
    }

    internal ChildProcess Launch(IEnumerable<string> settings, params string[] options)
    {
        return ChildProcess.Start(
        [
            .. _host.Enter, .. Container.Enter(_root, _directory),
            "Enmesh__Ssh__Listen=0.0.0.0:10022", "Enmesh__Ssh__AuthorizedKeysFile=/srv/authorized_keys",
            "Enmesh__Ssh__StrictModes=false", "Enmesh__DrainDelay=0", .. settings,
            .. Container.As(_directory), "/opt/enmesh", "node", "--name", Name, "--listen", $"{_host.Address}", "--no-tls", "--cookie-file", "/srv/cookie", .. options,
        ]);
    }

    /// <summary>The process that listens for SSH on this host; null when there is none.</summary>
    internal async Task<string?> ListenerAsync()
    {
        var sockets = await _host.RunAsync("ss", "-ltnpH", $"sport = :{Port}");
        return Listener().Match(sockets.Successful) is { Success: true } match ? match.Groups["pid"].Value : null;
    }

    /// <summary>Waits for what is bound to come.</summary>
    internal static async Task UntilAsync(Func<Task<bool>> condition, string what)
    {
        using var deadline = new CancellationTokenSource(Patience);
        while (!await condition())
        {
            if (deadline.IsCancellationRequested)
                throw new TimeoutException($"{what}: not within {Patience}.");
            await Task.Delay(20);
        }
    }

    public async ValueTask DisposeAsync()
    {
        if (_node is not null)
            await _node.DisposeAsync();
        Directory.Delete(_directory, recursive: true);
        _atExit.Dispose();
    }

    [GeneratedRegex(@"""sshd"",pid=(?<pid>\d+)", RegexOptions.ExplicitCapture, 1000)]
    private static partial Regex Listener();
}
