using System.Numerics;
using Enmesh.Terms.Order;
using Enmesh.TestSupport;
using FsCheck;
using FsCheck.Fluent;
using Xunit;

namespace Enmesh.Terms.Tests.Order;

[Trait("Ring", "pure")]
public sealed class TermOrderTests
{
    private static readonly Atom Node = new("a@h");

    [Fact]
    public void Kinds_are_ordered_as_in_Erlang()
    {
        // Sorted by lists:sort/1 of OTP 29.
        Term[] sorted =
        [
            1, Atoms.Ok, new Reference(Node, 1, 1, 2, 3), new FunTerm(new("lists"), new("map"), 2),
            new PortId(Node, 1, 1), new Pid(Node, 1, 1, 1),
            Term.EmptyTuple, Term.Tuple(1, 2),
            new RecordTerm(new("m1"), new("point"), true, [KeyValuePair.Create(new Atom("x"), (Term)1)]),
            MapTerm.Empty, Term.Map((Atoms.Ok, 1)), Term.Nil, Term.List(1), Term.Binary(),
        ];
        AssertSorted(sorted);
    }

    [Fact]
    public void Native_records_are_ordered_by_definition_first()
    {
        // Sorted by lists:sort/1 of OTP 29.
        AssertSorted(
        [
            Record("m0", "point", true, ("x", 5)),
            Record("m1", "apoint", true, ("x", 5)),
            Record("m1", "point", false, ("x", 1)),
            Record("m1", "point", false, ("x", 9), ("a", 0)),
            Record("m1", "point", true),
            Record("m1", "point", true, ("x", 1)),
            Record("m1", "point", true, ("y", 1)),
            Record("m1", "point", true, ("a", 0), ("x", 0)),
            Record("m1", "point", true, ("x", 0), ("a", 0)),
        ]);
    }

    [Fact]
    public void Numbers_compare_exactly_whatever_their_size()
    {
        var twoTo53 = 9007199254740992L;
        Assert.Equal(0, TermOrder.Compare(1, 1.0));
        Assert.True(TermOrder.AreEqual(0.0, -0.0));
        Assert.NotEqual<Term>(0.0, -0.0);
        Assert.NotEqual<Term>(1, 1.0);
        Assert.Equal(0, TermOrder.Compare(twoTo53, (double)twoTo53));
        Assert.True(TermOrder.Compare(twoTo53 + 1, (double)twoTo53) > 0);
        Assert.True(TermOrder.Compare((double)twoTo53, twoTo53 + 1) < 0);
        Assert.True(TermOrder.Compare(long.MaxValue, 9.2233720368547758e18) < 0);
        Assert.Equal(0, TermOrder.Compare(BigInteger.One << 63, 9.2233720368547758e18));
        Assert.True(TermOrder.Compare((BigInteger.One << 1000) + 1, Math.Pow(2, 1000)) > 0);
        Assert.True(TermOrder.Compare(-(BigInteger.One << 2000), double.MinValue) < 0);
        Assert.True(TermOrder.Compare(-1, -0.5) < 0);
        Assert.True(TermOrder.Compare(0, -0.5) > 0);
        Assert.True(TermOrder.Compare(ulong.MaxValue, long.MaxValue) > 0);
        Assert.True(TermOrder.Compare(-(BigInteger)ulong.MaxValue, long.MinValue) < 0);
    }

    [Fact]
    public void Maps_compare_by_size_then_keys_then_values()
    {
        AssertSorted(
        [
            Term.Map((9, 9)), // one pair
            Term.Map((1, 5), (2, 0)), // integers stand before floats among keys
            Term.Map((1, 5), (2, 1)),
            Term.Map((1, 6), (2, 0)),
            Term.Map((1, 0), (1.0, 0)),
            Term.Map((2, 0), (1.0, 0)),
        ]);
        Assert.Equal(0, TermOrder.Compare(Term.Map((1, 1), (2, 2)), Term.Map((2, 2.0), (1, 1.0))));
        Assert.NotEqual(0, TermOrder.Compare(Term.Map((1, 1)), Term.Map((1.0, 1))));
    }

    [Fact]
    public void Lists_compare_element_by_element_whatever_keeps_them()
    {
        Assert.Equal(0, TermOrder.Compare(Term.ByteList(1, 2), Term.List(1, 2)));
        Assert.Equal(0, TermOrder.Compare(Term.List(1.0, 2), Term.ByteList(1, 2)));
        AssertSorted(
        [
            Term.ByteList(1), Term.List(1, 1.5), Term.ByteList(1, 2), Term.List(1, 2, Atoms.Ok), Term.ByteList(2),
            Term.List(256), Term.List(Term.Nil),
        ]);
        // [1 | a] < [1] < [1, 1] < [1 | <<>>]: what follows the 1 decides, and [] and lists are greater than atoms.
        AssertSorted(
        [
            Term.ListWithTail([1], Atoms.Ok), Term.ByteList(1), Term.ByteList(1, 1), Term.List(1, Atoms.Ok),
            Term.ListWithTail([1], Term.Binary()),
        ]);
    }

    [Fact]
    public void Bit_strings_compare_bit_by_bit()
    {
        AssertSorted(
        [
            Term.Binary(), new BitString(new byte[] { 0x00 }, 1), Term.Binary(0),
            new BitString(new byte[] { 0x01, 0xFF }, 4), Term.Binary(1, 255),
            new BitString(new byte[] { 0x80 }, 1), Term.Binary(0x80),
        ]);
        Assert.Equal<Term>(new BitString(new byte[] { 0xA0 }, 3), new BitString(new byte[] { 0xBF }, 3));
    }

    [Fact]
    public void Order_turns_around_when_the_terms_do() => Prop.ForAll(TermGenerators.Relatives, terms =>
        Math.Sign(TermOrder.Compare(terms[0], terms[1])) == -Math.Sign(TermOrder.Compare(terms[1], terms[0]))
            && Math.Sign(TermOrder.CompareExactly(terms[0], terms[1])) == -Math
                .Sign(TermOrder.CompareExactly(terms[1], terms[0])))
        .Check(Config.QuickThrowOnFailure.WithMaxTest(RandomTests.Count(5_000)));

    [Fact]
    public void Order_is_transitive() => Prop.ForAll(TermGenerators.Relatives, terms =>
        IsTransitive(terms, TermOrder.Compare)
            && IsTransitive(terms, TermOrder.CompareExactly)).Check(
                Config.QuickThrowOnFailure.WithMaxTest(RandomTests.Count(5_000)));

    [Fact]
    public void Equal_terms_have_equal_hashes_and_compare_as_0() => Prop.ForAll(TermGenerators.Relatives, terms =>
    {
        var equal = terms[0] == terms[1];
        return equal == (TermOrder.CompareExactly(terms[0], terms[1]) == 0)
            && equal == (terms[1] == terms[0])
            && (!equal || (TermOrder.AreEqual(terms[0], terms[1]) && terms[0].GetHashCode() == terms[1].GetHashCode()));
    }).Check(Config.QuickThrowOnFailure.WithMaxTest(RandomTests.Count(10_000)));

    private static bool IsTransitive(Term[] terms, Comparison<Term> compare)
    {
        foreach (var a in terms)
        {
            foreach (var b in terms)
            {
                foreach (var c in terms)
                {
                    if (compare(a, b) <= 0 && compare(b, c) <= 0 && compare(a, c) > 0)
                        return false;
                }
            }
        }
        return true;
    }

    private static void AssertSorted(Term[] terms)
    {
        for (var i = 0; i < terms.Length; i++)
        {
            for (var j = 0; j < terms.Length; j++)
                Assert.True(
                    Math.Sign(TermOrder.Compare(terms[i], terms[j])) == i.CompareTo(j), $"{terms[i]} and {terms[j]}");
        }
    }

    private static Term Record(string module, string name, bool isExported, params (string Name, int Value)[] fields) =>
        new RecordTerm(
            new(module), new(name), isExported,
            [.. fields.Select(field => KeyValuePair.Create(new Atom(field.Name), (Term)field.Value))]);
}
