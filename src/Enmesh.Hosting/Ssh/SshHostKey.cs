using System.Net;

namespace Enmesh.Hosting.Ssh;

/// <summary>What the server shows for itself.</summary>
/// <param name="Key">Its public key.</param>
/// <param name="Listen">Where it listens.</param>
internal sealed record SshHostKey(SshPublicKey Key, IPEndPoint Listen)
{
    private const string FileName = "host_key";

    /// <summary>
    /// Where the server's own key is; made when there is none. It is as old as its directory: a volume in the memory of a pod keeps it for as long as there is the
    /// pod, over restarts of the container.
    /// </summary>
    /// <exception cref="IOException">It cannot be made.</exception>
    internal static async Task<(string Path, bool IsNew)> EnsureAsync(string directory, string keyGenerator, string comment, CancellationToken cancellationToken)
    {
        var path = Path.Combine(directory, FileName);
        if (File.Exists(path))
            return (path, false);
        // Under its own name it is whole.
        var making = path + ".new";
        File.Delete(making);
        var (status, _, errors) = await SshSurroundings.RunAsync(
            keyGenerator, ["-q", "-t", "ed25519", "-N", "", "-C", comment, "-f", making], cancellationToken).ConfigureAwait(false);
        if (status != 0)
            throw new IOException($"{keyGenerator} made no host key: {errors.Trim()}");
        File.Delete(making + ".pub");
        File.Move(making, path);
        return (path, true);
    }

    /// <summary>The public half of a private key.</summary>
    /// <exception cref="IOException">It cannot be read.</exception>
    internal static async Task<SshPublicKey> PublicAsync(string path, string keyGenerator, CancellationToken cancellationToken)
    {
        var (status, output, errors) = await SshSurroundings.RunAsync(keyGenerator, ["-y", "-P", "", "-f", path], cancellationToken).ConfigureAwait(false);
        return status == 0 && SshPublicKey.Parse(output.Trim()) is { } key
            ? key
            : throw new IOException($"The host key {path} cannot be read: {errors.Trim()}");
    }
}
