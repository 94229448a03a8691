using System.Net;
using System.Net.Sockets;
using System.Text;
using Enmesh.Discovery;
using Xunit;

namespace Enmesh.Tests.Discovery;

public sealed class RancherDiscoveryTests
{
    private static readonly NodeName Self = NodeName.Parse("orders@10.42.0.1");
    private static readonly TimeSpan FarOff = TimeSpan.FromSeconds(60);

    [Fact]
    [Trait("Ring", "pure")]
    public void The_first_address_of_each_container_is_a_member()
    {
        const string Json = """{"name":"orders","containers":[{"name":"a","ips":["10.42.0.1","172.17.0.2"]},{"ips":["10.42.0.2"]}]}""";
        Assert.Equal(
            [
                new DiscoveredPeer(NodeName.Parse("orders@10.42.0.1"), null, 4371),
                new DiscoveredPeer(NodeName.Parse("orders@10.42.0.2"), null, 4371),
            ],
            Assert.IsType<PeerSnapshot.Complete>(Read(Json)).Peers);
        Assert.Empty(Assert.IsType<PeerSnapshot.Complete>(Read("""{"containers":[]}""")).Peers);
    }

    [Theory]
    [Trait("Ring", "pure")]
    [InlineData("""{"containers":[{"ips":["10.42.0.1"]},{"ips":[]}]}""")]
    [InlineData("""{"containers":[{"ips":["10.42.0.1"]},{"name":"b"}]}""")]
    [InlineData("""{"containers":[{"ips":["10.42.0.1"]},{"ips":[7]}]}""")]
    [InlineData("""{"containers":[{"ips":["10.42.0.1"]},{"ips":["soon"]}]}""")]
    [InlineData("""{"containers":[{"ips":["10.42.0.1"]},null]}""")]
    public void A_container_without_an_address_makes_the_answer_incomplete(string json)
    {
        var incomplete = Assert.IsType<PeerSnapshot.Incomplete>(Read(json));
        Assert.Single(incomplete.Peers);
        Assert.Equal("containers of the service without an address: 1", incomplete.Reason);
    }

    [Theory]
    [Trait("Ring", "loopback")]
    [InlineData("200 OK", "{\"containers\":[{\"ips\":[\"10.42.0.2\"]}]}", null)]
    [InlineData("200 OK", "{\"containers\":{}}", "has no list of containers")]
    [InlineData("200 OK", "[1]", "has no list of containers")]
    [InlineData("200 OK", "<html>", "is no JSON")]
    [InlineData("404 Not Found", "{\"containers\":[]}", "answers 404 Not Found.")]
    [InlineData("503 Service Unavailable", "", "answers 503 Service Unavailable.")]
    [InlineData("302 Found\r\nLocation: /elsewhere", "", "answers 302 Found.")]
    public async Task Only_a_good_answer_is_one(string status, string body, string? problem)
    {
        using var server = new TcpListener(IPAddress.Loopback, 0);
        server.Start();
        var serving = ServeAsync(server, $"HTTP/1.1 {status}\r\nContent-Length: {body.Length}\r\nConnection: close\r\n\r\n{body}");
        var url = $"http://127.0.0.1:{((IPEndPoint)server.LocalEndpoint).Port}/latest/self/service";
        var answer = await new RancherDiscovery(new() { Url = url })
            .DiscoverAsync(Self, CancellationToken.None).AsTask().WaitAsync(FarOff);
        var request = await serving.WaitAsync(FarOff);
        Assert.StartsWith("GET /latest/self/service HTTP/1.1\r\n", request, StringComparison.Ordinal);
        Assert.Contains("Accept: application/json\r\n", request, StringComparison.Ordinal);
        if (problem is null)
            Assert.Equal("orders@10.42.0.2", Assert.Single(Assert.IsType<PeerSnapshot.Complete>(answer).Peers).Name.Text);
        else
            Assert.Contains(problem, Assert.IsType<PeerSnapshot.Unavailable>(answer).Cause.Message, StringComparison.Ordinal);
    }

    [Fact]
    [Trait("Ring", "loopback")]
    public async Task A_service_that_is_not_there_gives_no_answer()
    {
        using var taken = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        taken.Bind(new IPEndPoint(IPAddress.Loopback, 0)); // and never listens
        var url = $"http://{taken.LocalEndPoint}/";
        var cause = Assert.IsType<PeerSnapshot.Unavailable>(
            await new RancherDiscovery(new() { Url = url }).DiscoverAsync(Self, CancellationToken.None).AsTask().WaitAsync(FarOff)).Cause;
        Assert.StartsWith($"The metadata service {url} cannot be asked: ", cause.Message, StringComparison.Ordinal);
    }

    [Fact]
    [Trait("Ring", "pure")]
    public void Wrong_options_are_named_by_key() => Assert.Equal(
        ["Url: 'rancher-metadata' is no address as http://rancher-metadata/latest/self/service.", "Alive: 'a@b' cannot stand before the '@' of a node name."],
        new RancherDiscoveryOptions { Url = "rancher-metadata", Alive = "a@b" }.Validate());

    private static PeerSnapshot Read(string json) => RancherDiscovery.Read(Encoding.UTF8.GetBytes(json), Self.Alive, 4371);

    private static async Task<string> ServeAsync(TcpListener server, string answer)
    {
        using var connection = await server.AcceptTcpClientAsync();
        var stream = connection.GetStream();
        var request = new StringBuilder();
        var buffer = new byte[4096];
        while (!request.ToString().EndsWith("\r\n\r\n", StringComparison.Ordinal))
            request.Append(Encoding.ASCII.GetString(buffer, 0, await stream.ReadAsync(buffer)));
        await stream.WriteAsync(Encoding.ASCII.GetBytes(answer));
        return request.ToString();
    }
}
