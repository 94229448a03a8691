using System.Reflection;
using Enmesh.Telemetry;
using Microsoft.Extensions.Logging;
using Xunit;

namespace Enmesh.Tests.Telemetry;

[Trait("Ring", "pure")]
public sealed class EventIdsTests
{
    private const BindingFlags Every = BindingFlags.Static | BindingFlags.Instance | BindingFlags.Public | BindingFlags.NonPublic | BindingFlags.DeclaredOnly;

    private static IReadOnlyList<(string Name, int Id)> Table { get; } =
        [.. typeof(EventIds).GetFields(Every).Select(field => (field.Name, (int)field.GetRawConstantValue()!))];

    private static IReadOnlyList<(string Name, int Id)> Messages { get; } =
    [
        .. typeof(EventIds).Assembly.GetTypes()
            .SelectMany(type => type.GetMethods(Every))
            .Select(method => (Name: method.Name, Message: method.GetCustomAttribute<LoggerMessageAttribute>()))
            .Where(found => found.Message is not null)
            .Select(found => (found.Name, found.Message!.EventId)),
    ];

    [Fact]
    public void No_number_is_in_the_table_twice() =>
        Assert.Equal(Table.Count, Table.Select(entry => entry.Id).Distinct().Count());

    [Fact]
    public void Every_message_has_a_number_of_its_own_from_the_table()
    {
        Assert.NotEmpty(Messages);
        Assert.Empty(Messages.GroupBy(message => message.Id).Where(same => same.Count() > 1).Select(
            same => string.Join(", ", same)));
        Assert.DoesNotContain(Messages, message => !Table.Any(entry => entry.Id == message.Id));
    }
}
