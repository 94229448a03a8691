using System.Net.Sockets;
using Enmesh.Cli.Doctor;
using Xunit;

namespace Enmesh.Cli.Tests.Doctor;

/// <summary>What is wrong with the host and with the settings of its own node is said before anybody is dialled.</summary>
[Trait("Ring", "loopback")]
public sealed class OwnHostTests : DoctorFixture
{
    private const string Self = "orders@127.0.0.1";

    [Fact]
    public async Task A_setting_out_of_bounds_is_named_by_its_key()
    {
        var wrong = Only(await OfThisHostAsync(("Name", Self), ("NetTickTime", "1")));
        Assert.Equal("settings.invalid", wrong.Diagnosis!.Id);
        Assert.Contains("Enmesh:NetTickTime", wrong.Text, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Listening_beyond_loopback_without_TLS_has_to_be_meant()
    {
        AssertIds(await OfThisHostAsync(("Name", Self), ("ListenAddresses", "0.0.0.0")), "settings.plain-tcp");
        AssertHealthy(await OfThisHostAsync(("Name", Self), ("ListenAddresses", "0.0.0.0"), ("Tls:Mode", "Off")));
    }

    [Fact]
    public async Task A_host_without_a_dot_is_no_long_name()
    {
        Variables["NODE_HOST"] = "web1";
        var wrong = Only(await OfThisHostAsync(("Name", "orders")));
        Assert.Equal("name.invalid", wrong.Diagnosis!.Id);
        Assert.Contains("NODE_HOST ('web1') has no dot", wrong.Text, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Short_and_long_names_never_meet()
    {
        var examination = await ExamineAsync("peer@localhost", maxPeers: 0, settings: [("Name", Self)]);
        Assert.Equal("name.kinds", Wrong(examination)[0].Diagnosis!.Id);
        Assert.Equal(10, examination.ExitStatus);
    }

    [Fact]
    public async Task A_name_that_does_not_resolve_cannot_be_dialled()
    {
        Around = Around with { Resolve = (_, _) => throw new SocketException((int)SocketError.HostNotFound) };
        AssertIds(await OfThisHostAsync(("Name", "orders@orders-0.orders.test")), "address.unresolvable");
    }

    [Fact]
    public async Task A_name_that_leads_to_another_host_is_told()
    {
        var wrong = Only(await OfThisHostAsync(("Name", "orders@192.0.2.7")));
        Assert.Equal("address.foreign", wrong.Diagnosis!.Id);
        Assert.Contains("192.0.2.7 is another host: this one has ", wrong.Text, StringComparison.Ordinal);
    }

    [Fact]
    public async Task An_address_at_which_the_node_does_not_listen_is_told()
    {
        var wrong = Only(await OfThisHostAsync(("Name", "orders@127.0.0.7")));
        Assert.Equal("address.not-listened", wrong.Diagnosis!.Id);
        Assert.Equal("Set ListenAddresses to 127.0.0.7, or to 0.0.0.0 for every address (--listen).", wrong.WhatToDo);
    }

    [Fact]
    public async Task A_pod_named_by_loopback_is_told()
    {
        Variables["KUBERNETES_SERVICE_HOST"] = "10.96.0.1";
        AssertIds(await OfThisHostAsync(("Name", Self), ("Tls:Mode", "Off")), "address.loopback");
    }

    [Theory]
    [InlineData(null, 0, "There is no cookie file ")]
    [InlineData(Cookie, 0b110_100_100, "may be read or written by others than its owner (mode 0644)")]
    [InlineData("", 0b100_000_000, " is empty")]
    [InlineData("secret", 0b100_000_000, "has fewer than 20 characters")]
    [InlineData("rabbitmq-erlang-cookie", 0b100_000_000, "is a well-known one")]
    public async Task A_cookie_file_that_cannot_be_used_is_told(string? cookie, int mode, string words)
    {
        var file = cookie is null ? PathTo("missing") : Write("other", cookie, (UnixFileMode)mode);
        var examination = await OfThisHostAsync(("Name", Self), ("CookieFile", file));
        var wrong = Only(examination);
        Assert.Equal("cookie.file", wrong.Diagnosis!.Id);
        Assert.Contains(words, wrong.Text, StringComparison.Ordinal);
        Assert.Equal(10, examination.ExitStatus);
    }

    [Fact]
    public async Task A_host_in_order_is_healthy()
    {
        AssertHealthy(await OfThisHostAsync(("Name", Self)));
    }

    [Fact]
    public async Task Without_a_name_a_node_and_a_source_there_is_nothing_to_look_at()
    {
        var examination = await ExamineAsync();
        AssertIds(examination, "discovery.none");
        Assert.Equal(11, examination.ExitStatus);
        Assert.Contains(examination.Findings, finding => finding is { Step: "name", Severity: Severity.Skipped });
    }

    // There is a peer, and nobody dials it.
    private Task<Examination> OfThisHostAsync(params (string Key, string? Value)[] settings) =>
        ExamineAsync(maxPeers: 0, settings: [.. settings, ("Discovery:static:Strategy", "static"), ("Discovery:static:Peers:0", "other@127.0.0.1")]);
}
