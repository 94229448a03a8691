using System.Buffers.Binary;
using System.Net;
using System.Text.RegularExpressions;
using Enmesh.SystemTests.Command;
using Enmesh.SystemTests.Network;
using Enmesh.TestSupport;
using Xunit;

namespace Enmesh.SystemTests.Ssh;

/// <summary>Two nodes that see each other, each with SSH, and somebody with keys.</summary>
public sealed class SshPair : IAsyncLifetime
{
    private static readonly Lazy<Task<CommandResult>> Built =
        new(static () => ChildProcess.RunAsync([Repository.PathTo("enmesh"), "--version"], timeout: TimeSpan.FromMinutes(10)));

    private readonly List<string> _authorized = [];

    internal VirtualNetwork Network { get; private set; } = null!;

    internal SshPod A { get; private set; } = null!;

    internal SshPod B { get; private set; } = null!;

    internal SshClient Client { get; private set; } = null!;

    internal string Cookie { get; } = Otp.NewCookie();

    public async ValueTask InitializeAsync()
    {
        _ = (await Built.Value).Successful;
        Network = await VirtualNetwork.CreateAsync("a", "b", "c", "outside");
        Client = await SshClient.CreateAsync(Network["outside"]);
        A = await SshPod.CreateAsync(Network["a"], Cookie);
        B = await SshPod.CreateAsync(Network["b"], Cookie);
        await AuthorizeAsync("right");
        await Client.MakeKeyAsync("wrong");
        A.Put("authorities", await Client.MakeKeyAsync("authority"));
        A.Put("revoked", await Client.MakeKeyAsync("revoked"));
        await Task.WhenAll(
            A.StartAsync(
                ["Enmesh__Ssh__UserAuthoritiesFile=/srv/authorities", "Enmesh__Ssh__Principals=operators", "Enmesh__Ssh__RevokedKeysFile=/srv/revoked",
                    "Enmesh__Ssh__LogExpressions=true", "Enmesh__Ssh__Directory=/run/enmesh/ssh", "Logging__LogLevel__Enmesh=Debug"],
                "--peer", B.Name),
            B.StartAsync([], "--peer", A.Name));
        using var home = new CommandHome();
        var cookie = home.WriteCookie("of-the-pair", Cookie);
        await SshPod.UntilAsync(
            async () =>
            {
                var known = await A.Host.RunAsync(Repository.PathTo("enmesh"), "ssh", "known-hosts", A.Name, "--cookie-file", cookie);
                KnownHosts = known.Output;
                return known.ExitCode == 0 && KnownHosts.Contains($"{B.Host.Address}", StringComparison.Ordinal);
            },
            "both nodes tell their host keys");
        Client.KnownHosts = KnownHosts;
    }

    /// <summary>What <c>enmesh ssh known-hosts</c> printed.</summary>
    internal string KnownHosts { get; private set; } = "";

    /// <summary>Makes a key and lets it in at a.</summary>
    internal async Task AuthorizeAsync(string key)
    {
        _authorized.Add(await Client.MakeKeyAsync(key));
        A.Put("authorized_keys", string.Concat(_authorized));
        B.Put("authorized_keys", string.Concat(_authorized));
    }

    /// <summary>Lets a line of authorized_keys in at a.</summary>
    internal void Authorize(string line)
    {
        _authorized.Add(line);
        A.Put("authorized_keys", string.Concat(_authorized));
    }

    public async ValueTask DisposeAsync()
    {
        await A.DisposeAsync();
        await B.DisposeAsync();
        Client.Dispose();
        await Network.DisposeAsync();
    }
}

/// <summary>The console over SSH, with OpenSSH at both ends.</summary>
[Trait("Ring", "system")]
public sealed class SshTests(SshPair pair) : IClassFixture<SshPair>
{
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(2);

    private SshClient Client => pair.Client;

    private SshPod A => pair.A;

    [Fact]
    public async Task A_key_in_the_file_evaluates_and_the_log_says_whose_it_was()
    {
        var nodes = await Client.SshAsync("right", A.Host.Address, "nodes().");
        Assert.Equal((0, $"['{pair.B.Name}']\n"), (nodes.ExitCode, nodes.Output));

        var failed = await Client.SshAsync("right", A.Host.Address, "hd([]).");
        Assert.Equal((1, ""), (failed.ExitCode, failed.Output));
        Assert.Contains("not a nonempty list", failed.Errors, StringComparison.Ordinal);

        var fingerprint = Regex.Escape(await Client.FingerprintAsync("right"));
        var from = Regex.Escape(pair.Network["outside"].Address.ToString());
        await SshPod.UntilAsync(
            () => Task.FromResult(Regex.Count(A.Node.Output, $@"SSH session \d+ from {from} with {fingerprint} ended after [\d.]+ s and 1 expressions") >= 2),
            "both sessions are over");
        // In the words of sshd where what strangers said was read with it.
        Assert.Matches($"SSH login of enmesh from {from} with ED25519 {fingerprint}, certificate ''|Accepted publickey for enmesh from {from} .* {fingerprint}", A.Node.Output);
        Assert.Matches($@"SSH session \d+ opened from {from} with ssh-ed25519 {fingerprint}, certificate '', interactive False", A.Node.Output);
        Assert.Matches($@"SSH session \d+ from {from} with {fingerprint} evaluates: nodes\(\)\.", A.Node.Output);
        Assert.Matches($@"SSH session \d+ from {from} with {fingerprint} evaluates: hd\(\[\]\)\.", A.Node.Output);
    }

    [Fact]
    public async Task Other_keys_and_passwords_are_refused()
    {
        var wrong = await Client.SshAsync("wrong", A.Host.Address, "nodes().");
        Assert.Equal((255, ""), (wrong.ExitCode, wrong.Output));
        Assert.Contains("Permission denied (publickey).", wrong.Errors, StringComparison.Ordinal);
        await LoggedAsync($"Failed publickey for enmesh from {pair.Network["outside"].Address}");
        Assert.Contains(await Client.FingerprintAsync("wrong"), A.Node.Output, StringComparison.Ordinal);

        var password = await Client.SshAsync(
            "right", A.Host.Address, ["-o", "PreferredAuthentications=password,keyboard-interactive,hostbased,none", "-o", "PubkeyAuthentication=no"], "nodes().");
        Assert.Equal(255, password.ExitCode);
        Assert.Contains("Permission denied (publickey).", password.Errors, StringComparison.Ordinal);

        var other = await Client.SshAsync("right", A.Host.Address, ["-l", "root"], "nodes().");
        Assert.Equal(255, other.ExitCode);
    }

    [Fact]
    public async Task A_stranger_cannot_log_somebody_in_by_what_he_says_as_he_leaves()
    {
        // RFC 4253, 11.1: a disconnect has a text, and is taken before anybody has shown anything.
        var text = "bye\r\nAccepted publickey for enmesh from 10.0.0.9 port 1 ssh2: ED25519 SHA256:forged\r\n"u8.ToArray();
        var body = new byte[1 + 4 + 4 + text.Length + 4];
        (body[0], body[4]) = (1, 11);
        BinaryPrimitives.WriteInt32BigEndian(body.AsSpan(5), text.Length);
        text.CopyTo(body, 9);
        var padding = 16 - ((5 + body.Length) % 8);
        byte[] packet = [.. BitConverter.GetBytes(IPAddress.HostToNetworkOrder(1 + body.Length + padding)), (byte)padding, .. body, .. new byte[padding]];
        var said = string.Concat("SSH-2.0-nobody\r\n"u8.ToArray().Concat(packet).Select(one => $"\\x{one:x2}"));

        var stranger = await pair.Network["outside"].RunAsync(
            "bash", "-c", $"exec 3<>/dev/tcp/{A.Host.Address}/{SshPod.Port} && read -r _ <&3 && printf '{said}' >&3 && cat <&3 >/dev/null");

        _ = stranger.Successful;
        await LoggedAsync(@": bye\r\nAccepted publickey for enmesh from 10.0.0.9");
        Assert.DoesNotContain("SSH login of enmesh from 10.0.0.9", A.Node.Output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_revoked_key_is_refused_though_it_is_in_the_file()
    {
        pair.Authorize(Client.Read("revoked.pub"));

        var revoked = await Client.SshAsync("revoked", A.Host.Address, "nodes().");

        Assert.Equal(255, revoked.ExitCode);
        await LoggedAsync("revoked by file /srv/revoked");
    }

    [Fact]
    public async Task A_key_that_is_added_opens_the_next_login()
    {
        await pair.AuthorizeAsync("late");

        Assert.Equal(0, (await Client.SshAsync("late", A.Host.Address, "1.")).ExitCode);
    }

    [Fact]
    public async Task A_certificate_of_the_authority_opens_when_it_names_a_principal()
    {
        await Client.MakeKeyAsync("ann");
        await Client.KeygenAsync("-q", "-s", "authority", "-I", "ann of operations", "-n", "operators", "-z", "7", "ann.pub");
        var ann = await Client.SshAsync("ann", A.Host.Address, "1 + 1.");
        Assert.Equal((0, "2\n"), (ann.ExitCode, ann.Output));
        var fingerprint = await Client.FingerprintAsync("ann");
        await LoggedAsync($"with ssh-ed25519-cert-v01@openssh.com {fingerprint}, certificate 'ann of operations', interactive False");
        Assert.Matches($"with ED25519-CERT {Regex.Escape(fingerprint)}, certificate 'ann of operations'|ED25519-CERT {Regex.Escape(fingerprint)} ID ann of operations", A.Node.Output);

        await Client.MakeKeyAsync("bob");
        await Client.KeygenAsync("-q", "-s", "authority", "-I", "bob", "-n", "visitors", "bob.pub");
        Assert.Equal(255, (await Client.SshAsync("bob", A.Host.Address, "1 + 1.")).ExitCode);

        await Client.MakeKeyAsync("cat");
        await Client.KeygenAsync("-q", "-s", "wrong", "-I", "cat", "-n", "operators", "cat.pub");
        Assert.Equal(255, (await Client.SshAsync("cat", A.Host.Address, "1 + 1.")).ExitCode);
    }

    [Fact]
    public async Task Each_node_has_a_host_key_of_its_own_and_the_command_prints_them_all()
    {
        var lines = pair.KnownHosts.Split('\n', StringSplitOptions.RemoveEmptyEntries);
        Assert.Equal(
            [$"[{A.Host.Address}]:10022 ssh-ed25519", $"[{pair.B.Host.Address}]:10022 ssh-ed25519"],
            lines.Select(line => line[..line.LastIndexOf(' ')]));
        Assert.NotEqual(lines[0].Split(' ')[^1], lines[1].Split(' ')[^1]);
        Assert.Equal(0, (await Client.SshAsync("right", pair.B.Host.Address, "1.")).ExitCode);

        // The other one's key at this address is somebody in between.
        try
        {
            Client.KnownHosts = $"[{A.Host.Address}]:10022 ssh-ed25519 {lines[1].Split(' ')[^1]}\n";
            var mixed = await Client.SshAsync("right", A.Host.Address, "1.");
            Assert.Equal(255, mixed.ExitCode);
            Assert.Contains("REMOTE HOST IDENTIFICATION HAS CHANGED", mixed.Errors, StringComparison.Ordinal);
        }
        finally
        {
            Client.KnownHosts = pair.KnownHosts;
        }
    }

    [Fact]
    public void The_usual_place_of_ssh_leaves_that_of_consoles_as_it_is() =>
        Assert.DoesNotContain("There is no console", pair.B.Node.Output, StringComparison.Ordinal);

    [Fact]
    public async Task Nothing_is_forwarded_and_no_file_is_served()
    {
        var direct = await Client.SshAsync("right", A.Host.Address, ["-W", $"{A.Host.Address}:4370"]);
        Assert.NotEqual(0, direct.ExitCode);
        Assert.Contains("administratively prohibited", direct.Errors, StringComparison.Ordinal);

        var remote = await Client.SshAsync("right", A.Host.Address, ["-o", "ExitOnForwardFailure=yes", "-R", "9999:127.0.0.1:9"], "1.");
        Assert.Equal((255, ""), (remote.ExitCode, remote.Output));

        var files = await Client.SshAsync("right", A.Host.Address, ["-s"], "sftp");
        Assert.NotEqual(0, files.ExitCode);
        Assert.Contains("subsystem request failed", files.Errors, StringComparison.Ordinal);

        // What would be a shell's is Erlang, and none.
        var shell = await Client.SshAsync("right", A.Host.Address, "cat /etc/passwd");
        Assert.Equal((1, ""), (shell.ExitCode, shell.Output));
        Assert.Contains("arithmetic expression", shell.Errors, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_terminal_has_the_console_and_control_c_ends_the_expression_only()
    {
        await using var terminal = Client.StartTerminal("right", A.Host.Address);
        await terminal.WaitForLineAsync($"the shell of {A.Name}", Patience);
        await TypeAsync("nodes().\r", $"['{pair.B.Name}']");
        await TypeAsync("X = 41, io:format(\"waiting~n\"), timer:sleep(infinity).\r", "waiting");
        await TypeAsync("\x03", "** exception exit: killed");
        await TypeAsync("lists:rev\t[1,2,3]).\r", "[3,2,1]");
        await terminal.Input.WriteAsync("\x04");
        await terminal.Input.FlushAsync();
        var end = await terminal.WaitForExitAsync(Patience);

        Assert.Equal(0, end.ExitCode);

        async Task TypeAsync(string keys, string answer)
        {
            await terminal.Input.WriteAsync(keys);
            await terminal.Input.FlushAsync();
            await terminal.WaitForLineAsync(answer, Patience);
        }
    }

    [Fact]
    public async Task A_server_that_is_killed_is_started_again()
    {
        var first = await A.ListenerAsync();
        Assert.NotNull(first);
        _ = (await ChildProcess.RunAsync(["kill", "-9", first])).Successful;
        await LoggedAsync("sshd has ended with 137");
        await SshPod.UntilAsync(async () => await A.ListenerAsync() is { } pid && pid != first, "sshd listens again");

        Assert.Equal(0, (await Client.SshAsync("right", A.Host.Address, "1.")).ExitCode);
    }

    [Fact]
    public async Task A_host_key_that_an_authority_has_certified_needs_no_line_of_its_own()
    {
        await using var pod = await SshPod.CreateAsync(pair.Network["c"], pair.Cookie);
        var address = pod.Host.Address;
        await Client.MakeKeyAsync("hosts"); // the authority's, which no pod has
        await Client.MakeKeyAsync("pod");
        await Client.KeygenAsync("-q", "-s", "hosts", "-h", "-I", "shop", "-n", $"{address}", "-V", "+1d", "pod.pub");
        pod.Put("authorized_keys", Client.Read("right.pub"));
        pod.Put("host_key", Client.Read("pod"));
        pod.Put("host_key-cert.pub", Client.Read("pod-cert.pub"));
        await pod.StartAsync(["Enmesh__Ssh__HostKeyFile=/srv/host_key", "Enmesh__Ssh__HostCertificateFile=/srv/host_key-cert.pub"]);
        try
        {
            Client.KnownHosts = $"@cert-authority 10.77.0.* {Client.Read("hosts.pub")}";
            var known = await Client.SshAsync("right", address, "node().");
            Assert.Equal((0, $"'{pod.Name}'\n"), (known.ExitCode, known.Output));

            Client.KnownHosts = $"@cert-authority 10.77.0.* {Client.Read("right.pub")}";
            var unknown = await Client.SshAsync("right", address, "node().");
            Assert.Equal(255, unknown.ExitCode);
            Assert.Contains("Host key verification failed", unknown.Errors, StringComparison.Ordinal);
        }
        finally
        {
            Client.KnownHosts = pair.KnownHosts;
        }
    }

    [Fact]
    public async Task Nothing_is_left_of_ssh_when_the_node_is_killed_and_idle_sessions_end()
    {
        await using var pod = await SshPod.CreateAsync(pair.Network["c"], pair.Cookie);
        pod.Put("authorized_keys", Client.Read("right.pub"));
        await pod.StartAsync(["Enmesh__Ssh__IdleTimeout=5"], "--peer", A.Name);
        var known = await Client.SshAsync("right", A.Host.Address, "io:format(\"~0p\", [enmesh_ssh:host_keys()]).");
        var key = Regex.Match(known.Output, $"<<\"{Regex.Escape(pod.Host.Address.ToString())}\">>,10022,<<\"([^\"]+)\">>").Groups[1].Value;
        try
        {
            Client.KnownHosts = $"{pair.KnownHosts}[{pod.Host.Address}]:10022 {key}\n";
            await using (var idle = Client.StartTerminal("right", pod.Host.Address))
            {
                await idle.WaitForLineAsync("the shell of", Patience);
                await idle.WaitForExitAsync(Patience); // nobody types
            }
            await pod.Node.WaitForLineAsync("ended after", Patience);

            await using var session = Client.StartTerminal("right", pod.Host.Address);
            await session.WaitForLineAsync("the shell of", Patience);
            Assert.NotNull(await pod.ListenerAsync());
            await pod.Node.KillAsync();
            await SshPod.UntilAsync(async () => await pod.ListenerAsync() is null, "nobody listens");
            await session.WaitForExitAsync(Patience);
        }
        finally
        {
            Client.KnownHosts = pair.KnownHosts;
        }
    }

    [Fact]
    public async Task What_is_missing_is_said_at_once_by_key()
    {
        await using var pod = await SshPod.CreateAsync(pair.Network["c"], pair.Cookie);
        await using var node = pod.Launch(
        [
            "Enmesh__Ssh__Server=/usr/sbin/nosuch", "Enmesh__Ssh__UserAuthoritiesFile=/srv/none", "Enmesh__Ssh__Principals=two words",
            "Enmesh__Ssh__IdleTimeout=1", "Enmesh__Ssh__Ciphers=none",
        ]);
        var end = await node.WaitForExitAsync(Patience);

        Assert.Equal(2, end.ExitCode);
        Assert.Contains("enmesh: Enmesh:Ssh:Server: there is no /usr/sbin/nosuch.", end.Errors, StringComparison.Ordinal);
        Assert.Contains("enmesh: Enmesh:Ssh:UserAuthoritiesFile: there is no file /srv/none.", end.Errors, StringComparison.Ordinal);
        Assert.Contains("enmesh: Enmesh:Ssh:Principals: a principal is a word.", end.Errors, StringComparison.Ordinal);
        Assert.Contains("enmesh: Enmesh:Ssh:IdleTimeout: ", end.Errors, StringComparison.Ordinal);
        Assert.Contains("enmesh: Enmesh:Ssh:Ciphers: there is no such setting.", end.Errors, StringComparison.Ordinal);

        await using var old = pod.Launch(["Enmesh__Ssh__Server=/usr/bin/false"]);
        Assert.Contains("Enmesh:Ssh:Server: /usr/bin/false does not say that it is OpenSSH's.", (await old.WaitForExitAsync(Patience)).Errors, StringComparison.Ordinal);
    }

    private Task<string> LoggedAsync(string text) => A.Node.WaitForLineAsync(text, Patience);
}
