using System.Collections;
using System.Globalization;
using Enmesh.Processes;
using Enmesh.Telemetry;
using Enmesh.Terms;
using Microsoft.Extensions.Logging;

namespace Enmesh.Services;

/// <summary>
/// The process <c>logger_proxy</c>: log events of other nodes' processes whose group leader is one of ours, which the
/// BEAM sends to the group leader's node.
/// </summary>
internal sealed class LoggerProxy(ILogger logger)
{
    internal static readonly Atom Name = new("logger_proxy");

    internal async Task RunAsync(ProcessContext context)
    {
        while (true)
        {
            var message = await context.ReceiveAsync().ConfigureAwait(false);
            if (SystemRequest.TryRead(message, out var system))
                system.Answer(context, Name, Atoms.Undefined);
            else if (RemoteLogEvent.TryRead(message) is { } logged)
                logger.Log(logged.Level, new EventId(EventIds.RemoteLogEvent, nameof(EventIds.RemoteLogEvent)), logged,
                    null, static (e, _) => e.Message);
        }
    }
}

/// <summary>A log event of an Erlang node.</summary>
/// <param name="Level">Its level here.</param>
/// <param name="Message">What it says, as text.</param>
internal sealed record RemoteLogEvent(LogLevel Level, string Message) : IReadOnlyList<KeyValuePair<string, object?>>
{
    // One event must not fill the log.
    private const int LongestMessage = 32 << 10;
    private const int LongestValue = 1 << 10;

    // Microseconds; the end of .NET's calendar.
    private const long LatestTime = 253_402_300_800_000_000;

    private static readonly Terms.Text.ErlangPrintOptions ValueOptions =
        new() { Unicode = true, MaxLength = LongestMessage };

    private readonly List<KeyValuePair<string, object?>> _properties = [];

    public int Count => _properties.Count;

    public KeyValuePair<string, object?> this[int index] => _properties[index];

    public IEnumerator<KeyValuePair<string, object?>> GetEnumerator() => _properties.GetEnumerator();

    IEnumerator IEnumerable.GetEnumerator() => GetEnumerator();

    /// <summary>
    /// Recognises <c>{log, Level, Format, Arguments, Metadata}</c> and <c>{log, Level, TextOrReport, Metadata}</c>.
    /// </summary>
    internal static RemoteLogEvent? TryRead(Term message)
    {
        if (message.TupleElements is not [{ AtomText: "log" }, { AtomText: { } level }, .. var content,
            { AsMap: { } metadata }])
            return null;
        var text = content switch
        {
            [var format, { AsList: not null } arguments] => TextOf(format, arguments),
            [var report] => TextOf(report),
            _ => null,
        };
        if (text is null)
            return null;
        var logged = new RemoteLogEvent(LevelOf(level),
            text.Length <= LongestMessage ? text : string.Concat(text.AsSpan(0, LongestMessage), "..."));
        logged.AddProperties(level, metadata);
        return logged;
    }

    private static LogLevel LevelOf(string level) => level switch
    {
        "emergency" or "alert" or "critical" => LogLevel.Critical,
        "error" => LogLevel.Error,
        "warning" => LogLevel.Warning,
        "debug" => LogLevel.Debug,
        _ => LogLevel.Information, // notice, info
    };

    private static string TextOf(Term format, Term arguments) =>
        IoLib.TryCall(new Atom("io_lib"), new Atom("format"), Term.List(format, arguments), new())
        ?? string.Create(CultureInfo.InvariantCulture, $"FORMAT ERROR: {format} - {arguments}");

    // A text, or a report: a map or a list of pairs, each on a line of its own as logger prints them.
    private static string TextOf(Term content)
    {
        if (content.AsMap is { } map)
            return string.Join('\n', map.Select(pair => Line(pair.Key, pair.Value)));
        if (Terms.Text.CharData.TryGetText(content, Terms.Text.CharEncoding.Utf8, out var text))
            return text;
        if (content.AsList is { IsProper: true } list)
            return string.Join('\n', list.Select(
                element => element.TupleElements is [var key, var value] ? Line(key, value) : element.ToString()));
        return content.ToString();
    }

    // A value that is larger than any text may be is left out in part, not refused.
    private static string Line(Term key, Term value) =>
        $"{key.AtomText ?? key.ToString()}: {Terms.Text.ErlangText.Print(value, ValueOptions)}";

    private void AddProperties(string level, MapTerm metadata)
    {
        Add("ErlangLevel", level);
        foreach (var (key, value) in metadata)
        {
            switch (key.AtomText)
            {
                case "pid" when value.Pid is { } pid:
                    Add("Node", pid.Node.Text);
                    Add("Pid", value.ToString());
                    break;
                case "time" when value.Int64 is >= 0 and < LatestTime and var microseconds:
                    Add("Time", DateTimeOffset.UnixEpoch.AddMicroseconds(microseconds));
                    break;
                case "file" when value.AsList is { } file && file.TryGetText(out var path):
                    Add("File", path);
                    break;
                case { } name:
                    var text = value.ToString();
                    Add(name, text.Length <= LongestValue ? text : text[..LongestValue]);
                    break;
            }
        }
        Add("{OriginalFormat}", "{Message}");
        Add("Message", Message);
    }

    private void Add(string key, object? value) => _properties.Add(new(key, value));
}
