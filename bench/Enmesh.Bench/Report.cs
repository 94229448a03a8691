using System.Globalization;
using System.Text.Json;

namespace Enmesh.Bench;

/// <summary>The verb <c>report</c>: the driver's results as a table for people and as ratios for programs.</summary>
internal static class Report
{
    private static readonly string[] Headings =
        ["figure", "sender -> receiver", "enmesh", "beam", "unit", "ratio", "better", "bar", "", "rounds"];

    /// <returns>1 when a benchmark failed, else 0: a missed bar is a finding, not a failure.</returns>
    internal static int Run(string results, string ratios, TextWriter output)
    {
        var measurements = Measurement.Read(results).ToList();
        var comparisons = Comparison.Of(measurements);
        PrintTable(comparisons, output);
        var failures = measurements.Where(measurement => measurement.Unit == "failed").ToList();
        foreach (var failure in failures)
            output.WriteLine($"FAILED: {failure.Setting.Name} {Pair(failure.Setting)}: {failure.Reason}");
        foreach (var skipped in
            measurements.Where(measurement => measurement.Unit == "skipped")
                .Select(one => (one.Setting, one.Reason))
                .Distinct())
            output.WriteLine($"not measured: {skipped.Setting.Name} {Pair(skipped.Setting)}: {skipped.Reason}");
        using var file = File.Create(ratios);
        WriteRatios(comparisons, file);
        return failures.Count > 0 || comparisons.Count == 0 ? 1 : 0;
    }

    private static void PrintTable(IReadOnlyList<Comparison> comparisons, TextWriter output)
    {
        List<string[]> rows = [Headings, .. comparisons.Select(Row)];
        var widths = Enumerable.Range(0, Headings.Length).Select(
            column => rows.Max(row => row[column].Length)).ToList();
        output.WriteLine("ratio = enmesh / beam, the median of the rounds; \"better\" says which way is good.");
        foreach (var row in rows)
            output.WriteLine(string.Join("  ", row.Select(Padded)).TrimEnd());
        if (comparisons.Any(comparison => comparison.Disturbed))
            output.WriteLine("! other programs kept the machine busy in every round.");

        string Padded(string cell, int column) =>
            IsNumber(column) ? cell.PadLeft(widths[column]) : cell.PadRight(widths[column]);
    }

    private static bool IsNumber(int column) => column is 2 or 3 or 5;

    private static string[] Row(Comparison one) =>
    [
        one.Setting.Name + (one.Setting.Awake ? " (awake)" : "") + (one.Setting.Tls ? " (TLS)" : ""),
        Pair(one.Setting),
        Number(one.Enmesh),
        Number(one.Peer),
        one.Unit,
        one.Ratio.ToString("0.00", CultureInfo.InvariantCulture),
        one.Bar.Better,
        one.Bar.Text,
        one.Bar.IsMet(one.Ratio) switch { true => "ok", false => "MISSED", null => "" },
        string.Create(CultureInfo.InvariantCulture, $"{one.Used}/{one.Rounds}{(one.Disturbed ? "!" : "")}"),
    ];

    private static string Pair(Setting setting) =>
        setting.Receiver.Length > 0 ? $"{setting.Sender} -> {setting.Receiver}" : setting.Sender;

    private static string Number(double value) =>
        value.ToString(value >= 10_000 ? "0" : value >= 100 ? "0.0" : "0.00", CultureInfo.InvariantCulture);

    private static void WriteRatios(IReadOnlyList<Comparison> comparisons, Stream file)
    {
        using var writer = new Utf8JsonWriter(file, new JsonWriterOptions { Indented = true });
        writer.WriteStartArray();
        foreach (var one in comparisons)
        {
            writer.WriteStartObject();
            writer.WriteString("name", one.Setting.Name);
            writer.WriteStartObject("params");
            writer.WriteString("sender", one.Setting.Sender);
            if (one.Setting.Receiver.Length > 0)
                writer.WriteString("receiver", one.Setting.Receiver);
            writer.WriteBoolean("awake", one.Setting.Awake);
            writer.WriteBoolean("tls", one.Setting.Tls);
            writer.WriteString("better", one.Bar.Better);
            if (one.Bar.Limit is { } limit)
                writer.WriteNumber("bar", limit);
            writer.WriteNumber("rounds", one.Rounds);
            writer.WriteNumber("used", one.Used);
            writer.WriteBoolean("disturbed", one.Disturbed);
            writer.WriteEndObject();
            writer.WriteNumber("enmesh", Math.Round(one.Enmesh, 3));
            writer.WriteNumber("peer", Math.Round(one.Peer, 3));
            writer.WriteString("unit", one.Unit);
            writer.WriteNumber("ratio", Math.Round(one.Ratio, 3));
            writer.WriteEndObject();
        }
        writer.WriteEndArray();
    }
}
