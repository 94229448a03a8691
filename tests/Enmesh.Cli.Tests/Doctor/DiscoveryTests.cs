using System.Net;
using Enmesh.Tests.Resolver;
using Xunit;

namespace Enmesh.Cli.Tests.Doctor;

/// <summary>Name servers and sources of discovery that do not say what is needed.</summary>
[Trait("Ring", "loopback")]
public sealed class DiscoveryTests : DoctorFixture
{
    private const string Self = "orders@127.0.0.1";
    private const int NotExisting = 3; // NXDOMAIN
    private const int Failing = 2; // SERVFAIL

    [Fact]
    public async Task There_is_no_resolv_conf()
    {
        File.Delete(PathTo("etc/resolv.conf"));
        AssertIds(await OfNamesAsync(), "resolv.no-server");
    }

    [Theory]
    [InlineData("search test\n", "resolv.no-server")]
    [InlineData("nameserver 127.0.0.1\nnameserver kube-dns\n", "resolv.bad-server")]
    [InlineData("nameserver 127.0.0.1\nnameserver 127.0.0.2\nnameserver 127.0.0.3\nnameserver 127.0.0.4\n", "resolv.too-many-servers")]
    [InlineData("# nameserver kube-dns\nnameserver 127.0.0.1\n", null)]
    public async Task A_line_of_resolv_conf_is_not_as_it_is_meant(string text, string? id)
    {
        Write("etc/resolv.conf", text);
        AssertIds(await OfNamesAsync(), id is null ? [] : [id]);
    }

    [Fact]
    public async Task No_name_server_answers()
    {
        await using var silent = new ScriptedDnsServer(static _ => []);
        Around = Around with { NameServer = _ => silent.EndPoint };
        Write("etc/resolv.conf", "nameserver 127.0.0.1\noptions timeout:1\n");
        var examination = await OfNamesAsync();
        Assert.Equal(("resolv.silent", 11), (Only(examination).Diagnosis!.Id, examination.ExitStatus));
    }

    [Fact]
    public async Task One_of_two_name_servers_answers()
    {
        await using var silent = new ScriptedDnsServer(static _ => []);
        await using var good = new ScriptedDnsServer(static request => [request.Respond(NotExisting)]);
        Around = Around with { NameServer = server => server.Address.Equals(IPAddress.Parse("127.0.0.2")) ? silent.EndPoint : good.EndPoint };
        Write("etc/resolv.conf", "nameserver 127.0.0.1\nnameserver 127.0.0.2\noptions timeout:1\n");
        var wrong = Only(await OfNamesAsync());
        Assert.Equal("resolv.partly-silent", wrong.Diagnosis!.Id);
        Assert.StartsWith("127.0.0.2, asked for peer.test", wrong.Text, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_name_server_fails()
    {
        await using var failing = new ScriptedDnsServer(static request => [request.Respond(Failing)]);
        Around = Around with { NameServer = _ => failing.EndPoint };
        AssertIds(await OfNamesAsync(), "resolv.server-fails");
    }

    [Fact]
    public async Task A_source_knows_all_and_names_this_node()
    {
        await using var names = new ScriptedDnsServer(static request => [request.Addresses("127.0.0.1", "127.0.0.9")]);
        AssertHealthy(await OfDomainAsync(names));
    }

    [Fact]
    public async Task A_source_does_not_answer()
    {
        await using var names = new ScriptedDnsServer(static request => [request.Respond(Failing)]);
        var examination = await OfDomainAsync(names);
        Assert.Equal("discovery.unavailable", Only(examination).Diagnosis!.Id);
    }

    [Fact]
    public async Task A_domain_does_not_exist()
    {
        await using var names = new ScriptedDnsServer(static request => [request.Respond(NotExisting)]);
        var examination = await OfDomainAsync(names);
        AssertIds(examination, "discovery.incomplete", "discovery.nobody");
        Assert.Contains("there is no such name", Wrong(examination)[0].Text, StringComparison.Ordinal);
        Assert.Equal(3, examination.ExitStatus);
    }

    [Fact]
    public async Task This_node_is_alone()
    {
        await using var names = new ScriptedDnsServer(static request => [request.Addresses("127.0.0.1")]);
        AssertIds(await OfDomainAsync(names), "discovery.nobody");
    }

    [Fact]
    public async Task This_node_is_not_among_the_answers()
    {
        await using var names = new ScriptedDnsServer(static request => [request.Addresses("127.0.0.8", "127.0.0.9")]);
        var examination = await OfDomainAsync(names);
        var wrong = Only(examination);
        Assert.Equal(("discovery.self-missing", 11), (wrong.Diagnosis!.Id, examination.ExitStatus));
        Assert.Contains("publishNotReadyAddresses: true", wrong.WhatToDo, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_source_names_nodes_of_the_other_kind()
    {
        var examination = await ExamineAsync(
            maxPeers: 0, settings: [("Name", Self), ("Discovery:static:Strategy", "static"), ("Discovery:static:Peers:0", "peer@web2")]);
        AssertIds(examination, "name.kinds");
    }

    [Fact]
    public async Task The_node_that_is_asked_for_is_not_among_the_answers()
    {
        var examination = await ExamineAsync(
            "other@127.0.0.1", maxPeers: 0, settings: [("Name", Self), ("Discovery:static:Strategy", "static"), ("Discovery:static:Peers:0", "peer@127.0.0.1")]);
        AssertIds(examination, "discovery.target-missing");
    }

    [Fact]
    public async Task All_that_discovery_names_are_walked_to_each_for_itself()
    {
        var (good, bad) = ($"{NewAlive()}@127.0.0.1", $"{NewAlive()}@127.0.0.1");
        var up = Cluster.PortOf(await Cluster.StartAsync(good, cookie: Cookie));
        var examination = await ExamineAsync(settings:
        [
            ("Discovery:static:Strategy", "static"), ("Discovery:static:Peers:0", $"{good}:{up}"), ("Discovery:static:Peers:1", $"{bad}:{ScriptedPort.Nobody()}"),
        ]);
        var wrong = Only(examination);
        Assert.Equal((bad, "tcp.refused"), (wrong.Node, wrong.Diagnosis!.Id));
        Assert.Contains(examination.Findings, finding => finding.Node == good && finding.Step == "ping" && finding.Text.StartsWith("pong", StringComparison.Ordinal));
    }

    // A peer that has to be looked up, and is not dialled.
    private Task<Cli.Doctor.Examination> OfNamesAsync() => ExamineAsync("peer@peer.test", maxPeers: 0);

    private Task<Cli.Doctor.Examination> OfDomainAsync(ScriptedDnsServer names) => ExamineAsync(maxPeers: 0, settings:
    [
        ("Name", Self), ("Discovery:dns:Strategy", "dns"), ("Discovery:dns:Domains:0", "orders.test."), ("Discovery:dns:Families", "IPv4"),
        ("Discovery:dns:Servers:0", names.EndPoint.ToString()),
    ]);
}
