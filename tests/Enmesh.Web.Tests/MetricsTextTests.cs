using System.Diagnostics.Metrics;
using System.Text;
using Enmesh.Web.Metrics;
using Xunit;

namespace Enmesh.Web.Tests;

/// <summary>The text format, figure by figure.</summary>
[Trait("Ring", "pure")]
public sealed class MetricsTextTests : IDisposable
{
    private readonly Factory _factory = new();
    private readonly MetricsReader _reader;
    private readonly Meter _meter;

    public MetricsTextTests()
    {
        _reader = new(_factory);
        _meter = _factory.Create(new MeterOptions("Tests"));
    }

    public void Dispose()
    {
        _reader.Dispose();
        _factory.Dispose();
    }

    [Fact]
    public void A_counter_is_the_sum_of_what_was_added_by_labels()
    {
        var counter = _meter.CreateCounter<long>("tests.orders.taken", "{order}", "Orders taken.");
        counter.Add(2, new("kind", "new"), new("shop", 7));
        counter.Add(3, new("shop", 7), new("kind", "new")); // in any order
        counter.Add(1, new KeyValuePair<string, object?>("kind", "old"));
        Assert.Equal(
            """
            # HELP tests_orders_taken_total Orders taken.
            # TYPE tests_orders_taken_total counter
            tests_orders_taken_total{kind="new",shop="7"} 5
            tests_orders_taken_total{kind="old"} 1
            """,
            Lines("tests_orders"));
    }

    [Fact]
    public async Task An_instrument_that_hangs_holds_one_look_and_no_others()
    {
        using var reader = new MetricsReader(_factory, TimeSpan.Zero);
        using var asked = new SemaphoreSlim(0);
        using var answer = new ManualResetEventSlim();
        _meter.CreateObservableGauge("tests.slow", () =>
        {
            asked.Release();
            answer.Wait();
            return 1;
        });
        var first = Task.Factory.StartNew(() => PrometheusText.Write(reader), CancellationToken.None, TaskCreationOptions.LongRunning, TaskScheduler.Default);
        try
        {
            Assert.True(await asked.WaitAsync(TimeSpan.FromSeconds(60)));
            Assert.Null(PrometheusText.Write(reader));
        }
        finally
        {
            answer.Set();
        }
        Assert.Contains("tests_slow 1\n", Encoding.UTF8.GetString((await first)!), StringComparison.Ordinal);
        Assert.NotNull(PrometheusText.Write(reader));
    }

    [Fact]
    public void A_histogram_has_its_bounds_cumulated_a_sum_and_a_count()
    {
        var histogram = _meter.CreateHistogram(
            "tests.duration", "s", "How long.", null, new InstrumentAdvice<double> { HistogramBucketBoundaries = [0.1, 1] });
        foreach (var value in new[] { 0.05, 0.1, 0.5, 7, double.NaN })
            histogram.Record(value, new KeyValuePair<string, object?>("le", "mine"));
        Assert.Equal(
            """
            # HELP tests_duration_seconds How long.
            # TYPE tests_duration_seconds histogram
            tests_duration_seconds_bucket{exported_le="mine",le="0.1"} 2
            tests_duration_seconds_bucket{exported_le="mine",le="1"} 3
            tests_duration_seconds_bucket{exported_le="mine",le="+Inf"} 4
            tests_duration_seconds_sum{exported_le="mine"} 7.65
            tests_duration_seconds_count{exported_le="mine"} 4
            """,
            Lines("tests_duration"));
    }

    [Fact]
    public void Up_down_counters_add_and_gauges_keep_the_last()
    {
        var open = _meter.CreateUpDownCounter<double>("tests.open");
        open.Add(5);
        open.Add(double.NaN);
        open.Add(-2);
        var level = _meter.CreateGauge<double>("tests.level", "1");
        level.Record(0.25);
        level.Record(double.NegativeInfinity);
        Assert.Equal(
            """
            # TYPE tests_level_ratio gauge
            tests_level_ratio -Inf
            # TYPE tests_open gauge
            tests_open 3
            """,
            Lines("tests_"));
    }

    [Fact]
    public void What_is_asked_is_asked_at_each_look_and_what_it_no_longer_says_is_gone()
    {
        List<Measurement<long>> peers = [new(1, new KeyValuePair<string, object?>("peer", "a")), new(2, new KeyValuePair<string, object?>("peer", "b"))];
        _meter.CreateObservableCounter("tests.peer.io", () => peers, "By");
        Assert.Contains("tests_peer_io_bytes_total{peer=\"b\"} 2", Lines("tests_"), StringComparison.Ordinal);
        peers = [new(4, new KeyValuePair<string, object?>("peer", "a"))];
        Assert.Equal(
            """
            # TYPE tests_peer_io_bytes_total counter
            tests_peer_io_bytes_total{peer="a"} 4
            """,
            Lines("tests_"));
    }

    [Fact]
    public void An_instrument_that_fails_is_missing_and_no_other()
    {
        _meter.CreateObservableGauge("tests.broken", int () => throw new InvalidOperationException("no"));
        _meter.CreateObservableGauge("tests.sound", () => 1);
        Assert.Equal("# TYPE tests_sound gauge\ntests_sound 1", Lines("tests_"));
    }

    [Fact]
    public void An_instrument_of_a_programs_own_class_is_taken_for_a_gauge_and_not_broken()
    {
        var own = new Own(_meter);
        own.Record(7);
        own.Record(3);
        Assert.Equal("# TYPE tests_own gauge\ntests_own 3", Lines("tests_"));
    }

    [Fact]
    public void Hostile_names_stay_within_their_quotes_and_their_line()
    {
        _meter.CreateGauge<int>("tests.hostile", null, "Back\\slash\nand more").Record(
            1, new KeyValuePair<string, object?>("a.b-c", "x\"} 1\ny 2\\\u0000\u2028\ud800"));
        Assert.Equal(
            "# HELP tests_hostile Back\\\\slash\\nand more\n# TYPE tests_hostile gauge\n"
            + "tests_hostile{a_b_c=\"x\\\"} 1\\ny 2\\\\\ufffd\ufffd\ufffd\"} 1",
            Lines("tests_"));
    }

    [Fact]
    public void Labels_that_fall_together_are_written_once_and_empty_ones_not_at_all()
    {
        _meter.CreateGauge<int>("tests.labels").Record(1, new("a.b", 1), new("a_b", 2), new("none", null), new("flag", true));
        Assert.Equal("# TYPE tests_labels gauge\ntests_labels{a_b=\"1\",flag=\"true\"} 1", Lines("tests_"));
    }

    [Fact]
    public void Two_meters_with_the_same_instrument_are_one_metric()
    {
        using var other = new Meter(new MeterOptions("Tests") { Scope = _factory });
        _meter.CreateCounter<int>("tests.same", null, "Same.").Add(1, new KeyValuePair<string, object?>("node", "a"));
        other.CreateCounter<int>("tests.same", null, "Same.").Add(2, new KeyValuePair<string, object?>("node", "b"));
        Assert.Equal(
            "# HELP tests_same_total Same.\n# TYPE tests_same_total counter\ntests_same_total{node=\"a\"} 1\ntests_same_total{node=\"b\"} 2",
            string.Join('\n', Lines("tests_").Split('\n').Order(StringComparer.Ordinal)));
    }

    [Fact]
    public void Another_hosts_instruments_are_not_this_hosts_and_a_meter_that_ends_is_gone()
    {
        using var others = new Factory();
        others.Create(new MeterOptions("Other")).CreateCounter<int>("tests.other").Add(1);
        var ends = new Meter("Ends");
        ends.CreateCounter<int>("tests.ends").Add(1);
        Assert.Contains("tests_ends_total 1", Lines("tests_"), StringComparison.Ordinal);
        ends.Dispose();
        Assert.Equal("", Lines("tests_"));
    }

    [Fact]
    public void Labels_that_somebody_chooses_do_not_fill_the_memory()
    {
        var counter = _meter.CreateCounter<int>("tests.many");
        for (var i = 0; i < Family.MostSeries + 10; i++)
            counter.Add(1, new KeyValuePair<string, object?>("i", i));
        Assert.Equal(Family.MostSeries + 1, Lines("tests_many").Split('\n').Length);
        Assert.Equal("enmesh_metrics_refused_total 10", Lines("enmesh_metrics_refused_total").Split('\n')[^1]);
    }

    [Fact]
    public void A_measurement_of_known_labels_allocates_nothing()
    {
        var counter = _meter.CreateCounter<long>("tests.hot");
        var tag = new KeyValuePair<string, object?>("kind", "new");
        counter.Add(1, tag);
        var before = GC.GetAllocatedBytesForCurrentThread();
        for (var i = 0; i < 1000; i++)
            counter.Add(1, tag);
        Assert.Equal(0, GC.GetAllocatedBytesForCurrentThread() - before);
    }

    [Theory]
    [InlineData("http.server.duration", "ms", "http_server_duration_milliseconds")]
    [InlineData("system.io", "By/s", "system_io_bytes_per_s")]
    [InlineData("1st", null, "_1st")]
    [InlineData("enmesh.pool.delay_seconds", "s", "enmesh_pool_delay_seconds")]
    [InlineData("weird..name/", "furlong", "weird_name_furlong")]
    public void Names_carry_their_units(string name, string? unit, string expected) =>
        Assert.Equal(expected, PrometheusNames.Of(name, unit, SeriesKind.Gauge));

    private string Lines(string prefix) => string.Join(
        '\n',
        Encoding.UTF8.GetString(PrometheusText.Write(_reader)!).Split('\n')
            .Where(line => line.Replace("# HELP ", "", StringComparison.Ordinal).Replace("# TYPE ", "", StringComparison.Ordinal).StartsWith(prefix, StringComparison.Ordinal)));

    private sealed class Own : Instrument<int>
    {
        internal Own(Meter meter)
            : base(meter, "tests.own", null, null) => Publish();

        internal void Record(int value) => RecordMeasurement(value);
    }

    private sealed class Factory : IMeterFactory
    {
        private readonly List<Meter> _meters = [];

        public Meter Create(MeterOptions options)
        {
            options.Scope = this;
            var meter = new Meter(options);
            _meters.Add(meter);
            return meter;
        }

        public void Dispose() => _meters.ForEach(meter => meter.Dispose());
    }
}
