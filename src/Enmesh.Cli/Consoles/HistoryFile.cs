namespace Enmesh.Cli.Consoles;

/// <summary>The lines that were typed into consoles, in the user's own state directory, for him alone.</summary>
internal sealed class HistoryFile
{
    private const int Kept = 1_000;
    private const UnixFileMode OnlyUser = UnixFileMode.UserRead | UnixFileMode.UserWrite;
    private const UnixFileMode OnlyUserDirectory = OnlyUser | UnixFileMode.UserExecute;

    private readonly string? _path;
    private readonly List<string> _lines = [];

    private HistoryFile(string? path) => _path = path;

    /// <summary>One that is forgotten when the console is left.</summary>
    internal static HistoryFile ForThisTime() => new(null);

    internal IReadOnlyList<string> Lines => _lines;

    /// <summary>Reads what is there. A history that cannot be kept is none; nothing else depends on it.</summary>
    internal static HistoryFile Open(Func<string, string?> environment)
    {
        var state = environment("XDG_STATE_HOME") is { Length: > 0 } given ? given
            : environment("HOME") is { Length: > 0 } home ? Path.Combine(home, ".local", "state") : null;
        if (state is null)
            return new(null);
        var history = new HistoryFile(Path.Combine(state, "enmesh", "console_history"));
        try
        {
            if (File.Exists(history._path))
                history.Read(history._path);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return new(null);
        }
        return history;
    }

    /// <summary>Remembers a line, unless it is the last one again or has to do with cookies.</summary>
    internal void Add(string line)
    {
        line = line.Trim();
        if (line.Length == 0 || (_lines.Count > 0 && _lines[^1] == line) || line.Contains("cookie", StringComparison.OrdinalIgnoreCase))
            return;
        _lines.Add(line);
        if (_path is null || OperatingSystem.IsWindows())
            return;
        try
        {
            Directory.CreateDirectory(Path.GetDirectoryName(_path)!, OnlyUserDirectory);
            var options = new FileStreamOptions { Mode = FileMode.Append, Access = FileAccess.Write, UnixCreateMode = OnlyUser };
            using (var writer = new StreamWriter(_path, options))
                writer.WriteLine(Escape(line));
            if (_lines.Count > 2 * Kept)
                Shorten(_path);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            // It is remembered until the console is left.
        }
    }

    private void Read(string path)
    {
        var lines = File.ReadAllLines(path);
        _lines.AddRange(lines.TakeLast(Kept).Select(Unescape));
        if (!OperatingSystem.IsWindows() && File.GetUnixFileMode(path) != OnlyUser)
            File.SetUnixFileMode(path, OnlyUser);
        if (lines.Length > 2 * Kept) // several consoles have added to it
            Shorten(path);
    }

    private void Shorten(string path)
    {
        _lines.RemoveRange(0, Math.Max(0, _lines.Count - Kept));
        File.WriteAllLines(path, _lines.Select(Escape));
    }

    private static string Escape(string line) => line.Replace("\\", "\\\\", StringComparison.Ordinal).Replace("\n", "\\n", StringComparison.Ordinal);

    private static string Unescape(string line)
    {
        var text = new System.Text.StringBuilder();
        for (var i = 0; i < line.Length; i++)
            text.Append(line[i] != '\\' || i + 1 == line.Length ? line[i] : line[++i] == 'n' ? '\n' : line[i]);
        return text.ToString();
    }
}
