using System.Net;
using Enmesh.Resolver;
using Xunit;

namespace Enmesh.Tests.Resolver;

[Trait("Ring", "pure")]
public sealed class ResolvConfTests
{
    [Fact]
    public void The_file_of_a_pod_is_read()
    {
        var conf = ResolvConf.Parse("""
            search default.svc.cluster.local svc.cluster.local cluster.local
            nameserver 10.96.0.10
            options ndots:5
            """);
        Assert.Equal([new IPEndPoint(IPAddress.Parse("10.96.0.10"), 53)], conf.Servers);
        Assert.Equal(["default.svc.cluster.local", "svc.cluster.local", "cluster.local"], conf.Search);
        Assert.Equal(5, conf.Ndots);
        Assert.Equal(TimeSpan.FromSeconds(5), conf.Timeout);
        Assert.Equal(2, conf.Attempts);
        Assert.False(conf.Rotate);
    }

    [Fact]
    public void Every_option_is_read_and_an_unknown_one_is_passed_over()
    {
        var conf = ResolvConf.Parse(
            "options timeout:2 attempts:4 rotate edns0 trust-ad single-request use-vc ndots:3 what:ever\n");
        Assert.Equal(
            (TimeSpan.FromSeconds(2), 4, true, true, 3),
            (conf.Timeout, conf.Attempts, conf.Rotate, conf.UseTcp, conf.Ndots));
    }

    [Theory]
    [InlineData("options ndots:99 timeout:99 attempts:99", 15, 30, 5)]
    [InlineData("options ndots:99999999999999999999 timeout:99999999999999999999 attempts:99999999999999999999", 15, 30, 5)]
    [InlineData("options ndots:0 timeout:0 attempts:0", 0, 1, 1)]
    [InlineData("options ndots: timeout:x attempts:-1", 0, 1, 1)]
    [InlineData("options ndots:2x timeout:3s attempts:4,", 2, 3, 4)]
    public void Numbers_are_held_within_their_bounds(string text, int ndots, int timeoutSeconds, int attempts)
    {
        var conf = ResolvConf.Parse(text);
        Assert.Equal((ndots, timeoutSeconds, attempts), (conf.Ndots, (int)conf.Timeout.TotalSeconds, conf.Attempts));
    }

    [Fact]
    public void Comments_indented_lines_and_rubbish_are_passed_over()
    {
        var conf = ResolvConf.Parse(
            "# nameserver 1.1.1.1\n; nameserver 2.2.2.2\n nameserver 3.3.3.3\nnameserver\nnameserver no.address\n"
            + "name server 4.4.4.4\nnameserver\t5.5.5.5   # the one\r\n\nsortlist 130.155.160.0\n");
        Assert.Equal([new IPEndPoint(IPAddress.Parse("5.5.5.5"), 53)], conf.Servers);
    }

    [Fact]
    public void The_first_three_servers_count()
    {
        var conf = ResolvConf.Parse("nameserver 10.0.0.1\nnameserver ::1\nnameserver 10.0.0.2\nnameserver 10.0.0.3\n");
        Assert.Equal(["10.0.0.1:53", "[::1]:53", "10.0.0.2:53"], conf.Servers.Select(server => server.ToString()));
    }

    [Fact]
    public void A_link_local_server_keeps_its_scope()
    {
        var byNumber = Assert.Single(ResolvConf.Parse("nameserver fe80::1%7\n").Servers);
        Assert.Equal(7, byNumber.Address.ScopeId);
        // The loopback interface is the one whose name and number every Linux has in common.
        if (OperatingSystem.IsLinux())
            Assert.Equal(1, Assert.Single(ResolvConf.Parse("nameserver fe80::1%lo\n").Servers).Address.ScopeId);
    }

    [Fact]
    public void Without_a_server_this_host_is_asked() =>
        Assert.Equal([new IPEndPoint(IPAddress.Loopback, 53)], ResolvConf.Parse("").Servers);

    [Theory]
    [InlineData("search a.test b.test\ndomain c.test", "c.test")]
    [InlineData("domain c.test\nsearch a.test b.test", "a.test b.test")]
    [InlineData("search a.test.\nsearch", "a.test")]
    [InlineData("domain c.test d.test", "c.test")]
    [InlineData("search a.test . bad..test b.test", "a.test  b.test")]
    [InlineData("", "example.org")]
    public void The_last_of_search_and_domain_counts_and_else_the_domain_of_the_host(string text, string expected) =>
        Assert.Equal(expected, string.Join(' ', ResolvConf.Parse(text, hostName: "host.example.org").Search));

    [Fact]
    public void A_host_without_a_domain_has_no_search_list() =>
        Assert.Empty(ResolvConf.Parse("", hostName: "host").Search);

    [Fact]
    public void The_environment_goes_above_the_file()
    {
        var conf = ResolvConf.Parse(
            "search a.test\noptions ndots:5 attempts:3", localDomain: "b.test c.test", options: "ndots:2 rotate");
        Assert.Equal(["b.test", "c.test"], conf.Search);
        Assert.Equal((2, 3, true), (conf.Ndots, conf.Attempts, conf.Rotate));
    }
}
