using Enmesh.Shell.Syntax;
using Enmesh.Terms;
using Enmesh.Terms.Text;

namespace Enmesh.Shell;

// Comprehensions: generators within generators, and what becomes of each combination.
internal sealed partial class Evaluator
{
    private async ValueTask<Term> ComprehendAsync(Comprehension comprehension, Bindings bindings)
    {
        var results = new List<Term>();
        var pairs = new Dictionary<Term, Term>();
        var bits = new SegmentWriter();
        var type = default(SegmentType);
        type.TrySet("bitstring");
        await GenerateAsync(comprehension, 0, bindings, async inner =>
        {
            var value = await EvaluateAsync(comprehension.Template[0], inner).ConfigureAwait(false);
            switch (comprehension.Kind)
            {
                case ComprehensionKind.List:
                    results.Add(value);
                    break;
                case ComprehensionKind.Map:
                    pairs[value] = await EvaluateAsync(comprehension.Template[1], inner).ConfigureAwait(false);
                    break;
                default:
                    if (bits.Write(type, value, null, Limits.MaxBytes * 8L) is not null)
                        throw value.BitString is null ? Failures.Of("badarg", value) : Failures.Of(Failures.SystemLimit);
                    break;
            }
            if (results.Count > Limits.MaxElements || pairs.Count > Limits.MaxElements)
                throw Failures.Of(Failures.SystemLimit);
        }).ConfigureAwait(false);
        return comprehension.Kind switch
        {
            ComprehensionKind.List => Term.List([.. results]),
            ComprehensionKind.Map => Construction.Map(pairs),
            _ => bits.ToTerm(),
        };
    }

    private async ValueTask GenerateAsync(
        Comprehension comprehension, int index, Bindings bindings, Func<Bindings, ValueTask> take)
    {
        if (index == comprehension.Qualifiers.Length)
        {
            await take(bindings).ConfigureAwait(false);
            return;
        }
        var qualifier = comprehension.Qualifiers[index];
        if (qualifier.Pattern is null)
        {
            if (await PassesAsync(qualifier.Source, bindings).ConfigureAwait(false))
                await GenerateAsync(comprehension, index + 1, bindings, take).ConfigureAwait(false);
            return;
        }
        var source = await EvaluateAsync(qualifier.Source, new Bindings(bindings)).ConfigureAwait(false);
        foreach (var element in ElementsOf(qualifier, source, bindings))
        {
            if (++_steps >= StepsBetweenLooks)
                await PauseAsync().ConfigureAwait(false);
            if (element is not null)
                await GenerateAsync(comprehension, index + 1, element, take).ConfigureAwait(false);
        }
    }

    // A guard that fails is false; anything else has to be true or false.
    private async ValueTask<bool> PassesAsync(Expression filter, Bindings bindings)
    {
        if (Lint.IsTest(filter))
            return Guards.Holds([filter], bindings, context);
        var value = await EvaluateAsync(filter, new Bindings(bindings)).ConfigureAwait(false);
        return value.Boolean ?? throw Failures.Of("bad_filter", value);
    }

    private IEnumerable<Bindings?> ElementsOf(Qualifier qualifier, Term source, Bindings bindings) => qualifier.Kind switch
    {
        ComprehensionKind.List => source.AsList is { } list ? FromList(qualifier, list, bindings) : throw BadGenerator(source),
        ComprehensionKind.Map => source.AsMap is { } map ? FromMap(qualifier, map, bindings) : throw BadGenerator(source),
        _ => source.BitString is { } bits ? FromBits(qualifier, bits, bindings) : throw BadGenerator(source),
    };

    private static Processes.ErlangException BadGenerator(Term source) => Failures.Of("bad_generator", source);

    private IEnumerable<Bindings?> FromList(Qualifier qualifier, ListTerm list, Bindings bindings)
    {
        foreach (var element in list)
            yield return Matched(qualifier, bindings, element);
        if (!list.IsProper)
            throw BadGenerator(list.Tail);
    }

    private IEnumerable<Bindings?> FromMap(Qualifier qualifier, MapTerm map, Bindings bindings)
    {
        foreach (var (key, value) in map)
            yield return Matched(qualifier, bindings, key, value);
    }

    private Bindings? Matched(Qualifier qualifier, Bindings bindings, params ReadOnlySpan<Term> values)
    {
        var inner = new Bindings(bindings);
        var matcher = new Matcher(context, bindings, inner, hides: true);
        for (var i = 0; i < values.Length; i++)
        {
            if (matcher.Matches(qualifier.Pattern![i], values[i]))
                continue;
            return qualifier.IsStrict
                ? throw Failures.BadMatch(values.Length == 1 ? values[0] : Term.Tuple(values))
                : null;
        }
        return inner;
    }

    // The pattern takes as much as it describes; what matches its sizes but not its values is skipped.
    private IEnumerable<Bindings?> FromBits(Qualifier qualifier, BitString bits, Bindings bindings)
    {
        if (qualifier.Pattern![0] is not BinaryExpression pattern)
            throw Failures.Of(Failures.BadArg);
        var reader = new BitReader(bits);
        while (reader.Left > 0)
        {
            var before = reader.Left;
            var inner = new Bindings(bindings);
            var matches = new Matcher(context, bindings, inner, hides: true).MatchesSegments(pattern, reader);
            if (matches is null || before == reader.Left)
                break;
            if (matches == false && qualifier.IsStrict)
                throw Failures.BadMatch(bits);
            yield return matches == true ? inner : null;
        }
    }
}
