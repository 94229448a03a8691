using Enmesh.TestSupport;
using FsCheck;
using FsCheck.Fluent;

namespace Enmesh.Terms.Tests;

/// <summary>Random terms for properties; what fails is made smaller by looking at its parts.</summary>
internal static class TermGenerators
{
    private const int MaxDepth = 5;

    internal static Arbitrary<Term> Terms { get; } = Arb.From(
        from seed in Gen.Choose(int.MinValue, int.MaxValue)
        from depth in Gen.Choose(0, MaxDepth)
        select new RandomTerms(seed).Next(depth),
        Parts);

    /// <summary>The same, with local funs among them.</summary>
    internal static Arbitrary<Term> TermsWithFuns { get; } = Arb.From(
        from seed in Gen.Choose(int.MinValue, int.MaxValue)
        from depth in Gen.Choose(0, MaxDepth)
        select new RandomTerms(seed) { HasLocalFuns = true }.Next(depth),
        Parts);

    /// <summary>Three terms much alike, so that comparisons have to look deep.</summary>
    internal static Arbitrary<Term[]> Relatives { get; } = Arb.From(
        from seed in Gen.Choose(int.MinValue, int.MaxValue)
        from depth in Gen.Choose(0, MaxDepth)
        select MakeRelatives(new(seed) { HasLocalFuns = true }, depth),
        terms => terms.SelectMany(
            (term, i) => Parts(term).Select(part => (Term[])[.. terms[..i], part, .. terms[(i + 1)..]])));

    private static Term[] MakeRelatives(RandomTerms random, int depth)
    {
        var first = random.Next(depth);
        var second = random.Like(first);
        return [first, second, random.Like(second)];
    }

    private static IEnumerable<Term> Parts(Term term)
    {
        if (term.Kind == TermKind.Tuple)
        {
            foreach (var element in term.TupleElements.ToArray())
                yield return element;
        }
        else if (term.AsList is { } list)
        {
            foreach (var element in list)
                yield return element;
            if (!list.IsProper)
                yield return list.Tail;
        }
        else if (term.AsMap is { } map)
        {
            foreach (var (key, value) in map)
            {
                yield return key;
                yield return value;
                if (map.Count > 1)
                    yield return map.Without(key);
            }
        }
        else if (term.Record is { } record)
        {
            foreach (var (_, value) in record.Fields)
                yield return value;
        }
        else if (term.Fun is { } fun)
        {
            foreach (var value in fun.FreeVariables.ToArray())
                yield return value;
        }
    }
}
