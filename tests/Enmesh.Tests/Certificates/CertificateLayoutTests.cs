using System.Net;
using Enmesh.Certificates;
using Xunit;

namespace Enmesh.Tests.Certificates;

/// <summary>Files as Kubernetes, cert-manager's CSI driver and trust-manager lay them out.</summary>
[Trait("Ring", "pure")]
public sealed class CertificateLayoutTests : IDisposable
{
    private const string Stateful = "orders-0.orders.shop.svc.cluster.local";
    private readonly string _directory = Directory.CreateTempSubdirectory("enmesh-layout-").FullName;
    private readonly CertificateAuthority _authority = CertificateAuthority.Create("test");

    public void Dispose()
    {
        _authority.Dispose();
        Directory.Delete(_directory, recursive: true);
    }

    [Fact]
    public void A_volume_of_Kubernetes_is_known_by_its_link_and_ours_by_its_name()
    {
        var pair = _authority.Issue(new() { Hosts = [Stateful] });
        var volume = Volume("..2030_01_01_00_00_00.123456", pair);
        Assert.Equal(CertificateLayoutKind.Volume, CertificateLayout.KindOf(Path.Combine(volume, "tls.crt")));
        var own = Path.Combine(_directory, "own");
        CertificateDirectory.Write(own, pair);
        Assert.Equal(CertificateLayoutKind.Enmesh, CertificateLayout.KindOf(Path.Combine(own, "tls.crt")));
        File.WriteAllText(Path.Combine(_directory, "tls.crt"), pair.ChainPem);
        Assert.Equal(CertificateLayoutKind.Plain, CertificateLayout.KindOf(Path.Combine(_directory, "tls.crt")));
    }

    [Fact]
    public void A_Secret_is_found_and_followed_when_it_changes()
    {
        var volume = Volume("..2030_01_01_00_00_00.1", _authority.Issue(new() { Hosts = ["a"] }));
        using (var first = StoredPair.Find(volume)!)
            Assert.Equal("DNS:a", first.Names.Text);
        // As the kubelet does it: the new set, then the link, then the old set is gone.
        Volume("..2030_01_01_00_01_00.2", _authority.Issue(new() { Hosts = ["b"] }));
        Directory.Delete(Path.Combine(volume, "..2030_01_01_00_00_00.1"), recursive: true);
        using var second = StoredPair.Find(volume)!;
        Assert.Equal("DNS:b", second.Names.Text);
    }

    [Fact]
    public void A_bundle_may_have_remarks_and_what_has_expired()
    {
        var now = TimeProvider.System.GetUtcNow();
        using var old = CertificateAuthority.Create("old", notBefore: now.AddYears(-3), notAfter: now.AddYears(-1));
        // trust-manager joins sources with line ends, and keeps what is between blocks in none; others do keep it.
        var bundle = $"# old\n{old.CertificatePem}\n# new\n{_authority.CertificatePem}\n";
        var trusted = PemText.Certificates(bundle, "ca.crt");
        Assert.Equal(2, trusted.Count);
        using var stored = StoredPair.Parse(_authority.Issue(new() { Hosts = ["a"] }).ChainPem, "tls.crt");
        Assert.Null(TrustCheck.Problem(stored.Chain, trusted, now));
        Assert.Contains("is neither sent along nor trusted", TrustCheck.Problem(stored.Chain, [trusted[0]], now)!, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("10.0.0.7", $"dns:{Stateful}", CertificateLayoutKind.Volume, "is filled before the pod has an address, so it cannot name one")]
    [InlineData("fd00::7", $"dns:{Stateful}", CertificateLayoutKind.Volume, "is filled before the pod has an address, so it cannot name one")]
    [InlineData("orders-1.orders.shop.svc.cluster.local", $"dns:{Stateful}", CertificateLayoutKind.Volume, "all pods that mount one Secret have its names and no others")]
    [InlineData(Stateful, "dns:*.orders.shop.svc.cluster.local", CertificateLayoutKind.Volume, "no release of OTP takes a wildcard")]
    [InlineData("10.0.0.7", "dns:10.0.0.8 ip:10.0.0.8", CertificateLayoutKind.Enmesh, "Request one for this host, or name the node by one of those.")]
    [InlineData("10.0.0.7", "", CertificateLayoutKind.Plain, "The certificate is for no names, not for '10.0.0.7'.")]
    public void What_cannot_work_is_refused_with_the_reason(string host, string names, object kind, string reason)
    {
        var finding = Assert.Single(CertificateLayout.Check((CertificateLayoutKind)kind, Names(names), host));
        Assert.True(finding.IsFatal);
        Assert.Contains(reason, finding.Text, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("10.0.0.7", "dns:10.0.0.7 ip:10.0.0.7")]
    [InlineData("10.0.0.7", "dns:10.0.0.7 ip:10.0.0.7 ip:127.0.0.1 dns:localhost")]
    [InlineData(Stateful, $"dns:{Stateful} dns:orders-0 dns:orders-0.orders")]
    [InlineData("10-0-0-7.shop.pod.cluster.local", "dns:10-0-0-7.shop.pod.cluster.local")]
    public void One_host_by_all_its_names_is_fine(string host, string names) =>
        Assert.Empty(CertificateLayout.Check(CertificateLayoutKind.Volume, Names(names), host));

    [Fact]
    public void One_certificate_for_all_works_and_says_its_price()
    {
        var names = Names("dns:orders-0.orders dns:orders-1.orders dns:orders-2.orders dns:orders-3.orders");
        var finding = Assert.Single(CertificateLayout.Check(CertificateLayoutKind.Volume, names, "orders-2.orders"));
        Assert.False(finding.IsFatal);
        Assert.Contains("4 hosts (orders-0, orders-1, orders-2, …): each node that has it can pass for each of the others", finding.Text, StringComparison.Ordinal);
    }

    [Fact]
    public void A_file_that_is_mounted_for_itself_is_seen()
    {
        var mounts = Path.Combine(_directory, "mountinfo");
        File.WriteAllText(
            mounts,
            """
            1 0 8:1 / / rw - ext4 /dev/sda1 rw
            36 35 0:30 /..2030/tls.crt /tls/tls.crt ro,relatime - tmpfs tmpfs rw
            37 35 0:30 / /tls\040two ro,relatime - tmpfs tmpfs rw
            """);
        Assert.True(CertificateLayout.IsMounted("/tls/tls.crt", mounts));
        Assert.True(CertificateLayout.IsMounted("/tls two", mounts));
        Assert.False(CertificateLayout.IsMounted("/tls/tls.key", mounts));
        Assert.False(CertificateLayout.IsMounted("/tls/tls.crt", Path.Combine(_directory, "none")));
    }

    private static CertificateNames Names(string given)
    {
        var named = given.Split(' ', StringSplitOptions.RemoveEmptyEntries).Select(name => name.Split(':', 2)).ToLookup(name => name[0], name => name[1]);
        return new(null, [.. named["dns"]], [.. named["ip"].Select(IPAddress.Parse)], [], given.Length > 0);
    }

    private string Volume(string set, CertificatePair pair)
    {
        var volume = Path.Combine(_directory, "volume");
        Directory.CreateDirectory(Path.Combine(volume, set));
        File.WriteAllText(Path.Combine(volume, set, "tls.crt"), pair.ChainPem);
        File.WriteAllText(Path.Combine(volume, set, "tls.key"), pair.KeyPem);
        File.WriteAllText(Path.Combine(volume, set, "ca.crt"), _authority.CertificatePem);
        File.CreateSymbolicLink(Path.Combine(volume, set, "..link"), set);
        File.Move(Path.Combine(volume, set, "..link"), Path.Combine(volume, "..data"), overwrite: true);
        foreach (var file in new[] { "tls.crt", "tls.key", "ca.crt" })
        {
            if (!File.Exists(Path.Combine(volume, file)))
                File.CreateSymbolicLink(Path.Combine(volume, file), $"..data/{file}");
        }
        return volume;
    }
}
