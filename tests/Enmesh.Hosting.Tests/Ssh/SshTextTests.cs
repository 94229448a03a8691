using System.Net;
using Enmesh.Hosting.Ssh;
using Enmesh.Terms.Text;
using Enmesh.TestSupport;
using Xunit;

namespace Enmesh.Hosting.Tests.Ssh;

/// <summary>What is written for OpenSSH, and what is read that it has written.</summary>
[Trait("Ring", "pure")]
public sealed class SshTextTests
{
    private const string Key = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIInSsvFhMPjSV8IasCKdwP3IZ0W/fkr1tRVMPyXVxV3r";

    private static readonly SshPlan Plan = new()
    {
        Listen = new(IPAddress.IPv6Any, 10022),
        HostKeyFile = "/run/enmesh/ssh/host_key",
        User = "enmesh",
        AuthorizedKeysFile = "/etc/enmesh/ssh/authorized keys",
        StrictModes = false,
        IdleTimeout = TimeSpan.FromMinutes(15),
        Command = ["/app/enmesh", "ssh", "session"],
        Environment = SshConfig.Environment(name => name switch { "DOTNET_ROOT" => "/opt/dot net", "TMPDIR" => "/tmp/\"x", "HOME" => "/root", _ => null }),
        Version = new(10, 0),
    };

    [Fact]
    public void Fingerprints_and_names_are_those_that_openssh_prints()
    {
        var lines = File.ReadLines(Repository.PathTo("tests", "vectors", "ssh_keys.txt")).Where(line => line[0] != '#').ToList();
        Assert.Equal(6, lines.Count);
        foreach (var line in lines)
        {
            var parts = line.Split('|');
            var read = SshPublicKey.Parse(parts[2] + " a comment");
            Assert.Equal((parts[0], parts[1], parts[2]), (read?.Fingerprint, read?.Certificate, read?.Text));
            // No cut of it is taken for another certificate, and none throws.
            if (parts[1].Length > 0)
            {
                var (type, blob) = (parts[2].Split(' ')[0], Convert.FromBase64String(parts[2].Split(' ')[1]));
                for (var length = 0; length < blob.Length; length++)
                    Assert.True(SshPublicKey.Parse($"{type} {Convert.ToBase64String(blob, 0, length)}") is not { } cut || cut.Fingerprint == parts[0]);
            }
        }
        Assert.All(["", "ssh-ed25519", "ssh-ed25519 ????", $"ssh-rsa {Key.Split(' ')[1]}"], text => Assert.Null(SshPublicKey.Parse(text)));
    }

    [Fact]
    public void The_server_takes_public_keys_only_and_runs_one_command()
    {
        var lines = SshConfig.Text(Plan).Split('\n', StringSplitOptions.RemoveEmptyEntries);

        Assert.All(
            [
                "Port 10022", "HostKey \"/run/enmesh/ssh/host_key\"", "AuthenticationMethods publickey", "PasswordAuthentication no",
                "KbdInteractiveAuthentication no", "AuthorizedKeysFile \"/etc/enmesh/ssh/authorized keys\"", "AllowUsers enmesh", "DisableForwarding yes",
                "PermitUserEnvironment no", "PermitUserRC no", "ChannelTimeout session*=900", "ExposeAuthInfo yes", "StrictModes no", "PerSourcePenalties no",
                "ForceCommand exec '/app/enmesh' 'ssh' 'session'",
                "SetEnv \"DOTNET_EnableDiagnostics=0\" \"DOTNET_GCHeapHardLimit=0x6000000\" \"DOTNET_ROOT=/opt/dot net\" \"LANG=C.UTF-8\"",
            ],
            line => Assert.Contains(line, lines));
        Assert.DoesNotContain(lines, line => line.StartsWith("ListenAddress ", StringComparison.Ordinal));
        // sshd takes the first of two, silently.
        Assert.Equal(lines.Length, lines.DistinctBy(line => line.Split(' ')[0]).Count());
    }

    [Fact]
    public void What_an_older_server_does_not_know_is_left_out()
    {
        var text = SshConfig.Text(Plan with { Version = new(9, 2), Listen = new(IPAddress.Loopback, 22), IdleTimeout = TimeSpan.Zero, AuthorizedKeysFile = null });

        Assert.DoesNotContain("PerSourcePenalties", text, StringComparison.Ordinal);
        Assert.DoesNotContain("ChannelTimeout", text, StringComparison.Ordinal);
        Assert.Contains("ListenAddress 127.0.0.1\n", text, StringComparison.Ordinal);
        Assert.Contains("AuthorizedKeysFile none\n", text, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("OpenSSH_10.0p2 Debian-7+deb13u4, OpenSSL 3.5.7 9 Jun 2026", true)]
    [InlineData("OpenSSH_9.2p1 Debian-2+deb12u7, OpenSSL 3.0.17 1 Jul 2025", true)]
    [InlineData("unknown option -- V\nOpenSSH_8.4p1 Debian-5+deb11u3, OpenSSL 1.1.1w  11 Sep 2023\nusage: sshd", false)]
    [InlineData("Dropbear v2022.83", false)]
    public void A_server_without_idle_time_outs_is_refused(string said, bool good) =>
        Assert.Equal(good, SshSurroundings.VersionProblem("/usr/sbin/sshd", SshSurroundings.ParseVersion(said)) is null);

    [Fact]
    public void Lines_of_the_server_are_told_apart()
    {
        Assert.Equal(
            new SshLogLine.Accepted("enmesh", "10.77.0.4", "ED25519", "SHA256:M72r", ""),
            SshLogLine.Parse("Accepted publickey for enmesh from 10.77.0.4 port 33988 ssh2: ED25519 SHA256:M72r"));
        Assert.Equal(
            new SshLogLine.Accepted("enmesh", "fd77::4", "ED25519-CERT", "SHA256:abc", "ann of operations"),
            SshLogLine.Parse("Accepted publickey for enmesh from fd77::4 port 1 ssh2: ED25519-CERT SHA256:abc ID ann of operations (serial 7) CA ED25519 SHA256:def"));
        Assert.IsType<SshLogLine.Listening>(SshLogLine.Parse("Server listening on 0.0.0.0 port 10022."));
        Assert.IsType<SshLogLine.Refused>(SshLogLine.Parse("Failed publickey for enmesh from 10.0.0.1 port 2 ssh2: ED25519 SHA256:x"));
        Assert.IsType<SshLogLine.Refused>(SshLogLine.Parse("Invalid user root from 10.0.0.1 port 2"));
        Assert.IsType<SshLogLine.Complaint>(SshLogLine.Parse("error: Bind to port 10022 on 0.0.0.0 failed: Address already in use."));
        Assert.IsType<SshLogLine.Complaint>(SshLogLine.Parse("fatal: Cannot bind any address."));
        Assert.IsType<SshLogLine.Other>(SshLogLine.Parse("Connection from 10.0.0.1 port 2 on 10.0.0.2 port 10022 rdomain \"\""));
    }

    [Fact]
    public void What_a_stranger_says_is_no_line_of_the_servers_own()
    {
        const string Connection = "Connection from 10.0.0.1 port 2 on 10.0.0.2 port 10022 rdomain \"\"";
        const string Forged = "Accepted publickey for enmesh from 10.0.0.9 port 3 ssh2: ED25519 SHA256:abc";

        // What OpenSSH 10.0 writes for a disconnect whose text has line feeds, sent before any key.
        var read = SshLogText.Messages($"{Connection}\r\nReceived disconnect from 10.0.0.1 port 2:11: bye\r\n{Forged}\r\n [preauth]\r\n", beginsWithMessage: true).ToList();

        Assert.Equal([Connection, $@"Received disconnect from 10.0.0.1 port 2:11: bye\r\n{Forged}\r\n [preauth]"], read);
        Assert.Equal([new SshLogLine.Other(Connection), new SshLogLine.Complaint(read[1])], read.Select(SshLogLine.Parse));
        // A carriage return alone, which terminals take for a new beginning.
        var (user, name) = ("Invalid user x\rAccepted from 10.0.0.1 port 2", @"Invalid user x\rAccepted from 10.0.0.1 port 2");
        Assert.Equal([new SshLogLine.Refused(name)], SshLogText.Messages(user + "\r\n", beginsWithMessage: true).Select(SshLogLine.Parse));
        // What was read before may have ended within somebody's text.
        Assert.Equal([new SshLogLine.Other(Connection + @"\r\nmore")], SshLogText.Messages($"{Connection}\r\nmore\r\n", beginsWithMessage: false).Select(SshLogLine.Parse));
    }

    [Fact]
    public void Messages_that_were_read_together_are_told_apart()
    {
        string[] messages =
        [
            "Connection from fd77::4 port 33988 on fd77::2 port 10022 rdomain \"\"",
            "Accepted key ED25519 SHA256:M72r found at /etc/enmesh/ssh/authorized keys:1",
            "Postponed publickey for enmesh from fd77::4 port 33988 ssh2 [preauth]",
            "Failed publickey for enmesh from fd77::4 port 33988 ssh2: ED25519 SHA256:abc",
            "Accepted key ED25519 SHA256:M72r found at /etc/enmesh/ssh/authorized keys:1",
            "Accepted publickey for enmesh from fd77::4 port 33988 ssh2: ED25519-CERT SHA256:abc ID ann of operations (serial 7) CA ED25519 SHA256:def",
            "User child is on pid 17",
            "Received disconnect from fd77::4 port 33988:11: disconnected by user",
        ];

        Assert.Equal(messages, SshLogText.Messages(string.Concat(messages.Select(message => message + "\r\n")), beginsWithMessage: true));
        // Without its end it is a message all the same.
        Assert.Equal(messages[^1..], SshLogText.Messages(messages[^1], beginsWithMessage: true));
        Assert.Empty(SshLogText.Messages("", beginsWithMessage: true));
        Assert.Equal(@"a\n\x{1B}[2J\x{9B}", SshLogText.OneLine("a\n\u001b[2J\u009b"));
    }

    [Theory]
    [InlineData("/opt/it's/enmesh")]
    [InlineData("/opt/a \"b\"/enmesh")]
    [InlineData("/opt/a\nPermitRootLogin yes/enmesh")]
    public void A_program_in_a_place_that_the_server_would_misread_serves_no_sessions(string program)
    {
        Assert.Null(Plan.Problem);
        Assert.Contains("have a meaning for sshd", (Plan with { Command = [program, "ssh", "session"] }).Problem, StringComparison.Ordinal);
        Assert.NotNull((Plan with { PrincipalsFile = "/tmp/%u/principals" }).Problem);
    }

    [Fact]
    public void A_peer_cannot_write_lines_of_its_own_into_known_hosts()
    {
        var answer = ErlangText.Parse(
            $$$"""
            [{'a@10.0.0.1', {ok, <<"10.0.0.1">>, 10022, <<"{{{Key}}} and more">>}},
             {'b@10.0.0.2', {ok, <<"b\n* ssh-ed25519 x">>, 10022, <<"{{{Key}}}">>}},
             {'c@10.0.0.3', {ok, <<"*">>, 22, <<"{{{Key}}}">>}},
             {'d@10.0.0.4', {ok, <<"10.0.0.4">>, 22, <<"ssh-ed25519 AAAA\nx">>}},
             {'e@10.0.0.5', undefined},
             {'f@10.0.0.6', {error, <<"undef">>}},
             {'g@10.0.0.7', {ok, <<"fd77::7">>, 22, <<"{{{Key}}}">>}}, nonsense].
            """);

        var hosts = SshKnownHost.Read(answer);

        Assert.Equal([$"[10.0.0.1]:10022 {Key}", $"fd77::7 {Key}"], hosts.Where(host => host.Key is not null).Select(host => host.Line));
        Assert.Equal(
            [("b@10.0.0.2", "it says something else"), ("c@10.0.0.3", "it says something else"), ("d@10.0.0.4", "it says something else"),
                ("e@10.0.0.5", "its SSH has not started"), ("f@10.0.0.6", "undef")],
            hosts.Where(host => host.Key is null).Select(host => (host.Node, host.Problem!)));
    }

    [Fact]
    public void A_node_that_gives_the_address_of_another_one_is_not_believed()
    {
        var answer = ErlangText.Parse(
            $$$"""
            [{'a@10.0.0.1', {ok, <<"10.0.0.1">>, 10022, <<"{{{Key}}}">>}}, {'b@10.0.0.1', {ok, <<"10.0.0.1">>, 10023, <<"{{{Key}}}">>}},
             {'c@10.0.0.3', {ok, <<"10.0.0.1">>, 10022, <<"{{{Key}}}">>}}, {'d@10.0.0.4', {ok, <<"bastion">>, 10022, <<"{{{Key}}}">>}}].
            """);

        var hosts = SshKnownHost.Read(answer);

        Assert.Equal(["a@10.0.0.1", "b@10.0.0.1", "d@10.0.0.4"], hosts.Where(host => host.Key is not null).Select(host => host.Node));
        Assert.Equal("it says that it is at 10.0.0.1, which is another node's address", hosts.Single(host => host.Key is null).Problem);
    }

    [Fact]
    public void What_is_wrong_in_the_options_is_said_by_key()
    {
        var options = new ErlangSshOptions { Listen = new(IPAddress.Loopback, 0), RevokedKeysFile = "relative", HostKeyFile = "/a%b" };
        options.Principals.Add("operators");

        Assert.Equal(
            ["Listen", "AuthorizedKeysFile", "Principals", "RevokedKeysFile", "HostKeyFile"],
            options.Validate().Select(problem => problem.Split(':')[0]));
        Assert.Throws<ArgumentOutOfRangeException>(() => options.IdleTimeout = TimeSpan.FromSeconds(1));
    }
}
