using System.Globalization;
using System.Net;
using Enmesh.SystemTests.Network;
using Enmesh.TestSupport;

namespace Enmesh.SystemTests.Ssh;

/// <summary>Somebody with a real <c>ssh</c> on another host, and keys that were made with the real <c>ssh-keygen</c>.</summary>
internal sealed class SshClient : IDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(2);

    private readonly VirtualHost _host;
    private readonly BeamHome _home;

    private SshClient(VirtualHost host, BeamHome home) => (_host, _home) = (host, home);

    internal static async Task<SshClient> CreateAsync(VirtualHost host) => new(host, BeamHome.Create(await Otp.RootAsync(27), Otp.NewCookie()));

    /// <summary>Whom it trusts, by strict rules.</summary>
    internal string KnownHosts
    {
        set => File.WriteAllText(Path.Combine(_home.Outside, "known_hosts"), value);
    }

    /// <summary>Makes a key.</summary>
    /// <returns>The line of its public half.</returns>
    internal async Task<string> MakeKeyAsync(string name)
    {
        await KeygenAsync("-q", "-t", "ed25519", "-N", "", "-C", name, "-f", name);
        return Read($"{name}.pub");
    }

    internal string Read(string name) => File.ReadAllText(Path.Combine(_home.Outside, name));

    internal async Task<string> KeygenAsync(params string[] arguments) =>
        (await ChildProcess.RunAsync(Enter("ssh-keygen", arguments), _home.Environment(null))).Successful;

    internal async Task<string> FingerprintAsync(string name) => (await KeygenAsync("-l", "-f", $"{name}.pub")).Split(' ')[1];

    /// <summary>Runs ssh to its end.</summary>
    internal Task<CommandResult> SshAsync(string key, IPAddress address, string[] options, params string[] command) =>
        ChildProcess.RunAsync(Enter("ssh", [.. Options(key), .. options, $"enmesh@{address}", .. command]), _home.Environment(null), timeout: Patience);

    /// <summary>Evaluates something.</summary>
    internal Task<CommandResult> SshAsync(string key, IPAddress address, string expression) => SshAsync(key, address, [], expression);

    /// <summary>Starts ssh with a terminal at the other end.</summary>
    internal ChildProcess StartTerminal(string key, IPAddress address) => ChildProcess.Start(
        Enter("ssh", [.. Options(key), "-tt", $"enmesh@{address}"]),
        new Dictionary<string, string?>(_home.Environment(null)) { ["TERM"] = "xterm" }, keepInput: true);

    public void Dispose() => _home.Dispose();

    private static string[] Options(string key) =>
    [
        "-F", "none", "-p", SshPod.Port.ToString(CultureInfo.InvariantCulture), "-i", key, "-o", "IdentitiesOnly=yes", "-o", "BatchMode=yes",
        "-o", "StrictHostKeyChecking=yes", "-o", "UserKnownHostsFile=known_hosts", "-o", "GlobalKnownHostsFile=none", "-o", "UpdateHostKeys=no",
    ];

    private string[] Enter(string program, string[] arguments) =>
        [.. _host.Enter, .. _home.Enter, "env", "-C", _home.Inside, program, .. arguments];
}
