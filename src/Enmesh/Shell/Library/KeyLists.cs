using Enmesh.Terms;
using Enmesh.Terms.Order;

namespace Enmesh.Shell.Library;

/// <summary>The functions of <c>lists</c> for lists of tuples.</summary>
internal static class KeyLists
{
    internal static void AddTo(LibraryModule lists)
    {
        lists
            .Add("keyfind", "*il", call => Find(call) is { } found ? found : false)
            .Add("keymember", "*il", call => Find(call) is not null)
            .Add("keysearch", "*il", call => Find(call) is { } found ? Term.Tuple(new Atom("value"), found) : false)
            .Add("keydelete", "*il", call => Term.List([.. Without(call, out _)]))
            .Add("keytake", "*il", Take)
            .Add("keyreplace", "*il*", call => Term.List([.. Replaced(call, append: false)]))
            .Add("keystore", "*il*", call => Term.List([.. Replaced(call, append: true)]))
            .Add("keysort", "il", call => Term.List([.. call.List(1).OrderBy(row => Key(call, row, call.Count(0)), TermOrder.Comparer)]))
            .Add("ukeysort", "il", Ukeysort);
    }

    private static Term Key(LibraryCall call, Term row, int place) =>
        place >= 1 && place <= row.TupleElements.Length ? row.TupleElements[place - 1] : throw call.Clause();

    private static bool Has(LibraryCall call, Term row)
    {
        var place = call.Count(1);
        return place <= row.TupleElements.Length && TermOrder.AreEqual(row.TupleElements[place - 1], call[0]);
    }

    private static Term? Find(LibraryCall call)
    {
        if (call.Integer(1) < 1)
            throw call.Bad(1, "out of range");
        foreach (var row in call.List(2))
        {
            if (Has(call, row))
                return row;
        }
        return null;
    }

    private static List<Term> Without(LibraryCall call, out Term? found)
    {
        found = Find(call);
        var rows = call.List(2).ToList();
        if (found is not null)
            rows.RemoveAt(rows.FindIndex(row => Has(call, row)));
        return rows;
    }

    private static Term Take(LibraryCall call)
    {
        var rest = Without(call, out var found);
        return found is { } row ? Term.Tuple(new Atom("value"), row, Term.List([.. rest])) : false;
    }

    private static List<Term> Replaced(LibraryCall call, bool append)
    {
        if (!call[3].IsTuple)
            throw call.Clause();
        var rows = call.List(2).ToList();
        var at = Find(call) is null ? -1 : rows.FindIndex(row => Has(call, row));
        if (at >= 0)
            rows[at] = call[3];
        else if (append)
            rows.Add(call[3]);
        return rows;
    }

    private static Term Ukeysort(LibraryCall call)
    {
        var rows = new List<Term>();
        foreach (var row in call.List(1).OrderBy(row => Key(call, row, call.Count(0)), TermOrder.Comparer))
        {
            if (rows.Count == 0 || TermOrder.Compare(Key(call, rows[^1], call.Count(0)), Key(call, row, call.Count(0))) != 0)
                rows.Add(row);
        }
        return Term.List([.. rows]);
    }
}
