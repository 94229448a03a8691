using System.Text;

namespace Enmesh;

/// <summary>
/// The file that cookies come from. They are never taken from a command line, where everybody could read them.
/// </summary>
/// <remarks>
/// The file is Erlang's own <c>.erlang.cookie</c>: one line. With more lines, the first one is used, and the others are
/// accepted as well, so that a cookie can be changed without an interruption.
/// </remarks>
public sealed class CookieSource
{
    /// <summary>The variable that names the file.</summary>
    public const string FileVariable = "ENMESH_COOKIE_FILE";

    private const int MaxFileBytes = 16 * 1024;

    private const UnixFileMode OwnerOnly = UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute;

    // How Kubernetes mounts a secret into a pod that is not root: it belongs to root, and the pod is in its group.
    private const UnixFileMode MountedSecret = UnixFileMode.UserRead | UnixFileMode.GroupRead;

    private CookieSource(string path, string origin)
    {
        Path = path;
        Origin = origin;
    }

    /// <summary>The file.</summary>
    public string Path { get; }

    /// <summary>
    /// Why it is this file, for people: <c>the option CookieFile</c>, <c>ENMESH_COOKIE_FILE</c>, <c>the default</c>.
    /// </summary>
    public string Origin { get; }

    /// <summary>
    /// Finds the file: the option's, else that of <c>ENMESH_COOKIE_FILE</c>, else <c>~/.erlang.cookie</c>, else
    /// <c>erlang/.erlang.cookie</c> in the user's configuration directory, where OTP looks too.
    /// </summary>
    /// <param name="option">The file that was asked for; null or empty when none was.</param>
    /// <param name="environment">Gives the value of an environment variable; by default that of this process.</param>
    /// <exception cref="CookieException">Nothing names a file, and there is no home directory.</exception>
    public static CookieSource Locate(string? option, Func<string, string?>? environment = null)
    {
        environment ??= Environment.GetEnvironmentVariable;
        if (!string.IsNullOrEmpty(option))
            return new CookieSource(option, "the option CookieFile");
        if (environment(FileVariable) is { Length: > 0 } named)
            return new CookieSource(named, FileVariable);
        if (Home(environment) is not { Length: > 0 } home)
        {
            throw new CookieException(
                $"No cookie: neither the option CookieFile nor {FileVariable} names a file, and there is no home directory to look in.");
        }

        var own = System.IO.Path.Combine(home, ".erlang.cookie");
        var configuration = environment("XDG_CONFIG_HOME") is { Length: > 0 } xdg
            ? xdg
            : System.IO.Path.Combine(home, ".config");
        var other = System.IO.Path.Combine(configuration, "erlang", ".erlang.cookie");
        return new CookieSource(!File.Exists(own) && File.Exists(other) ? other : own, "the default");
    }

    /// <summary>Reads the cookies: the first is the one to use, the others are accepted beside it.</summary>
    /// <param name="insecure">Whether weak and well-known cookies are taken.</param>
    /// <exception cref="CookieException">There is no good cookie there.</exception>
    public IReadOnlyList<Cookie> Read(bool insecure = false)
    {
        try
        {
            using var file = new FileStream(Path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite);
            // Of the open file, so that it can't be another one by now.
            if (!OperatingSystem.IsWindows() && ModeProblem(File.GetUnixFileMode(file.SafeFileHandle)) is { } problem)
                throw new CookieException($"The cookie file {Path} ({Origin}) {problem}");
            var buffer = new byte[MaxFileBytes + 1];
            var read = file.ReadAtLeast(buffer, buffer.Length, throwOnEndOfStream: false);
            if (read > MaxFileBytes)
                throw new CookieException(
                    $"The cookie file {Path} ({Origin}) has more than {MaxFileBytes} bytes; that is no cookie file.");
            return Parse(Encoding.Latin1.GetString(buffer, 0, read), insecure);
        }
        catch (Exception e) when (e is FileNotFoundException or DirectoryNotFoundException)
        {
            throw new CookieException(
                $"There is no cookie file {Path} ({Origin}). Copy that of the cluster there, or make one: " +
                $"(umask 077; openssl rand -hex 32 > {Path})", e);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new CookieException($"The cookie file {Path} ({Origin}) cannot be read: {e.Message}", e);
        }
    }

    /// <summary>What is wrong with the permissions of the file; null when nothing is.</summary>
    internal static string? ModeProblem(UnixFileMode mode)
    {
        var bits = Convert.ToString((int)mode, 8).PadLeft(4, '0');
        if ((mode & ~OwnerOnly) == UnixFileMode.None || (mode & ~MountedSecret) == UnixFileMode.None)
            return null;
        return $"may be read or written by others than its owner (mode {bits}). " +
            "Run 'chmod 400' on it; in a Kubernetes secret volume set defaultMode: 0440 and the pod's fsGroup.";
    }

    // As OTP reads it: the line as it is, without its end.
    private List<Cookie> Parse(string text, bool insecure)
    {
        var cookies = new List<Cookie>();
        var lines = text.Split('\n');
        for (var i = 0; i < lines.Length; i++)
        {
            var line = lines[i].TrimEnd('\r');
            if (line.AsSpan().Trim(' ').IsEmpty)
                continue;
            if (Cookie.Problem(line, insecure) is { } problem)
                throw new CookieException($"The cookie in line {i + 1} of {Path} ({Origin}) {problem}.");
            cookies.Add(Cookie.Create(line, insecure));
        }

        return cookies.Count > 0 ? cookies : throw new CookieException($"The cookie file {Path} ({Origin}) is empty.");
    }

    private static string? Home(Func<string, string?> environment) =>
        environment("HOME") is { Length: > 0 } home
            ? home
            : Environment.GetFolderPath(Environment.SpecialFolder.UserProfile);
}
