using System.Globalization;
using System.Text.Json;
using System.Text.Json.Serialization;

namespace Enmesh.Kubernetes.Models;

/// <summary>Times with six digits behind the second, as the API writes <c>MicroTime</c>; it refuses any other
/// form.</summary>
internal sealed class MicroTimeConverter : JsonConverter<DateTimeOffset?>
{
    private const string Form = "yyyy-MM-dd'T'HH:mm:ss.ffffff'Z'";

    public override DateTimeOffset? Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options) =>
        reader.TokenType == JsonTokenType.Null ? null : reader.GetDateTimeOffset();

    public override void Write(Utf8JsonWriter writer, DateTimeOffset? value, JsonSerializerOptions options)
    {
        if (value is { } time)
            writer.WriteStringValue(Text(time));
        else
            writer.WriteNullValue();
    }

    internal static string Text(DateTimeOffset time) =>
        time.UtcDateTime.ToString(Form, CultureInfo.InvariantCulture);
}
