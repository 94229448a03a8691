using Enmesh.Terms.Order;

namespace Enmesh.Terms.Text;

/// <summary>Writes a term as Elixir's <c>Inspect</c> does, with a stack of its own.</summary>
internal sealed partial class ElixirInspector(TextBuffer output, ElixirLayout layout, ElixirInspectOptions options)
{
    private readonly bool _isFrom119 = options.Release == ElixirRelease.From119;
    private Level[] _levels = new Level[8];
    private int _count;

    // Of all levels together; else every level has its own.
    private int _left = options.Limit ?? int.MaxValue;

    private enum LevelKind : byte
    {
        List,
        Keyword,
        Tuple,

        /// <summary>A map whose keys are all written as <c>key: </c></summary>
        AtomMap,
        Map,
    }

    internal void Inspect(Term term)
    {
        Begin(term, _left, charlists: options.Charlists);
        while (_count > 0 && !output.IsCut)
            Step(ref _levels[_count - 1]);
    }

    // Writes a whole term, or goes one level down.
    private void Begin(Term term, int limit, bool charlists)
    {
        switch (term.Kind)
        {
            case TermKind.List:
                BeginList(term, limit, charlists, string.Empty);
                break;
            case TermKind.Tuple when term.TupleElements.Length > 0:
                Enter(LevelKind.Tuple, term, "{", term.TupleElements.Length, limit, charlists);
                break;
            case TermKind.Map:
                BeginMap(term.AsMap!, limit, charlists);
                break;
            case TermKind.BitString:
                WriteBits(term.BitString!.Value, limit);
                break;
            default:
                WriteScalar(term);
                break;
        }
    }

    private void BeginList(Term term, int limit, bool charlists, string suffix)
    {
        var list = term.AsList!.Value;
        if (list.Count == 0)
        {
            output.Append("[]");
            output.Append(suffix);
            return;
        }
        if (charlists && ElixirSyntax.IsPrintable(list, options.PrintableLimit ?? int.MaxValue))
        {
            WriteCharlist(list);
            return;
        }
        ref var level = ref Enter(
            IsKeyword(list) ? LevelKind.Keyword : LevelKind.List, term, "[", list.Count, limit, charlists);
        level.Suffix = suffix;
    }

    private void BeginMap(MapTerm map, int limit, bool charlists)
    {
        if (options.Structs && map.TryGetValue(StructKey, out var module) && module.Atom is { } name)
        {
            BeginStruct(map, name, limit, charlists);
            return;
        }
        if (map.Count == 0)
            output.Append("%{}");
        else
            EnterPairs("%{", PairsOf(map), limit, charlists);
    }

    // As :lists.sort(Map.to_list(map)): 1 and 1.0 are equal, and then the values decide; then a small map's own order,
    // 1 first.
    private Term[] PairsOf(MapTerm map) => !options.SortKeys || map.Count == 1
        ? map.Pairs
        : LinePrinter.Sort(map.Pairs, static (pairs, left, right) =>
            TermOrder.Compare(pairs[left], pairs[right]) is var order and not 0
                ? order
                : TermOrder.Compare(pairs[left + 1], pairs[right + 1]) is var values and not 0
                    ? values
                    : TermOrder.CompareExactly(pairs[left], pairs[right]));

    private void EnterPairs(string open, Term[] pairs, int limit, bool charlists)
    {
        var kind = LevelKind.AtomMap;
        for (var i = 0; i < pairs.Length; i += 2)
        {
            if (pairs[i].Atom is not { } key || ElixirSyntax.IsModule(key))
                kind = LevelKind.Map;
        }
        ref var level = ref Enter(kind, default, open, pairs.Length / 2, limit, charlists);
        level.Pairs = pairs;
    }

    private ref Level Enter(LevelKind kind, Term term, string open, int elements, int limit, bool charlists)
    {
        if (_count > 0)
            _levels[_count - 1].IsAllText = false;
        if (_count == _levels.Length)
            Array.Resize(ref _levels, _count * 2);
        ref var level = ref _levels[_count++];
        level = new Level
        {
            Kind = kind,
            Term = term,
            Elements = elements,
            Limit = limit,
            Charlists = charlists,
            IsAllText = kind == LevelKind.List,
            Suffix = string.Empty,
        };
        layout.OpenGroup();
        output.Append(open);
        level.Indent = layout.Indent(kind == LevelKind.Tuple ? 1 : 2);
        if (kind != LevelKind.Tuple)
            level.LastBreak = layout.Break(0, isBlank: false);
        return ref level;
    }

    private void Step(ref Level level)
    {
        if (level.AtValue)
        {
            level.AtValue = false;
            output.Append(" => ");
            Begin(level.Pairs![(2 * level.Index) - 1], LimitWithin(level), level.Charlists);
            return;
        }
        var index = level.Index++;
        var isTail = index == level.Elements && level.Kind == LevelKind.List && !level.Term.AsList!.Value.IsProper;
        if (index >= level.Elements && !isTail)
        {
            Leave(ref level);
            return;
        }
        var isLimit = !isTail && (_isFrom119 ? _left : level.Limit) <= 0;
        Separate(ref level, index, isTail);
        if (isLimit)
        {
            output.Append(TextBuffer.Dots);
            Leave(ref level);
            return;
        }
        if (isTail)
            level.LeftBehind = _left;
        // A tail counts only for what is within it.
        if (!isTail || _isFrom119)
            CountElement(ref level);
        BeginElement(ref level, index, isTail);
    }

    private void BeginElement(ref Level level, int index, bool isTail)
    {
        var limit = LimitWithin(level);
        switch (level.Kind)
        {
            case LevelKind.Keyword:
                var pair = level.Term.AsList!.Value[index].TupleElements;
                WriteKey(pair[0].Atom!);
                Begin(pair[1], limit, level.Charlists);
                break;
            case LevelKind.AtomMap:
                WriteKey(level.Pairs![2 * index].Atom!);
                Begin(level.Pairs[(2 * index) + 1], limit, level.Charlists);
                break;
            case LevelKind.Map:
                level.AtValue = true;
                Begin(level.Pairs![2 * index], limit, level.Charlists);
                break;
            case LevelKind.Tuple:
                Begin(level.Term.TupleElements[index], limit, level.Charlists);
                break;
            default:
                var list = level.Term.AsList!.Value;
                Begin(isTail ? list.Tail : list[index], limit, level.Charlists);
                break;
        }
    }

    private void Separate(ref Level level, int index, bool isTail)
    {
        if (index == 0)
            return;
        output.Append(isTail ? " |" : ",");
        level.LastBreak = layout.Break(level.LastBreak, isFlexible: level.Kind == LevelKind.Tuple);
    }

    private void CountElement(ref Level level)
    {
        if (options.Limit is null)
            return;
        if (_isFrom119)
            _left = Math.Max(0, _left - 1);
        else
            level.Limit--;
    }

    private int LimitWithin(in Level level) => _isFrom119 ? _left : level.Limit;

    private void Leave(ref Level level)
    {
        if (_isFrom119 && level.Index > level.Elements + 1)
            _left = level.LeftBehind;
        layout.Unindent();
        if (level.Kind != LevelKind.Tuple)
            level.LastBreak = layout.Break(level.LastBreak, isBlank: false);
        if (level.IsAllText)
            layout.Settle(level.Indent, level.LastBreak);
        output.Append(level.Kind is LevelKind.List or LevelKind.Keyword ? "]" : "}");
        layout.CloseGroup();
        output.Append(level.Suffix);
        level = default;
        _count--;
    }

    private static bool IsKeyword(ListTerm list)
    {
        if (!list.IsProper)
            return false;
        foreach (var element in list)
        {
            if (element.TupleElements is not [{ Atom: { } key }, _] || ElixirSyntax.IsModule(key))
                return false;
        }
        return true;
    }

    /// <summary>A list, tuple, map or struct that has been begun and not ended.</summary>
    private struct Level
    {
        internal LevelKind Kind;
        internal Term Term;

        /// <summary>Key, value, key, value.</summary>
        internal Term[]? Pairs;
        internal int Elements;
        internal int Index;
        internal int Limit;

        /// <summary>What was left of the limit of all levels together before an improper tail.</summary>
        internal int LeftBehind;

        /// <summary>Whether the key of a pair is written and the value is not.</summary>
        internal bool AtValue;

        /// <summary>Whether lists of characters are text here.</summary>
        internal bool Charlists;

        /// <summary>Whether this is a list without any list, tuple or the like within.</summary>
        internal bool IsAllText;

        /// <summary>What stands behind the bracket.</summary>
        internal string Suffix;
        internal int Indent;
        internal int LastBreak;
    }
}
