using System.Numerics;
using Enmesh.Terms;
using Enmesh.Terms.Serialization;
using Xunit;

namespace Enmesh.Generators.Tests;

/// <summary>What is said of terms that are no value of the type wanted.</summary>
[Trait("Ring", "pure")]
public sealed class ValueErrorTests
{
    private static readonly SampleTerms Terms = SampleTerms.Default;

    [Fact]
    public void Numbers_out_of_range_are_refused()
    {
        Check.Refuses("$: expected an integer from 0 to 255, found the integer 256", 256, TermTypeInfos.Byte);
        Check.Refuses("$: expected an integer from 0 to 255, found the integer -1", -1, TermTypeInfos.Byte);
        Check.Refuses("$: expected an integer from -128 to 127, found the integer 128", 128, TermTypeInfos.SByte);
        Check.Refuses(
            "$: expected an integer from 0 to 18446744073709551615, found the integer -1", -1, TermTypeInfos.UInt64);
        Check.Refuses(
            "$: expected an integer from 0 to 18446744073709551615, found the integer 18446744073709551616",
            BigInteger.Pow(2, 64),
            TermTypeInfos.UInt64);
        Check.Refuses(
            "$: expected an integer from -9223372036854775808 to 9223372036854775807, found the integer 9223372036854775808",
            BigInteger.Pow(2, 63),
            TermTypeInfos.Int64);
        Check.Refuses(
            "$: expected an integer from -170141183460469231731687303715884105728 to 170141183460469231731687303715884105727, "
            + "found the integer 340282366920938463463374607431768211456",
            BigInteger.Pow(2, 128),
            TermTypeInfos.Int128);
        Check.Refuses("$: expected a number that fits Single, found the float 1.0e300", 1e300, TermTypeInfos.Single);
        Check.Refuses("$: expected a character, an integer from 0 to 65535, found the integer 65536", 65536, TermTypeInfos.Char);
        Check.Refuses("$: expected an integer from 0 to 255, found the integer 300", 300, TermTypeInfos.EnumNumber<Level, byte>());
        Check.Refuses("$: expected an integer, found the float 1.0", 1.0, TermTypeInfos.BigInteger);
        Check.Refuses("$[1]: expected an integer from -128 to 127, found the integer 200", Term.ByteList(1, 200), TermTypeInfos.List(TermTypeInfos.SByte));
    }

    [Fact]
    public void Wrong_simple_values_are_refused()
    {
        const string Text = "text: a binary in UTF-8 or a charlist";
        Check.Refuses("$: expected true or false, found the atom yes", Check.Atom("yes"), TermTypeInfos.Boolean);
        Check.Refuses("$: expected true or false, found the integer 1", 1, TermTypeInfos.Boolean);
        Check.Refuses($"$: expected {Text}, found the atom abc", Check.Atom("abc"), TermTypeInfos.String());
        Check.Refuses($"$: expected {Text}, found the binary <<255>>, which is not UTF-8", Term.Binary(255), TermTypeInfos.String());
        Check.Refuses($"$: expected {Text}, found the list [97,b]", Term.List(97, Check.Atom("b")), TermTypeInfos.String());
        Check.Refuses($"$: expected {Text}, found the list [55296]", Term.List(0xD800), TermTypeInfos.String());
        Check.Refuses($"$: expected {Text}, found the binary <<15:4>>", new BitString(new byte[] { 0xF0 }, 4), TermTypeInfos.String());
        Check.Refuses("$: expected an atom, found []", Term.Nil, TermTypeInfos.String(TermFormat.Atom));
        Check.Refuses("$: expected an atom, found the integer 1", 1, TermTypeInfos.Atom);
        Check.Refuses("$: expected a pid, found the integer 1", 1, TermTypeInfos.Pid);
        Check.Refuses("$: expected a list, found the integer 1", 1, TermTypeInfos.ListTerm);
        Check.Refuses("$: expected a binary or a list of bytes, found the list [256]", Term.List(256), TermTypeInfos.ByteArray);
        Check.Refuses("$: expected a binary or a list of bytes, found the atom a", Check.Atom("a"), TermTypeInfos.Memory);
        Check.Refuses(
            "$: expected a GUID: a binary of 36 characters or of 16 bytes, found the binary <<\"x\">>", Check.Text("x"), TermTypeInfos.Guid());
        Check.Refuses(
            "$: expected one of the atoms new, in_transit, done (Status), found the atom lost", Check.Atom("lost"), Terms.Status);
        Check.Refuses("$: expected one of the atoms new, in_transit, done (Status), found the integer 1", 1, Terms.Status);
        Check.Refuses(
            "$[1]: expected one of the atoms none, read, write, both, run_as_root (Access), found the atom fly",
            Term.List(Check.Atom("read"), Check.Atom("fly")),
            Terms.Access);
    }

    [Fact]
    public void Impossible_times_are_refused()
    {
        const string Point = "a point in time: {{Y,M,D},{H,Mi,S}}, ISO 8601 text, %DateTime{}, %NaiveDateTime{} or a Unix time";
        var instant = TermTypeInfos.DateTimeOffset();
        Check.Refuses(
            $"$: expected {Point}, found the tuple {{{{2025,2,29}},{{0,0,0}}}}", Term.Tuple(Term.Tuple(2025, 2, 29), Term.Tuple(0, 0, 0)), instant);
        Check.Refuses(
            $"$: expected {Point}, found the tuple {{{{2025,1,1}},{{24,0,0}}}}", Term.Tuple(Term.Tuple(2025, 1, 1), Term.Tuple(24, 0, 0)), instant);
        Check.Refuses($"$: expected {Point}, found the binary <<\"tomorrow\">>", Check.Text("tomorrow"), instant);
        Check.Refuses($"$: expected {Point}, found the binary <<\"01/31/2025 10:00\">>", Check.Text("01/31/2025 10:00"), instant);
        Check.Refuses($"$: expected {Point}, found the map #{{}}", Check.Map(), instant);
        Check.Refuses($"$: expected {Point}, found the atom now", Check.Atom("now"), instant);
        Check.Refuses($"$: expected {Point}, found the integer 9223372036854775807", long.MaxValue, instant);
        Check.Refuses(
            "$: expected a date: {Y,M,D}, text such as <<\"2025-01-31\">> or %Date{}, found the tuple {2025,13,1}",
            Term.Tuple(2025, 13, 1),
            TermTypeInfos.DateOnly());
        Check.Refuses(
            "$: expected a time of day: {H,Mi,S}, text such as <<\"12:30:00\">> or %Time{}, found the tuple {1,2}",
            Term.Tuple(1, 2),
            TermTypeInfos.TimeOnly());
        Check.Refuses(
            "$: expected a whole number of milliseconds or the atom infinity, found the atom forever",
            Check.Atom("forever"),
            TermTypeInfos.TimeSpan());
        Check.Refuses(
            "$: expected a whole number of seconds or the atom infinity, of at most 10675199 days, found the integer 9223372036854775807",
            long.MaxValue,
            TermTypeInfos.TimeSpan(TermFormat.Seconds));
    }

    [Fact]
    public void Impossible_decimals_are_refused()
    {
        const string Expected = "a decimal: a binary such as <<\"12.50\">>, a number or %Decimal{}";
        Check.Refuses($"$: expected {Expected}, found the binary <<\"many\">>", Check.Text("many"), TermTypeInfos.Decimal());
        Check.Refuses($"$: expected {Expected}, found the float 1.0e300", 1e300, TermTypeInfos.Decimal());
        Check.Refuses($"$: expected {Expected}, found []", Term.Nil, TermTypeInfos.Decimal());
        var nan = Check.Map(("__struct__", Check.Atom("Elixir.Decimal")), ("sign", 1), ("coef", Check.Atom("NaN")), ("exp", 0));
        Check.Refuses(
            $"$: expected {Expected}, found the map #{{'__struct__' => 'Elixir.Decimal',coef => 'NaN',exp => 0,sign => 1}}",
            nan,
            TermTypeInfos.Decimal());
        var wide = Check.Map(("__struct__", Check.Atom("Elixir.Decimal")), ("sign", 1), ("coef", 1), ("exp", 1_000_000_000));
        Check.Refuses(
            "$: expected a decimal of at most 28 digits, found the map #{'__struct__' => 'Elixir.Decimal',coef => 1,exp => 1000000000,sign => 1}",
            wide,
            TermTypeInfos.Decimal());
    }

    [Fact]
    public void Wrong_collections_are_refused()
    {
        Check.Refuses("$: expected a list, found the map #{}", Check.Map(), Terms.ListOrder);
        Check.Refuses(
            "$: expected a list, found the improper list [1|2]", Term.ListWithTail([1], 2), TermTypeInfos.List(TermTypeInfos.Int32));
        Check.Refuses("$: expected a map, found []", Term.Nil, Terms.DictionaryPointStatus);
        Check.Refuses(
            "$.key(0): expected the tuple {X, Y}, found the integer 1", Term.Map((1, Check.Atom("new"))), Terms.DictionaryPointStatus);
        Check.Refuses(
            "$.key(0).y: expected an integer from -2147483648 to 2147483647, found the atom a",
            Term.Map((Term.Tuple(1, Check.Atom("a")), Check.Atom("new"))),
            Terms.DictionaryPointStatus);
        Check.Refuses(
            "$[Point { X = 1, Y = 2 }]: expected one of the atoms new, in_transit, done (Status), found the integer 5",
            Term.Map((Term.Tuple(1, 2), 5)),
            Terms.DictionaryPointStatus);
        var byText = TermTypeInfos.Dictionary<Dictionary<string, int>, string, int>(TermTypeInfos.String(), TermTypeInfos.Int32, d => d);
        Check.Refuses(
            "$: two keys are the same in C#, in the map #{\"a\" => 2,<<\"a\">> => 1}",
            Term.Map((Check.Text("a"), 1), (Term.CharList("a"), 2)),
            byText);
        Check.Refuses("$: expected the tuple {X, Y}, found the tuple {1}", Term.Tuple(1), Terms.Point);
        Check.Refuses("$: expected a map (Order), found the integer 1", 1, Terms.Order);
    }

    [Fact]
    public void Wrong_property_lists_are_refused()
    {
        Check.Refuses("$: expected a property list (Settings), found the atom verbose", Check.Atom("verbose"), Terms.Settings);
        Check.Refuses(
            "$[1]: expected a property, {Key, Value} or an atom, found the tuple {a,b,c}",
            Term.List(Check.Atom("verbose"), Term.Tuple(Check.Atom("a"), Check.Atom("b"), Check.Atom("c"))),
            Terms.Settings);
        Check.Refuses(
            "$[0]: expected a property, {Key, Value} or an atom, found the integer 1", Term.List(1), Terms.Settings);
        Check.Refuses(
            "$: missing key 'verbose' of Settings, found the list [{host,<<\"a\">>}]",
            Term.List(Term.Tuple(Check.Atom("host"), Check.Text("a"))),
            Terms.Settings);
        Check.Refuses(
            "$.retries: expected an integer from -2147483648 to 2147483647, found the atom true",
            Term.List(Check.Atom("verbose"), Check.Atom("retries")),
            Terms.Settings);
    }

    [Fact]
    public void Formats_that_do_not_fit_are_refused()
    {
        Assert.Throws<ArgumentException>(() => TermTypeInfos.String(TermFormat.Seconds));
        Assert.Throws<ArgumentException>(() => TermTypeInfos.DateTime(TermFormat.Charlist));
    }
}
