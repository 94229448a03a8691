using Enmesh.Certificates;
using Xunit;

namespace Enmesh.Tests.Certificates;

[Trait("Ring", "pure")]
public sealed class CertificateDirectoryTests : IDisposable
{
    private readonly string _above = Directory.CreateTempSubdirectory("enmesh-certificates-").FullName;

    private string Volume => Path.Combine(_above, "tls");

    public void Dispose() => Directory.Delete(_above, recursive: true);

    [Fact]
    public void A_pair_is_there_for_its_owner_only()
    {
        CertificateDirectory.Write(Volume, new CertificatePair("chain", "key"));
        Assert.Equal(["chain", "key"], Read());
        if (OperatingSystem.IsWindows())
            return;
        const UnixFileMode ReadWrite = UnixFileMode.UserRead | UnixFileMode.UserWrite;
        Assert.Equal(ReadWrite, File.GetUnixFileMode(Path.Combine(Volume, "tls.key")));
        Assert.Equal(ReadWrite | UnixFileMode.UserExecute, File.GetUnixFileMode(Volume));
        Assert.Equal(ReadWrite | UnixFileMode.UserExecute, File.GetUnixFileMode(CertificateDirectory.Current(Volume)));
    }

    [Fact]
    public void One_set_replaces_another_and_the_last_one_stays_readable()
    {
        CertificateDirectory.Write(Volume, new CertificatePair("chain1", "key1"));
        var found = CertificateDirectory.Current(Volume);
        CertificateDirectory.Write(Volume, new CertificatePair("chain2", "key2"));
        Assert.Equal(["chain2", "key2"], Read());
        // Who has found the set before reads it to its end.
        Assert.Equal("key1", File.ReadAllText(Path.Combine(found, "tls.key")));
        CertificateDirectory.Write(Volume, new CertificatePair("chain3", "key3"));
        Assert.False(Directory.Exists(found));
        Assert.Equal(2, Directory.EnumerateDirectories(Volume, "..enmesh_*").Count());
    }

    [Fact]
    public void Files_of_other_names_stay()
    {
        CertificateDirectory.Write(Volume, new Dictionary<string, string> { ["ca.crt"] = "bundle", ["tls.crt"] = "old" });
        File.WriteAllText(Path.Combine(Volume, "inet_tls.conf"), "options");
        CertificateDirectory.Write(Volume, new CertificatePair("chain", "key"));
        Assert.Equal(["chain", "key"], Read());
        Assert.Equal("bundle", File.ReadAllText(Path.Combine(Volume, "ca.crt")));
        Assert.Equal("options", File.ReadAllText(Path.Combine(Volume, "inet_tls.conf")));
    }

    [Fact]
    public void Plain_files_become_links_without_a_moment_of_two_halves()
    {
        Directory.CreateDirectory(Volume);
        File.WriteAllText(Path.Combine(Volume, "tls.crt"), "chain1");
        File.WriteAllText(Path.Combine(Volume, "tls.key"), "key1");
        CertificateDirectory.Write(Volume, new CertificatePair("chain2", "key2"));
        Assert.Equal(["chain2", "key2"], Read());
        Assert.Equal("..data/tls.crt", new FileInfo(Path.Combine(Volume, "tls.crt")).LinkTarget);
    }

    [Fact]
    public void Whoever_reads_meanwhile_sees_one_set_or_the_other()
    {
        CertificateDirectory.Write(Volume, new CertificatePair("chain0", "key0"));
        using var stop = new CancellationTokenSource();
        var seen = new HashSet<string>();
        var reader = new Thread(() =>
        {
            while (!stop.IsCancellationRequested)
            {
                var current = CertificateDirectory.Current(Volume);
                try
                {
                    seen.Add($"{File.ReadAllText(Path.Combine(current, "tls.crt"))} {File.ReadAllText(Path.Combine(current, "tls.key"))}");
                }
                catch (IOException) when (current != CertificateDirectory.Current(Volume))
                {
                    // Two swaps while we read; what is there now is the newest set.
                }
            }
        });
        reader.Start();
        for (var i = 1; i <= 200; i++)
            CertificateDirectory.Write(Volume, new CertificatePair($"chain{i}", $"key{i}"));
        stop.Cancel();
        reader.Join();
        Assert.All(seen, pair => Assert.Matches("^chain([0-9]+) key\\1$", pair));
    }

    [Fact]
    public void A_volume_of_Kubernetes_is_left_alone()
    {
        Directory.CreateDirectory(Path.Combine(Volume, "..2030_01_01_00_00_00.123"));
        File.CreateSymbolicLink(Path.Combine(Volume, "..data"), "..2030_01_01_00_00_00.123");
        var e = Assert.Throws<IOException>(() => CertificateDirectory.Write(Volume, new CertificatePair("chain", "key")));
        Assert.Contains("a volume of Kubernetes'", e.Message, StringComparison.Ordinal);
    }

    private string[] Read() => [File.ReadAllText(Path.Combine(Volume, "tls.crt")), File.ReadAllText(Path.Combine(Volume, "tls.key"))];
}
