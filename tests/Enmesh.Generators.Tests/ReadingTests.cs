using System.Numerics;
using Enmesh.Terms;
using Enmesh.Terms.Serialization;
using Xunit;

namespace Enmesh.Generators.Tests;

/// <summary>Bytes are those of term_to_binary/1 of Erlang/OTP 24, with Elixir 1.14.</summary>
[Trait("Ring", "pure")]
public sealed class ReadingTests
{
    private static readonly SampleTerms Terms = SampleTerms.Default;

    // %{id: 7, items: [%{sku: "A1", price: 2.5}], status: :in_transit, note: :undefined, paid: true}
    private const string OrderHex =
        "837400000005640002696461076400056974656D736C0000000174000000026400057072696365464004000000000000640003736B756D00000002"
        + "41316A6400046E6F7465640009756E646566696E6564640004706169646400047472756564000673746174757364000A696E5F7472616E736974";

    // [:verbose, {:retries, 3}, {:verbose, false}, {:host, "a.example"}]
    private const string SettingsHex =
        "836C00000004640007766572626F736568026400077265747269657361036802640007766572626F736564000566616C736568026400"
        + "04686F73746D00000009612E6578616D706C656A";

    // ~U[2025-01-31 12:30:15.500000Z]
    private const string DateTimeHex =
        "83740000000D64000A5F5F7374727563745F5F64000F456C697869722E4461746554696D6564000863616C656E646172640013456C697869722E43"
        + "616C656E6461722E49534F640003646179611F640004686F7572610C64000B6D6963726F7365636F6E646802620007A12061066400066D696E7574"
        + "65611E6400056D6F6E746861016400067365636F6E64610F64000A7374645F6F6666736574610064000974696D655F7A6F6E656D00000007457463"
        + "2F55544364000A7574635F6F666673657461006400047965617262000007E96400097A6F6E655F616262726D00000003555443";

    // %DateTime{..., 2025-07-01 14:00:00, time_zone: "Europe/Berlin", zone_abbr: "CEST", utc_offset: 3600, std_offset: 3600}
    private const string BerlinHex =
        "83740000000D64000A5F5F7374727563745F5F64000F456C697869722E4461746554696D6564000863616C656E646172640013456C697869722E43"
        + "616C656E6461722E49534F6400036461796101640004686F7572610E64000B6D6963726F7365636F6E646802610061006400066D696E7574656100"
        + "6400056D6F6E746861076400067365636F6E64610064000A7374645F6F66667365746200000E1064000974696D655F7A6F6E656D0000000D457572"
        + "6F70652F4265726C696E64000A7574635F6F66667365746200000E106400047965617262000007E96400097A6F6E655F616262726D000000044345"
        + "5354";

    // ~N[2025-01-31 12:30:15.500000]
    private const string NaiveHex =
        "83740000000964000A5F5F7374727563745F5F640014456C697869722E4E616976654461746554696D6564000863616C656E646172640013456C69"
        + "7869722E43616C656E6461722E49534F640003646179611F640004686F7572610C64000B6D6963726F7365636F6E646802620007A1206106640006"
        + "6D696E757465611E6400056D6F6E746861016400067365636F6E64610F6400047965617262000007E9";

    // ~D[2025-01-31] and ~T[12:30:15.250000]
    private const string DateHex =
        "83740000000564000A5F5F7374727563745F5F64000B456C697869722E4461746564000863616C656E646172640013456C697869722E43616C656E"
        + "6461722E49534F640003646179611F6400056D6F6E746861016400047965617262000007E9";

    private const string TimeHex =
        "83740000000664000A5F5F7374727563745F5F64000B456C697869722E54696D6564000863616C656E646172640013456C697869722E43616C656E"
        + "6461722E49534F640004686F7572610C64000B6D6963726F7365636F6E646802620003D09061066400066D696E757465611E6400067365636F6E64"
        + "610F";

    // MapSet.new([1, 2, 3])
    private const string MapSetHex =
        "83740000000364000A5F5F7374727563745F5F64000D456C697869722E4D61705365746400036D6170740000000361016A61026A61036A64000776"
        + "657273696F6E6102";

    [Fact]
    public void What_a_node_sends_is_read() => Check.ReadsHex(OrderHex, Terms.Order, order =>
    {
        Assert.Equal(7, order.Id);
        Assert.Equal([new OrderLine("A1", 2.5)], order.Items);
        Assert.Equal(Status.InTransit, order.Status);
        Assert.Null(order.Note);
        Assert.True(order.Paid);
    });

    [Fact]
    public void A_tagged_tuple_of_a_node_is_its_case() => // {withdraw, 5, <<"rent">>}
        Check.ReadsHex(
            "836803640008776974686472617761056D0000000472656E74",
            Terms.Payment,
            payment => Assert.Equal(new Payment.Withdraw(5, "rent"), payment));

    [Fact]
    public void A_property_list_takes_bare_atoms_for_true_and_the_first_of_equal_keys() =>
        Check.ReadsHex(SettingsHex, Terms.Settings, settings => Assert.Equal(new Settings(true, 3, "a.example"), settings));

    [Fact]
    public void Times_of_Elixir_and_Erlang_are_read_whatever_form_is_written()
    {
        var moment = new DateTimeOffset(2025, 1, 31, 12, 30, 15, 500, TimeSpan.Zero);
        foreach (var format in (TermFormat[])[TermFormat.DateTuple, TermFormat.Iso8601, TermFormat.UnixSeconds])
        {
            var info = TermTypeInfos.DateTimeOffset(format);
            Check.ReadsHex(DateTimeHex, info, read => Assert.Equal(moment, read));
            Check.ReadsHex(NaiveHex, info, read => Assert.Equal(moment, read));
            // {{2025,1,31},{12,30,15}}
            Check.ReadsHex(
                "836802680362000007E96101611F6803610C611E610F", info, read => Assert.Equal(moment.AddMilliseconds(-500), read));
            Check.Reads(Check.Text("2025-01-31T12:30:15.5Z"), info, read => Assert.Equal(moment, read));
            Check.Reads(Check.Text("2025-01-31T13:30:15.500000+01:00"), info, read => Assert.Equal(moment, read));
            Check.Reads(1738326615, info, read => Assert.Equal(moment.AddMilliseconds(-500), read));
        }
        Check.ReadsHex(DateTimeHex, TermTypeInfos.DateTime(), read => Assert.Equal((moment.UtcDateTime, DateTimeKind.Utc), (read, read.Kind)));
        Check.Reads(1738326615500, TermTypeInfos.DateTimeOffset(TermFormat.UnixMilliseconds), read => Assert.Equal(moment, read));
    }

    [Fact]
    public void An_offset_is_kept_where_CSharp_can() => Check.ReadsHex(BerlinHex, TermTypeInfos.DateTimeOffset(), read =>
    {
        Assert.Equal(new DateTime(2025, 7, 1, 14, 0, 0), read.DateTime);
        Assert.Equal(TimeSpan.FromHours(2), read.Offset);
    });

    [Fact]
    public void Dates_and_times_of_day_are_read()
    {
        Check.ReadsHex(DateHex, TermTypeInfos.DateOnly(), read => Assert.Equal(new DateOnly(2025, 1, 31), read));
        Check.ReadsHex(TimeHex, TermTypeInfos.TimeOnly(), read => Assert.Equal(new TimeOnly(12, 30, 15, 250), read));
        Check.Reads(Check.Text("2025-01-31"), TermTypeInfos.DateOnly(), read => Assert.Equal(new DateOnly(2025, 1, 31), read));
        Check.Reads(Check.Text("12:30:15.25"), TermTypeInfos.TimeOnly(), read => Assert.Equal(new TimeOnly(12, 30, 15, 250), read));
        Check.Is("<<\"2025-01-31\">>", new DateOnly(2025, 1, 31), TermTypeInfos.DateOnly(TermFormat.Iso8601));
        Check.Is("<<\"12:30:15.25\">>", new TimeOnly(12, 30, 15, 250), TermTypeInfos.TimeOnly(TermFormat.Iso8601));
        Check.Is("<<\"12:30:15\">>", new TimeOnly(12, 30, 15), TermTypeInfos.TimeOnly(TermFormat.Iso8601));
        Check.Is(
            "#{'__struct__' => 'Elixir.Date',calendar => 'Elixir.Calendar.ISO',year => 2025,month => 1,day => 31}",
            new DateOnly(2025, 1, 31),
            TermTypeInfos.DateOnly(TermFormat.ElixirStruct));
        Check.Is(
            "#{'__struct__' => 'Elixir.Time',calendar => 'Elixir.Calendar.ISO',hour => 1,minute => 2,second => 3,microsecond => {4000,6}}",
            new TimeOnly(1, 2, 3, 4),
            TermTypeInfos.TimeOnly(TermFormat.ElixirStruct));
    }

    [Fact]
    public void Sets_of_Elixir_and_Erlang_and_lists_are_sets()
    {
        var info = TermTypeInfos.Set<HashSet<int>, int>(TermTypeInfos.Int32, items => [.. items]);
        Check.ReadsHex(MapSetHex, info, read => Assert.Equal([1, 2, 3], read.Order()));
        Check.ReadsHex("83740000000361016A61026A61036A", info, read => Assert.Equal([1, 2, 3], read.Order())); // sets, version 2
        Check.ReadsHex("836B0003010203", info, read => Assert.Equal([1, 2, 3], read.Order())); // [1,2,3]
    }

    [Fact]
    public void Text_is_read_from_binaries_and_charlists()
    {
        Check.ReadsHex("836B000368E4DF", TermTypeInfos.String(), read => Assert.Equal("häß", read));
        Check.ReadsHex("836C00000005616B616F620000010D616B61616A", TermTypeInfos.String(), read => Assert.Equal("kočka", read));
        Check.ReadsHex("836A", TermTypeInfos.String(), read => Assert.Equal("", read));
        Check.Reads(Term.CharList("😀"), TermTypeInfos.String(), read => Assert.Equal("😀", read));
        Check.Reads(Check.Text("😀"), TermTypeInfos.String(TermFormat.Charlist), read => Assert.Equal("😀", read));
        Check.Reads(Check.Text("x"), TermTypeInfos.String(TermFormat.Atom), read => Assert.Equal("x", read));
        // größe as ATOM_EXT, in Latin-1
        Check.ReadsHex("836400056772F6DF65", TermTypeInfos.String(TermFormat.Atom), read => Assert.Equal("größe", read));
    }

    [Fact]
    public void Bytes_are_read_from_binaries_and_lists()
    {
        byte[] expected = [1, 2, 3];
        Check.ReadsHex("836B0003010203", TermTypeInfos.ByteArray, read => Assert.Equal(expected, read));
        Check.Reads(Term.Binary(1, 2, 3), TermTypeInfos.Memory, read => Assert.Equal(expected, read.ToArray()));
        Check.Reads(Term.List(1, 2, 3), TermTypeInfos.Memory, read => Assert.Equal(expected, read.ToArray()));
        var many = Enumerable.Repeat((byte)7, 70_000).ToArray();
        Check.Reads(Term.ByteList(many), TermTypeInfos.ByteArray, read => Assert.Equal(many, read));
        Check.Reads(Term.ByteList(many), TermTypeInfos.Array(TermTypeInfos.Int32), read => Assert.Equal(many.Select(b => (int)b), read));
    }

    [Fact]
    public void Numbers_are_read_from_what_is_exact()
    {
        Check.ReadsHex("836E1000FFFFFFFFFFFFFFFFFFFFFFFFFFFFFF7F", TermTypeInfos.Int128, read => Assert.Equal(Int128.MaxValue, read));
        Check.Reads(3, TermTypeInfos.Double, read => Assert.Equal(3.0, read));
        Check.Reads(BigInteger.Pow(10, 20), TermTypeInfos.Double, read => Assert.Equal(1e20, read));
        Check.Reads(3, TermTypeInfos.Decimal(), read => Assert.Equal(3m, read));
        Check.Reads(2.5, TermTypeInfos.Decimal(), read => Assert.Equal(2.5m, read));
        Check.Reads(Check.Text("1.5e3"), TermTypeInfos.Decimal(), read => Assert.Equal(1500m, read));
        var huge = BigInteger.Parse("79228162514264337593543950335");
        var whole = Check.Map(("__struct__", Check.Atom("Elixir.Decimal")), ("sign", -1), ("coef", huge * 1000), ("exp", -3));
        Check.Reads(whole, TermTypeInfos.Decimal(), read => Assert.Equal(decimal.MinValue, read));
        var scaled = Check.Map(("__struct__", Check.Atom("Elixir.Decimal")), ("sign", 1), ("coef", 125), ("exp", 2));
        Check.Reads(scaled, TermTypeInfos.Decimal(), read => Assert.Equal(12500m, read));
        Check.Is("<<\"79228162514264337593543950335\">>", decimal.MaxValue, TermTypeInfos.Decimal());
    }

    [Fact]
    public void Both_atoms_for_null_are_read()
    {
        var info = TermTypeInfos.NullableReference(TermTypeInfos.String());
        Check.Reads(Atoms.Undefined, info, Assert.Null);
        Check.Reads(Atoms.ElixirNil, info, Assert.Null);
        Check.Reads(Check.Text("undefined"), info, read => Assert.Equal("undefined", read));
    }

    [Fact]
    public void Keys_are_read_as_atoms_and_as_binaries_in_any_order()
    {
        Term[] names = [Check.Atom("sku"), Check.Text("sku")];
        foreach (var name in names)
        {
            var line = Term.Map((Check.Atom("extra"), 1), (name, Check.Text("A")), (17, 18), (Check.Text("price"), 1.5));
            var order = Check.Map(("status", Check.Atom("new")), ("items", Term.List(line)), ("id", 1));
            Check.Reads(order, Terms.Order, read => Assert.Equal([new OrderLine("A", 1.5)], read.Items));
        }
    }

    [Fact]
    public void A_missing_member_keeps_what_the_type_gives_it()
    {
        Check.Reads(Check.Map(("__struct__", Check.Atom("Elixir.Shop.User")), ("name", Check.Text("Ann"))), Terms.User, user =>
        {
            Assert.Equal(18, user.Age);
            Assert.Null(user.Email);
            Assert.Equal("none", user.Secret);
        });
        Check.Reads(Term.Map(ReadOnlySpan<(Term, Term)>.Empty), Terms.Mutable, read => Assert.Equal((7, 0), (read.Limit, read.Class)));
        Check.Reads(Check.Map(("limit", 8), ("class", 2)), Terms.Mutable, read => Assert.Equal((8, 2), (read.Limit, read.Class)));
        Check.Reads(Term.List(Check.Atom("verbose")), Terms.Settings, read => Assert.Equal(new Settings(true, null, "localhost"), read));
    }

    [Fact]
    public void An_ignored_property_and_unknown_keys_are_passed_over() => Check.Reads(
        Check.Map(("__struct__", Check.Atom("Elixir.Shop.User")), ("name", Check.Text("A")), ("secret", Check.Text("x")), ("more", Term.List(1, 2))),
        Terms.User,
        user => Assert.Equal("none", user.Secret));

    [Fact]
    public void A_tag_without_members_is_read_alone_and_in_a_tuple()
    {
        Check.Reads(Check.Atom("close_account"), Terms.Payment, read => Assert.IsType<Payment.CloseAccount>(read));
        Check.Reads(Term.Tuple(Check.Atom("close_account")), Terms.Payment, read => Assert.IsType<Payment.CloseAccount>(read));
        Check.Reads(Term.Tuple(Atoms.Ok), TermTypeInfos.Result(TermTypeInfos.Atom), read => Assert.True(read.IsOk));
    }

    [Fact]
    public void A_property_list_is_read_into_a_dictionary_with_bare_atoms_as_true()
    {
        var info = TermTypeInfos.Proplist<Dictionary<string, bool>, string, bool>(
            TermTypeInfos.String(TermFormat.Atom), TermTypeInfos.Boolean, items => items);
        var list = Term.List(Check.Atom("a"), Term.Tuple(Check.Atom("b"), false), Term.Tuple(Check.Atom("a"), false));
        Check.Reads(list, info, read => Assert.Equal([("a", true), ("b", false)], read.Select(p => (p.Key, p.Value)).Order()));
    }

    [Fact]
    public void Keys_of_a_dictionary_are_read_as_binaries_atoms_and_charlists()
    {
        var info = TermTypeInfos.Dictionary<Dictionary<string, int>, string, int>(TermTypeInfos.Key(), TermTypeInfos.Int32, d => d);
        Check.Reads(
            Term.Map((Check.Atom("a"), 1), (Check.Text("b"), 2), (Term.CharList("c"), 3)),
            info,
            read => Assert.Equal([("a", 1), ("b", 2), ("c", 3)], read.Select(p => (p.Key, p.Value)).Order()));
        Check.Refuses("$.key(0): expected a key: a binary in UTF-8, an atom or a charlist, found the integer 1", Term.Map((1, 1)), info);
    }

    [Fact]
    public void Flags_are_read_with_the_names_of_combinations() =>
        Check.Reads(Term.List(Check.Atom("both"), Check.Atom("run_as_root")), Terms.Access, read => Assert.Equal((Access)7, read));

    [Fact]
    public void One_value_is_read_out_of_a_larger_term()
    {
        var bytes = Enmesh.Terms.External.ExternalTermFormat.Encode(Term.Tuple(1, Term.Tuple(Check.Atom("deposit"), 5), 2));
        var reader = new Enmesh.Terms.External.TermReader(bytes);
        reader.ReadVersion();
        Assert.Equal(3, reader.ReadTupleHeader());
        Assert.Equal(1, reader.ReadInt64());
        Assert.Equal(new Payment.Deposit(5), TermSerializer.Read(ref reader, Terms.Payment));
        Assert.Equal(2, reader.ReadInt64());
        Assert.True(reader.IsAtEnd);
    }

    [Fact]
    public void Lists_of_small_numbers_come_as_bytes_and_are_lists_all_the_same()
    {
        Check.ReadsHex("836B0003010203", TermTypeInfos.List(TermTypeInfos.Int64), read => Assert.Equal([1L, 2, 3], read));
        Check.ReadsHex("836B0003010203", TermTypeInfos.List(TermTypeInfos.Term), read => Assert.Equal([(Term)1, 2, 3], read));
        Check.ReadsHex("836B0002010A", TermTypeInfos.List(TermTypeInfos.Nullable(TermTypeInfos.Double)), read => Assert.Equal([1.0, 10.0], read));
    }
}
