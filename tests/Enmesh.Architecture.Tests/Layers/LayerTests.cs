using Enmesh.Architecture.Tests.Layers.Samples.Upper;
using Xunit;

namespace Enmesh.Architecture.Tests.Layers;

/// <summary>
/// The house has one direction: rooms use those below them, as the table in <see cref="House"/> has it.
/// </summary>
[Trait("Ring", "pure")]
public sealed class LayerTests
{
    private static readonly string[] Assemblies = ["Enmesh.Terms", "Enmesh", "Enmesh.Kubernetes", "Enmesh.Hosting", "Enmesh.Web", "Enmesh.Testing", "Enmesh.Cli"];

    private static readonly Lazy<IReadOnlyList<CodeReference>> References =
        new(static () => [.. Assemblies.SelectMany(static name => AssemblyWalker.References(PathOf(name)))]);

    [Fact]
    public void Every_namespace_has_a_room()
    {
        var unknown = References.Value
            .Select(static reference => House.RoomOf(reference.From))
            .Where(static room => room is not null && !House.MayUse.ContainsKey(room))
            .Distinct();

        Assert.True(!unknown.Any(), $"No line in House.MayUse for: {string.Join(", ", unknown)}");
    }

    [Fact]
    public void No_room_refers_to_a_room_above_it()
    {
        var backward = References.Value.Where(static reference =>
            House.RoomOf(reference.From) is { } from && House.MayUse.TryGetValue(from, out var allowed) &&
            House.RoomOf(reference.To) is { } to && !allowed.Contains(to));

        Report(backward, "These go from a room to one that it may not use (see House.MayUse):");
    }

    [Fact]
    public void Pure_rooms_do_no_io_and_have_no_clock()
    {
        var impure = References.Value.Where(static reference =>
            House.RoomOf(reference.From) is { } from && House.MustNotUse.TryGetValue(from, out var forbidden) &&
            forbidden.Any(name => Uses(reference, name)));

        Report(impure, "These use what their room has no business with (see House.MustNotUse):");
    }

    [Fact]
    public void Time_and_chance_come_from_where_they_should()
    {
        var found = References.Value.Where(static reference =>
            House.NobodyUses.Any(name => Uses(reference, name)) && !House.NobodyBut.Contains(reference.ToString()));

        Report(found, "Nobody uses these (see House.NobodyUses):");
    }

    [Fact]
    public void Terms_depends_on_the_bcl_alone_and_the_node_on_logging_abstractions_beside()
    {
        Assert.DoesNotContain(
            AssemblyWalker.ReferencedAssemblies(PathOf("Enmesh.Terms")), static name => !IsBcl(name));
        Assert.DoesNotContain(
            AssemblyWalker.ReferencedAssemblies(PathOf("Enmesh")),
            static name => !IsBcl(name) && name is not ("Enmesh.Terms" or "Microsoft.Extensions.Logging.Abstractions"));
    }

    [Theory]
    [InlineData(nameof(Kinds.BaseType))]
    [InlineData(nameof(Kinds.Interface))]
    [InlineData(nameof(Kinds.Field))]
    [InlineData(nameof(Kinds.Parameter))]
    [InlineData(nameof(Kinds.TypeArgument))]
    [InlineData(nameof(Kinds.Constraint))]
    [InlineData(nameof(Kinds.Attribute))]
    [InlineData(nameof(Kinds.Call))]
    [InlineData(nameof(Kinds.Lambda))]
    [InlineData(nameof(Kinds.AsyncBody))]
    [InlineData(nameof(Kinds.TypeOf))]
    [InlineData(nameof(Kinds.Catch))]
    public void The_walker_sees_a_reference_by(string kind)
    {
        var references = AssemblyWalker.References(typeof(LayerTests).Assembly.Location);

        Assert.Contains(references, reference =>
            reference.From.Namespace == typeof(Kinds).Namespace && reference.From.Name.Split('`')[0] == $"By{kind}" &&
            reference.To.Namespace == "Enmesh.Architecture.Tests.Layers.Samples.Lower");
    }

    private static bool Uses(CodeReference reference, string name) =>
        $"{reference.To}.{reference.Member}".StartsWith(name, StringComparison.Ordinal);

    private static void Report(IEnumerable<CodeReference> found, string title)
    {
        var lines = found.Select(static reference => reference.ToString())
            .Distinct()
            .Order(StringComparer.Ordinal)
            .ToList();
        Assert.True(lines.Count == 0, $"{title}\n{string.Join('\n', lines)}");
    }

    private static bool IsBcl(string assembly) =>
        assembly.StartsWith("System.", StringComparison.Ordinal) && assembly != "System.CommandLine";

    private static string PathOf(string assembly) => Path.Combine(AppContext.BaseDirectory, $"{assembly}.dll");
}
