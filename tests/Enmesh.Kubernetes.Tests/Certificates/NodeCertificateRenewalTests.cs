using System.Diagnostics.Metrics;
using Enmesh.Kubernetes.Certificates;
using Enmesh.Kubernetes.Tests.KubeApi;
using Enmesh.Telemetry;
using Microsoft.Extensions.Logging;
using Xunit;

namespace Enmesh.Kubernetes.Tests.Certificates;

/// <summary>The clock moves only while the renewal sleeps; its requests have a day, so that their deadline is no sleep.</summary>
[Trait("Ring", "loopback")]
public sealed class NodeCertificateRenewalTests : IssuerFixture
{
    private static readonly TimeSpan Hour = TimeSpan.FromHours(1);

    [Fact]
    public async Task The_first_certificate_comes_at_once_and_each_next_one_before_two_thirds_of_its_life()
    {
        await using var running = Start();
        await HasAsync(1);
        for (var i = 2; i <= 5; i++)
        {
            var current = await SettledAsync(i - 1);
            Assert.Equal(current.NotBefore + (16 * Hour), current.RenewFrom);
            await SleepUntilAsync(() => Server.Count("create") == i);
            // Up to a twentieth earlier, so that not all ask at once.
            Assert.InRange(Time.GetUtcNow(), current.RenewFrom - (1.2 * Hour), current.RenewFrom);
            await HasAsync(i);
        }
        Stored().Dispose();
        Assert.DoesNotContain(Log.Lines, line => line.Level >= LogLevel.Warning);
    }

    [Fact]
    public async Task A_good_pair_that_is_there_is_left_alone()
    {
        await Requester().EnsureAsync().WaitAsync(Eventually.FarOff);
        await using var running = Start();
        await Time.TimerDueInAsync(TimeSpan.Zero, Hour);
        Assert.Equal(1, Server.Count("create"));
        Assert.NotNull(running.Renewal.Current);
    }

    [Fact]
    public async Task What_somebody_else_renews_is_noticed()
    {
        await using var running = Start();
        var first = await SettledAsync(1);
        await SleepAsync();
        Time.Advance(5 * Hour);
        var second = await Requester().RequestAsync().WaitAsync(Eventually.FarOff);
        await SleepUntilAsync(() => running.Renewal.Current!.Serial == second.Serial);
        Assert.NotEqual(first.Serial, second.Serial);
        await SleepUntilAsync(() => Server.Count("create") == 3);
        Assert.InRange(Time.GetUtcNow(), second.RenewFrom - (1.2 * Hour), second.RenewFrom);
    }

    [Fact]
    public async Task Failures_are_warned_of_then_errors_then_critical_and_the_first_success_ends_them()
    {
        await using var running = Start();
        var first = await SettledAsync(1);
        Issuer.Mood = IssuerMood.Fail;
        await SleepUntilAsync(() => Ids(EventIds.CertificateRenewalFailed) > 0);
        Assert.True(Time.GetUtcNow() < first.RenewFrom + TimeSpan.FromSeconds(1));
        Assert.Equal(0, Ids(EventIds.CertificateExpires));
        await SleepUntilAsync(() => Ids(EventIds.CertificateExpires) > 0);
        // A sixth of its life is left, and a pause at most.
        Assert.InRange(Time.GetUtcNow(), first.NotAfter - (4 * Hour), first.NotAfter - (3 * Hour));
        Assert.Equal(0, Ids(EventIds.CertificateExpired));
        await SleepUntilAsync(() => Ids(EventIds.CertificateExpired) > 0);
        Assert.InRange(Time.GetUtcNow(), first.NotAfter, first.NotAfter + TimeSpan.FromMinutes(1));
        Assert.Contains(Log.Lines, line => line.Id == EventIds.CertificateExpired && line.Level == LogLevel.Critical && line.Text.Contains("the vault is sealed", StringComparison.Ordinal));
        // Whoever fails does not ask more and more often: 8 h with at most an hour between two, shorter towards the end.
        Assert.InRange(Server.Count("create"), 10, 120);
        // How long ago that was is of interest as much as how long it had been.
        Assert.Equal(first.Serial, running.Renewal.Current!.Serial);
        Assert.Equal(0, Ids(EventIds.CertificateMissing));
        Issuer.Mood = IssuerMood.Sign;
        await SleepUntilAsync(() => running.Renewal.Current is { } now && now.Serial != first.Serial);
        Stored().Dispose();
    }

    [Fact]
    public async Task A_pod_that_never_had_a_certificate_says_so_and_not_that_it_has_expired()
    {
        Issuer.Mood = IssuerMood.Deny;
        await using var running = Start();
        await Eventually.HoldsAsync(() => Ids(EventIds.CertificateMissing) == 1, "the alarm");
        Assert.Null(running.Renewal.Current);
        Assert.Equal(0, Ids(EventIds.CertificateExpired));
    }

    [Fact]
    public async Task A_trust_file_that_changes_does_not_make_the_certificate_one_that_has_expired()
    {
        using var other = Enmesh.Certificates.CertificateAuthority.Create("other", time: Time);
        var trust = WriteTrust(Issuer.Root.CertificatePem);
        await using var running = new Running(new(Requester(options => (options.Timeout, options.TrustFile) = (TimeSpan.FromDays(1), trust)), Time, Log));
        var first = await SettledAsync(1);
        WriteTrust(other.CertificatePem);
        await SleepUntilAsync(() => Ids(EventIds.CertificateRenewalFailed) > 0);
        Assert.Equal((0, 0), (Ids(EventIds.CertificateExpired), Ids(EventIds.CertificateMissing)));
        Assert.Equal(first.Serial, running.Renewal.Current!.Serial);
    }

    [Theory]
    [InlineData("blank")]
    [InlineData("broken client")]
    public async Task Nothing_that_goes_wrong_ends_the_renewal(string what)
    {
        await using var running = Start();
        await SettledAsync(1);
        if (what == "blank")
            Issuer.Change = _ => " \n";
        else
            Client.Dispose();
        await SleepUntilAsync(() => Ids(EventIds.CertificateRenewalFailed) > 1);
    }

    [Fact]
    public async Task A_denial_is_not_asked_again_at_once()
    {
        await using var running = Start();
        await SettledAsync(1);
        Issuer.Mood = IssuerMood.Deny;
        await SleepUntilAsync(() => Ids(EventIds.CertificateRenewalFailed) == 1);
        await Time.TimerDueInAsync(TimeSpan.FromMinutes(5), TimeSpan.FromMinutes(6.25));
        Assert.Contains("is denied", Log.Lines.Single(line => line.Id == EventIds.CertificateRenewalFailed).Text, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_certificate_that_is_due_when_it_comes_is_not_asked_for_in_a_circle()
    {
        Issuer.Backdated = 23 * Hour;
        await using var running = Start();
        await Eventually.HoldsAsync(() => Log.Lines.Any(line => line.Text.Contains("is due again at once", StringComparison.Ordinal)), "the complaint");
        Assert.Equal(1, Server.Count("create"));
        await SleepAsync();
    }

    [Fact]
    public async Task The_time_that_is_left_and_the_attempts_are_measured()
    {
        var seen = new List<(string Name, double Value, string Tags)>();
        using var listener = new MeterListener();
        await using var running = Start();
        listener.InstrumentPublished = (instrument, _) =>
        {
            if (instrument.Meter == running.Renewal.Meter)
                listener.EnableMeasurementEvents(instrument);
        };
        listener.SetMeasurementEventCallback<double>((instrument, value, tags, _) =>
        {
            lock (seen)
                seen.Add((instrument.Name, value, Tags(tags)));
        });
        listener.SetMeasurementEventCallback<long>((instrument, value, tags, _) =>
        {
            lock (seen)
                seen.Add((instrument.Name, value, Tags(tags)));
        });
        listener.Start();
        await SettledAsync(1);
        await SleepAsync();
        listener.RecordObservableInstruments();
        Issuer.Mood = IssuerMood.Deny;
        await SleepUntilAsync(() => Ids(EventIds.CertificateRenewalFailed) == 1);
        await SleepUntilAsync(() => Ids(EventIds.CertificateExpired) == 1);
        listener.RecordObservableInstruments();
        lock (seen)
        {
            Assert.Contains(("enmesh.certificate.remaining", 24 * 3600, "enmesh.host=10.0.0.7"), seen);
            Assert.Contains(seen, measured => measured is { Name: "enmesh.certificate.remaining", Value: <= 0 });
            Assert.Contains(("enmesh.certificate.renewals", 1, "enmesh.host=10.0.0.7 error.type=Denied"), seen);
        }
    }

    [Theory]
    [InlineData(1, null, false, 10)]
    [InlineData(2, null, false, 20)]
    [InlineData(4, null, false, 80)]
    [InlineData(1000, null, false, 3600)]
    [InlineData(1, null, true, 300)]
    [InlineData(8, null, true, 1280)]
    [InlineData(1000, 36000.0, false, 3600)]
    [InlineData(1000, 6000.0, false, 600)]
    [InlineData(1000, 50.0, true, 10)]
    [InlineData(1000, -50.0, true, 300)]
    [InlineData(1, -50.0, false, 10)]
    public void Pauses_grow_and_shrink_with_the_time_that_is_left(int failures, double? left, bool isForGood, double seconds)
    {
        TimeSpan? remaining = left is { } some ? TimeSpan.FromSeconds(some) : null;
        for (var i = 0; i < 100; i++)
            Assert.InRange(NodeCertificateRenewal.Pause(failures, remaining, isForGood).TotalSeconds, seconds, seconds * 1.25);
    }

    private static string Tags(ReadOnlySpan<KeyValuePair<string, object?>> tags) =>
        string.Join(' ', tags.ToArray().Select(tag => $"{tag.Key}={tag.Value}"));

    private Running Start() => new(new NodeCertificateRenewal(Requester(options => options.Timeout = TimeSpan.FromDays(1)), Time, Log));

    private int Ids(int id) => Log.Lines.Count(line => line.Id == id);

    private Task HasAsync(int requests) => Eventually.HoldsAsync(() => Ids(EventIds.CertificateIssued) == requests, $"certificate {requests}");

    private async Task<NodeCertificate> SettledAsync(int requests)
    {
        await HasAsync(requests);
        await SleepAsync();
        return Requester().Current()!;
    }

    // Nothing but a sleep or a pause is due within an hour and a quarter.
    private Task SleepAsync() => Time.TimerDueInAsync(TimeSpan.Zero, 1.25 * Hour);

    private async Task SleepUntilAsync(Func<bool> condition)
    {
        using var deadline = new CancellationTokenSource(Eventually.FarOff);
        while (!condition())
        {
            // One sleep after the other, and what is waited for does not come: without this it would be waited for until the run ends.
            deadline.Token.ThrowIfCancellationRequested();
            await Eventually.HoldsAsync(() => condition() || Time.NextDue() - Time.Elapsed <= 1.25 * Hour, "a sleep, or what is waited for");
            if (!condition() && Time.NextDue() is { } due)
                Time.Advance(due - Time.Elapsed);
        }
    }

    private sealed class Running : IAsyncDisposable
    {
        private readonly CancellationTokenSource _stop = new();
        private readonly Task _running;

        internal Running(NodeCertificateRenewal renewal)
        {
            Renewal = renewal;
            _running = renewal.RunAsync(_stop.Token);
        }

        internal NodeCertificateRenewal Renewal { get; }

        public async ValueTask DisposeAsync()
        {
            await _stop.CancelAsync();
            await Assert.ThrowsAnyAsync<OperationCanceledException>(() => _running);
            Renewal.Dispose();
            _stop.Dispose();
        }
    }
}
