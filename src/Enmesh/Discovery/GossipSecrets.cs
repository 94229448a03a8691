using System.Text;

namespace Enmesh.Discovery;

/// <summary>The file with the secrets of gossip.</summary>
internal static class GossipSecrets
{
    private const int MaxFileBytes = 16 * 1024;
    private const int MinSealedCharacters = 20;

    /// <summary>Reads the secrets: the first is the one to use, the others are taken beside it.</summary>
    /// <exception cref="FormatException">The file has no good secret.</exception>
    /// <exception cref="IOException">It cannot be read.</exception>
    /// <exception cref="UnauthorizedAccessException">It may not be read.</exception>
    internal static IReadOnlyList<byte[]> Read(string path, GossipProtocol protocol)
    {
        using var file = new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite);
        if (!OperatingSystem.IsWindows() && CookieSource.ModeProblem(File.GetUnixFileMode(file.SafeFileHandle)) is { } problem)
            throw new FormatException($"{path} {problem}");
        var buffer = new byte[MaxFileBytes + 1];
        var read = file.ReadAtLeast(buffer, buffer.Length, throwOnEndOfStream: false);
        if (read > MaxFileBytes)
            throw new FormatException($"{path} has more than {MaxFileBytes} bytes; that is no secret.");
        // Bytes as they are: libcluster hashes what its configuration says, in UTF-8.
        var lines = Encoding.Latin1.GetString(buffer, 0, read).Split('\n')
            .Select(line => line.TrimEnd('\r')).Where(line => line.Length > 0).ToArray();
        if (lines.Length == 0)
            throw new FormatException($"{path} is empty.");
        if (protocol == GossipProtocol.Sealed && Array.Exists(lines, line => line.Length < MinSealedCharacters))
            throw new FormatException($"a secret in {path} has less than {MinSealedCharacters} characters; make a better one: openssl rand -hex 32");
        return [.. lines.Select(Encoding.Latin1.GetBytes)];
    }

    /// <summary>What keeps the file from being used; empty when nothing does.</summary>
    internal static IEnumerable<string> Problems(string path, GossipProtocol protocol)
    {
        try
        {
            Read(path, protocol);
            return [];
        }
        catch (Exception e) when (e is FormatException or IOException or UnauthorizedAccessException or ArgumentException)
        {
            return [e.Message];
        }
    }
}
