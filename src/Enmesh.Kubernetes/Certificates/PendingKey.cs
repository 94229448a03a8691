using System.Security.Cryptography;
using Enmesh.Certificates;

namespace Enmesh.Kubernetes.Certificates;

/// <summary>
/// The key of a request that is not answered yet, beside the pair in the memory volume: a container that is started
/// again goes on waiting, instead of asking once more. Without the key a certificate for it would be of no use.
/// </summary>
internal sealed class PendingKey(string directory)
{
    private const string Name = "..pending.key";

    private string File => Path.Combine(directory, Name);

    /// <summary>The key of before, with a request for the same names; null when there is none that can be used.</summary>
    internal SigningRequest? Find(IssueOptions options)
    {
        try
        {
            return System.IO.File.Exists(File) ? SigningRequest.With(System.IO.File.ReadAllText(File), options, File) : null;
        }
        catch (CertificateException)
        {
            // Half a file of somebody who was ended while writing; what was asked with it is lost.
            return null;
        }
    }

    internal void Keep(SigningRequest request)
    {
        CertificateDirectory.CreateDirectory(directory);
        var fresh = $"{File}.{RandomNumberGenerator.GetHexString(8, lowercase: true)}";
        var options = new FileStreamOptions { Mode = FileMode.CreateNew, Access = FileAccess.Write, Share = FileShare.None };
        if (!OperatingSystem.IsWindows())
            options.UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite;
        using (var writer = new StreamWriter(fresh, options))
            writer.Write(request.ExportKeyPem());
        System.IO.File.Move(fresh, File, overwrite: true);
    }

    internal void Drop()
    {
        if (!Directory.Exists(directory))
            return;
        // With what somebody left who was ended while writing.
        foreach (var one in Directory.EnumerateFiles(directory, Name + "*"))
            System.IO.File.Delete(one);
    }
}
