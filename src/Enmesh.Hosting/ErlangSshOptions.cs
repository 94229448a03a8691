using System.Net;

namespace Enmesh.Hosting;

/// <summary>
/// How a node is reached over SSH: OpenSSH's own server, run and watched by the node, whose only program is the node's console. See docs/ssh.md.
/// </summary>
public sealed class ErlangSshOptions
{
    /// <summary>The port unless told otherwise.</summary>
    public const int DefaultPort = 10022;

    /// <summary>Where it listens. Default: port 10022 on loopback, on all addresses in a Kubernetes pod.</summary>
    public IPEndPoint Listen { get; set; } = new(OperatorAddress.Usual, DefaultPort);

    /// <summary>The public keys that may log in, a line each as in <c>~/.ssh/authorized_keys</c>. It is read at each login.</summary>
    public string? AuthorizedKeysFile { get; set; }

    /// <summary>
    /// The public keys of authorities whose user certificates may log in, a line each (OpenSSH's TrustedUserCAKeys). It is read at each login.
    /// </summary>
    public string? UserAuthoritiesFile { get; set; }

    /// <summary>The principals of which a user certificate has to name one. Default: the name of the node's own user.</summary>
    public IList<string> Principals { get; } = [];

    /// <summary>
    /// Keys and certificates that may not log in any more: a list of keys, or a KRL that <c>ssh-keygen -k</c> has made. It is read at each login; nobody can
    /// log in while it cannot be read.
    /// </summary>
    public string? RevokedKeysFile { get; set; }

    /// <summary>The server's private key. Default: one of its own in <see cref="Directory"/>, made when there is none.</summary>
    public string? HostKeyFile { get; set; }

    /// <summary>A certificate for the server's key, by an authority that clients trust.</summary>
    public string? HostCertificateFile { get; set; }

    /// <summary>
    /// Where its key and what else it writes are, for the node's user alone. Default: <c>NODE.ssh</c> beside the sockets of consoles.
    /// </summary>
    public string? Directory { get; set; }

    /// <summary>After so much time without a keystroke or output a session is closed; never when 0. Default 15 minutes; at least 5 s.</summary>
    /// <exception cref="ArgumentOutOfRangeException">The value is below 5 s and not 0, or over a day.</exception>
    public TimeSpan IdleTimeout
    {
        get;
        set
        {
            if (value != TimeSpan.Zero)
                ArgumentOutOfRangeException.ThrowIfLessThan(value, TimeSpan.FromSeconds(5));
            ArgumentOutOfRangeException.ThrowIfGreaterThan(value, TimeSpan.FromDays(1));
            field = value;
        }
    } = TimeSpan.FromMinutes(15);

    /// <summary>Whether what is evaluated is logged, with the key of whoever did. Default false: expressions may hold secrets.</summary>
    public bool LogExpressions { get; set; }

    /// <summary>
    /// Whether <see cref="AuthorizedKeysFile"/> is only taken when nobody else may write it or a directory above it. Default true, but false in a Kubernetes
    /// pod, where volumes are open to all users and there is only one.
    /// </summary>
    public bool StrictModes { get; set; } = !OperatorAddress.IsInPod;

    /// <summary>The path of <c>sshd</c>. Default: where systems have it.</summary>
    public string? Server { get; set; }

    /// <summary>The path of the <c>enmesh</c> command, which serves sessions. Default: beside the program, else on the PATH.</summary>
    public string? Command { get; set; }

    /// <summary>What the command itself is run by, with its arguments, when it is the one that hosts the node.</summary>
    internal IReadOnlyList<string>? OwnCommand { get; set; }

    /// <summary>What is wrong by itself, whatever the machine is like; each problem begins with its key.</summary>
    internal IEnumerable<string> Validate()
    {
        if (Listen.Port == 0)
            yield return $"{nameof(Listen)}: the port must be a fixed one, 1 to 65535: sshd takes no other.";
        if (AuthorizedKeysFile is null && UserAuthoritiesFile is null)
            yield return $"{nameof(AuthorizedKeysFile)}: nobody could log in. Name the file with the public keys of those who may, or {nameof(UserAuthoritiesFile)}.";
        if (Principals.Count > 0 && UserAuthoritiesFile is null)
            yield return $"{nameof(Principals)}: only certificates have principals; name their authorities in {nameof(UserAuthoritiesFile)}.";
        if (Principals.Any(principal => principal.Length == 0 || principal.Any(c => char.IsWhiteSpace(c) || char.IsControl(c) || c is '#' or '"' or ',')))
            yield return $"{nameof(Principals)}: a principal is a word.";
        foreach (var (key, path) in Paths())
        {
            if (!Path.IsPathRooted(path))
                yield return $"{key}: '{path}' is not an absolute path.";
            else if (HasMeaning(path))
                yield return $"{key}: '{path}' has characters that have a meaning for sshd.";
        }
    }

    /// <summary>Whether sshd would read a path as something else.</summary>
    internal static bool HasMeaning(string path) => path.Any(c => c is '"' or '\\' or '%' or '\'' || char.IsControl(c));

    internal IEnumerable<(string Key, string Path)> Paths() => new (string Key, string? Path)[]
    {
        (nameof(AuthorizedKeysFile), AuthorizedKeysFile), (nameof(UserAuthoritiesFile), UserAuthoritiesFile), (nameof(RevokedKeysFile), RevokedKeysFile),
        (nameof(HostKeyFile), HostKeyFile), (nameof(HostCertificateFile), HostCertificateFile), (nameof(Directory), Directory), (nameof(Server), Server),
        (nameof(Command), Command),
    }.Where(one => one.Path is not null)!;
}
