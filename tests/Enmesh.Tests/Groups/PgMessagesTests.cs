using Enmesh.Groups;
using Enmesh.Terms;
using Enmesh.Terms.Text;
using Xunit;

namespace Enmesh.Tests.Groups;

/// <summary>What scopes say to each other, as real ones were heard to say it, and everything else.</summary>
[Trait("Ring", "pure")]
public sealed class PgMessagesTests
{
    private static readonly Pid Self = Pid(1);
    private static readonly Term Group = new Atom("g");

    [Fact]
    public void What_we_say_is_the_language_of_every_release()
    {
        var pid = new Atom("p");
        Assert.Equal("{discover,p}", Shown(PgMessages.ToDiscover(Self), pid));
        Assert.Equal(
            "{'$gen_cast',{sync,p,[{g,[p,p]}]}}", Shown(PgMessages.ToSync(Self, [new(Group, [Self, Self])]), pid));
        Assert.Equal("{'$gen_cast',{sync,p,[]}}", Shown(PgMessages.ToSync(Self, []), pid));
        Assert.Equal("{join,p,g,p}", Shown(PgMessages.ToJoin(Self, Group, [Self]), pid));
        Assert.Equal("{join,p,g,[p,p]}", Shown(PgMessages.ToJoin(Self, Group, [Self, Self]), pid));
        Assert.Equal("{leave,p,p,[g,g]}", Shown(PgMessages.ToLeave(Self, [Self], Group, Group), pid));
    }

    [Fact]
    public void Both_languages_are_understood()
    {
        Assert.Equal(new PgEvent.Discover(Self, false), Read("{discover, P}"));
        Assert.Equal(new PgEvent.Discover(Self, true), Read("{discover, P, 1}"));
        Assert.Equal(new PgEvent.Discover(Self, true), Read("{discover, P, #{version => 2}}"));
        var sync = Assert.IsType<PgEvent.Sync>(Read("{'$gen_cast', {sync, P, [{g, [P, P]}]}}"));
        Assert.Equal([Self, Self], Assert.Single(sync.Groups).Members);
        var data = Assert.IsType<PgEvent.Sync>(Read("{'$gen_cast', {local_data, P, 1, #{g => [P]}}}"));
        Assert.Equal([Self], Assert.Single(data.Groups).Members);
        var join = Assert.IsType<PgEvent.Update>(Read("{join, P, g, P}"));
        Assert.Equal([Self], Assert.Single(join.Changes).Joined);
        var leave = Assert.IsType<PgEvent.Update>(Read("{leave, P, [P, P], [g, g]}"));
        Assert.Equal([2, 2], leave.Changes.Select(change => change.Left.Count));
        var update = Assert.IsType<PgEvent.Update>(Read("{update, P, [{g, [P], []}, {h, [], [P, P]}]}"));
        Assert.Equal([(1, 0), (0, 2)], update.Changes.Select(change => (change.Joined.Count, change.Left.Count)));
    }

    [Theory]
    [InlineData("discover")]
    [InlineData("{}")]
    [InlineData("{discover}")]
    [InlineData("{discover, p}")]
    [InlineData("{discover, P, 1, 2}")]
    [InlineData("{sync, P, []}")]
    [InlineData("{'$gen_cast', {discover, P}}")]
    [InlineData("{'$gen_cast', {sync, P, [{g, [a]}]}}")]
    [InlineData("{'$gen_cast', {sync, P, [{g, [P|P]}]}}")]
    [InlineData("{'$gen_cast', {sync, P, [g]}}")]
    [InlineData("{'$gen_cast', {sync, P, [{g, []}|g]}}")]
    [InlineData("{'$gen_cast', {sync, p, []}}")]
    [InlineData("{'$gen_cast', {local_data, P, 1, []}}")]
    [InlineData("{'$gen_cast', {local_data, P, 1, #{g => a}}}")]
    [InlineData("{join, P, g, a}")]
    [InlineData("{join, P, g, [P, \"a\"]}")]
    [InlineData("{join, p, g, P}")]
    [InlineData("{leave, P, P, g}")]
    [InlineData("{leave, P, a, [g]}")]
    [InlineData("{leave, P, P, [g|h]}")]
    [InlineData("{update, P, [{g, [P]}]}")]
    [InlineData("{update, P, [{g, P, []}|x]}")]
    [InlineData("{update, P, [{g, [], a}]}")]
    public void Anything_else_is_no_message_of_a_scope(string text) => Assert.Null(Read(text));

    private static Pid Pid(uint id) => new(new Atom("a@b"), id, 0, 1);

    private static PgEvent? Read(string text) =>
        PgMessages.Read(
            Replace(ErlangText.Parse(text.Replace("P", "'P_'", StringComparison.Ordinal)), new Atom("P_"), Self));

    private static string Shown(Term message, Term instead) => Replace(message, Self, instead).ToString();

    // Pids have no text that a parser would take: P stands for one.
    private static Term Replace(Term term, Term what, Term by)
    {
        if (term == what)
            return by;
        if (term.IsTuple)
            return Term.Tuple([.. term.TupleElements.ToArray().Select(element => Replace(element, what, by))]);
        if (term.AsMap is { } map)
            return Term.Map([.. map.Select(pair => KeyValuePair.Create(Replace(pair.Key, what, by), Replace(pair.Value, what, by)))]);
        return term.AsList is { Count: > 0 } list
            ? Term.ListWithTail([.. list.Select(element => Replace(element, what, by))], Replace(list.Tail, what, by))
            : term;
    }
}
