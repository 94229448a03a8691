using System.Globalization;
using Microsoft.Extensions.Configuration;

namespace Enmesh.Hosting;

/// <summary>The keys of one section: which were asked for, and what was wrong with them.</summary>
internal sealed class SettingKeys(string path, IConfiguration configuration, List<string> problems)
{
    private readonly HashSet<string> _known = new(StringComparer.OrdinalIgnoreCase);

    internal delegate bool Parser<T>(string text, out T? value);

    internal string? Take(string key)
    {
        _known.Add(key);
        return configuration[key];
    }

    internal void Problem(string key, string problem) => problems.Add($"{path}:{key}: {problem}");

    internal bool Accept(IReadOnlyList<string> found)
    {
        problems.AddRange(found.Select(problem => $"{path}:{problem}"));
        return found.Count == 0;
    }

    internal void Text(string key, Action<string> set)
    {
        if (Take(key) is { } text)
            Set(key, text, set);
    }

    internal void Flag(string key, Action<bool> set) => Read(key, "true or false", bool.TryParse, set);

    internal void Number(string key, Action<int> set) =>
        Read(
            key, "a whole number",
            static (string text, out int value) =>
                int.TryParse(text, NumberStyles.Integer, CultureInfo.InvariantCulture, out value),
            set);

    /// <summary>A whole number that may be beyond those of 32 bits: bytes.</summary>
    internal void LongNumber(string key, Action<long> set) =>
        Read(
            key, "a whole number",
            static (string text, out long value) =>
                long.TryParse(text, NumberStyles.Integer, CultureInfo.InvariantCulture, out value),
            set);

    internal void Fraction(string key, Action<double> set) =>
        Read(
            key, "a number",
            static (string text, out double value) =>
                double.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out value),
            set);

    internal void Duration(string key, Action<TimeSpan> set) =>
        Read(key, "a time: seconds as in 2.5, or hh:mm:ss", TryReadDuration, set);

    internal void Choice<T>(string key, Action<T> set)
        where T : struct, Enum =>
        Read(key, $"one of {string.Join(", ", Enum.GetNames<T>())}", static (string text, out T value) =>
            Enum.TryParse(text, ignoreCase: true, out value) && Enum.IsDefined(value), set);

    internal void Texts(string key, IList<string> into) =>
        List(key, "a text", static (string text, out string? value) => (value = text).Length > 0, into);

    /// <summary>The same in place of those that are there.</summary>
    internal void OwnTexts(string key, IList<string> into)
    {
        if (configuration.GetSection(key).Exists())
            into.Clear();
        Texts(key, into);
    }

    /// <summary>A list as <c>Key:0</c>, <c>Key:1</c>, or as one value with commas.</summary>
    internal void List<T>(string key, string form, Parser<T> parse, IList<T> into)
    {
        _known.Add(key);
        var section = configuration.GetSection(key);
        var items = section.Value is { } all
            ? all.Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries)
                .Select(text => (key, text))
            : section.GetChildren().Select(child => ($"{key}:{child.Key}", child.Value ?? ""));
        foreach (var (place, text) in items)
        {
            if (parse(text, out var value))
                into.Add(value!);
            else
                Problem(place, $"'{text}' is not {form}.");
        }
    }

    internal void Section(string key, Action<SettingKeys> bind)
    {
        _known.Add(key);
        bind(new SettingKeys($"{path}:{key}", configuration.GetSection(key), problems));
    }

    internal void Sections(string key, Action<string, SettingKeys> bind)
    {
        _known.Add(key);
        foreach (var child in configuration.GetSection(key).GetChildren())
            bind(child.Key, new SettingKeys($"{path}:{key}:{child.Key}", child, problems));
    }

    internal void Ignore(string key) => _known.Add(key);

    /// <summary>A misspelt key would leave a default in force without a word.</summary>
    internal void RefuseOthers()
    {
        foreach (var child in configuration.GetChildren())
        {
            if (!_known.Contains(child.Key))
                Problem(
                    child.Key,
                    $"there is no such setting. There are {string.Join(", ", _known.Order(StringComparer.Ordinal))}.");
        }
    }

    private static bool TryReadDuration(string text, out TimeSpan value)
    {
        if (double.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out var seconds)
            && double.IsFinite(seconds) && Math.Abs(seconds) < TimeSpan.MaxValue.TotalSeconds)
        {
            value = TimeSpan.FromSeconds(seconds);
            return true;
        }
        return TimeSpan.TryParse(text, CultureInfo.InvariantCulture, out value);
    }

    private void Read<T>(string key, string form, Parser<T> parse, Action<T> set)
    {
        if (Take(key) is not { } text)
            return;
        if (parse(text, out var value))
            Set(key, value!, set);
        else
            Problem(key, $"'{text}' is not {form}.");
    }

    private void Set<T>(string key, T value, Action<T> set)
    {
        try
        {
            set(value);
        }
        catch (ArgumentException e)
        {
            // The bounds stand in the option itself; its message says them, over the parameter's name.
            Problem(key, e.Message.Split(" (Parameter", 2)[0]);
        }
    }
}
