using System.Security.Cryptography;
using System.Text;

namespace Enmesh.Certificates;

/// <summary>
/// Writes a set of files as Kubernetes writes a volume: the files lie in a directory of their own, <c>..data</c> is a
/// link to it, each file a link through that one, and one rename of <c>..data</c> replaces them all. Who reads sees the
/// old set or the new one.
/// </summary>
/// <remarks>
/// The set before stays until the next one comes, so that who has found it may read it to the end. Files are 0600,
/// directories 0700. What lay there as plain files is put into such a directory first, as it was.
/// </remarks>
internal static class CertificateDirectory
{
    /// <summary>The names that cert-manager and Kubernetes' own TLS secrets have.</summary>
    public const string CertificateFile = "tls.crt";

    /// <inheritdoc cref="CertificateFile"/>
    public const string KeyFile = "tls.key";

    /// <inheritdoc cref="CertificateFile"/>
    public const string AuthorityFile = "ca.crt";

    /// <summary>How the directories begin that we make in it.</summary>
    internal const string OwnPrefix = "..enmesh_";

    private const string Data = "..data";
    private const UnixFileMode FileRights = UnixFileMode.UserRead | UnixFileMode.UserWrite;
    private const UnixFileMode DirectoryRights = FileRights | UnixFileMode.UserExecute;

    /// <summary>Writes a pair.</summary>
    public static void Write(string directory, CertificatePair pair) => Write(directory, new Dictionary<string, string>
    {
        [CertificateFile] = pair.ChainPem,
        [KeyFile] = pair.KeyPem,
    });

    /// <summary>Replaces the set of files by another one. Files of other names stay as they are.</summary>
    /// <exception cref="IOException">It could not be written; the set before is still there.</exception>
    /// <exception cref="UnauthorizedAccessException">It may not be written.</exception>
    public static void Write(string directory, IReadOnlyDictionary<string, string> files)
    {
        ArgumentException.ThrowIfNullOrEmpty(directory);
        ArgumentNullException.ThrowIfNull(files);
        CreateDirectory(directory);
        var before = Target(directory);
        if (before is not null && !before.StartsWith(OwnPrefix, StringComparison.Ordinal))
            throw new IOException($"{directory} is a volume of Kubernetes' ({Data} leads to {before}): it is not ours to write.");
        var kept = before is null ? [] : Contents(Path.Combine(directory, before));
        var plain = files.Keys.Where(name => IsPlain(Path.Combine(directory, name))).ToList();
        if (plain.Count > 0)
        {
            // As they were, behind the link; then the one swap is enough for these as well.
            foreach (var name in plain)
                kept[name] = File.ReadAllBytes(Path.Combine(directory, name));
            var asBefore = Fill(directory, kept);
            Switch(directory, asBefore);
            foreach (var name in plain)
                Link(directory, asBefore, name);
        }
        foreach (var (name, text) in files)
            kept[name] = Encoding.UTF8.GetBytes(text);
        var current = Fill(directory, kept);
        Switch(directory, current);
        foreach (var name in files.Keys.Where(name => !IsLink(Path.Combine(directory, name))))
            Link(directory, current, name);
        Clean(directory, current, before);
    }

    /// <summary>
    /// The directory the files of a volume lie in now, past the link that is swapped; the directory itself where there
    /// is none.
    /// </summary>
    /// <remarks>Read all files of a set through one answer, or they may be of two sets.</remarks>
    public static string Current(string directory) =>
        Target(directory) is { } target ? Path.Combine(directory, target) : directory;

    /// <summary>Makes a directory for its user alone.</summary>
    internal static void CreateDirectory(string directory)
    {
        if (Directory.Exists(directory))
            return;
        if (OperatingSystem.IsWindows())
            Directory.CreateDirectory(directory);
        else
            Directory.CreateDirectory(directory, DirectoryRights);
    }

    private static Dictionary<string, byte[]> Contents(string set) => Directory.Exists(set)
        ? Directory.EnumerateFiles(set).ToDictionary(file => Path.GetFileName(file), File.ReadAllBytes)
        : [];

    private static string Fill(string directory, Dictionary<string, byte[]> files)
    {
        var name = OwnPrefix + RandomNumberGenerator.GetHexString(16, lowercase: true);
        var filled = Path.Combine(directory, name);
        CreateDirectory(filled);
        try
        {
            foreach (var (file, bytes) in files)
                WriteFile(Path.Combine(filled, file), bytes);
            return name;
        }
        catch
        {
            // Half a set with a key in it, in a volume that is full perhaps, and tried again and again.
            Directory.Delete(filled, recursive: true);
            throw;
        }
    }

    private static void WriteFile(string path, byte[] bytes)
    {
        var options = new FileStreamOptions { Mode = FileMode.CreateNew, Access = FileAccess.Write, Share = FileShare.None };
        if (!OperatingSystem.IsWindows())
            options.UnixCreateMode = FileRights;
        using var stream = new FileStream(path, options);
        stream.Write(bytes);
        stream.Flush(flushToDisk: true);
    }

    private static void Switch(string directory, string target) => Replace(directory, target, Data, target);

    private static void Link(string directory, string set, string name) => Replace(directory, set, name, $"{Data}/{name}");

    // A link cannot be changed, but another one can take its place in one step. It begins among the files of the new set,
    // where it leads nowhere: File.Move refuses a link that leads to a directory.
    private static void Replace(string directory, string set, string name, string target)
    {
        var fresh = Path.Combine(directory, set, "..link");
        File.CreateSymbolicLink(fresh, target);
        File.Move(fresh, Path.Combine(directory, name), overwrite: true);
    }

    private static void Clean(string directory, string current, string? before)
    {
        foreach (var old in Directory.EnumerateDirectories(directory, OwnPrefix + "*"))
        {
            if (Path.GetFileName(old) is var name && (name == current || name == before))
                continue;
            try
            {
                Directory.Delete(old, recursive: true);
            }
            catch (Exception e) when (e is IOException or UnauthorizedAccessException)
            {
                // The new set is there, which is what counts; the next one tries again.
            }
        }
    }

    private static string? Target(string directory) => new DirectoryInfo(Path.Combine(directory, Data)).LinkTarget;

    private static bool IsLink(string path) => new FileInfo(path).LinkTarget is not null;

    private static bool IsPlain(string path) => File.Exists(path) && !IsLink(path);
}
