using System.Net;
using Enmesh.Certificates;
using Xunit;

namespace Enmesh.Tests.Certificates;

/// <summary>The table is what OTP 23, 25, 27 and 29 did with such certificates; interop tests try it anew.</summary>
[Trait("Ring", "pure")]
public sealed class HostMatchTests
{
    [Theory]
    [InlineData("10.0.0.7", "dns:10.0.0.7 ip:10.0.0.7", "25 27 enmesh")]
    [InlineData("10.0.0.7", "dns:10.0.0.7", "25 enmesh")]
    [InlineData("10.0.0.7", "ip:10.0.0.7", "27 enmesh")]
    [InlineData("10.0.0.7", "dns:10.0.0.8 ip:10.0.0.8", "")]
    [InlineData("10.0.0.7", "cn:10.0.0.7", "")]
    // Critical, as it is without a subject: OTP has no word for an address there.
    [InlineData("10.0.0.7", "critical: ip:10.0.0.7", "enmesh")]
    [InlineData("10.0.0.7", "critical: ip:10.0.0.7 dns:x", "27 enmesh")]
    [InlineData("10.0.0.7", "critical: ip:10.0.0.7 dns:10.0.0.7", "25 27 enmesh")]
    [InlineData("fd00::7", "ip:fd00:0::0:7", "27 enmesh")]
    [InlineData("fd00::7", "dns:FD00::7", "25 enmesh")]
    [InlineData("web1.shop.example", "dns:web1.shop.example", "25 27 enmesh")]
    [InlineData("WEB1.shop.example", "dns:web1.SHOP.example", "25 27 enmesh")]
    [InlineData("web1.shop.example", "dns:*.shop.example", "")]
    [InlineData("web1.shop.example", "dns:web1", "")]
    [InlineData("web1.shop.example", "dns:web1.shop.example.", "")]
    [InlineData("web1.shop.example", "cn:web1.shop.example", "25 27")]
    [InlineData("web1.shop.example", "cn:web1.shop.example dns:web2.shop.example", "")]
    [InlineData("web1", "dns:web1", "25 27 enmesh")]
    [InlineData("*", "dns:*", "")]
    // What is no address as Erlang writes it is a name.
    [InlineData("10.1", "ip:10.0.0.1", "")]
    [InlineData("167772167", "ip:10.0.0.7", "")]
    public void Each_rule_finds_the_host_where_its_own_does(string host, string given, string expected)
    {
        var named = given.Split(' ').Select(name => name.Split(':', 2)).ToLookup(name => name[0], name => name[1]);
        var names = new CertificateNames(
            named["cn"].SingleOrDefault(), [.. named["dns"]], [.. named["ip"].Select(IPAddress.Parse)], [],
            named["dns"].Any() || named["ip"].Any())
        {
            IsCritical = named["critical"].Any(),
        };
        var found = new[] { (HostRule.Otp25, "25"), (HostRule.Otp27, "27"), (HostRule.Enmesh, "enmesh") }
            .Where(rule => names.Covers(host, rule.Item1)).Select(rule => rule.Item2);
        Assert.Equal(expected, string.Join(' ', found));
    }
}
