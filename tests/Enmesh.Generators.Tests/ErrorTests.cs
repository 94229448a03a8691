using Enmesh.Terms;
using Enmesh.Terms.External;
using Enmesh.Terms.Serialization;
using Xunit;

namespace Enmesh.Generators.Tests;

[Trait("Ring", "pure")]
public sealed class ErrorTests
{
    private static readonly SampleTerms Terms = SampleTerms.Default;

    [Fact]
    public void The_path_leads_to_the_value_that_is_wrong()
    {
        var good = Check.Map(("sku", Check.Text("A")), ("price", 1.0));
        var bad = Check.Map(("sku", Check.Text("B")), ("price", Check.Text("dear")));
        var order = Check.Map(("id", 1), ("items", Term.List(good, good, good, bad)), ("status", Check.Atom("new")));
        Check.Refuses("$.items[3].price: expected a number, found the binary <<\"dear\">>", order, Terms.Order);
        Check.Refuses(
            "$[1].items[3].price: expected a number, found the binary <<\"dear\">>",
            Term.List(Check.Map(("id", 1), ("items", Term.Nil), ("status", Check.Atom("new"))), order),
            Terms.ListOrder);
        var exception = Assert.Throws<TermSerializationException>(() => TermSerializer.FromTerm(order, Terms.Order));
        Assert.Equal("$.items[3].price", exception.Path);
    }

    [Fact]
    public void Missing_members_are_named() => Check.Refuses(
        "$: missing keys 'items', 'status' of Order, found the map #{id => 1}", Check.Map(("id", 1)), Terms.Order);

    [Fact]
    public void A_missing_member_further_in_is_found_at_its_place() => Check.Refuses(
        "$.items[0]: missing key 'price' of OrderLine, found the map #{sku => <<\"A\">>}",
        Check.Map(("id", 1), ("items", Term.List(Check.Map(("sku", Check.Text("A"))))), ("status", Check.Atom("new"))),
        Terms.Order);

    [Fact]
    public void Unknown_keys_are_refused_where_asked()
    {
        var strict = Term.Map((Check.Text("id"), 1), (Check.Text("displayName"), Check.Text("x")), (Check.Text("more"), 2));
        Check.Refuses("$: unknown key <<\"more\">>; Strict has 'id', 'displayName'", strict, Terms.Strict);
        Check.Refuses(
            "$: unknown key 17; Strict has 'id', 'displayName'",
            Term.Map((Check.Text("id"), 1), (17, 2)),
            Terms.Strict);
        Check.Refuses(
            "$: unknown key unit; Order has 'id', 'items', 'status', 'note', 'paid'",
            Check.Map(("unit", 1)),
            OtherTerms.Default.Order);
    }

    [Fact]
    public void A_key_that_stands_twice_is_refused() => Check.Refuses(
        "$: the key 'x' stands twice, as an atom and as a binary, in #{x => 1,<<\"x\">> => 2}",
        Term.Map((Check.Atom("x"), 1), (Check.Text("x"), 2)),
        OneKeyTerms.Default.OneKey);

    [Fact]
    public void Unknown_tags_come_with_the_known_ones()
    {
        const string Known = "{deposit, Amount}, {withdraw, Amount, Reason}, {withdraw, Account, Reason, Force}, close_account (Payment)";
        Check.Refuses(
            $"$: unknown tag 'transfer' in {{transfer,1}}; expected one of {Known}",
            Term.Tuple(Check.Atom("transfer"), 1),
            Terms.Payment);
        Check.Refuses($"$: unknown tag 'stop' in stop; expected one of {Known}", Check.Atom("stop"), Terms.Payment);
        Check.Refuses(
            $"$: expected one of {Known}, found the tuple {{deposit,1,2}}", Term.Tuple(Check.Atom("deposit"), 1, 2), Terms.Payment);
        Check.Refuses($"$: expected one of {Known}, found the integer 5", 5, Terms.Payment);
        Check.Refuses($"$: expected one of {Known}, found the tuple {{}}", Term.Tuple(), Terms.Payment);
        Check.Refuses(
            "$.amount: expected an integer from -2147483648 to 2147483647, found the atom five",
            Term.Tuple(Check.Atom("deposit"), Check.Atom("five")),
            Terms.Payment);
        Check.Refuses(
            "$: expected the tuple {deposit, Amount}, found the tuple {withdraw,5}",
            Term.Tuple(Check.Atom("withdraw"), 5),
            Terms.Deposit);
    }

    [Fact]
    public void Other_structs_are_refused()
    {
        Check.Refuses(
            "$: expected the Elixir struct %Shop.User{}, found the map #{'__struct__' => 'Elixir.Shop.Admin'}",
            Check.Map(("__struct__", Check.Atom("Elixir.Shop.Admin"))),
            Terms.User);
        Check.Refuses(
            "$: expected the Elixir struct %Shop.User{}, found the map #{name => <<\"A\">>}",
            Check.Map(("name", Check.Text("A"))),
            Terms.User);
        Check.Refuses(
            "$: expected one of %Draw.Circle{}, %Draw.Square{} (IDrawing), found the map #{}",
            Check.Map(),
            Terms.Drawing);
        Check.Refuses(
            "$: expected one of %Draw.Circle{}, %Draw.Square{} (IDrawing), found the map #{1 => 2,'__struct__' => 'Elixir.Draw.Line'}",
            Term.Map((Check.Atom("__struct__"), Check.Atom("Elixir.Draw.Line")), (1, 2)),
            Terms.Drawing);
    }

    [Fact]
    public void What_a_type_itself_refuses_is_said_with_its_place()
    {
        Check.Refuses(
            "$: Percent refused the value: value ('101') must be less than or equal to '100'. (Parameter 'value')\nActual value was 101.",
            Check.Map(("value", 101)),
            Terms.Percent);
        Check.Refuses(
            "$.parts[1]: expected an amount such as <<\"5 EUR\">>, found 5",
            Check.Map(("total", Check.Text("1 EUR")), ("parts", Term.List(Check.Text("1 EUR"), 5)), ("paid", true), ("sent", true)),
            Terms.Invoice);
        Check.Refuses(
            "$.total: Money refused the value: The input string 'x' was not in a correct format.",
            Check.Map(("total", Check.Text("x EUR"))),
            Terms.Invoice);
    }

    [Fact]
    public void Null_where_none_is_declared_is_refused_both_ways()
    {
        const string Text = "text: a binary in UTF-8 or a charlist";
        Check.Refuses(
            $"$.items[0].sku: expected {Text}, found the atom undefined",
            Check.Map(("id", 1), ("items", Term.List(Check.Map(("sku", Atoms.Undefined)))), ("status", Check.Atom("new"))),
            Terms.Order);
        Check.CannotWrite(
            "$.items[0].sku: the value is null; declare it string? if that is meant",
            new Order(1, [new OrderLine(null!, 1)], Status.New, null),
            Terms.Order);
        Check.CannotWrite(
            "$.items[0]: the value is null; declare it OrderLine? if that is meant",
            new Order(1, [null!], Status.New, null),
            Terms.Order);
        Check.CannotWrite("$: the value is null; declare it Payment? if that is meant", null!, Terms.Payment);
        Check.CannotWrite("$: the value is null; declare it Order? if that is meant", null!, Terms.Order);
        Check.Refuses(
            "$[1]: expected the tuple {Name}, found the atom nil",
            Term.List(Term.Tuple(Check.Text("a")), Atoms.ElixirNil),
            OneKeyTerms.Default.ListName);
    }

    [Fact]
    public void Values_without_a_term_cannot_be_written()
    {
        Check.CannotWrite("$: NaN has no term: an Erlang float is finite", double.NaN, TermTypeInfos.Double);
        Check.CannotWrite("$: Infinity has no term: an Erlang float is finite", double.PositiveInfinity, TermTypeInfos.Double);
        Check.CannotWrite("$: 99 is no named value of Status", (Status)99, Terms.Status);
        Check.CannotWrite("$: 8 has bits without a name in Access", (Access)8, Terms.Access);
        Check.CannotWrite("$: the result is the default value, neither ok nor error", default, TermTypeInfos.Result(TermTypeInfos.Atom));
        Check.CannotWrite("$.typed: the result is the default value, neither ok nor error", new Answers(default, Result.Done<Atom>()), Terms.Answers);
        Check.CannotWrite("$: Ellipse is no case of IDrawing", new Ellipse(), Terms.Drawing);
        Check.CannotWrite(
            "$: the text is no atom: An atom has at most 255 characters. (Parameter 'text')",
            new string('a', 256),
            TermTypeInfos.String(TermFormat.Atom));
    }

    [Fact]
    public void Keys_that_differ_only_in_CSharp_cannot_be_written()
    {
        var info = TermTypeInfos.Dictionary<Dictionary<DateTime, int>, DateTime, int>(
            TermTypeInfos.DateTime(), TermTypeInfos.Int32, values => values);
        var at = new DateTime(2025, 1, 31, 0, 0, 0, DateTimeKind.Utc);
        Check.Is("#{{{2025,1,31},{0,0,0}} => 1}", new() { [at] = 1 }, info);
        Check.CannotWrite("$: two keys are the same term, {{2025,1,31},{0,0,0}}", new() { [at] = 1, [at.AddTicks(1)] = 2 }, info);
        var set = TermTypeInfos.Set<HashSet<DateTime>, DateTime>(TermTypeInfos.DateTime(), items => [.. items], TermFormat.ErlangSet);
        Check.CannotWrite("$: two keys are the same term, {{2025,1,31},{0,0,0}}", [at, at.AddTicks(1)], set);
    }

    [Fact]
    public void What_was_found_is_cut_short()
    {
        var message = Assert.Throws<TermSerializationException>(() =>
            TermSerializer.FromTerm(Term.List([.. Enumerable.Repeat<Term>(5_000_000, 1_000_000)]), Terms.Order)).Message;
        Assert.StartsWith("$: expected a map (Order), found the list [5000000,5000000,", message, StringComparison.Ordinal);
        Assert.InRange(message.Length, 100, 250);
    }

    [Fact]
    public void Depth_is_bounded_both_ways()
    {
        Tree? tree = null;
        for (var i = 0; i < TermSerializer.MaxDepth / 2; i++)
            tree = new Tree(i, tree is null ? null : [tree]);
        Assert.Equal(TermSerializer.ToTerm(tree!, Terms.Tree), ExternalTermFormat.Decode(TermSerializer.Encode(tree!, Terms.Tree)));
        Check.Reads(TermSerializer.ToTerm(tree!, Terms.Tree), Terms.Tree, read => Assert.Equal(tree!.Value, read.Value));

        var term = Check.Map(("value", 0));
        for (var i = 0; i < 100_000; i++)
            term = Check.Map(("value", i), ("children", Term.List(term)));
        var tooDeep = Assert.Throws<TermSerializationException>(() => TermSerializer.FromTerm(term, Terms.Tree));
        Assert.EndsWith(
            "]: more than 256 tuples, lists and maps are inside one another; read such terms as Enmesh.Terms.Term",
            tooDeep.Message,
            StringComparison.Ordinal);
        for (var i = 0; i < TermSerializer.MaxDepth; i++)
            tree = new Tree(i, [tree!]);
        Assert.Throws<TermSerializationException>(() => TermSerializer.Encode(tree!, Terms.Tree));
        Assert.Throws<TermSerializationException>(() => TermSerializer.ToTerm(tree!, Terms.Tree));
    }

    [Fact]
    public void A_converter_that_calls_the_serializer_for_itself_does_not_overflow_the_stack()
    {
        Term term = Term.Nil;
        for (var i = 0; i < 1_000_000; i++)
            term = Term.Tuple(term);
        var exception = Assert.Throws<TermSerializationException>(() => TermSerializer.FromTerm(term, new NestConverter()));
        Assert.Contains("more than 256 tuples", exception.Message, StringComparison.Ordinal);
    }

    private sealed class NestConverter : TermConverter<int>
    {
        public override Term ToTerm(int value) => value;

        public override int FromTerm(Term term) => term.IsNil ? 0 : 1 + TermSerializer.FromTerm(term.TupleElements[0], this);
    }

    [Fact]
    public void Bytes_after_the_term_are_refused()
    {
        byte[] bytes = [131, 97, 1, 97];
        var exception = Assert.Throws<TermFormatException>(() => TermSerializer.Decode(bytes, TermTypeInfos.Int32));
        Assert.Equal(3, exception.Offset);
    }

    [Fact]
    public void Results_say_what_they_are_not()
    {
        Result<int, string> ok = 5, error = Result.Error("no"), neither = default;
        Assert.Equal((5, "no"), (ok.Value, error.Error));
        Assert.True(ok.TryGetValue(out var value, out _));
        Assert.False(error.TryGetValue(out _, out var reason));
        Assert.Equal((5, "no"), (value, reason));
        Assert.Equal("This result is not ok: it is error.", Assert.Throws<InvalidOperationException>(() => error.Value).Message);
        Assert.Equal("This result is not error: it is ok.", Assert.Throws<InvalidOperationException>(() => ok.Error).Message);
        Assert.Throws<InvalidOperationException>(() => neither.TryGetValue(out _, out _));
        Assert.Equal(["{ok, 5}", "{error, no}", "neither ok nor error"], [$"{ok}", $"{error}", $"{neither}"]);
        Assert.True(ok == (Result<int, string>)5 && ok != error && error.IsError && !error.IsOk);
        var done = Result.Done<string>();
        Result<string> failed = Result.Error("no");
        Assert.Equal(["ok", "{error, no}"], [$"{done}", $"{failed}"]);
        Assert.True(done != failed && done == Result.Done<string>() && failed.Error == "no");
        Assert.Equal("This result is not error: it is ok.", Assert.Throws<InvalidOperationException>(() => done.Error).Message);
    }
}

public sealed record OneKey(int X);

[ErlangTuple]
public sealed record Name([TermName("name")] string Text);

public sealed record Ellipse : IDrawing;

[TermSerializable(typeof(OneKey))]
[TermSerializable(typeof(List<Name>))]
internal sealed partial class OneKeyTerms : TermSerializerContext;
