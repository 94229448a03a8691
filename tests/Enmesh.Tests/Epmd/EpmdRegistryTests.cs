using Enmesh.Epmd;
using Xunit;

namespace Enmesh.Tests.Epmd;

[Trait("Ring", "pure")]
public sealed class EpmdRegistryTests
{
    private readonly EpmdRegistry _registry = new(firstCreation: 100, maxNames: 3);

    [Fact]
    public void A_name_is_taken_until_its_own_connection_ends()
    {
        Assert.NotNull(_registry.TryRegister(new EpmdEntry("a", 1), connection: 1));
        Assert.Null(_registry.TryRegister(new EpmdEntry("a", 2), connection: 2));
        _registry.Unregister("a", connection: 2);
        Assert.Equal(1, _registry.Find("a")!.Port);
        _registry.Unregister("a", connection: 1);
        Assert.Null(_registry.Find("a"));
        Assert.NotNull(_registry.TryRegister(new EpmdEntry("a", 2), connection: 2));
    }

    [Fact]
    public void Names_are_told_apart_by_case_and_listed_newest_first()
    {
        foreach (var name in (string[])["one", "two", "ONE"])
            _registry.TryRegister(new EpmdEntry(name, 1), connection: 1);

        Assert.Equal(["ONE", "two", "one"], _registry.All.Select(r => r.Entry.Name));
    }

    [Fact]
    public void Every_registration_has_a_creation_of_its_own_and_old_nodes_one_of_two_bits()
    {
        Assert.Equal(101u, _registry.TryRegister(new EpmdEntry("a", 1), 1));
        Assert.Equal(102u, _registry.TryRegister(new EpmdEntry("b", 1), 2));
        _registry.Unregister("a", 1);
        Assert.Equal(103u, _registry.TryRegister(new EpmdEntry("a", 1), 3));
        Assert.InRange(_registry.TryRegister(new EpmdEntry("old", 1, HighestVersion: 5), 4)!.Value, 1u, 3u);
    }

    [Theory]
    [InlineData(uint.MaxValue, 4u)]
    [InlineData(uint.MaxValue - 1, uint.MaxValue)]
    [InlineData(0u, 4u)]
    public void Creations_pass_over_the_small_numbers(uint first, uint next) =>
        Assert.Equal(next, new EpmdRegistry(first, 10).TryRegister(new EpmdEntry("a", 1), 1));

    [Fact]
    public void No_more_names_than_there_may_be()
    {
        for (var i = 0; i < 3; i++)
            Assert.NotNull(_registry.TryRegister(new EpmdEntry($"n{i}", 1), i));

        Assert.Null(_registry.TryRegister(new EpmdEntry("n3", 1), 3));
    }

    [Theory]
    [InlineData("x\nname y at port 1")]
    [InlineData("x\0")]
    [InlineData("x\u007f")]
    public void A_name_that_would_forge_the_list_of_names_is_refused(string name) =>
        Assert.Null(_registry.TryRegister(new EpmdEntry(name, 1), 1));

    [Fact]
    public void A_name_in_UTF8_is_a_name() =>
        Assert.NotNull(_registry.TryRegister(new EpmdEntry(EpmdName.Of(NodeName.Parse("\u00c0\u00e4@h")), 1), 1));
}
