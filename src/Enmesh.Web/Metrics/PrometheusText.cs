using System.Buffers;
using System.Globalization;
using System.Text;

namespace Enmesh.Web.Metrics;

// Prometheus, "Text-based format", version 0.0.4.

/// <summary>Writes what was measured as Prometheus reads it.</summary>
internal static class PrometheusText
{
    internal const string ContentType = "text/plain; version=0.0.4; charset=utf-8";

    /// <summary>Writes all that there is.</summary>
    /// <returns>Null when an instrument hangs, and there is nothing to be had.</returns>
    internal static byte[]? Write(MetricsReader reader)
    {
        var output = new StringBuilder(16 * 1024);
        var isRead = reader.Look(families =>
        {
            long refused = 0;
            foreach (var same in families)
            {
                WriteFamily(output, same);
                refused += same.Sum(family => family.Refused);
            }
            // Prometheus would see fewer series and nobody would know why.
            output.Append("# HELP enmesh_metrics_refused_total Measurements left out, as their instrument had ").Append(Family.MostSeries)
                .Append(" sets of labels already.\n# TYPE enmesh_metrics_refused_total counter\nenmesh_metrics_refused_total ")
                .Append(refused.ToString(CultureInfo.InvariantCulture)).Append('\n');
        });
        return isRead ? ToUtf8(output) : null;
    }

    private static void WriteFamily(StringBuilder output, IGrouping<string, Family> same)
    {
        var first = same.First();
        var lines = new StringBuilder();
        // Two nodes of one host have the same instruments. A name that stands for two kinds of figures is the first one's.
        foreach (var family in same.Where(family => family.Kind == first.Kind))
            family.Read(series => WriteSeries(lines, family, series));
        if (lines.Length == 0)
            return;
        if (first.Help.Length > 0)
        {
            output.Append("# HELP ").Append(same.Key).Append(' ');
            Escape(output, first.Help, quotes: false);
            output.Append('\n');
        }
        output.Append("# TYPE ").Append(same.Key).Append(first.Kind switch
        {
            SeriesKind.Counter => " counter\n",
            SeriesKind.Histogram => " histogram\n",
            _ => " gauge\n",
        });
        output.Append(lines);
    }

    private static void WriteSeries(StringBuilder output, Family family, Series series)
    {
        if (family.Kind != SeriesKind.Histogram)
        {
            WriteSample(output, family.Name, "", series.Tags, null, series.Value);
            return;
        }
        foreach (var (bound, count) in series.Cumulated())
            WriteSample(output, family.Name, "_bucket", series.Tags, Number(bound), count);
        WriteSample(output, family.Name, "_bucket", series.Tags, "+Inf", series.Count);
        WriteSample(output, family.Name, "_sum", series.Tags, null, series.Value);
        WriteSample(output, family.Name, "_count", series.Tags, null, series.Count);
    }

    private static void WriteSample(StringBuilder output, string name, string suffix, Tags tags, string? bound, double value)
    {
        output.Append(name).Append(suffix);
        var separator = '{';
        HashSet<string>? seen = null;
        foreach (var (key, tag) in tags.Span)
        {
            var label = PrometheusNames.Label(key);
            // le is Prometheus' own in a histogram; somebody else's it calls so itself.
            if (suffix.Length > 0 && label == "le")
                label = "exported_le";
            // a.b and a_b are the same label to Prometheus, which takes each once.
            if (tags.Span.Length > 1 && !(seen ??= new(StringComparer.Ordinal)).Add(label))
                continue;
            if (tag is null)
                continue; // an empty label is none
            output.Append(separator).Append(label).Append("=\"");
            Escape(output, Text(tag), quotes: true);
            output.Append('"');
            separator = ',';
        }
        if (bound is not null)
        {
            output.Append(separator).Append("le=\"").Append(bound).Append('"');
            separator = ',';
        }
        if (separator == ',')
            output.Append('}');
        output.Append(' ').Append(Number(value)).Append('\n');
    }

    private static string Text(object tag) => tag switch
    {
        string text => text,
        bool flag => flag ? "true" : "false",
        _ => Convert.ToString(tag, CultureInfo.InvariantCulture) ?? "",
    };

    private static string Number(double value) => value switch
    {
        double.PositiveInfinity => "+Inf",
        double.NegativeInfinity => "-Inf",
        _ => value.ToString("R", CultureInfo.InvariantCulture), // NaN is NaN
    };

    // Names of peers and the like are anybody's: what could end a line or a label is escaped, what nobody can read replaced.
    private static void Escape(StringBuilder output, string text, bool quotes)
    {
        foreach (var c in text)
        {
            _ = c switch
            {
                '\\' => output.Append(@"\\"),
                '\n' => output.Append(@"\n"),
                '"' when quotes => output.Append("\\\""),
                < ' ' or '\u007f' or '\u0085' or '\u2028' or '\u2029' => output.Append('\ufffd'),
                _ => output.Append(c),
            };
        }
    }

    private static byte[] ToUtf8(StringBuilder text)
    {
        // Half a surrogate, which a name may have, becomes the sign for what nobody can read.
        var bytes = new ArrayBufferWriter<byte>(text.Length + (text.Length / 8));
        var encoder = Encoding.UTF8.GetEncoder();
        foreach (var chunk in text.GetChunks())
        {
            var into = bytes.GetSpan(Encoding.UTF8.GetMaxByteCount(chunk.Length + 1));
            bytes.Advance(encoder.GetBytes(chunk.Span, into, flush: false));
        }
        var rest = bytes.GetSpan(8);
        bytes.Advance(encoder.GetBytes([], rest, flush: true));
        return bytes.WrittenSpan.ToArray();
    }
}
