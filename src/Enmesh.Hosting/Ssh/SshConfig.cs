using System.Globalization;
using System.Net;
using System.Text;

namespace Enmesh.Hosting.Ssh;

/// <summary>All that the configuration of sshd depends on.</summary>
internal sealed record SshPlan
{
    internal required IPEndPoint Listen { get; init; }

    internal required string HostKeyFile { get; init; }

    internal string? HostCertificateFile { get; init; }

    internal required string User { get; init; }

    internal string? AuthorizedKeysFile { get; init; }

    internal string? UserAuthoritiesFile { get; init; }

    internal string? PrincipalsFile { get; init; }

    internal string? RevokedKeysFile { get; init; }

    internal bool StrictModes { get; init; }

    internal TimeSpan IdleTimeout { get; init; }

    /// <summary>The words of what serves sessions.</summary>
    internal required IReadOnlyList<string> Command { get; init; }

    /// <summary>What that is told in its environment, which is otherwise almost empty.</summary>
    internal required IReadOnlyDictionary<string, string> Environment { get; init; }

    internal required Version Version { get; init; }

    /// <summary>Why sshd would read something else than what is meant; null when all is well. Settings are looked at before; some of this is where the program is.</summary>
    internal string? Problem => new[] { HostKeyFile, HostCertificateFile, AuthorizedKeysFile, UserAuthoritiesFile, PrincipalsFile, RevokedKeysFile }.Concat(Command).OfType<string>()
        .FirstOrDefault(ErlangSshOptions.HasMeaning) is { } word ? $"'{SshLogText.OneLine(word)}' has characters that have a meaning for sshd." : null;
}

/// <summary>sshd_config(5): a server that takes public keys only, and has one thing to run.</summary>
internal static class SshConfig
{
    // From this version on addresses are locked out that fail to log in. Behind a port-forward or a load balancer all have one
    // address, and what a key protects cannot be guessed anyway.
    private static readonly Version WithPenalties = new(9, 8);

    /// <summary>What the server's own variables are that a session needs to run at all.</summary>
    private static readonly string[] Inherited =
    [
        "DOTNET_ROOT", "DOTNET_ROOT_X64", "DOTNET_ROOT_ARM64", "DOTNET_SYSTEM_GLOBALIZATION_INVARIANT", "DOTNET_BUNDLE_EXTRACT_BASE_DIR", "TMPDIR",
    ];

    internal static string Text(SshPlan plan)
    {
        var text = new StringBuilder();
        void Line(string key, string? value)
        {
            if (value is not null)
                text.Append(key).Append(' ').Append(value).Append('\n');
        }

        Line("Port", Number(plan.Listen.Port));
        // Without an address it listens on all of both families, as far as they are there.
        Line("ListenAddress", plan.Listen.Address.Equals(IPAddress.IPv6Any) ? null : plan.Listen.Address.ToString());
        Line("HostKey", Quoted(plan.HostKeyFile));
        Line("HostCertificate", Quoted(plan.HostCertificateFile));
        Line("PidFile", "none");
        Line("AllowUsers", plan.User);
        Line("AuthenticationMethods", "publickey");
        Line("PubkeyAuthentication", "yes");
        Line("AuthorizedKeysFile", Quoted(plan.AuthorizedKeysFile) ?? "none");
        Line("TrustedUserCAKeys", Quoted(plan.UserAuthoritiesFile));
        Line("AuthorizedPrincipalsFile", Quoted(plan.PrincipalsFile));
        Line("RevokedKeys", Quoted(plan.RevokedKeysFile));
        Line("StrictModes", plan.StrictModes ? "yes" : "no");
        foreach (var off in new[]
        {
            "PasswordAuthentication", "KbdInteractiveAuthentication", "HostbasedAuthentication", "UsePAM", "PermitRootLogin", "PermitTunnel",
            "PermitUserEnvironment", "PermitUserRC", "UseDNS", "Compression", "PrintMotd", "PrintLastLog",
        })
        {
            Line(off, "no");
        }
        Line("DisableForwarding", "yes");
        Line("AllowTcpForwarding", "no");
        Line("AllowStreamLocalForwarding", "no");
        Line("PermitOpen", "none");
        Line("PermitListen", "none");
        Line("LoginGraceTime", "30");
        Line("MaxStartups", "10:30:60");
        Line("MaxSessions", "4");
        Line("PerSourcePenalties", plan.Version >= WithPenalties ? "no" : null);
        // The channel of a session is of type session:shell or session:command, for which the `session` of the manual does not stand.
        Line("ChannelTimeout", plan.IdleTimeout > TimeSpan.Zero ? $"session*={Number((int)Math.Ceiling(plan.IdleTimeout.TotalSeconds))}" : null);
        Line("UnusedConnectionTimeout", "30");
        Line("ClientAliveInterval", "30");
        Line("ClientAliveCountMax", "3");
        Line("ExposeAuthInfo", "yes");
        Line("LogLevel", "VERBOSE"); // with the fingerprints of keys that are refused
        Line("SetEnv", string.Join(' ', plan.Environment.OrderBy(pair => pair.Key, StringComparer.Ordinal).Select(pair => $"\"{pair.Key}={pair.Value}\"")));
        Line("ForceCommand", "exec " + string.Join(' ', plan.Command.Select(word => $"'{word}'")));
        return text.ToString();
    }

    /// <summary>The variables of sessions, out of those of this process.</summary>
    internal static IReadOnlyDictionary<string, string> Environment(Func<string, string?> own)
    {
        // A session is a console: it opens no port for debuggers, and speaks UTF-8. It takes its memory from the node's own, and has a limit that is far below.
        var variables = new Dictionary<string, string>(StringComparer.Ordinal)
        {
            ["LANG"] = "C.UTF-8",
            ["DOTNET_EnableDiagnostics"] = "0",
            ["DOTNET_GCHeapHardLimit"] = "0x6000000",
        };
        foreach (var name in Inherited)
        {
            if (own(name) is { Length: > 0 } value && !value.Any(c => c is '"' or '\\' || char.IsControl(c)))
                variables[name] = value;
        }
        return variables;
    }

    private static string? Quoted(string? path) => path is null ? null : $"\"{path}\"";

    private static string Number(int value) => value.ToString(CultureInfo.InvariantCulture);
}
