using System.Numerics;
using Enmesh.Terms;
using Enmesh.Terms.Order;

namespace Enmesh.Shell.Library;

/// <summary><c>lists</c>: what needs no fun, and what calls one for each element.</summary>
internal static class ListsLibrary
{
    internal static void AddTo(LibraryModule lists)
    {
        lists
            .Add("append", "**", call => Arithmetic.Binary("++", call[0], call[1]))
            .Add("append", "*", Append)
            .Add("subtract", "**", call => Arithmetic.Binary("--", call[0], call[1]))
            .Add("delete", "**", Delete)
            .Add("droplast", "*", call => call.List(0) is { Count: > 0 } list ? Term.List([.. list.SkipLast(1)]) : throw call.Clause())
            .Add("duplicate", "**", call => call[0].Integer is { } count && count >= 0
                ? count > Limits.MaxElements ? throw call.TooLarge() : Term.List([.. Enumerable.Repeat(call[1], (int)count)]) : throw call.Clause())
            .Add("enumerate", "*", call => Term.List([.. call.List(0).Select((element, i) => Term.Tuple(i + 1, element))]))
            .Add("enumerate", "**", call => Term.List([.. call.List(1).Select((element, i) => Term.Tuple(call.Integer(0) + i, element))]))
            .Add("flatten", "*", call => Flatten(call, call.List(0).Term))
            .Add("flatlength", "*", call => Flatten(call, call.List(0).Term).AsList!.Value.Count)
            .Add("join", "**", call => Term.List([.. call.List(1).SelectMany((element, i) => i == 0 ? [element] : new[] { call[0], element })]))
            .Add("last", "*", call => call.List(0) is { Count: > 0 } list ? list[list.Count - 1] : throw call.Clause())
            .Add("max", "*", call => call.List(0) is { Count: > 0 } list
                ? list.Aggregate((a, b) => TermOrder.Compare(a, b) >= 0 ? a : b) : throw call.Clause())
            .Add("min", "*", call => call.List(0) is { Count: > 0 } list
                ? list.Aggregate((a, b) => TermOrder.Compare(a, b) <= 0 ? a : b) : throw call.Clause())
            .Add("member", "*l", call => call.List(1).Contains(call[0]))
            .Add("nth", "**", call => call[0].Integer is { } n && n >= 1 && n <= call.List(1).Count ? call.List(1)[(int)n - 1] : throw call.Clause())
            .Add("nthtail", "**", call => call[0].Integer is { } n && n >= 0 && n <= call.List(1).Count
                ? Matcher.Rest(call.List(1), (int)n) : throw call.Clause())
            .Add("prefix", "**", call => call.List(0) is var prefix && prefix.Count <= call.List(1).Count && prefix.SequenceEqual(call.List(1).Take(prefix.Count)))
            .Add("suffix", "**", call => call.List(0) is var suffix && suffix.Count <= call.List(1).Count
                && suffix.SequenceEqual(call.List(1).TakeLast(suffix.Count)))
            .Add("reverse", "*", call => Term.List([.. call.List(0).Reverse()]))
            .Add("reverse", "l*", call => Term.ListWithTail([.. call.List(0).Reverse()], call[1]))
            .Add("seq", "**", call => Sequence(call, 1))
            .Add("seq", "***", call => Sequence(call, call.Integer(2)))
            .Add("split", "**", call => call[0].Integer is { } n && n >= 0 && n <= call.List(1).Count
                ? Term.Tuple(Term.List([.. call.List(1).Take((int)n)]), Matcher.Rest(call.List(1), (int)n)) : throw call.Bad())
            .Add("sublist", "**", call => call[1].Integer is { } n && n >= 0
                ? Term.List([.. call.List(0).Take(call.Count(1))]) : throw call.Clause())
            .Add("sublist", "***", call => call.Integer(1) >= 1 && call.Integer(2) >= 0
                ? Term.List([.. call.List(0).Skip(call.Count(1) - 1).Take(call.Count(2))]) : throw call.Clause())
            .Add("sort", "*", call => Term.List([.. call.List(0).Order(TermOrder.Comparer)]))
            .Add("usort", "*", call => Term.List([.. Unique(call.List(0).Order(TermOrder.Comparer))]))
            .Add("uniq", "*", call => Term.List([.. call.List(0).Distinct()]))
            .Add("merge", "**", call => Term.List([.. call.List(0).Concat(call.List(1)).Order(TermOrder.Comparer)]))
            .Add("sum", "*", call => call.List(0).Aggregate((Term)0, (sum, element) => Arithmetic.Binary("+", sum, element)))
            .Add("unzip", "*", call => Term.Tuple(Column(call, 0, 2), Column(call, 1, 2)))
            .Add("unzip3", "*", call => Term.Tuple(Column(call, 0, 3), Column(call, 1, 3), Column(call, 2, 3)))
            .Add("zip", "**", call => call.List(0).Count == call.List(1).Count
                ? Term.List([.. call.List(0).Zip(call.List(1), (a, b) => Term.Tuple(a, b))]) : throw call.Clause())
            .Add("zip3", "***", call => call.List(0).Count == call.List(1).Count && call.List(1).Count == call.List(2).Count
                ? Term.List([.. call.List(0).Zip(call.List(1), call.List(2)).Select(three => Term.Tuple(three.First, three.Second, three.Third))])
                : throw call.Clause());
    }

    internal static void AddFunctionals(LibraryModule lists)
    {
        lists
            .AddWaiting("all", "**", async call => !await AnyAsync(call, wanted: false).ConfigureAwait(false))
            .AddWaiting("any", "**", async call => await AnyAsync(call, wanted: true).ConfigureAwait(false))
            .AddWaiting("map", "**", call => CollectAsync(call, static (call, element, made) => TakeAsync(call, element, made)))
            .AddWaiting("flatmap", "**", call => CollectAsync(call, FlatTakeAsync))
            .AddWaiting("filter", "**", call => CollectAsync(call, FilterAsync))
            .AddWaiting("filtermap", "**", call => CollectAsync(call, FilterMapAsync))
            .AddWaiting("foreach", "**", async call =>
            {
                foreach (var element in Taken(call, 1))
                    await call.CallAsync(0, element).ConfigureAwait(false);
                return Atoms.Ok;
            })
            .AddWaiting("foldl", "***", call => FoldAsync(call, Taken(call, 2, arity: 2)))
            .AddWaiting("foldr", "***", call => FoldAsync(call, Taken(call, 2, arity: 2).Reverse()))
            .AddWaiting("mapfoldl", "***", call => MapFoldAsync(call, isRight: false))
            .AddWaiting("mapfoldr", "***", call => MapFoldAsync(call, isRight: true))
            .AddWaiting("partition", "**", PartitionAsync)
            .AddWaiting("splitwith", "**", SplitWithAsync)
            .AddWaiting("takewhile", "**", async call => (await SplitWithAsync(call).ConfigureAwait(false)).TupleElements[0])
            .AddWaiting("dropwhile", "**", async call => (await SplitWithAsync(call).ConfigureAwait(false)).TupleElements[1])
            .AddWaiting("search", "**", SearchAsync)
            .AddWaiting("sort", "**", SortAsync)
            .AddWaiting("zipwith", "***", ZipWithAsync);
    }

    /// <summary>Whether the elements, each once.</summary>
    internal static IEnumerable<Term> Unique(IEnumerable<Term> ordered)
    {
        Term? last = null;
        foreach (var element in ordered)
        {
            if (last is not { } before || TermOrder.Compare(before, element) != 0)
                yield return element;
            last = element;
        }
    }

    private static Term Delete(LibraryCall call)
    {
        var left = call.List(1).ToList();
        left.Remove(call[0]);
        return Term.List([.. left]);
    }

    private static Term Column(LibraryCall call, int index, int size) =>
        Term.List([.. call.List(0).Select(row => row.TupleElements.Length == size ? row.TupleElements[index] : throw call.Clause())]);

    private static Term Sequence(LibraryCall call, BigInteger step)
    {
        var (from, to) = (call.Integer(0), call.Integer(1));
        if (step.IsZero ? from != to : step.Sign > 0 ? from - step > to : from - step < to)
            throw call.Clause();
        if (step.IsZero)
            return Term.List(from);
        var count = BigInteger.Divide(to - from + step, step);
        if (count > Limits.MaxElements)
            throw call.TooLarge();
        var elements = new Term[(int)count];
        for (var i = 0; i < elements.Length; i++)
            elements[i] = from + (i * step);
        return Term.List(elements);
    }

    private static Term Append(LibraryCall call)
    {
        var all = call.List(0);
        if (!all.All(one => one.AsList is { IsProper: true }))
            throw call.Clause();
        if (all.Sum(one => (long)one.AsList!.Value.Count) > Limits.MaxElements)
            throw call.TooLarge();
        return Term.List([.. all.SelectMany(one => one.AsList!.Value)]);
    }

    // A list in which others stand several times is as large as what it stands for: even when there is nothing in them.
    private static Term Flatten(LibraryCall call, Term list)
    {
        var flat = new List<Term>();
        var steps = 0;
        var open = new Stack<IEnumerator<Term>>();
        open.Push(((IEnumerable<Term>)list.AsList!.Value).GetEnumerator());
        while (open.TryPeek(out var elements))
        {
            if (flat.Count > Limits.MaxElements || ++steps > 4 * Limits.MaxElements)
                throw call.TooLarge();
            if (!elements.MoveNext())
                open.Pop();
            else if (elements.Current.AsList is { } inner)
                open.Push(((IEnumerable<Term>)(inner.IsProper ? inner : throw call.Clause())).GetEnumerator());
            else
                flat.Add(elements.Current);
        }
        return Term.List([.. flat]);
    }

    private static ListTerm Taken(LibraryCall call, int list, int arity = 1) =>
        call[0].Fun is { } fun && fun.Arity == arity ? call.List(list) : throw call.Clause();

    private static async ValueTask<bool> AnyAsync(LibraryCall call, bool wanted)
    {
        foreach (var element in Taken(call, 1))
        {
            if (await call.TestAsync(0, element).ConfigureAwait(false) == wanted)
                return true;
        }
        return false;
    }

    private static async ValueTask<Term> CollectAsync(LibraryCall call, Func<LibraryCall, Term, List<Term>, ValueTask> take)
    {
        var made = new List<Term>();
        foreach (var element in Taken(call, 1))
        {
            await take(call, element, made).ConfigureAwait(false);
            if (made.Count > Limits.MaxElements)
                throw call.TooLarge();
        }
        return Term.List([.. made]);
    }

    private static async ValueTask TakeAsync(LibraryCall call, Term element, List<Term> made) =>
        made.Add(await call.CallAsync(0, element).ConfigureAwait(false));

    private static async ValueTask FlatTakeAsync(LibraryCall call, Term element, List<Term> made)
    {
        var several = await call.CallAsync(0, element).ConfigureAwait(false);
        made.AddRange(several.AsList is { IsProper: true } list
            ? list : throw Failures.OfCall(Failures.BadArg, "erlang", "++", [several, Term.Nil]));
    }

    private static async ValueTask FilterAsync(LibraryCall call, Term element, List<Term> made)
    {
        if (await call.TestAsync(0, element).ConfigureAwait(false))
            made.Add(element);
    }

    private static async ValueTask FilterMapAsync(LibraryCall call, Term element, List<Term> made)
    {
        var answer = await call.CallAsync(0, element).ConfigureAwait(false);
        if (answer.TupleElements is [{ Boolean: true }, var other])
            made.Add(other);
        else if (answer.Boolean ?? throw Failures.Of("case_clause", answer))
            made.Add(element);
    }

    private static async ValueTask<Term> FoldAsync(LibraryCall call, IEnumerable<Term> elements)
    {
        var folded = call[1];
        foreach (var element in elements)
            folded = await call.CallAsync(0, element, folded).ConfigureAwait(false);
        return folded;
    }

    private static async ValueTask<Term> MapFoldAsync(LibraryCall call, bool isRight)
    {
        var list = Taken(call, 2, arity: 2);
        var folded = call[1];
        var made = new List<Term>();
        foreach (var element in isRight ? list.Reverse() : list)
        {
            var answer = await call.CallAsync(0, element, folded).ConfigureAwait(false);
            if (answer.TupleElements is not [var one, var next])
                throw Failures.BadMatch(answer);
            made.Add(one);
            folded = next;
        }
        if (isRight)
            made.Reverse();
        return Term.Tuple(Term.List([.. made]), folded);
    }

    private static async ValueTask<Term> PartitionAsync(LibraryCall call)
    {
        var (yes, no) = (new List<Term>(), new List<Term>());
        foreach (var element in Taken(call, 1))
            (await call.TestAsync(0, element).ConfigureAwait(false) ? yes : no).Add(element);
        return Term.Tuple(Term.List([.. yes]), Term.List([.. no]));
    }

    private static async ValueTask<Term> SplitWithAsync(LibraryCall call)
    {
        var list = Taken(call, 1);
        var taken = 0;
        while (taken < list.Count && await call.TestAsync(0, list[taken]).ConfigureAwait(false))
            taken++;
        return Term.Tuple(Term.List([.. list.Take(taken)]), Matcher.Rest(list, taken));
    }

    private static async ValueTask<Term> SearchAsync(LibraryCall call)
    {
        foreach (var element in Taken(call, 1))
        {
            if (await call.TestAsync(0, element).ConfigureAwait(false))
                return Term.Tuple(new Atom("value"), element);
        }
        return false;
    }

    private static async ValueTask<Term> ZipWithAsync(LibraryCall call)
    {
        var (first, second) = (call.List(1), call.List(2));
        if (first.Count != second.Count)
            throw call.Clause();
        var made = new Term[first.Count];
        for (var i = 0; i < made.Length; i++)
            made[i] = await call.CallAsync(0, first[i], second[i]).ConfigureAwait(false);
        return Term.List(made);
    }

    // Merging from below: the fun may wait, which no comparer of .NET may.
    private static async ValueTask<Term> SortAsync(LibraryCall call)
    {
        var from = Taken(call, 1, arity: 2).ToArray();
        var into = new Term[from.Length];
        for (var width = 1; width < from.Length; width *= 2)
        {
            for (var start = 0; start < from.Length; start += 2 * width)
            {
                var (a, b) = (start, Math.Min(start + width, from.Length));
                var (middle, end) = (b, Math.Min(start + (2 * width), from.Length));
                for (var at = start; at < end; at++)
                {
                    var takesFirst = b >= end || (a < middle && await call.TestAsync(0, from[a], from[b]).ConfigureAwait(false));
                    into[at] = takesFirst ? from[a++] : from[b++];
                }
            }
            (from, into) = (into, from);
        }
        return Term.List(from);
    }
}
