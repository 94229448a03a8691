using System.Globalization;
using System.Text.Json;

namespace Enmesh.Bench.Tests;

/// <summary>Results as the driver writes them.</summary>
internal sealed class ResultLines
{
    private readonly List<string> _lines = ["""{"name":"env","value":2,"unit":"cpus","params":{"nproc":2},"run":1}"""];

    internal ResultLines Add(
        string name, double? value, int run, string sender = "enmesh", string? receiver = null, string unit = "msgs/s",
        double others = 0, int? awake = null, string? reason = null)
    {
        var parameters = new Dictionary<string, object?> { ["wall_s"] = 2.0, ["cpu_other"] = 2 * others };
        if (reason is not null)
            parameters["reason"] = reason;
        var line = new Dictionary<string, object?>
        {
            ["name"] = name,
            ["value"] = value,
            ["unit"] = unit,
            ["params"] = parameters,
            ["sender"] = sender,
            ["run"] = run,
        };
        if (receiver is not null)
            line["receiver"] = receiver;
        if (awake is not null)
            line["awake"] = awake;
        _lines.Add(JsonSerializer.Serialize(line));
        return this;
    }

    /// <summary>A round of both sides.</summary>
    internal ResultLines Round(
        int run, string name, double enmesh, double beam, string unit = "msgs/s", double others = 0) =>
        Add(name, enmesh, run, "enmesh", "enmesh", unit, others).Add(name, beam, run, "beam", "beam", unit, others);

    internal IReadOnlyList<Comparison> Compare()
    {
        using var file = new TemporaryFile(string.Join('\n', _lines) + "\n");
        return Comparison.Of([.. Measurement.Read(file.Path)]);
    }

    /// <summary>What <c>report</c> prints and writes.</summary>
    internal (int Status, string Table, JsonElement Ratios) Report()
    {
        using var results = new TemporaryFile(string.Join('\n', _lines) + "\n");
        using var ratios = new TemporaryFile("");
        using var table = new StringWriter(CultureInfo.InvariantCulture);
        var status = Bench.Report.Run(results.Path, ratios.Path, table);
        return (status, table.ToString(), JsonElement.Parse(File.ReadAllText(ratios.Path)));
    }

    private sealed class TemporaryFile : IDisposable
    {
        internal TemporaryFile(string text) => File.WriteAllText(Path, text);

        internal string Path { get; } = System.IO.Path.GetTempFileName();

        public void Dispose() => File.Delete(Path);
    }
}
