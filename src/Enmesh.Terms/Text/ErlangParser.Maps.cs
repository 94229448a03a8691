using Enmesh.Terms.Order;

namespace Enmesh.Terms.Text;

// Maps and native records: what begins with #.
internal sealed partial class ErlangParser
{
    private Term? BeginMapOrRecord()
    {
        if (TryAdvance("{"))
        {
            if (TryAdvance("}"))
                return MapTerm.Empty;
            Enter(LevelKind.Key);
            return null;
        }
        var module = ExpectAtom("'{' of a map or the module of a record");
        Expect(":", "':'");
        var name = ExpectAtom("the record's name");
        Expect("{", "'{'");
        if (TryAdvance("}"))
            return new RecordTerm(module, name, isExported: true, []);
        var head = new RecordHead(module, name, []);
        ReadFieldName(head);
        Enter(LevelKind.Record).Record = head;
        return null;
    }

    private void ReadFieldName(RecordHead record)
    {
        var offset = _token.Offset;
        var name = ExpectAtom("the name of a field");
        if (!record.Names.TryAdd(name, offset))
            _lexer.Fail(offset, $"The field {(Term)name} stands twice.");
        Expect("=", "'='");
    }

    private Term? ContinueRecord(ref Level level)
    {
        var (module, name, names) = level.Record!;
        if (TryAdvance(","))
        {
            ReadFieldName(level.Record!);
            return null;
        }
        Expect("}", "',' or '}'");
        return Leave(new RecordTerm(module, name, isExported: true, [.. names.Keys], ValuesOf(level).ToArray()));
    }

    // Where a key stands twice, the last one counts.
    private static Term MakeMap(ReadOnlySpan<Term> values)
    {
        var map = new MapTerm(values.ToArray());
        if (map.Seal())
            return map;
        var keys = new int[values.Length / 2];
        var all = values.ToArray();
        for (var i = 0; i < keys.Length; i++)
            keys[i] = 2 * i;
        Array.Sort(
            keys,
            (left, right) =>
                TermOrder.CompareExactly(all[left], all[right]) is var order and not 0 ? order : left - right);
        var pairs = new List<Term>(values.Length);
        for (var i = 0; i < keys.Length; i++)
        {
            if (i + 1 == keys.Length || TermOrder.CompareExactly(all[keys[i]], all[keys[i + 1]]) != 0)
                pairs.AddRange([all[keys[i]], all[keys[i] + 1]]);
        }
        map = new MapTerm([.. pairs]);
        map.Seal();
        return map;
    }

    private sealed record RecordHead(Atom Module, Atom Name, OrderedDictionary<Atom, int> Names);
}
