using System.Collections;
using System.Globalization;
using System.Net;
using System.Reflection;
using Xunit;

namespace Enmesh.Architecture.Tests.Reference;

/// <summary>
/// The tables of settings have every key that the code reads, with the default that the code has and the bounds that it keeps.
/// </summary>
[Trait("Ring", "pure")]
public sealed class SettingsTests
{
    // Sections of their own, with tables of their own.
    private static readonly string[] Sections = ["Tls", "Cluster", "Join", "Discovery", "Nodes", "Certificate", "Web", "Ssh"];

    // What depends on the machine.
    private static readonly string[] Computed = [nameof(ErlangNodeOptions.MaxMailboxBytes)];

    // What only code can set: the labels of a program's own requests.
    private static readonly string[] NoKeys = ["Enmesh:Certificate:Labels"];

    private static readonly Lazy<IReadOnlyDictionary<string, IReadOnlyList<string>>> Known = new(KnownKeys.Read);

    public static TheoryData<string> Paths { get; } = [.. SettingsSection.All.Select(section => section.Path)];

    [Theory]
    [MemberData(nameof(Paths))]
    public void Every_key_that_is_read_stands_in_its_table_and_no_other(string path)
    {
        var read = Known.Value[path].Except(Sections).Order(StringComparer.Ordinal);
        var documented = SettingsSection.At(path).Rows().Keys.Except(Sections).Order(StringComparer.Ordinal);

        Assert.Equal(read, documented);
    }

    [Theory]
    [MemberData(nameof(Paths))]
    public void Defaults_and_bounds_in_the_tables_are_those_of_the_code(string path)
    {
        var section = SettingsSection.At(path);
        var problems = section.Rows().Where(row => !Sections.Contains(row.Key) && row.Key != SettingsSection.Strategy)
            .SelectMany(row => Problems(section, row.Key, row.Value));

        Assert.Empty(problems);
    }

    [Theory]
    [MemberData(nameof(Paths))]
    public void Whatever_code_can_set_the_configuration_can_set_as_well(string path)
    {
        var settable = SettingsSection.At(path).Defaults().GetType().GetProperties()
            .Where(property => property.GetSetMethod() is not null || typeof(IEnumerable).IsAssignableFrom(property.PropertyType))
            .Select(property => property.Name);
        var unread = settable.Except(Known.Value[path]).Where(name => !NoKeys.Contains($"{path}:{name}"));

        Assert.Empty(unread);
    }

    [Fact]
    public void Every_strategy_has_its_table()
    {
        Assert.Equal(
            KnownKeys.Strategies().Order(StringComparer.Ordinal),
            SettingsSection.All.Where(section => section.Path.StartsWith("Enmesh:Discovery:", StringComparison.Ordinal))
                .Select(section => section.Path.Split(':')[^1]).Order(StringComparer.Ordinal));
        var row = SettingsSection.At("Enmesh:Discovery:static").Rows()[SettingsSection.Strategy];
        Assert.All(KnownKeys.Strategies(), strategy => Assert.Contains($"`{strategy}`", row.Under("bounds"), StringComparison.Ordinal));
    }

    [Theory]
    [InlineData("TickInterval", "6 s", "100 ms to 5 min", "its default is '6 s', and in the code 00:00:05")]
    [InlineData("TickInterval", "5 s", "200 ms to 5 min", "199.9999 ms are taken, below what its bounds say")]
    [InlineData("TickInterval", "5 s", "100 ms to 10 min", "600 s are refused, which its bounds allow")]
    [InlineData("TickInterval", "5 s", "some", "it says no bounds")]
    [InlineData("AcceptEvictions", "`true`", "", "its default is '`true`', and in the code `false`")]
    [InlineData("Removal", "`Ignore`", "`Ignore`, `After`", "it does not name `Immediate`")]
    [InlineData("ExpectedPeers", "5", "at least 0", "its default is '5', and in the code there is none")]
    [InlineData("Remoival", "5", "", "there is no such property")]
    public void A_table_that_is_wrong_is_found_out(string key, string stated, string bounds, string problem)
    {
        var row = new DocRow("discovery.md", 1, ["key", "default", "bounds"], [key, stated, bounds]);

        Assert.Equal($"discovery.md:1 {key}: {problem}", Assert.Single(Problems(SettingsSection.At("Enmesh:Cluster"), key, row)));
    }

    private static IEnumerable<string> Problems(SettingsSection section, string key, DocRow row)
    {
        var defaults = section.Defaults();
        if (defaults.GetType().GetProperty(key) is not { } property)
            return [$"{row.Place} {key}: there is no such property"];
        var stated = row.Under("default");
        var found = DefaultProblem(stated, property.GetValue(defaults), key).Concat(BoundsProblems(defaults, property, row.Under("bounds", "allowed")));
        return found.Select(problem => $"{row.Place} {key}: {problem}");
    }

    private static IEnumerable<string> DefaultProblem(string stated, object? value, string key)
    {
        if (stated.Length == 0)
            return ["it says no default"];
        var (isRight, expected) = value switch
        {
            _ when Computed.Contains(key) => (true, ""),
            null or "" or ICollection { Count: 0 } => (!char.IsAsciiDigit(stated[0]) && stated is not ("`true`" or "`false`"), "there is none"),
            // In a pod it may be another.
            bool flag => (stated.Contains(flag ? "`true`" : "`false`", StringComparison.Ordinal), flag ? "`true`" : "`false`"),
            IPEndPoint endPoint => (stated.StartsWith($"port {endPoint.Port}", StringComparison.Ordinal), $"port {endPoint.Port}"),
            IEnumerable<string> texts => (texts.All(text => stated.Contains($"`{text}`", StringComparison.Ordinal)), string.Join(", ", texts)),
            _ when Quantity.Is(value.GetType()) =>
                (value.Equals(Quantity.Read(stated, value.GetType())), string.Create(CultureInfo.InvariantCulture, $"{value}")),
            _ => (stated.StartsWith($"`{value}`", StringComparison.Ordinal), $"`{value}`"),
        };
        return isRight ? [] : [$"its default is '{stated}', and in the code {expected}"];
    }

    private static IEnumerable<string> BoundsProblems(object options, PropertyInfo property, string bounds)
    {
        var type = Nullable.GetUnderlyingType(property.PropertyType) ?? property.PropertyType;
        if (type.IsEnum)
            return Enum.GetNames(type).Where(name => !bounds.Contains($"`{name}`", StringComparison.Ordinal)).Select(name => $"it does not name `{name}`");
        if (!Quantity.Is(type))
            return [];
        var (low, high) = Quantity.Bounds(bounds, type);
        if (low is null)
            return ["it says no bounds"];
        List<string> problems = [];
        foreach (var value in new[] { low, high }.Where(value => value is not null && !Takes(options, property, value)))
            problems.Add($"{Text(value!)} are refused, which its bounds allow");
        if (Quantity.Beside(low, -1) is { } below && Takes(options, property, below))
            problems.Add($"{Text(below)} are taken, below what its bounds say");
        if (high is not null && Quantity.Beside(high, 1) is { } above && Takes(options, property, above))
            problems.Add($"{Text(above)} are taken, above what its bounds say");
        return problems;
    }

    private static string Text(object value) => value is TimeSpan time
        ? time < TimeSpan.FromSeconds(1) ? string.Create(CultureInfo.InvariantCulture, $"{time.TotalMilliseconds} ms")
            : string.Create(CultureInfo.InvariantCulture, $"{time.TotalSeconds} s")
        : string.Create(CultureInfo.InvariantCulture, $"{value}");

    private static bool Takes(object options, PropertyInfo property, object value)
    {
        try
        {
            property.SetValue(options, value);
            return true;
        }
        catch (TargetInvocationException e) when (e.InnerException is ArgumentOutOfRangeException)
        {
            return false;
        }
    }
}
