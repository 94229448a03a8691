using System.Text.Json.Nodes;
using Enmesh.Kubernetes.Certificates;
using Enmesh.Kubernetes.Tests.KubeApi;
using Xunit;

namespace Enmesh.Kubernetes.Tests.Certificates;

/// <summary>While the issuer has not answered: watches that end, servers that are away, containers that are started again.</summary>
[Trait("Ring", "loopback")]
public sealed class WaitingRequesterTests : IssuerFixture
{
    [Fact]
    public async Task A_request_that_nobody_answers_ends_and_is_taken_up_by_the_next_start()
    {
        Issuer.Mood = IssuerMood.Ignore;
        var getting = Requester(options => options.Timeout = TimeSpan.FromMinutes(7)).EnsureAsync();
        await Eventually.HoldsAsync(() => Server.OpenWatches == 1, "the watch");
        Time.Advance(TimeSpan.FromMinutes(7));
        var e = await Assert.ThrowsAsync<CertificateRequestException>(() => getting.WaitAsync(Eventually.FarOff));
        Assert.Equal(CertificateRequestFailure.TimedOut, e.Failure);
        Assert.Equal("There was no certificate for '10.0.0.7' of Issuer 'orders' within 420 s: nobody has approved it yet.", e.Message);
        Assert.True(HasPendingKey);
        // What somebody left who was ended while writing goes as well.
        await File.WriteAllTextAsync(Path.Combine(Volume, "..pending.key.0000"), "half");
        Issuer.Mood = IssuerMood.Sign;
        Assert.True((await Requester().EnsureAsync().WaitAsync(Eventually.FarOff)).IsNew);
        Assert.Equal(1, Server.Count("create"));
        Assert.False(HasPendingKey);
    }

    [Fact]
    public async Task A_container_that_is_ended_while_it_waits_goes_on_where_it_was()
    {
        Issuer.Mood = IssuerMood.Ignore;
        await AbandonAsync();
        Issuer.Mood = IssuerMood.Sign;
        await Requester().EnsureAsync().WaitAsync(Eventually.FarOff);
        Stored().Dispose();
        Assert.Equal(1, Server.Count("create"));
    }

    [Theory]
    [InlineData("no key")]
    [InlineData("half a key")]
    [InlineData("another host")]
    [InlineData("another issuer")]
    [InlineData("no request")]
    [InlineData("denied")]
    public async Task A_request_that_is_of_no_use_any_more_is_replaced(string why)
    {
        Issuer.Mood = IssuerMood.Ignore;
        await AbandonAsync();
        var key = Directory.EnumerateFiles(Volume, "..pending*").Single();
        switch (why)
        {
            case "no key":
                File.Delete(key);
                break;
            case "half a key":
                await File.WriteAllTextAsync(key, (await File.ReadAllTextAsync(key))[..60]);
                break;
            case "another host":
                Pod["POD_IP"] = "10.0.0.8";
                break;
            case "no request":
                Server.Remove(KubeObjects.Requests, "orders", (string)Requests[0]["metadata"]!["name"]!);
                break;
            case "denied":
                Issuer.Mood = IssuerMood.Deny;
                await Eventually.HoldsAsync(() => Requests[0]["status"]?["conditions"] is JsonArray { Count: 2 }, "the denial");
                break;
        }
        Issuer.Mood = IssuerMood.Sign;
        await Requester(options => options.Issuer = why == "another issuer" ? "other" : "orders").EnsureAsync().WaitAsync(Eventually.FarOff);
        Stored().Dispose();
        Assert.Equal(2, Server.Count("create"));
    }

    [Fact]
    public async Task Without_the_right_to_watch_it_is_asked_every_two_seconds()
    {
        Server.Denied = [$"watch {KubeObjects.Requests}"];
        Issuer.Mood = IssuerMood.Ignore;
        var getting = Requester().EnsureAsync();
        for (var i = 0; i < 3; i++)
        {
            await Time.TimerDueInAsync(TimeSpan.FromSeconds(2));
            Assert.Equal(i, Server.Count("get"));
            Time.Advance(TimeSpan.FromSeconds(2));
            await Eventually.HoldsAsync(() => Server.Count("get") == i + 1, "a question");
        }
        Issuer.Mood = IssuerMood.Sign;
        while (!getting.IsCompleted)
        {
            await Task.WhenAny(getting, Time.TimerDueInAsync(TimeSpan.FromSeconds(2)));
            Time.Advance(getting.IsCompleted ? TimeSpan.Zero : TimeSpan.FromSeconds(2));
        }
        Assert.True((await getting).IsNew);
        Assert.Equal(1, Server.Count("watch"));
    }

    [Theory]
    [InlineData("End")]
    [InlineData("Break")]
    [InlineData("Cut")]
    [InlineData("Expire")]
    public async Task A_watch_that_ends_is_no_reason_to_miss_the_answer(string how)
    {
        Issuer.Mood = IssuerMood.Ignore;
        var getting = Requester().EnsureAsync();
        await Eventually.HoldsAsync(() => Server.OpenWatches == 1, "the watch");
        Server.Signal(Enum.Parse<WatchSignal>(how));
        await Time.TimerDueInAsync(TimeSpan.FromSeconds(0.5));
        Issuer.Mood = IssuerMood.Sign;
        Time.Advance(TimeSpan.FromSeconds(0.5));
        Assert.True((await getting.WaitAsync(Eventually.FarOff)).IsNew);
    }

    [Fact]
    public async Task A_server_that_is_away_for_a_while_is_waited_for()
    {
        var failures = 0;
        Server.Fault = request => request.Verb == "create" && failures++ < 3 ? new KubeRefusal(503, "ServiceUnavailable", "the webhook does not answer") : null;
        var getting = Requester().EnsureAsync();
        foreach (var pause in new[] { 0.5, 1, 2 })
        {
            await Time.TimerDueInAsync(TimeSpan.FromSeconds(pause));
            Time.Advance(TimeSpan.FromSeconds(pause));
        }
        Assert.True((await getting.WaitAsync(Eventually.FarOff)).IsNew);
        Assert.Single(Requests);
    }

    [Fact]
    public async Task Whatever_has_to_be_asked_before_the_request_is_waited_for_as_well()
    {
        // The pod's unique id; then, with a key from before, the request of it.
        Pod.Remove("POD_UID");
        Server.Put("pods", "orders", "orders-0", KubeObjects.Pod("orders", "Running", PodIp));
        foreach (var plural in (string[])["pods", "certificaterequests"])
        {
            Issuer.Mood = IssuerMood.Ignore;
            var failures = 0;
            Server.Fault = request => request.Verb == "get" && request.Kind.Plural == plural && failures++ < 2
                ? new KubeRefusal(503, "ServiceUnavailable", "the server restarts")
                : null;
            using var end = new CancellationTokenSource();
            var getting = Requester().EnsureAsync(end.Token);
            foreach (var pause in new[] { 0.5, 1 })
            {
                await Time.TimerDueInAsync(TimeSpan.FromSeconds(pause));
                Time.Advance(TimeSpan.FromSeconds(pause));
            }
            await Eventually.HoldsAsync(() => Server.OpenWatches == 1, "the watch");
            await end.CancelAsync();
            await Assert.ThrowsAnyAsync<OperationCanceledException>(() => getting.WaitAsync(Eventually.FarOff));
            await Eventually.HoldsAsync(() => Server.OpenWatches == 0, "the end of the watch");
        }
        Assert.Single(Requests);
    }

    [Fact]
    public async Task A_request_whose_answer_got_lost_is_found_though_the_server_fails_again()
    {
        var (creations, questions) = (0, 0);
        // It is there, but nobody was told; and then the first question for it fails.
        Server.Admission = (request, body) =>
        {
            if (++creations > 1)
                return null;
            Server.Put(KubeObjects.Requests, request.Namespace!, (string)body["metadata"]!["name"]!, body);
            return new KubeRefusal(504, "Timeout", "the answer got lost");
        };
        Server.Fault = request => request.Verb == "get" && questions++ == 0 ? new KubeRefusal(503, "ServiceUnavailable", "the server restarts") : null;
        var getting = Requester().EnsureAsync();
        for (var failed = 0; failed < 2; failed++)
        {
            await Time.TimerDueInAsync(TimeSpan.FromSeconds(0.5));
            Time.Advance(TimeSpan.FromSeconds(0.5));
        }
        Assert.True((await getting.WaitAsync(Eventually.FarOff)).IsNew);
        Assert.Equal(2, creations);
        Assert.Single(Requests);
    }

    [Fact]
    public async Task A_refused_watch_is_not_begun_again_before_the_server_wants_it()
    {
        Issuer.Mood = IssuerMood.Ignore;
        Server.Fault = request => request.Verb == "watch" ? new KubeRefusal(429, "TooManyRequests", "slow down") { RetryAfter = 7 } : null;
        var getting = Requester().EnsureAsync();
        await Time.TimerDueInAsync(TimeSpan.FromSeconds(7));
        Server.Fault = null;
        Issuer.Mood = IssuerMood.Sign;
        await Eventually.HoldsAsync(() => Requests[0]["status"]?["certificate"] is not null, "the certificate");
        Time.Advance(TimeSpan.FromSeconds(7));
        Assert.True((await getting.WaitAsync(Eventually.FarOff)).IsNew);
        Assert.Equal(1, Server.Count("watch"));
    }

    [Fact]
    public async Task A_time_out_says_how_it_failed_last()
    {
        Server.Fault = _ => new KubeRefusal(503, "ServiceUnavailable", "the server restarts");
        var getting = Requester(options => options.Timeout = TimeSpan.FromSeconds(1)).EnsureAsync();
        await Time.TimerDueInAsync(TimeSpan.FromSeconds(0.5));
        Time.Advance(TimeSpan.FromSeconds(1));
        var e = await Assert.ThrowsAsync<CertificateRequestException>(() => getting.WaitAsync(Eventually.FarOff));
        Assert.EndsWith("503 ServiceUnavailable: the server restarts.", e.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_request_that_somebody_deletes_is_given_up()
    {
        Issuer.Mood = IssuerMood.Ignore;
        var getting = Requester().EnsureAsync();
        await Eventually.HoldsAsync(() => Server.OpenWatches == 1, "the watch");
        Server.Remove(KubeObjects.Requests, "orders", (string)Requests[0]["metadata"]!["name"]!);
        var e = await Assert.ThrowsAsync<CertificateRequestException>(() => getting.WaitAsync(Eventually.FarOff));
        Assert.Equal(CertificateRequestFailure.Deleted, e.Failure);
    }

    private async Task AbandonAsync()
    {
        using var end = new CancellationTokenSource();
        var getting = Requester().EnsureAsync(end.Token);
        await Eventually.HoldsAsync(() => Server.OpenWatches == 1, "the watch");
        await end.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => getting.WaitAsync(Eventually.FarOff));
        await Eventually.HoldsAsync(() => Server.OpenWatches == 0, "the end of the watch");
        Assert.True(HasPendingKey);
    }
}
