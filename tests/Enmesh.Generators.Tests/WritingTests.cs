using System.Collections.Frozen;
using System.Collections.Immutable;
using System.Numerics;
using Enmesh.Terms;
using Enmesh.Terms.Serialization;
using Xunit;

namespace Enmesh.Generators.Tests;

[Trait("Ring", "pure")]
public sealed class WritingTests
{
    private static readonly SampleTerms Terms = SampleTerms.Default;

    [Fact]
    public void A_record_is_a_map_with_snake_case_atoms_for_keys()
    {
        var order = new Order(7, [new OrderLine("A1", 2.5), new OrderLine("ä", 1)], Status.InTransit, null) { Paid = true };
        Check.Is(
            "#{id => 7,items => [#{sku => <<\"A1\">>,price => 2.5},#{sku => <<\"ä\"/utf8>>,price => 1.0}],"
            + "status => in_transit,note => undefined,paid => true}",
            order,
            Terms.Order);
    }

    [Fact]
    public void Options_of_the_context_change_null_names_keys_and_text()
    {
        var order = new Order(7, [new OrderLine("A1", 2.5)], Status.Delivered, null);
        Check.Is(
            "#{<<\"id\">> => 7,<<\"items\">> => [#{<<\"sku\">> => \"A1\",<<\"price\">> => 2.5}],"
            + "<<\"status\">> => done,<<\"paid\">> => false}",
            order,
            OtherTerms.Default.Order);
        Check.Is("nil", null, TermTypeInfos.Nullable(TermTypeInfos.Int32, NullAtom.Nil));
    }

    [Fact]
    public void Enums_are_atoms_lists_of_atoms_or_numbers()
    {
        Check.Is("new", Status.New, Terms.Status);
        Check.Is("in_transit", Status.InTransit, Terms.Status);
        Check.Is("done", Status.Delivered, Terms.Status);
        Check.Is("[]", Access.None, Terms.Access);
        Check.Is("[read,run_as_root]", Access.Read | Access.RunAsRoot, Terms.Access);
        Check.Is("[read,write]", Access.Both, Terms.Access);
        Check.Is("high", Level.High, Terms.NullableLevel);
        Check.Is("undefined", null, Terms.NullableLevel);
        Check.Is("200", Level.High, TermTypeInfos.EnumNumber<Level, byte>());
    }

    [Fact]
    public void Tagged_records_are_tagged_tuples_and_bare_atoms()
    {
        Check.Is("{deposit,5}", new Payment.Deposit(5), Terms.Deposit);
        Check.Is("{deposit,5}", new Payment.Deposit(5), Terms.Payment);
        Check.Is("{withdraw,5,<<\"rent\">>}", new Payment.Withdraw(5, "rent"), Terms.Payment);
        Check.Is("{withdraw,<<\"a\">>,<<\"b\">>,true}", new Payment.WithdrawAll("a", "b", true), Terms.Payment);
        Check.Is("close_account", new Payment.CloseAccount(), Terms.Payment);
    }

    [Fact]
    public void A_base_that_is_a_case_of_its_own_union_is_written_as_what_it_is()
    {
        Check.Is("{animal,<<\"Rex\">>}", new Animal("Rex"), Terms.Animal);
        Check.Is("{dog,<<\"Rex\">>,3}", new Animal.Dog("Rex", 3), Terms.Animal);
    }

    [Fact]
    public void Elixir_structs_have_their_module_and_all_their_keys()
    {
        Check.Is(
            "#{'__struct__' => 'Elixir.Shop.User',name => <<\"Ann\">>,age => 18,email => undefined}",
            new User { Name = "Ann" },
            Terms.User);
        Check.Is("#{'__struct__' => 'Elixir.Draw.Circle',radius => 2.0}", new Circle(2), Terms.Drawing);
        Check.Is(
            "#{'__struct__' => 'Elixir.Draw.Square',side => 1.5,label => undefined}", new Square(1.5, null), Terms.Drawing);
    }

    [Fact]
    public void Tuples_proplists_and_maps_with_binary_keys_are_chosen_by_attribute()
    {
        Check.Is("{1,-2}", new Point(1, -2), Terms.Point);
        Check.Is("[{verbose,true},{retries,3},{host,<<\"a\">>}]", new Settings(true, 3, "a"), Terms.Settings);
        Check.Is("[{verbose,false},{host,<<\"localhost\">>}]", new Settings(false, null), Terms.Settings);
        Check.Is("#{<<\"id\">> => 1,<<\"displayName\">> => <<\"x\">>}", new Strict(1, "x"), Terms.Strict);
    }

    [Fact]
    public void Recursive_and_generic_types_are_written()
    {
        Check.Is(
            "#{value => 1,children => [#{value => 2,children => undefined},#{value => 3,children => []}]}",
            new Tree(1, [new Tree(2), new Tree(3, [])]),
            Terms.Tree);
        Check.Is("#{items => [<<\"a\">>],first => undefined}", new Page<string>(["a"], null), Terms.PageString);
    }

    [Fact]
    public void Numbers_of_every_size_are_integers_and_floats()
    {
        var least = new Numbers(
            0, sbyte.MinValue, short.MinValue, 0, int.MinValue, 0, long.MinValue, 0, Int128.MinValue, 0,
            -BigInteger.Pow(2, 200), float.MinValue, double.MinValue, '\0');
        var greatest = new Numbers(
            255, 127, short.MaxValue, ushort.MaxValue, int.MaxValue, uint.MaxValue, long.MaxValue, ulong.MaxValue,
            Int128.MaxValue, UInt128.MaxValue, BigInteger.Pow(2, 200), 0.5f, double.Epsilon, 'ä');
        Check.Is(
            "#{a => 0,b => -128,c => -32768,d => 0,e => -2147483648,f => 0,g => -9223372036854775808,h => 0,"
            + "i => -170141183460469231731687303715884105728,j => 0,"
            + "k => -1606938044258990275541962092341162602522202993782792835301376,"
            + "l => -3.4028234663852886e38,m => -1.7976931348623157e308,n => 0}",
            least,
            Terms.Numbers);
        Check.Is(
            "#{a => 255,b => 127,c => 32767,d => 65535,e => 2147483647,f => 4294967295,g => 9223372036854775807,"
            + "h => 18446744073709551615,i => 170141183460469231731687303715884105727,"
            + "j => 340282366920938463463374607431768211455,"
            + "k => 1606938044258990275541962092341162602522202993782792835301376,l => 0.5,m => 5.0e-324,n => 228}",
            greatest,
            Terms.Numbers);
    }

    [Fact]
    public void Text_bytes_and_guids_are_binaries_unless_told_otherwise()
    {
        var id = new Guid("00112233-4455-6677-8899-aabbccddeeff");
        var texts = new Texts("häß", "häß", "größe", ["a", "kočka", ""], id, id, [1, 255], new byte[] { 7 }, 12.50m, -0.125m);
        Check.Is(
            "#{plain => <<\"häß\"/utf8>>,chars => \"häß\",name => größe,many => [\"a\",\"kočka\",[]],"
            + "id => <<\"00112233-4455-6677-8899-aabbccddeeff\">>,raw => <<0,17,34,51,68,85,102,119,136,153,170,187,204,221,238,255>>,"
            + "bytes => <<1,255>>,memory => <<7>>,price => <<\"12.50\">>,"
            + "elixir_price => #{'__struct__' => 'Elixir.Decimal',sign => -1,coef => 125,exp => -3}}",
            texts,
            Terms.Texts);
    }

    [Fact]
    public void Times_are_written_in_the_chosen_form_in_UTC()
    {
        var at = new DateTimeOffset(2025, 1, 31, 14, 30, 15, 250, TimeSpan.FromHours(2));
        var times = new Times(
            at.UtcDateTime, at, at, at.UtcDateTime, at, at, new DateOnly(2025, 1, 31), new TimeOnly(12, 30, 15),
            TimeSpan.FromSeconds(1.5), Timeout.InfiniteTimeSpan);
        const string Calendar = "calendar => 'Elixir.Calendar.ISO'";
        Check.Is(
            "#{at => {{2025,1,31},{12,30,15}},text => <<\"2025-01-31T12:30:15.25Z\">>,"
            + $"elixir => #{{'__struct__' => 'Elixir.DateTime',{Calendar},year => 2025,month => 1,day => 31,hour => 12,minute => 30,"
            + "second => 15,microsecond => {250000,6},time_zone => <<\"Etc/UTC\">>,zone_abbr => <<\"UTC\">>,utc_offset => 0,std_offset => 0},"
            + $"naive => #{{'__struct__' => 'Elixir.NaiveDateTime',{Calendar},year => 2025,month => 1,day => 31,hour => 12,minute => 30,"
            + "second => 15,microsecond => {250000,6}},seconds => 1738326615,milliseconds => 1738326615250,"
            + "date => {2025,1,31},time => {12,30,15},wait => 1500,wait_seconds => infinity}",
            times,
            Terms.Times);
    }

    [Fact]
    public void Collections_are_lists_maps_and_tuples()
    {
        var value = new Collections(
            [1, 1000],
            ["a", null],
            Enumerable.Range(1, 3).Where(n => n > 1),
            [5],
            ImmutableHashSet.Create(6),
            FrozenSet.ToFrozenSet([7]),
            new() { ["x"] = 1 },
            new SortedDictionary<string, int>(StringComparer.Ordinal) { ["y"] = 2 },
            new() { ["flag"] = true, ["n"] = 3 },
            (1, "r"),
            new("k", 9),
            [(new Atom("z"), 26)]);
        Check.Is(
            "#{array => [1,1000],strings => [<<\"a\">>,undefined],sequence => [2,3],set => [5],erlang_set => #{6 => []},"
            + "map_set => #{'__struct__' => 'Elixir.MapSet',map => #{7 => []}},map => #{<<\"x\">> => 1},atoms => #{y => 2},"
            + "options => [{flag,true},{n,3}],pair => {1,<<\"r\">>},entry => {<<\"k\">>,9},pairs => [{z,26}]}",
            value,
            Terms.Collections);
    }

    [Fact]
    public void Empty_collections_are_empty_lists_and_maps()
    {
        var value = new Collections(
            [], [], [], [], [], FrozenSet<int>.Empty, [], new Dictionary<string, int>(), [], (0, ""), new("", 0), []);
        Check.Is(
            "#{array => [],strings => [],sequence => [],set => [],erlang_set => #{},"
            + "map_set => #{'__struct__' => 'Elixir.MapSet',map => #{}},map => #{},atoms => #{},"
            + "options => [],pair => {0,<<>>},entry => {<<>>,0},pairs => []}",
            value,
            Terms.Collections);
    }

    [Fact]
    public void Terms_and_identifiers_pass_through()
    {
        var node = new Atom("a@b");
        var value = new Terms(
            Term.Tuple(1, 2.5),
            node,
            new Pid(node, 1, 2, 3),
            new Reference(node, 1, 2, 3, 4),
            new PortId(node, 5, 6),
            new FunTerm(new Atom("lists"), new Atom("map"), 2),
            Check.Map(("k", 1)).AsMap!,
            Term.ListWithTail([1], 2).AsList!.Value,
            new BitString(new byte[] { 0xF0 }, 4));
        var term = TermSerializer.ToTerm(value, Terms.AllTerms);
        Assert.Equal(term, Enmesh.Terms.External.ExternalTermFormat.Decode(TermSerializer.Encode(value, Terms.AllTerms)));
        Assert.Equal("fun lists:map/2", term.AsMap![Term.AtomOf("fun")].ToString());
        Assert.Equal("[1|2]", term.AsMap![Term.AtomOf("list")].ToString());
        Assert.Equal("<<15:4>>", term.AsMap![Term.AtomOf("bits")].ToString());
        Check.Reads(term, Terms.AllTerms, read => Assert.Equal(value, read));
    }

    [Fact]
    public void Converters_stand_on_types_members_and_contexts()
    {
        var invoice = new Invoice(new Money(5, "EUR"), [new Money(2.5m, "USD"), null], true, false);
        Check.Is(
            "#{total => <<\"5 EUR\">>,parts => [<<\"2.5 USD\">>,undefined],paid => yes,sent => false}", invoice, Terms.Invoice);
        Check.Is("<<\"5 EUR\">>", new Money(5, "EUR"), Terms.Money);
    }

    [Fact]
    public void Results_are_ok_and_error_tuples()
    {
        Check.Is("#{typed => {ok,5},bare => ok}", new Answers(5, Result.Done<Atom>()), Terms.Answers);
        Check.Is(
            "#{typed => {error,<<\"no\">>},bare => {error,enoent}}",
            new Answers(Result.Error("no"), Result.Error(new Atom("enoent"))),
            Terms.Answers);
    }

    [Fact]
    public void Keys_of_dictionaries_may_be_of_any_type()
    {
        var value = new Dictionary<Point, Status> { [new Point(1, 2)] = Status.New };
        Check.Is("#{{1,2} => new}", value, Terms.DictionaryPointStatus);
    }

    [Fact]
    public void A_context_finds_the_type_infos_it_was_asked_for()
    {
        Assert.Same(Terms.Order, Terms.GetTypeInfo(typeof(Order)));
        Assert.Same(Terms.NullableLevel, Terms.GetTypeInfo<Level?>());
        Assert.Null(Terms.GetTypeInfo(typeof(OrderLine)));
        var missing = Assert.Throws<InvalidOperationException>(() => Terms.GetTypeInfo<OrderLine>());
        Assert.Equal(
            "SampleTerms has no type info for Enmesh.Generators.Tests.OrderLine. Add [TermSerializable(typeof(OrderLine))] to it.",
            missing.Message);
    }
}
