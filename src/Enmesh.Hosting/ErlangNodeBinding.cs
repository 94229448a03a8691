using System.Globalization;
using System.Net;
using Enmesh.Cluster;
using Enmesh.Discovery;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.Options;

namespace Enmesh.Hosting;

/// <summary>Reads a node's settings from the configuration, and keeps every problem, by key, instead of stopping at the first.</summary>
/// <param name="section">The path of the section, for the messages.</param>
internal sealed class ErlangNodeBinding(string section)
{
    private readonly List<string> _problems = [];

    internal IReadOnlyList<string> Problems => _problems;

    internal void Bind(IConfiguration configuration, ErlangNodeOptions options)
    {
        _problems.Clear();
        var keys = new SettingKeys(section, configuration, _problems);
        keys.Text(nameof(options.Name), value => options.Name = value);
        keys.Text(nameof(options.NameFrom), value => options.NameFrom = value);
        keys.Flag(nameof(options.ShortNames), value => options.ShortNames = value);
        keys.Text(nameof(options.CookieFile), value => options.CookieFile = value);
        keys.Flag(nameof(options.Insecure), value => options.Insecure = value);
        keys.Number(nameof(options.Port), value => options.Port = value);
        keys.Number(nameof(options.LastPort), value => options.LastPort = value);
        keys.Number(nameof(options.PeerPort), value => options.PeerPort = value);
        keys.List(nameof(options.ListenAddresses), "an IP address", IPAddress.TryParse, options.ListenAddresses);
        keys.Flag(nameof(options.Listen), value => options.Listen = value);
        keys.Choice<EpmdMode>(nameof(options.Epmd), value => options.Epmd = value);
        keys.Number(nameof(options.EpmdPort), value => options.EpmdPort = value);
        keys.Duration(nameof(options.NetTickTime), value => options.NetTickTime = value);
        keys.Number(nameof(options.NetTickIntensity), value => options.NetTickIntensity = value);
        keys.Duration(nameof(options.SetupTime), value => options.SetupTime = value);
        keys.Number(nameof(options.SendBufferBytes), value => options.SendBufferBytes = value);
        keys.Number(nameof(options.MaxMessageBytes), value => options.MaxMessageBytes = value);
        keys.Number(nameof(options.AtomBudget), value => options.AtomBudget = value);
        keys.Section(nameof(options.Cluster), inner => BindCluster(inner, options.Cluster));
        keys.Sections(nameof(options.Discovery), (name, inner) => BindSource(name, inner, options));
        // Several nodes of one host have their sections below this one.
        keys.Ignore("Nodes");
        keys.RefuseOthers();
    }

    private static void BindCluster(SettingKeys keys, ClusterOptions options)
    {
        keys.Duration(nameof(options.TickInterval), value => options.TickInterval = value);
        keys.Number(nameof(options.MaxParallelDials), value => options.MaxParallelDials = value);
        keys.Duration(nameof(options.DialTimeout), value => options.DialTimeout = value);
        keys.Duration(nameof(options.MinBackoff), value => options.MinBackoff = value);
        keys.Duration(nameof(options.MaxBackoff), value => options.MaxBackoff = value);
        keys.Number(nameof(options.ExpectedPeers), value => options.ExpectedPeers = value);
        keys.Number(nameof(options.EmptyConfirmations), value => options.EmptyConfirmations = value);
        keys.Duration(nameof(options.EmptyAge), value => options.EmptyAge = value);
        keys.Duration(nameof(options.ForgetAfter), value => options.ForgetAfter = value);
        keys.Duration(nameof(options.WarnAfter), value => options.WarnAfter = value);
        keys.Duration(nameof(options.RemindEvery), value => options.RemindEvery = value);
        keys.RefuseOthers();
    }

    private static void BindSource(string name, SettingKeys keys, ErlangNodeOptions options)
    {
        var sources = options.Discovery;
        var strategy = keys.Take("Strategy");
        switch (strategy?.ToUpperInvariant())
        {
            case "STATIC":
                var peers = new StaticDiscoveryOptions();
                keys.Texts(nameof(peers.Peers), peers.Peers);
                BindPolling(keys, peers);
                if (keys.Accept(peers.Validate()))
                    sources.Add(new DiscoverySource(name, new StaticDiscovery(peers), peers));
                break;
            case "EPMD":
                var hosts = new EpmdDiscoveryOptions();
                keys.Texts(nameof(hosts.Hosts), hosts.Hosts);
                hosts.Port = options.EpmdPort;
                keys.Number(nameof(hosts.Port), value => hosts.Port = value);
                BindPolling(keys, hosts);
                if (keys.Accept(hosts.Validate()))
                    sources.Add(new DiscoverySource(name, new EpmdDiscovery(hosts), hosts));
                break;
            case "DNS":
                var dns = new DnsDiscoveryOptions();
                keys.Texts(nameof(dns.Domains), dns.Domains);
                keys.Text(nameof(dns.Alive), value => dns.Alive = value);
                keys.Choice<DnsAddressFamilies>(nameof(dns.Families), value => dns.Families = value);
                keys.Number(nameof(dns.Port), value => dns.Port = value);
                keys.Texts(nameof(dns.Servers), dns.Servers);
                keys.Number(nameof(dns.EmptyConfirmations), value => dns.EmptyConfirmations = value);
                keys.Duration(nameof(dns.EmptyAge), value => dns.EmptyAge = value);
                BindPolling(keys, dns);
                if (keys.Accept(dns.Validate()))
                    sources.Add(new DiscoverySource(name, new DnsDiscovery(dns), dns));
                break;
            default:
                keys.Problem("Strategy", $"{(strategy is null ? "is missing" : $"'{strategy}' is none")}; there are static, epmd and dns.");
                break;
        }
    }

    private static void BindPolling(SettingKeys keys, DiscoveryPolling polling)
    {
        keys.Duration(nameof(polling.Interval), value => polling.Interval = value);
        keys.Fraction(nameof(polling.Jitter), value => polling.Jitter = value);
        keys.Duration(nameof(polling.Timeout), value => polling.Timeout = value);
        keys.RefuseOthers();
    }
}

/// <summary>Says all that is wrong with a node's settings, whether the configuration or code made them.</summary>
internal sealed class ErlangNodeValidation(string node, string section, ErlangNodeBinding bound) : IValidateOptions<ErlangNodeOptions>
{
    public ValidateOptionsResult Validate(string? name, ErlangNodeOptions options)
    {
        if (name != node)
            return ValidateOptionsResult.Skip;
        List<string> problems = [.. bound.Problems, .. options.Validate().Select(problem => $"{section}:{problem}")];
        return problems.Count == 0 ? ValidateOptionsResult.Success : ValidateOptionsResult.Fail(problems);
    }
}

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
        Read(key, "a whole number", static (string text, out int value) => int.TryParse(text, NumberStyles.Integer, CultureInfo.InvariantCulture, out value), set);

    internal void Fraction(string key, Action<double> set) =>
        Read(key, "a number", static (string text, out double value) => double.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out value), set);

    internal void Duration(string key, Action<TimeSpan> set) => Read(key, "a time: seconds as in 2.5, or hh:mm:ss", TryReadDuration, set);

    internal void Choice<T>(string key, Action<T> set)
        where T : struct, Enum =>
        Read(key, $"one of {string.Join(", ", Enum.GetNames<T>())}", static (string text, out T value) =>
            Enum.TryParse(text, ignoreCase: true, out value) && Enum.IsDefined(value), set);

    internal void Texts(string key, IList<string> into) =>
        List(key, "a text", static (string text, out string? value) => (value = text).Length > 0, into);

    /// <summary>A list as <c>Key:0</c>, <c>Key:1</c>, or as one value with commas.</summary>
    internal void List<T>(string key, string form, Parser<T> parse, IList<T> into)
    {
        _known.Add(key);
        var section = configuration.GetSection(key);
        var items = section.Value is { } all
            ? all.Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries).Select(text => (key, text))
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
                Problem(child.Key, $"there is no such setting. There are {string.Join(", ", _known.Order(StringComparer.Ordinal))}.");
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
