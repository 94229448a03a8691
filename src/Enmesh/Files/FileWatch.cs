namespace Enmesh.Files;

/// <summary>Notices that files may have changed: at once where the system tells, else within ten seconds.</summary>
/// <remarks>
/// A file may be rewritten, replaced by a renamed one, deleted and made again, or lie in a volume of Kubernetes, whose
/// files are links through one that is swapped. Directories may come later. What the system does not tell, as of some
/// network file systems, or when it has no more watches to give, is found by looking every ten seconds.
/// </remarks>
internal sealed class FileWatch : IDisposable
{
    /// <summary>How often the files are looked at, whatever the system tells.</summary>
    internal static readonly TimeSpan LookEvery = TimeSpan.FromSeconds(10);

    // How a volume of Kubernetes is changed: the files are links through this one, which is swapped.
    private const string MountedData = "..data";

    private readonly Lock _gate = new();
    private readonly string[] _files;
    private readonly Action _changed;
    private readonly Dictionary<string, FileSystemWatcher?> _directories;
    private readonly ITimer _timer;
    private FileStamp[] _seen;
    private bool _disposed;

    /// <summary>Begins to watch.</summary>
    /// <param name="files">The files; they need not be there yet.</param>
    /// <param name="changed">
    /// Told of each change, and now and then of none, from any thread and sometimes from two at a time. It returns soon
    /// and throws nothing.
    /// </param>
    /// <param name="time">The clock.</param>
    internal FileWatch(IEnumerable<string> files, Action changed, TimeProvider time)
    {
        _files = [.. files.Select(Path.GetFullPath).Distinct(StringComparer.Ordinal)];
        _changed = changed;
        _seen = Look();
        _directories = _files.Select(file => Path.GetDirectoryName(file) ?? file).Distinct(StringComparer.Ordinal)
            .ToDictionary(directory => directory, _ => (FileSystemWatcher?)null, StringComparer.Ordinal);
        lock (_gate)
            WatchDirectories();
        _timer = time.CreateTimer(static watch => ((FileWatch)watch!).LookAgain(), this, LookEvery, LookEvery);
    }

    /// <summary>Ends the watch. A notice may be under way still.</summary>
    public void Dispose()
    {
        _timer.Dispose();
        FileSystemWatcher?[] watchers;
        lock (_gate)
        {
            _disposed = true;
            watchers = [.. _directories.Values];
        }
        foreach (var watcher in watchers)
            watcher?.Dispose();
    }

    private void LookAgain()
    {
        bool differs;
        lock (_gate)
        {
            if (_disposed)
                return;
            WatchDirectories();
            var now = Look();
            differs = !now.AsSpan().SequenceEqual(_seen);
            _seen = now;
        }
        if (differs)
            _changed();
    }

    // Under the gate.
    private void WatchDirectories()
    {
        foreach (var directory in _directories.Where(entry => entry.Value is null).Select(entry => entry.Key).ToArray())
            _directories[directory] = TryWatch(directory);
    }

    private FileSystemWatcher? TryWatch(string directory)
    {
        FileSystemWatcher? watcher = null;
        try
        {
            watcher = new FileSystemWatcher(directory);
            watcher.Created += (_, e) => Noticed(directory, e.Name);
            watcher.Changed += (_, e) => Noticed(directory, e.Name);
            watcher.Deleted += (_, e) => Noticed(directory, e.Name);
            watcher.Renamed += (_, e) =>
            {
                Noticed(directory, e.OldName);
                Noticed(directory, e.Name);
            };
            watcher.Error += (_, _) => Lost(directory);
            watcher.EnableRaisingEvents = true;
            return watcher;
        }
        catch (Exception e) when (e is ArgumentException or IOException or UnauthorizedAccessException)
        {
            // It is not there, or the system has no more watches; the timer tries again.
            watcher?.Dispose();
            return null;
        }
    }

    private void Noticed(string directory, string? name)
    {
        if (name is null || (name != MountedData && Array.IndexOf(_files, Path.Combine(directory, name)) < 0))
            return;
        lock (_gate)
        {
            if (_disposed)
                return;
            _seen = Look();
        }
        _changed();
    }

    // More happened than the system could tell, or the directory has gone: what was missed is looked for.
    private void Lost(string directory)
    {
        FileSystemWatcher? lost;
        lock (_gate)
        {
            if (_disposed)
                return;
            lost = _directories[directory];
            _directories[directory] = null;
        }
        lost?.Dispose();
        _changed();
    }

    private FileStamp[] Look() => [.. _files.Select(FileStamp.Of)];

    /// <summary>What tells one state of a file from another without reading it.</summary>
    private readonly record struct FileStamp(string? Target, long Length, DateTime Written)
    {
        internal static FileStamp Of(string path)
        {
            try
            {
                // Of the file that is meant in the end, and that one's path: a volume's links lead elsewhere when it is
                // swapped, and the new file may be as long and as old as the one before.
                var data = Path.Combine(Path.GetDirectoryName(path) ?? path, MountedData);
                var volume = Directory.Exists(data) ? Directory.ResolveLinkTarget(data, returnFinalTarget: true) : null;
                var named = new FileInfo(path);
                var file = named.ResolveLinkTarget(returnFinalTarget: true) as FileInfo ?? named;
                return file.Exists ? new($"{volume?.FullName}:{file.FullName}", file.Length, file.LastWriteTimeUtc) : default;
            }
            catch (Exception e) when (e is IOException or UnauthorizedAccessException)
            {
                return default; // what is wrong with it, its reader will say
            }
        }
    }
}
