using System.Text.Json.Nodes;
using Enmesh.Kubernetes.Api;
using Enmesh.Kubernetes.Leases;
using Enmesh.Kubernetes.Tests.Api;
using Enmesh.Kubernetes.Tests.KubeApi;
using Enmesh.Telemetry;
using Enmesh.Testing;
using Enmesh.Tests.Cluster;
using Xunit;

namespace Enmesh.Kubernetes.Tests.Leases;

/// <summary>One leader at a time, by the rules of Kubernetes' own components; the clock is the test's.</summary>
[Trait("Ring", "loopback")]
public sealed class LeaderElectorTests : IAsyncLifetime
{
    // Who waits has the pause to its next attempt; who leads has its deadline as well.
    private const int Waiting = 1;
    private const int Leading = 2;
    private readonly VirtualTime _time = new();
    private readonly LogLines _log = new();
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

    [Fact]
    public async Task The_first_one_leads_and_the_second_when_the_first_gives_up()
    {
        var first = Candidate("a");
        var second = Candidate("b");
        var lease = await first.AcquireAsync().WaitAsync(Eventually.FarOff);
        Assert.Equal(("a", 0, 15), (Holder, Transitions, Duration));
        var waiting = second.AcquireAsync();
        await Eventually.HoldsAsync(() => second.Leader == "a");
        Assert.False(waiting.IsCompleted);
        await lease.DisposeAsync();
        Assert.True(lease.Lost.IsCancellationRequested);
        Assert.Null(lease.Why);
        Assert.Equal(("", 1), (Holder, Duration));
        await AdvanceUntilAsync(() => waiting.IsCompleted, Waiting);
        await using var other = await waiting;
        Assert.Equal(("b", 1, 15), (Holder, Transitions, Duration));
        Assert.False(other.Lost.IsCancellationRequested);
    }

    [Fact]
    public async Task A_leader_renews_and_keeps_what_others_have_written()
    {
        await using var lease = await Candidate("a").AcquireAsync().WaitAsync(Eventually.FarOff);
        var renewed = Spec["renewTime"]!.ToString();
        var acquired = Spec["acquireTime"]!.ToString();
        _server.Store.Change(Key, there =>
        {
            there!["metadata"]!["annotations"] = new JsonObject { ["note"] = "kept" };
            there["spec"]!["strategy"] = "OldestEmulationVersion";
            return there;
        });
        await AdvanceUntilAsync(() => Spec["renewTime"]!.ToString() != renewed, Leading);
        Assert.Equal(acquired, Spec["acquireTime"]!.ToString());
        Assert.Equal("kept", (string?)_server.Store.Find(Key)!["metadata"]!["annotations"]!["note"]);
        Assert.Equal("OldestEmulationVersion", (string?)Spec["strategy"]);
        Assert.False(lease.Lost.IsCancellationRequested);
    }

    [Theory]
    [InlineData("1999-01-01T00:00:00.000000Z")]
    [InlineData("2999-01-01T00:00:00.000000Z")]
    public async Task A_dead_leader_is_succeeded_by_our_clock_whatever_its_own_said(string renewTime)
    {
        _server.Put(KubeObjects.Leases, "orders", "leader", new()
        {
            ["spec"] = new JsonObject { ["holderIdentity"] = "dead", ["leaseDurationSeconds"] = 20, ["renewTime"] = renewTime, ["leaseTransitions"] = 4 },
        });
        var start = _time.Elapsed;
        var waiting = Candidate("b").AcquireAsync();
        await Eventually.HoldsAsync(() => _server.Count("get") == 1);
        await AdvanceUntilAsync(() => waiting.IsCompleted, Waiting);
        // For its own duration, counted from when we saw it first.
        Assert.True(_time.Elapsed - start >= TimeSpan.FromSeconds(20));
        await using var lease = await waiting;
        Assert.Equal(("b", 5), (Holder, Transitions));
    }

    [Fact]
    public async Task A_leader_that_renews_is_never_succeeded()
    {
        await using var lease = await Candidate("a").AcquireAsync().WaitAsync(Eventually.FarOff);
        using var cancel = new CancellationTokenSource();
        var waiting = Candidate("b").AcquireAsync(cancel.Token);
        for (var i = 1; i <= 50; i++)
        {
            // The clock stands while the leader renews; what the other one does meanwhile is its own affair.
            await _time.TimerDueInAsync(TimeSpan.FromSeconds(2));
            _time.Advance(TimeSpan.FromSeconds(2));
            await Eventually.HoldsAsync(() => _server.Count("patch") == i, "a renewal");
        }
        Assert.False(waiting.IsCompleted);
        Assert.Equal("a", Holder);
        await cancel.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => waiting.WaitAsync(Eventually.FarOff));
    }

    [Fact]
    public async Task A_lease_that_cannot_be_renewed_is_lost_at_the_deadline_and_not_before()
    {
        await using var lease = await Candidate("a").AcquireAsync().WaitAsync(Eventually.FarOff);
        var never = new TaskCompletionSource();
        // Not even a refusal comes: the deadline must not depend on answers.
        _server.Lag = _ => never.Task;
        _time.Advance(TimeSpan.FromSeconds(9.9));
        Assert.False(lease.Lost.IsCancellationRequested);
        _time.Advance(TimeSpan.FromSeconds(0.1));
        await Eventually.HoldsAsync(() => lease.Lost.IsCancellationRequested, "the loss");
        Assert.Equal("it could not be renewed for 10 s", lease.Why);
        never.SetResult();
    }

    [Fact]
    public async Task A_lease_that_another_one_has_taken_is_lost_at_the_next_renewal()
    {
        await using var lease = await Candidate("a").AcquireAsync().WaitAsync(Eventually.FarOff);
        _server.Store.Change(Key, there =>
        {
            there!["spec"]!["holderIdentity"] = "thief";
            return there;
        });
        await AdvanceUntilAsync(() => lease.Lost.IsCancellationRequested, Leading);
        Assert.Equal("thief has it", lease.Why);
        Assert.Equal("thief", Holder);
    }

    [Fact]
    public async Task Of_many_who_find_a_free_lease_one_gets_it()
    {
        _server.Put(KubeObjects.Leases, "orders", "leader", new() { ["spec"] = new JsonObject { ["holderIdentity"] = "" } });
        using var cancel = new CancellationTokenSource();
        var candidates = Enumerable.Range(0, 10).Select(i => Candidate($"c{i}").AcquireAsync(cancel.Token)).ToArray();
        var winner = await Task.WhenAny(candidates).WaitAsync(Eventually.FarOff);
        var lease = await winner;
        // Each of the others has had its turn when it waits for the next one.
        await Eventually.HoldsAsync(() => _server.Count("get") >= 10 && _time.ArmedTimers >= 11);
        Assert.Equal(1, candidates.Count(candidate => candidate.IsCompleted));
        Assert.Equal(1, Transitions);
        await cancel.CancelAsync();
        foreach (var other in candidates.Where(candidate => candidate != winner))
            await Assert.ThrowsAnyAsync<OperationCanceledException>(() => other.WaitAsync(Eventually.FarOff));
        await lease.DisposeAsync();
    }

    [Fact]
    public async Task Work_ends_with_the_lease_and_begins_anew_with_the_next()
    {
        var begun = 0;
        var ended = 0;
        using var cancel = new CancellationTokenSource();
        var running = Candidate("a").RunAsync(
            async token =>
            {
                Interlocked.Increment(ref begun);
                try
                {
                    await Task.Delay(Timeout.Infinite, token);
                }
                finally
                {
                    Interlocked.Increment(ref ended);
                }
            },
            cancel.Token);
        await Eventually.HoldsAsync(() => Volatile.Read(ref begun) == 1);
        _server.Fault = _ => new KubeRefusal(500, "InternalError", "etcd is away");
        await AdvanceUntilAsync(() => Volatile.Read(ref ended) == 1, Leading);
        _server.Fault = null;
        await AdvanceUntilAsync(() => Volatile.Read(ref begun) == 2, Waiting);
        await cancel.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => running.WaitAsync(Eventually.FarOff));
        Assert.Equal((2, ""), (ended, Holder));
        await Candidate("b").RunAsync(_ => Task.CompletedTask).WaitAsync(Eventually.FarOff);
        Assert.Equal("", Holder);
    }

    [Fact]
    public async Task A_missing_right_is_told_and_not_waited_for()
    {
        _server.Denied = [$"create {KubeObjects.Leases}"];
        var candidate = Candidate("a");
        var denied = await Assert.ThrowsAsync<KubernetesException>(() => candidate.AcquireAsync().WaitAsync(Eventually.FarOff));
        Assert.Contains("apiGroups: [\"coordination.k8s.io\"]\n  resources: [\"leases\"]\n  verbs: [\"create\"]", denied.MissingRule!, StringComparison.Ordinal);
        _server.Denied = [];
        await using var lease = await candidate.AcquireAsync().WaitAsync(Eventually.FarOff);
        await Assert.ThrowsAsync<InvalidOperationException>(() => candidate.AcquireAsync());
    }

    [Fact]
    public async Task Credentials_and_trust_that_come_late_are_waited_for_and_said_once()
    {
        _server.Tokens = ["later"];
        var waiting = Candidate("a").AcquireAsync();
        await AdvanceUntilAsync(() => _server.Count("get") >= 4, Waiting);
        Assert.False(waiting.IsCompleted);
        _server.Tokens = null;
        await AdvanceUntilAsync(() => waiting.IsCompleted, Waiting);
        await using var lease = await waiting;
        Assert.Contains("401", Assert.Single(_log.Lines, line => line.Id == EventIds.LeaseRefused).Text, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Who_has_led_waits_out_whatever_fails()
    {
        var begun = 0;
        var running = Candidate("a").RunAsync(async token =>
        {
            if (Interlocked.Increment(ref begun) == 1)
                await Task.Delay(Timeout.Infinite, token);
        });
        await Eventually.HoldsAsync(() => Volatile.Read(ref begun) == 1);
        _server.Denied = [$"get {KubeObjects.Leases}", $"patch {KubeObjects.Leases}"];
        await AdvanceUntilAsync(() => _log.Lines.Any(line => line.Id == EventIds.LeaseLost), Leading);
        await AdvanceUntilAsync(() => _log.Lines.Any(line => line.Id == EventIds.LeaseRefused), Waiting);
        Assert.False(running.IsCompleted);
        _server.Denied = [];
        await AdvanceUntilAsync(() => running.IsCompleted, Waiting);
        await running;
        Assert.Equal(2, begun);
    }

    [Fact]
    public async Task Work_that_says_in_its_own_words_that_it_was_cancelled_is_done_at_the_next_turn()
    {
        var begun = 0;
        var running = Candidate("a").RunAsync(async token =>
        {
            if (Interlocked.Increment(ref begun) > 1)
                return;
            await Task.Delay(Timeout.Infinite, token).ContinueWith(static _ => { }, TaskScheduler.Default);
            throw new InvalidDataException("the statement was cancelled by the user");
        });
        await Eventually.HoldsAsync(() => Volatile.Read(ref begun) == 1);
        _server.Store.Change(Key, there =>
        {
            there!["spec"]!["holderIdentity"] = "thief";
            return there;
        });
        await AdvanceUntilAsync(() => _log.Lines.Any(line => line.Id == EventIds.LeaseWorkInterrupted), Leading);
        await AdvanceUntilAsync(() => running.IsCompleted, Waiting);
        await running;
        Assert.Equal(2, begun);
    }

    [Fact]
    public async Task What_work_throws_while_the_lease_is_held_ends_it_all_and_frees_the_lease()
    {
        await Assert.ThrowsAsync<InvalidDataException>(() => Candidate("a").RunAsync(_ => throw new InvalidDataException()).WaitAsync(Eventually.FarOff));
        Assert.Equal("", Holder);
    }

    [Fact]
    public async Task A_callback_that_throws_keeps_neither_the_lease_nor_the_candidate()
    {
        var candidate = Candidate("a");
        var lease = await candidate.AcquireAsync().WaitAsync(Eventually.FarOff);
        lease.Lost.Register(() => throw new InvalidDataException("mine"));
        var thrown = await Assert.ThrowsAsync<AggregateException>(() => lease.DisposeAsync().AsTask().WaitAsync(Eventually.FarOff));
        Assert.IsType<InvalidDataException>(thrown.InnerException);
        Assert.Equal("", Holder);
        await using var next = await candidate.AcquireAsync().WaitAsync(Eventually.FarOff);
        Assert.Equal("a", Holder);
    }

    [Fact]
    public async Task A_renewal_that_fails_in_an_unheard_of_way_is_one_that_failed()
    {
        var lease = await Candidate("a").AcquireAsync().WaitAsync(Eventually.FarOff);
        // Who asks through a client that is disposed of hears no failure of the API.
        _client.Dispose();
        await AdvanceUntilAsync(() => lease.Lost.IsCancellationRequested, Leading);
        Assert.Equal("it could not be renewed for 10 s", lease.Why);
        await lease.DisposeAsync();
    }

    [Fact]
    public void Times_that_would_make_two_leaders_are_refused_by_key()
    {
        static string[] Keys(LeaderElectorOptions options) => [.. options.Validate().Select(problem => problem.Split(": ")[0])];
        Assert.Equal(["Name"], Keys(new()));
        Assert.Equal(["RenewDeadline"], Keys(new() { Name = "x", RenewDeadline = TimeSpan.FromSeconds(15) }));
        Assert.Equal(["RetryPeriod"], Keys(new() { Name = "x", RetryPeriod = TimeSpan.FromSeconds(9) }));
        Assert.Equal(["LeaseDuration"], Keys(new() { Name = "x", LeaseDuration = TimeSpan.FromSeconds(15.5) }));
        Assert.Throws<ArgumentException>(() => new LeaderElector(new KubernetesClient(new KubernetesAccess(new("http://x"), "y", "z")), new()));
    }

    private static KubeKey Key { get; } = new(KubeObjects.Leases, "orders", "leader");

    private JsonObject Spec => (JsonObject)_server.Store.Find(Key)!["spec"]!;

    private string? Holder => (string?)Spec["holderIdentity"];

    private int Transitions => (int?)Spec["leaseTransitions"] ?? 0;

    private int Duration => (int?)Spec["leaseDurationSeconds"] ?? 0;

    private LeaderElector Candidate(string identity) => new(_client, new() { Name = "leader", Identity = identity }, _time, _log);

    /// <summary>
    /// Moves the clock from one wait to the next, and only while everybody waits: no request is cut short by a clock
    /// that runs ahead.
    /// </summary>
    /// <param name="condition">Until when.</param>
    /// <param name="atRest">How many timers are armed while everybody waits.</param>
    private async Task AdvanceUntilAsync(Func<bool> condition, int atRest)
    {
        bool IsAtRest() => _time.ArmedTimers == atRest && _time.NextDue(state => state is CancellationTokenSource) is null;
        using var deadline = new CancellationTokenSource(Eventually.FarOff);
        while (!condition())
        {
            deadline.Token.ThrowIfCancellationRequested();
            await Eventually.HoldsAsync(() => condition() || IsAtRest(), "rest");
            if (!condition() && _time.NextDue() is { } due)
                _time.Advance(due - _time.Elapsed);
        }
    }
}
