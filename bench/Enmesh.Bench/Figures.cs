using System.Text.Encodings.Web;
using System.Text.Json;

namespace Enmesh.Bench;

/// <summary>Figures as JSON, one object per line, as every peer prints them.</summary>
internal static class Figures
{
    private static readonly JsonWriterOptions Writing = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    internal static void Emit(
        string name, double value, string unit, IEnumerable<(string Name, double Value)> parameters) =>
        Print(name, Round(value), unit, writer =>
        {
            foreach (var (parameter, number) in parameters)
                writer.WriteNumber(parameter, Round(number));
        });

    internal static void Skip(string name, string reason) =>
        Print(name, null, "skipped", writer => writer.WriteString("reason", reason));

    internal static void Fail(string name, string reason) =>
        Print(name, null, "failed", writer => writer.WriteString("reason", reason));

    private static void Print(string name, double? value, string unit, Action<Utf8JsonWriter> writeParameters)
    {
        using var line = new MemoryStream();
        using (var writer = new Utf8JsonWriter(line, Writing))
        {
            writer.WriteStartObject();
            writer.WriteString("name", name);
            if (value is { } number)
                writer.WriteNumber("value", number);
            else
                writer.WriteNull("value");
            writer.WriteString("unit", unit);
            writer.WriteStartObject("params");
            writeParameters(writer);
            writer.WriteEndObject();
            writer.WriteEndObject();
        }
        line.WriteByte((byte)'\n');
        using var output = Console.OpenStandardOutput();
        output.Write(line.GetBuffer().AsSpan(0, (int)line.Length));
    }

    // The BEAM peer's precision.
    private static double Round(double value) => Math.Round(value, Math.Abs(value) >= 100 ? 1 : 3);
}
