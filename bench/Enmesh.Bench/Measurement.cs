using System.Text.Json;

namespace Enmesh.Bench;

/// <summary>Who took part in a figure, and how.</summary>
/// <param name="Name">The figure.</param>
/// <param name="Sender">The peer that measured.</param>
/// <param name="Receiver">The other one; empty when there was none.</param>
/// <param name="Awake">Whether the processors were kept from sleeping.</param>
/// <param name="Tls">Whether it went over TLS.</param>
internal readonly record struct Setting(string Name, string Sender, string Receiver, bool Awake, bool Tls = false);

/// <summary>One line of the driver's results.</summary>
/// <param name="Setting">What was measured.</param>
/// <param name="Run">In which round.</param>
/// <param name="Value">The figure; null when there is none.</param>
/// <param name="Unit">Its unit, or <c>skipped</c> or <c>failed</c>.</param>
/// <param name="Reason">Why there is none.</param>
/// <param name="OtherCores">How many processors were busy with something else meanwhile.</param>
internal sealed record Measurement(
    Setting Setting, int Run, double? Value, string Unit, string? Reason, double OtherCores)
{
    internal static IEnumerable<Measurement> Read(string path) =>
        File.ReadLines(path).Where(line => line.Length > 0).Select(Parse).OfType<Measurement>();

    private static Measurement? Parse(string line)
    {
        using var json = JsonDocument.Parse(line);
        var root = json.RootElement;
        var name = root.GetProperty("name").GetString()!;
        if (name == "env")
            return null;
        var parameters = root.GetProperty("params");
        var wall = Number(parameters, "wall_s") ?? 0;
        return new Measurement(
            new Setting(name, Text(root, "sender") ?? "", Text(root, "receiver") ?? "", Number(root, "awake") > 0, Text(root, "proto") == "tls"),
            (int)(Number(root, "run") ?? 0),
            Number(root, "value"),
            root.GetProperty("unit").GetString()!,
            Text(parameters, "reason"),
            wall > 0 ? (Number(parameters, "cpu_other") ?? 0) / wall : 0);
    }

    private static double? Number(JsonElement parent, string name) =>
        parent.TryGetProperty(name, out var value) && value.ValueKind == JsonValueKind.Number
            ? value.GetDouble()
            : null;

    private static string? Text(JsonElement parent, string name) =>
        parent.TryGetProperty(name, out var value) && value.ValueKind == JsonValueKind.String
            ? value.GetString()
            : null;
}
