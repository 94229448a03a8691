using System.Buffers;
using System.Globalization;
using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Serialization;

namespace Enmesh.Web.Status;

/// <summary>The status as JSON: names in camelCase, times in ISO 8601, everything that is not plain text escaped.</summary>
[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase, Converters = [typeof(UtcConverter)])]
[JsonSerializable(typeof(NodeStatus))]
[JsonSerializable(typeof(JsonElement))]
internal sealed partial class StatusJson : JsonSerializerContext
{
    /// <summary>The status, or one part of it.</summary>
    /// <param name="status">The status.</param>
    /// <param name="part">The name of a property of it; empty for all.</param>
    /// <returns>Null when there is no such part.</returns>
    internal static byte[]? Write(NodeStatus status, string part)
    {
        if (part.Length == 0)
            return JsonSerializer.SerializeToUtf8Bytes(status, Default.NodeStatus);
        using var all = JsonSerializer.SerializeToDocument(status, Default.NodeStatus);
        return all.RootElement.TryGetProperty(part, out var one) ? JsonSerializer.SerializeToUtf8Bytes(one, Default.JsonElement) : null;
    }

    /// <summary>Sections of the page by their ids, on one line; markup is not escaped a second time, which would double it.</summary>
    internal static byte[] Write(IReadOnlyDictionary<string, string> sections)
    {
        var bytes = new ArrayBufferWriter<byte>();
        using (var json = new Utf8JsonWriter(bytes, new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping }))
        {
            json.WriteStartObject();
            foreach (var (id, html) in sections)
                json.WriteString(id, html);
            json.WriteEndObject();
        }
        return bytes.WrittenSpan.ToArray();
    }
}

/// <summary>Times in UTC with a Z, to the millisecond.</summary>
internal sealed class UtcConverter : JsonConverter<DateTimeOffset>
{
    public override DateTimeOffset Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options) => reader.GetDateTimeOffset();

    public override void Write(Utf8JsonWriter writer, DateTimeOffset value, JsonSerializerOptions options) =>
        writer.WriteStringValue(value.ToUniversalTime().ToString("yyyy-MM-dd'T'HH:mm:ss.fff'Z'", CultureInfo.InvariantCulture));
}
