using System.Globalization;
using System.Net;
using System.Net.Sockets;
using Enmesh.Kubernetes.Api;
using Enmesh.Kubernetes.Tests.KubeApi;
using Xunit;
using static Enmesh.Kubernetes.Tests.Api.ClientFixture;

namespace Enmesh.Kubernetes.Tests.Api;

/// <summary>Each way to fail is told from the others, with the server's own words.</summary>
[Trait("Ring", "loopback")]
public sealed class ErrorTests : IAsyncLifetime
{
    private KubeApiServer _server = null!;
    private KubernetesClient _client = null!;

    public async ValueTask InitializeAsync()
    {
        _server = await KubeApiServer.StartAsync();
        _client = _server.Client();
    }

    public async ValueTask DisposeAsync()
    {
        _client.Dispose();
        await _server.DisposeAsync();
    }

    [Theory]
    [InlineData(400, "BadRequest", KubernetesFailure.BadRequest, false)]
    [InlineData(401, "Unauthorized", KubernetesFailure.Unauthorized, false)]
    [InlineData(403, "Forbidden", KubernetesFailure.Forbidden, false)]
    [InlineData(404, "NotFound", KubernetesFailure.NotFound, false)]
    [InlineData(409, "AlreadyExists", KubernetesFailure.AlreadyExists, false)]
    [InlineData(409, "Conflict", KubernetesFailure.Conflict, false)]
    [InlineData(410, "Expired", KubernetesFailure.Gone, false)]
    [InlineData(422, "Invalid", KubernetesFailure.Invalid, false)]
    [InlineData(429, "TooManyRequests", KubernetesFailure.TooManyRequests, true)]
    [InlineData(500, "InternalError", KubernetesFailure.ServerError, true)]
    [InlineData(503, "ServiceUnavailable", KubernetesFailure.ServerError, true)]
    [InlineData(504, "Timeout", KubernetesFailure.ServerError, true)]
    public async Task A_status_is_told_with_the_words_of_the_server(
        int status, string reason, KubernetesFailure failure, bool isTransient)
    {
        _server.Fault = _ => new KubeRefusal(status, reason, "this is why");
        var failed = await Assert.ThrowsAsync<KubernetesException>(
            () => _client.ListAsync(KubernetesResources.EndpointSlices, Space));
        Assert.Equal((failure, status, reason, "this is why"), (failed.Failure, failed.Status, failed.Reason, failed.ServerMessage));
        Assert.Equal(isTransient, failed.IsTransient);
        Assert.StartsWith(
            $"list /apis/discovery.k8s.io/v1/namespaces/orders/endpointslices at {_server.Address.GetLeftPart(UriPartial.Authority)}: " +
            $"{status.ToString(CultureInfo.InvariantCulture)} {reason}: this is why",
            failed.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_denial_prints_the_rule_that_is_missing()
    {
        _server.Denied = [$"list {KubeObjects.Slices}", $"patch {KubeObjects.Leases}"];
        var failed = await Assert.ThrowsAsync<KubernetesException>(
            () => _client.ListAsync(KubernetesResources.EndpointSlices, Space));
        Assert.Equal(
            """
            apiVersion: rbac.authorization.k8s.io/v1
            kind: Role
            metadata:
              name: enmesh-endpointslices
              namespace: orders
            rules:
            - apiGroups: ["discovery.k8s.io"]
              resources: ["endpointslices"]
              verbs: ["list", "watch"]
            """,
            failed.MissingRule);
        Assert.EndsWith(failed.MissingRule!, failed.Message, StringComparison.Ordinal);
        Assert.Contains("User \"system:serviceaccount:orders:default\" cannot list", failed.Message, StringComparison.Ordinal);
        failed = await Assert.ThrowsAsync<KubernetesException>(
            () => _client.PatchAsync(KubernetesResources.Leases, "billing", "x", KubernetesPatch.Merge([])));
        Assert.Contains("  namespace: billing\n", failed.MissingRule!, StringComparison.Ordinal);
        Assert.EndsWith("verbs: [\"patch\"]", failed.MissingRule!, StringComparison.Ordinal);
        failed = await Assert.ThrowsAsync<KubernetesException>(() => _client.GetAsync(KubernetesResources.Pods, Space, "x"));
        Assert.Null(failed.MissingRule);
    }

    [Fact]
    public async Task How_long_to_wait_is_told_by_the_header_or_the_status()
    {
        _server.Fault = _ => new KubeRefusal(429, "TooManyRequests", "slow down") { RetryAfter = 7 };
        Assert.Equal(TimeSpan.FromSeconds(7), (await ListFailsAsync()).RetryAfter);
        _server.Fault = _ => new KubeRefusal(504, "Timeout", "too new", new() { ["retryAfterSeconds"] = 3 });
        Assert.Equal(TimeSpan.FromSeconds(3), (await ListFailsAsync()).RetryAfter);
        _server.Fault = _ => new KubeRefusal(503, "ServiceUnavailable", "down");
        Assert.Null((await ListFailsAsync()).RetryAfter);
    }

    [Theory]
    [InlineData(502, "<html>Bad gateway</html>", KubernetesFailure.ServerError)]
    [InlineData(502, "", KubernetesFailure.ServerError)]
    [InlineData(403, "[1]", KubernetesFailure.Forbidden)]
    [InlineData(200, "<html>Log in</html>", KubernetesFailure.Malformed)]
    [InlineData(200, "null", KubernetesFailure.Malformed)]
    [InlineData(200, "{\"metadata\":null,\"items\":null}", KubernetesFailure.Malformed)]
    public async Task Whatever_stands_between_us_and_the_server_may_answer_anything(
        int status, string body, KubernetesFailure failure)
    {
        await using var other = await FixedAnswer.StartAsync(status, body);
        using var client = new KubernetesClient(new KubernetesAccess(other.Address, Space, "a test"));
        var failed = await Assert.ThrowsAsync<KubernetesException>(() => client.ListAsync(KubernetesResources.Pods, Space));
        Assert.Equal(failure, failed.Failure);
    }

    [Fact]
    public async Task Nobody_is_led_elsewhere_with_our_token()
    {
        await using var thief = await FixedAnswer.StartAsync(200, "{}");
        await using var other = await FixedAnswer.StartAsync(302, "", ("Location", thief.Address.AbsoluteUri));
        using var client = new KubernetesClient(new KubernetesAccess(other.Address, Space, "a test") { Token = "secret" });
        var failed = await Assert.ThrowsAsync<KubernetesException>(() => client.ListAsync(KubernetesResources.Pods, Space));
        Assert.Equal((KubernetesFailure.Malformed, 0), (failed.Failure, thief.Requests));
        Assert.DoesNotContain("secret", failed.ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_server_that_is_not_there_is_unreachable()
    {
        using var unused = new TcpListener(IPAddress.Loopback, 0);
        unused.Start();
        var port = ((IPEndPoint)unused.LocalEndpoint).Port;
        unused.Stop();
        var nowhere = new Uri($"http://127.0.0.1:{port.ToString(CultureInfo.InvariantCulture)}");
        using var client = new KubernetesClient(new KubernetesAccess(nowhere, Space, "a test"));
        var failed = await Assert.ThrowsAsync<KubernetesException>(() => client.ListAsync(KubernetesResources.Pods, Space));
        Assert.Equal((KubernetesFailure.Unreachable, true), (failed.Failure, failed.IsTransient));
    }

    [Fact]
    public async Task A_balancer_with_nobody_behind_it_is_unreachable_and_no_matter_of_trust()
    {
        using var balancer = new TcpListener(IPAddress.Loopback, 0);
        balancer.Start();
        using var end = new CancellationTokenSource();
        var closing = CloseAllAsync(balancer, end.Token);
        var address = new Uri(FormattableString.Invariant($"https://127.0.0.1:{((IPEndPoint)balancer.LocalEndpoint).Port}"));
        using var client = new KubernetesClient(new KubernetesAccess(address, Space, "a test"));
        var failed = await Assert.ThrowsAsync<KubernetesException>(() => client.ListAsync(KubernetesResources.Pods, Space).WaitAsync(Eventually.FarOff));
        Assert.Equal((KubernetesFailure.Unreachable, true), (failed.Failure, failed.IsTransient));
        await end.CancelAsync();
        await closing.WaitAsync(Eventually.FarOff);
    }

    [Fact]
    public async Task Nobody_can_tell_us_to_be_silent_for_a_day()
    {
        _server.Fault = _ => new KubeRefusal(429, "TooManyRequests", "slow down") { RetryAfter = 86400 };
        Assert.Equal(TimeSpan.FromMinutes(1), (await ListFailsAsync()).RetryAfter);
        _server.Fault = _ => new KubeRefusal(504, "Timeout", "too new", new() { ["retryAfterSeconds"] = int.MaxValue });
        Assert.Equal(TimeSpan.FromMinutes(1), (await ListFailsAsync()).RetryAfter);
    }

    [Fact]
    public async Task An_answer_that_does_not_come_is_given_up_and_a_caller_who_gives_up_is_no_failure()
    {
        var time = new Enmesh.Testing.VirtualTime();
        using var client = _server.Client(time);
        var never = new TaskCompletionSource();
        _server.Lag = _ => never.Task;
        var asking = client.ListAsync(KubernetesResources.Pods, Space);
        await Eventually.HoldsAsync(() => _server.Requests.Count == 1);
        time.Advance(TimeSpan.FromSeconds(15));
        var failed = await Assert.ThrowsAsync<KubernetesException>(() => asking.WaitAsync(Eventually.FarOff));
        Assert.Equal(KubernetesFailure.TimedOut, failed.Failure);
        using var cancel = new CancellationTokenSource();
        asking = client.ListAsync(KubernetesResources.Pods, Space, null, cancel.Token);
        await Eventually.HoldsAsync(() => _server.Requests.Count == 2);
        await cancel.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => asking.WaitAsync(Eventually.FarOff));
    }

    private static async Task CloseAllAsync(TcpListener balancer, CancellationToken end)
    {
        try
        {
            while (true)
                (await balancer.AcceptSocketAsync(end)).Close();
        }
        catch (OperationCanceledException)
        {
            // The test is over.
        }
    }

    private Task<KubernetesException> ListFailsAsync() =>
        Assert.ThrowsAsync<KubernetesException>(() => _client.ListAsync(KubernetesResources.Pods, Space));
}
