using Enmesh.Terms;

namespace Enmesh.Shell.Library;

/// <summary><c>maps</c></summary>
internal static class MapsLibrary
{
    internal static void AddTo(LibraryModule maps)
    {
        maps.Add("new", "", _ => MapTerm.Empty)
            .Add("get", "*m", call => call.Map(1).TryGetValue(call[0], out var value) ? value : throw call.BadKey(0))
            .Add("get", "*m*", call => call.Map(1).TryGetValue(call[0], out var value) ? value : call[2])
            .Add("find", "*m", call => call.Map(1).TryGetValue(call[0], out var value) ? Term.Tuple(Atoms.Ok, value) : Atoms.Error)
            .Add("is_key", "*m", call => call.Map(1).ContainsKey(call[0]))
            .Add("keys", "m", call => Term.List([.. call.Map(0).Select(pair => pair.Key)]))
            .Add("values", "m", call => Term.List([.. call.Map(0).Select(pair => pair.Value)]))
            .Add("size", "m", call => call.Map(0).Count)
            .Add("put", "**m", call => call.Map(2).With(call[0], call[1]))
            .Add("update", "**m", call => call.Map(2).ContainsKey(call[0]) ? call.Map(2).With(call[0], call[1]) : throw call.BadKey(0))
            .Add("remove", "*m", call => call.Map(1).Without(call[0]))
            .Add("take", "*m", call => call.Map(1).TryGetValue(call[0], out var value)
                ? Term.Tuple(value, call.Map(1).Without(call[0])) : Atoms.Error)
            .Add("to_list", "m", call => Term.List([.. call.Map(0).Select(pair => Term.Tuple(pair.Key, pair.Value))]))
            .Add("from_list", "l", FromList)
            .Add("from_keys", "l*", call => Made(call.List(0).Select(key => (key, call[1]))))
            .Add("merge", "mm", call => Merge(call.Map(0), call.Map(1)))
            .Add("with", "lm", call => Made(call.List(0).Where(call.Map(1).ContainsKey).Select(key => (key, call.Map(1)[key]))))
            .Add("without", "lm", call => call.List(0).Aggregate(call.Map(1), (map, key) => map.Without(key)));
        AddFunctionals(maps);
    }

    private static void AddFunctionals(LibraryModule maps) => maps
        .AddWaiting("map", "*m", async call =>
        {
            Check(call, 2);
            var pairs = new Dictionary<Term, Term>();
            foreach (var (key, value) in call.Map(1))
                pairs[key] = await call.CallAsync(0, key, value).ConfigureAwait(false);
            return Construction.Map(pairs);
        })
        .AddWaiting("filter", "*m", async call =>
        {
            Check(call, 2);
            var pairs = new Dictionary<Term, Term>();
            foreach (var (key, value) in call.Map(1))
            {
                if (await call.TestAsync(0, key, value).ConfigureAwait(false))
                    pairs[key] = value;
            }
            return Construction.Map(pairs);
        })
        .AddWaiting("filtermap", "*m", FilterMapAsync)
        .AddWaiting("fold", "**m", async call =>
        {
            Check(call, 3);
            var folded = call[1];
            foreach (var (key, value) in call.Map(2))
                folded = await call.CallAsync(0, key, value, folded).ConfigureAwait(false);
            return folded;
        })
        .AddWaiting("foreach", "*m", async call =>
        {
            Check(call, 2);
            foreach (var (key, value) in call.Map(1))
                await call.CallAsync(0, key, value).ConfigureAwait(false);
            return Atoms.Ok;
        })
        .AddWaiting("update_with", "**m", async call => call.Map(2).TryGetValue(call[0], out var value)
            ? call.Map(2).With(call[0], await call.CallAsync(1, value).ConfigureAwait(false)) : throw call.BadKey(0))
        .AddWaiting("update_with", "***m", async call => call.Map(3).TryGetValue(call[0], out var value)
            ? call.Map(3).With(call[0], await call.CallAsync(1, value).ConfigureAwait(false)) : call.Map(3).With(call[0], call[2]))
        .AddWaiting("groups_from_list", "*l", async call =>
        {
            var groups = new Dictionary<Term, List<Term>>();
            foreach (var element in call.List(1))
            {
                var key = await call.CallAsync(0, element).ConfigureAwait(false);
                if (!groups.TryGetValue(key, out var group))
                    groups[key] = group = [];
                group.Add(element);
            }
            return Made(groups.Select(group => (group.Key, Term.List([.. group.Value]))));
        });

    private static async ValueTask<Term> FilterMapAsync(LibraryCall call)
    {
        Check(call, 2);
        var pairs = new Dictionary<Term, Term>();
        foreach (var (key, value) in call.Map(1))
        {
            var answer = await call.CallAsync(0, key, value).ConfigureAwait(false);
            if (answer.TupleElements is [{ Boolean: true }, var other])
                pairs[key] = other;
            else if (answer.Boolean == true)
                pairs[key] = value;
            else if (answer.Boolean is null)
                throw Failures.Of("case_clause", answer);
        }
        return Construction.Map(pairs);
    }

    private static void Check(LibraryCall call, int arity)
    {
        if (call[0].Fun is not { } fun || fun.Arity != arity)
            throw call.Bad(0, $"not a fun that takes {(arity == 2 ? "two" : "three")} arguments");
    }

    private static Term Merge(MapTerm first, MapTerm second)
    {
        var pairs = new Dictionary<Term, Term>(first);
        foreach (var (key, value) in second)
            pairs[key] = value;
        return Construction.Map(pairs);
    }

    private static Term FromList(LibraryCall call)
    {
        var pairs = new Dictionary<Term, Term>();
        foreach (var element in call.List(0))
        {
            if (element.TupleElements is not [var key, var value])
                throw call.Bad();
            pairs[key] = value;
        }
        return Construction.Map(pairs);
    }

    private static Term Made(IEnumerable<(Term Key, Term Value)> pairs)
    {
        var made = new Dictionary<Term, Term>();
        foreach (var (key, value) in pairs)
            made[key] = value;
        return Construction.Map(made);
    }
}
