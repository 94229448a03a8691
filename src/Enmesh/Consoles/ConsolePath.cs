namespace Enmesh.Consoles;

/// <summary>Where the consoles of a user's nodes are found, and for whom they are.</summary>
internal static class ConsolePath
{
    /// <summary>The word that stands for the usual place.</summary>
    internal const string Usual = "on";

    /// <summary>The word that stands for none.</summary>
    internal const string Off = "off";

    private const string Extension = ".console";

    // What fits into the kernel's structure for the address of a socket, on Linux and macOS.
    private const int MaxBytes = 103;

    private const UnixFileMode OnlyUser = UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute;

    /// <summary>The user's own directory for the sockets of his nodes.</summary>
    internal static string Directory(Func<string, string?> environment) =>
        environment("XDG_RUNTIME_DIR") is { Length: > 0 } runtime && System.IO.Directory.Exists(runtime)
            ? Path.Combine(runtime, "enmesh")
            : Path.Combine(environment("TMPDIR") is { Length: > 0 } temporary ? temporary : "/tmp", $"enmesh-{Owner.EffectiveUser()}");

    /// <summary>The usual path of a node's socket.</summary>
    internal static string Of(NodeName node, Func<string, string?> environment) =>
        Path.Combine(Directory(environment), Readable(node.Text) + Extension);

    /// <summary>The sockets of the user's nodes.</summary>
    internal static IReadOnlyList<string> All(Func<string, string?> environment)
    {
        var directory = Directory(environment);
        return System.IO.Directory.Exists(directory)
            ? [.. System.IO.Directory.GetFiles(directory, "*" + Extension).Order(StringComparer.Ordinal)]
            : [];
    }

    /// <summary>Sees to it that nobody else can open anything in the socket's directory.</summary>
    /// <exception cref="IOException">Somebody else can.</exception>
    internal static void Prepare(string path)
    {
        if (OperatingSystem.IsWindows())
            throw new IOException("There are no such consoles on Windows.");
        if (System.Text.Encoding.UTF8.GetByteCount(path) > MaxBytes)
            throw new IOException($"The path is longer than the {MaxBytes} bytes that a socket's may have.");
        var directory = Path.GetDirectoryName(Path.GetFullPath(path))!;
        var info = System.IO.Directory.CreateDirectory(directory, OnlyUser);
        if (info.LinkTarget is not null)
            throw new IOException($"{directory} is a symbolic link.");
        // Below a volume of a pod with an fsGroup, directories get the group of the one above and pass it on; that opens nothing.
        if ((info.UnixFileMode & ~(OnlyUser | UnixFileMode.SetGroup)) != UnixFileMode.None)
            throw new IOException($"{directory} is open to others: chmod 700 {directory}");
        if (!IsOwn(directory))
            throw new IOException($"{directory} belongs to somebody else.");
    }

    // Where the kernel is not asked: whoever may change the mode of a directory owns it, or is root.
    private static bool IsOwn(string directory)
    {
        if (Owner.OfFile(directory) is { } owner)
            return owner.User == Owner.EffectiveUser();
        try
        {
            if (!OperatingSystem.IsWindows())
                File.SetUnixFileMode(directory, OnlyUser);
            return true;
        }
        catch (UnauthorizedAccessException)
        {
            return false;
        }
    }

    private static string Readable(string node) =>
        string.Concat(node.Select(c => char.IsAsciiLetterOrDigit(c) || c is '@' or '.' or '-' or '_' ? c : '_'));
}
