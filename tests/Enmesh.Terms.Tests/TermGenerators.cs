using Enmesh.Testing;
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
    }
}
