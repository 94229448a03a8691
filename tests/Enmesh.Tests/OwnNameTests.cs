using Xunit;

namespace Enmesh.Tests;

[Trait("Ring", "pure")]
public sealed class OwnNameTests
{
    private static readonly OwnNameInputs Nothing = new(null, false, null, null, "web1", null);

    [Theory]
    // The name in full is taken as it is.
    [InlineData("orders@10.0.0.7", false, "other.example", "10.1.1.1", "web1", null, "orders@10.0.0.7")]
    [InlineData("orders@web1.example.com", false, null, null, "web1", null, "orders@web1.example.com")]
    [InlineData("orders@fd00::7", false, null, null, "web1", null, "orders@fd00::7")]
    [InlineData("orders@web1", true, null, "10.1.1.1", "web2", null, "orders@web1")]
    // The part before the '@' alone: NODE_HOST, then POD_IP, then the host's full name.
    [InlineData("orders", false, "web9.example", "10.1.1.1", "web1", "web1.example.com", "orders@web9.example")]
    [InlineData("orders", false, "", "10.1.1.1", "web1", "web1.example.com", "orders@10.1.1.1")]
    [InlineData("orders", false, null, " fd00::7\n", "web1", null, "orders@fd00::7")]
    [InlineData("orders", false, null, null, "web1", "web1.example.com.", "orders@web1.example.com")]
    [InlineData("orders", false, null, null, "web1.example.com", "web1", "orders@web1.example.com")]
    // Short names take NODE_HOST or the host's first label; an address is none.
    [InlineData("orders", true, "web9", "10.1.1.1", "web1", null, "orders@web9")]
    [InlineData("orders", true, null, "10.1.1.1", "web1.example.com", null, "orders@web1")]
    [InlineData("Some-Node_1", true, null, null, "web1", null, "Some-Node_1@web1")]
    public void The_name_comes_from_the_first_that_knows(
        string name, bool shortNames, string? nodeHost, string? podIp, string hostName, string? qualified,
        string expected)
    {
        Assert.True(
            OwnName.TryResolve(
                new(name, shortNames, nodeHost, podIp, hostName, qualified), out var resolved, out var problem),
            problem);
        Assert.Equal(expected, resolved.Text);
    }

    [Theory]
    [InlineData(null, "The node has no name. Set one: 'orders@10.0.0.7', or only 'orders'")]
    [InlineData("", "The node has no name.")]
    [InlineData("orders@10.0.0.7@10.0.0.8", "'orders@10.0.0.7@10.0.0.8' has more than one '@'.")]
    [InlineData("@10.0.0.7", "'@10.0.0.7' has nothing before the '@'.")]
    [InlineData("orders@", "In the name 'orders@' nothing stands behind the '@'.")]
    [InlineData("my orders@10.0.0.7", "'my orders' can't stand before the '@' of a node's name. Erlang takes letters a to z")]
    [InlineData("b\u00fccher", "'b\u00fccher' can't stand before the '@'")]
    [InlineData("orders@[::1]", "In the name 'orders@[::1]' the address has brackets. Erlang writes IPv6 addresses in names without: orders@::1.")]
    [InlineData("orders@10.0. 0.7", "In the name 'orders@10.0. 0.7' there is a character that no host name has.")]
    [InlineData("orders@web1", "Long names are on, but the host in the name 'orders@web1' has no dot")]
    public void A_name_that_cannot_be_says_why(string? name, string message)
    {
        Assert.False(OwnName.TryResolve(Nothing with { Name = name }, out _, out var problem));
        Assert.StartsWith(message, problem, StringComparison.Ordinal);
    }

    [Fact]
    public void A_name_that_is_too_long_says_so()
    {
        Assert.False(
            OwnName.TryResolve(Nothing with { Name = new string('x', 250) + "@10.0.0.7" }, out _, out var problem));
        Assert.EndsWith("It has at most 255 characters.", problem, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("web1", null)]
    [InlineData("web1", "web1")]
    [InlineData("localhost", "localhost.localdomain")]
    public void A_host_without_a_domain_says_what_to_set(string hostName, string? qualified)
    {
        var inputs = Nothing with { Name = "orders", HostName = hostName, QualifiedHostName = qualified };
        Assert.False(OwnName.TryResolve(inputs, out _, out var problem));

        Assert.Equal(
            $"A long name needs a full host name, and this host ('{hostName}') knows no domain of its own. Set NODE_HOST or POD_IP to " +
            "what others dial, give the node's name in full (orders@10.0.0.7), or switch short names on.",
            problem);
    }

    [Theory]
    [InlineData("orders@10.0.0.7", null, "Short names are on, but the host in the name 'orders@10.0.0.7' is a long one.")]
    [InlineData("orders@::1", null, "Short names are on, but the host in the name 'orders@::1' is a long one.")]
    [InlineData("orders", "web1.example", "Short names are on, but the host in NODE_HOST ('web1.example') is a long one.")]
    public void Short_names_and_a_long_host_do_not_go_together(string name, string? nodeHost, string message)
    {
        Assert.False(OwnName.TryResolve(
            Nothing with { Name = name, NodeHost = nodeHost, ShortNames = true }, out _, out var problem));
        Assert.StartsWith(message, problem, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("web1", null, "Long names are on, but the host in NODE_HOST ('web1') has no dot")]
    [InlineData("[fd00::7]", null, "In NODE_HOST ('[fd00::7]') the address has brackets.")]
    [InlineData(null, "somewhere", "Long names are on, but the host in POD_IP ('somewhere') has no dot")]
    public void A_variable_that_makes_no_host_is_named(string? nodeHost, string? podIp, string message)
    {
        Assert.False(OwnName.TryResolve(
            Nothing with { Name = "orders", NodeHost = nodeHost, PodIp = podIp }, out _, out var problem));
        Assert.StartsWith(message, problem, StringComparison.Ordinal);
    }

    [Fact]
    public async Task The_environment_is_read_as_it_is()
    {
        var variables = new Dictionary<string, string> { ["NODE_HOST"] = "web9.example", ["POD_IP"] = "10.0.0.7" };
        var inputs = await OwnName.ReadEnvironmentAsync("orders", false, variables.GetValueOrDefault);

        Assert.Equal(
            ("orders", "web9.example", "10.0.0.7", null),
            (inputs.Name, inputs.NodeHost, inputs.PodIp, inputs.QualifiedHostName));
        Assert.False(string.IsNullOrEmpty(inputs.HostName));
    }
}
