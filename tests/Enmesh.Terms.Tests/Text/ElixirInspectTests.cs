using Enmesh.Terms.Text;
using Enmesh.TestSupport;
using FsCheck;
using FsCheck.Fluent;
using Xunit;

namespace Enmesh.Terms.Tests.Text;

// What Elixir itself prints is in tests/vectors/inspect.jsonl; here is what it cannot show.
[Trait("Ring", "pure")]
public sealed class ElixirInspectTests
{
    private static readonly LocalNode Here = new(new Atom("here@10.0.0.1"), 7);

    [Theory]
    [InlineData("#Pid<a@127.0.0.1 97.0/6b003654>", "#PID<a@127.0.0.1 97.0/6b003654>")]
    [InlineData("#Port<a@127.0.0.1 5/6b003654>", "#Port<a@127.0.0.1 5/6b003654>")]
    [InlineData("#Ref<a@127.0.0.1 1.2.3/4>", "#Reference<a@127.0.0.1 1.2.3/4>")]
    [InlineData("#Pid<here@10.0.0.1 97.0/7>", "#PID<0.97.0>")]
    [InlineData("#Port<here@10.0.0.1 5/7>", "#Port<0.5>")]
    [InlineData("#Ref<here@10.0.0.1 3.2.1/7>", "#Reference<0.1.2.3>")]
    [InlineData("#m:point{x = 1,y = <<\"b\">>}", "#m:point{x = 1,y = <<\"b\">>}")]
    public void Identifiers_and_records(string erlang, string elixir) =>
        Assert.Equal(elixir, ElixirText.Inspect(ErlangText.Parse(erlang), new() { LocalNode = Here }));

    [Theory]
    [InlineData("#{'__struct__' => 'Elixir.Foo',b => 1,a => <<\"x\">>}", "%Foo{a: \"x\", b: 1}")]
    [InlineData("#{'__struct__' => 'Elixir.Range',first => 1,last => x,step => 1}", "%Range{first: 1, last: :x, step: 1}")]
    [InlineData("#{'__struct__' => 'Elixir.Date',year => 2024,month => 1}", "%Date{month: 1, year: 2024}")]
    [InlineData("#{'__struct__' => 'Elixir.MapSet',map => x}", "%MapSet{map: :x}")]
    [InlineData("#{'__struct__' => 'Elixir.Foo',<<\"key\">> => 1}", "%Foo{\"key\" => 1}")]
    public void Structs_whose_modules_nobody_knows(string erlang, string elixir) =>
        Assert.Equal(elixir, ElixirText.Inspect(ErlangText.Parse(erlang)));

    [Fact]
    public void Structs_are_maps_if_so_wanted() => Assert.Equal(
        "%{__struct__: Foo, a: 1}",
        ElixirText.Inspect(ErlangText.Parse("#{'__struct__' => 'Elixir.Foo',a => 1}"), new() { Structs = false }));

    [Fact]
    public void A_deep_term_is_inspected_without_a_deep_stack()
    {
        var all = new ElixirInspectOptions { Limit = null };
        Term list = default, tuple = 1;
        for (var i = 0; i < 100_000; i++)
        {
            list = Term.List(list, 1);
            tuple = Term.Tuple(tuple);
        }
        Assert.Equal(100_000 * 5 + 2, ElixirText.Inspect(list, all).Length);
        Assert.Equal(200_001, ElixirText.Inspect(tuple, all with { Pretty = true }).Length);
        Assert.Equal(1_000_000, ElixirText.Inspect(list, all with { Pretty = true, MaxLength = 1_000_000 }).Length);
        Assert.InRange(ElixirText.Inspect(list).Length, 100, 300);
    }

    [Fact]
    public void Lengths_have_a_limit_and_nothing_else_fails() =>
        Prop.ForAll(TermGenerators.Terms, Gen.Choose(16, 200).ToArbitrary(), (term, limit) =>
    {
        foreach (var pretty in (bool[])[false, true])
        {
            var options = new ElixirInspectOptions { Pretty = pretty, Width = limit, Limit = limit % 3 == 0 ? null : limit % 7, Release = (ElixirRelease)(limit % 2) };
            var whole = ElixirText.Inspect(term, options);
            var text = ElixirText.Inspect(term, options with { MaxLength = limit });
            Assert.InRange(text.Length, 1, limit);
            Assert.True(
                whole.Length > limit ? text.Contains("...", StringComparison.Ordinal) : pretty || text == whole, text);
        }
    }).Check(Config.QuickThrowOnFailure.WithMaxTest(RandomTests.Count(500)));
}
