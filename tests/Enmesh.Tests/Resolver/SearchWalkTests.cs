using System.Collections.Immutable;
using System.Net;
using Enmesh.Resolver;
using Xunit;

namespace Enmesh.Tests.Resolver;

/// <summary>The order of names, checked against what glibc 2.36 sends (res_search in resolv/res_query.c).</summary>
[Trait("Ring", "pure")]
public sealed class SearchWalkTests
{
    private static readonly DnsAnswer None = new DnsAnswer.NoSuchName();
    private static readonly DnsAnswer Empty = new DnsAnswer.NoData();
    private static readonly DnsAnswer Servfail = new DnsAnswer.Failed(DnsProblem.ServerFailure, "answered SERVFAIL");
    private static readonly DnsAnswer Timeout = new DnsAnswer.Failed(DnsProblem.Timeout, "did not answer");
    private static readonly DnsAnswer Unreachable = new DnsAnswer.Failed(DnsProblem.Unreachable, "is not there");
    private static readonly DnsAnswer Found =
        new DnsAnswer.Found([new DnsRecord.Address("x", 1, IPAddress.Loopback)]);

    private static readonly ResolvConf Pod = new() { Search = ["ns.svc.c", "svc.c", "c"], Ndots = 5 };

    [Theory]
    [InlineData("orders", 5, "orders.ns.svc.c orders.svc.c orders.c orders")]
    [InlineData("orders.ns.svc.c", 5, "orders.ns.svc.c.ns.svc.c orders.ns.svc.c.svc.c orders.ns.svc.c.c orders.ns.svc.c")]
    [InlineData("orders.ns.svc.c.", 5, "orders.ns.svc.c")]
    [InlineData("orders.", 5, "orders")]
    [InlineData("orders.ns", 1, "orders.ns orders.ns.ns.svc.c orders.ns.svc.c orders.ns.c")]
    [InlineData("orders", 1, "orders.ns.svc.c orders.svc.c orders.c orders")]
    [InlineData("orders", 0, "orders orders.ns.svc.c orders.svc.c orders.c")]
    public void Names_are_tried_in_the_order_of_glibc(string name, int ndots, string expected)
    {
        var (asked, result) = Walk(name, Pod with { Ndots = ndots }, _ => None);
        Assert.Equal(expected, string.Join(' ', asked));
        Assert.IsType<DnsAnswer.NoSuchName>(result);
    }

    [Fact]
    public void With_the_root_on_the_list_the_name_as_it_stands_has_its_place_there()
    {
        var (asked, _) = Walk("orders", new ResolvConf { Search = ["a", "", "b"] }, _ => None);
        Assert.Equal(["orders.a", "orders", "orders.b"], asked);
    }

    [Fact]
    public void Without_a_list_only_the_name_itself_is_tried()
    {
        var (asked, _) = Walk("orders", new ResolvConf { Search = ImmutableArray<string>.Empty }, _ => None);
        Assert.Equal(["orders"], asked);
    }

    [Fact]
    public void The_first_name_found_ends_the_walk()
    {
        var (asked, result) = Walk("orders", Pod, name => name == "orders.svc.c" ? Found : None);
        Assert.Equal(["orders.ns.svc.c", "orders.svc.c"], asked);
        Assert.Same(Found, result);
    }

    [Fact]
    public void A_name_without_such_records_does_not_end_the_walk_but_decides_its_result()
    {
        var (asked, result) = Walk("orders", Pod, name => name == "orders.ns.svc.c" ? Empty : None);
        Assert.Equal(4, asked.Count);
        Assert.IsType<DnsAnswer.NoData>(result);
    }

    [Fact]
    public void What_was_said_of_the_name_as_it_stands_counts_when_it_was_tried_first()
    {
        var (_, result) = Walk("orders.ns", Pod with { Ndots = 1 }, name => name == "orders.ns" ? None : Empty);
        Assert.IsType<DnsAnswer.NoSuchName>(result);
    }

    [Fact]
    public void A_server_that_fails_at_one_domain_is_asked_for_the_next()
    {
        var (asked, result) = Walk(
            "orders", Pod, name => name == "orders.ns.svc.c" ? Servfail : name == "orders.c" ? Found : None);
        Assert.Equal(["orders.ns.svc.c", "orders.svc.c", "orders.c"], asked);
        Assert.Same(Found, result);
    }

    [Fact]
    public void A_silent_server_ends_the_search_but_the_name_itself_is_still_tried()
    {
        var (asked, result) = Walk("orders", Pod, name => name == "orders.svc.c" ? Timeout : None);
        Assert.Equal(["orders.ns.svc.c", "orders.svc.c", "orders"], asked);
        Assert.Same(Timeout, result);
    }

    [Fact]
    public void When_no_server_is_there_nothing_else_is_tried()
    {
        var (asked, result) = Walk("orders", Pod, _ => Unreachable);
        Assert.Equal(["orders.ns.svc.c"], asked);
        Assert.Same(Unreachable, result);
    }

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    public void A_failure_anywhere_never_ends_as_there_is_no_such_name(int failing)
    {
        var step = 0;
        var (_, result) = Walk("orders", Pod, _ => step++ == failing ? Servfail : None);
        Assert.Same(Servfail, result);
    }

    [Fact]
    public void A_domain_that_makes_the_name_too_long_is_left_out()
    {
        var longDomain = string.Join('.', Enumerable.Repeat(new string('x', 62), 4));
        Assert.Null(DnsName.Problem(longDomain));
        var (asked, _) = Walk("orders", new ResolvConf { Search = [longDomain, "a"] }, _ => None);
        Assert.Equal(["orders.a", "orders"], asked);
    }

    private static (List<string> Asked, DnsAnswer Result) Walk(
        string name, ResolvConf conf, Func<string, DnsAnswer> answer)
    {
        var asked = new List<string>();
        var walk = new SearchWalk(name, conf);
        while (walk.Current is { } current)
        {
            asked.Add(current);
            Assert.True(asked.Count < 100, "The walk does not end.");
            walk.Next(answer(current));
        }
        return (asked, walk.Result!);
    }
}
