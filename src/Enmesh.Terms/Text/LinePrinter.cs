using System.Runtime.InteropServices;
using Enmesh.Terms.Order;

namespace Enmesh.Terms.Text;

/// <summary>
/// Prints a term on a single line, as <c>io_lib:write/2</c> and <c>io_lib_pretty</c> do, and notes what lies where for
/// those who break lines. Works with a stack of its own, so that no term is too deep.
/// </summary>
/// <remarks>
/// If it leaves out, what does not fit the buffer is left out as if it lay too deep; to this end, room to close
/// everything that is open is always held back. Else it simply stops where the buffer is full.
/// </remarks>
internal sealed partial class LinePrinter(
    TextBuffer output, ErlangPrintOptions options, bool takesNotes, bool leavesOut)
{
    // A separator, dots and a bracket: how any level may end.
    private const int EndLength = 5;

    // " => ..."
    private const int ValueLength = 7;

    // With room for so many as long as they can get, how long they are does not matter.
    private const int AtomsAtOnce = 4;

    private readonly bool _plain = options.Plain;
    private readonly bool _unicode = options.Unicode;
    private readonly List<LayoutNode> _nodes = [];
    private Level[] _levels = new Level[8];
    private int _count;
    private int _heldBack;

    /// <summary>The notes; the first is the whole term.</summary>
    internal ReadOnlySpan<LayoutNode> Nodes => CollectionsMarshal.AsSpan(_nodes);

    private int Room => leavesOut ? output.Room - _heldBack : int.MaxValue;

    internal void Print(Term term)
    {
        if (options.Depth == 0)
        {
            output.Append(TextBuffer.Dots);
            return;
        }
        Begin(term, options.Depth ?? -1);
        while (_count > 0 && !output.IsCut)
            Step(ref _levels[_count - 1]);
    }

    /// <summary>
    /// Key, value, key, value, in the order of the keys: Erlang's for maps, where integers stand before floats.
    /// </summary>
    internal static Term[] PairsOf(MapTerm map, bool sortsKeys) => !sortsKeys || map.IsSorted || map.Count == 1
        ? map.Pairs
        : Sort(map.Pairs, static (pairs, left, right) => TermOrder.CompareExactly(pairs[left], pairs[right]));

    private static Term[] PairsOf(MapTerm map, ErlangPrintOptions options)
    {
        var pairs = PairsOf(map, options.SortKeys);
        if (!options.ReverseKeys)
            return pairs;
        var reversed = new Term[pairs.Length];
        for (var i = 0; i < pairs.Length; i += 2)
            pairs.AsSpan(i, 2).CopyTo(reversed.AsSpan(pairs.Length - 2 - i));
        return reversed;
    }

    /// <summary>Key, value, key, value in the order that is meant.</summary>
    internal static Term[] Sort(Term[] pairs, Func<Term[], int, int, int> compare)
    {
        var keys = new int[pairs.Length / 2];
        for (var i = 0; i < keys.Length; i++)
            keys[i] = 2 * i;
        keys.AsSpan().Sort((left, right) => compare(pairs, left, right));
        var sorted = new Term[pairs.Length];
        for (var i = 0; i < keys.Length; i++)
            pairs.AsSpan(keys[i], 2).CopyTo(sorted.AsSpan(2 * i));
        return sorted;
    }

    // Prints a whole term, or what stands before its first element; its level is then the last one.
    private void Begin(Term term, int depth, bool isTail = false)
    {
        var node = OpenNode(LayoutKind.Text, isTail);
        switch (term.Kind)
        {
            case TermKind.List:
                var list = term.AsList!.Value;
                if (IsText(list, depth))
                    WriteText(list);
                else if (Enter(term, LayoutKind.List, node, list.Count, depth, nameLength: 1))
                    return;
                break;
            case TermKind.Tuple when term.TupleElements is [_, ..] elements:
                var kind = elements.Length > 1 && elements[0].Atom is not null
                    ? LayoutKind.TaggedTuple
                    : LayoutKind.Tuple;
                if (depth == 1)
                    output.Append("{...}");
                else if (Enter(term, kind, node, elements.Length, depth, nameLength: 1))
                    return;
                break;
            case TermKind.Map when term.AsMap!.Count > 0:
                if (depth == 1)
                    output.Append(_plain ? "#{}" : "#{...}");
                else if (Enter(term, LayoutKind.Map, node, term.AsMap!.Count, depth, nameLength: 2))
                    return;
                break;
            case TermKind.Record:
                if (BeginRecord(term.Record!, term, node, depth))
                    return;
                break;
            case TermKind.BitString:
                SetKind(node, WriteBits(term.BitString!.Value, depth));
                break;
            default:
                WriteScalar(term);
                break;
        }
        CloseNode(node);
    }

    // Goes one level down. When there is no room for that, dots are all there is of the term.
    private bool Enter(Term term, LayoutKind kind, int node, int elements, int depth, int nameLength)
    {
        if (Room < nameLength + EndLength)
        {
            output.Append(TextBuffer.Dots);
            return false;
        }
        SetKind(node, kind);
        _heldBack += EndLength;
        if (_count == _levels.Length)
            Array.Resize(ref _levels, _count * 2);
        _levels[_count++] = new Level
        {
            Term = term,
            Kind = kind,
            Node = node,
            Elements = elements,
            Depth = depth,
            Pairs = kind == LayoutKind.Map ? PairsOf(term.AsMap!, options) : null,
        };
        if (kind != LayoutKind.Record)
            output.Append(kind switch { LayoutKind.List => "[", LayoutKind.Map => "#{", _ => "{" });
        return true;
    }

    private bool BeginRecord(RecordTerm record, Term term, int node, int depth)
    {
        var longest = LengthOf(record.Module) + LengthOf(record.Name) + 3;
        var isShort = depth == 1 && !_plain;
        if (isShort ? Room < longest + EndLength : !Enter(term, LayoutKind.Record, node, record.FieldNames.Length, depth, longest))
        {
            if (isShort)
                output.Append(TextBuffer.Dots);
            return false;
        }
        var start = output.Length;
        output.Append('#');
        ErlangSyntax.WriteAtom(output, record.Module, _unicode);
        output.Append(':');
        ErlangSyntax.WriteAtom(output, record.Name, _unicode);
        SetNameEnd(node);
        Count(start);
        output.Append('{');
        if (isShort)
            output.Append(record.FieldNames.Length == 0 ? "}" : "...}");
        return !isShort;
    }

    private void Step(ref Level level)
    {
        if (level.Part != 0 && !level.AtValue)
        {
            CloseNode(level.Part);
            level.Part = 0;
        }
        switch (level.Kind)
        {
            case LayoutKind.List or LayoutKind.Tuple or LayoutKind.TaggedTuple:
                StepElement(ref level);
                break;
            case LayoutKind.Map when level.AtValue:
                level.AtValue = false;
                _heldBack -= ValueLength;
                output.Append(" => ");
                Begin(level.Pairs![(2 * level.Index) - 1], Deeper(level.Depth, 1));
                break;
            case LayoutKind.Map:
                StepPair(ref level);
                break;
            default:
                StepField(ref level);
                break;
        }
    }

    private void StepElement(ref Level level)
    {
        var index = level.Index;
        var isList = level.Kind == LayoutKind.List;
        var isTail = index == level.Elements && isList && !level.Term.AsList!.Value.IsProper;
        if (index >= level.Elements && !isTail)
        {
            Leave(ref level, isList ? ']' : '}');
            return;
        }
        if (level.Depth - index == 1 || Room < 1 + TextBuffer.Dots.Length)
        {
            LeaveOut(ref level, isList ? '|' : ',', isList ? ']' : '}');
            return;
        }
        if (index > 0)
            output.Append(isTail ? '|' : ',');
        level.Index++;
        var element = isTail ? level.Term.AsList!.Value.Tail
            : isList ? level.Term.AsList!.Value[index] : level.Term.TupleElements[index];
        Begin(element, Deeper(level.Depth, index + 1), isTail);
    }

    private void StepPair(ref Level level)
    {
        var index = level.Index;
        // ~W leaves something out even when nothing is left.
        var isDeep = level.Depth - index == 1 && (_plain || index < level.Elements);
        if (isDeep || (index < level.Elements && Room < 1 + TextBuffer.Dots.Length + ValueLength))
        {
            LeaveOut(ref level, ',', '}');
            return;
        }
        if (index == level.Elements)
        {
            Leave(ref level, '}');
            return;
        }
        if (index > 0)
            output.Append(',');
        level.Index++;
        level.Part = OpenNode(LayoutKind.Pair, isTail: false);
        level.LastOfPart = 0;
        level.AtValue = true;
        _heldBack += ValueLength;
        Begin(level.Pairs![2 * index], Deeper(level.Depth, 1));
    }

    private void StepField(ref Level level)
    {
        var index = level.Index;
        if (index == level.Elements)
        {
            Leave(ref level, '}');
            return;
        }
        var record = level.Term.Record!;
        var name = record.FieldNames[index];
        var depth = _plain ? level.Depth : Deeper(level.Depth, 1);
        if (depth - index == 1 || Room < 1 + LengthOf(name) + 3 + TextBuffer.Dots.Length)
        {
            LeaveOut(ref level, ',', '}');
            return;
        }
        if (index > 0)
            output.Append(',');
        level.Index++;
        level.Part = OpenNode(LayoutKind.Field, isTail: false);
        level.LastOfPart = 0;
        var start = output.Length;
        ErlangSyntax.WriteAtom(output, name, _unicode);
        Count(start);
        SetNameEnd(level.Part);
        output.Append(" = ");
        Begin(record.Values[index], Deeper(depth, index + 1));
    }

    private void LeaveOut(ref Level level, char separator, char end)
    {
        if (level.Index > 0)
            output.Append(separator);
        else if (level.Kind is LayoutKind.Tuple or LayoutKind.TaggedTuple or LayoutKind.Map)
            SetKind(level.Node, LayoutKind.Text);
        var dots = OpenNode(LayoutKind.Dots, isTail: false);
        output.Append(TextBuffer.Dots);
        CloseNode(dots);
        Leave(ref level, end);
    }

    private void Leave(ref Level level, char end)
    {
        output.Append(end);
        _heldBack -= EndLength;
        CloseNode(level.Node);
        level = default;
        _count--;
    }

    private static int Deeper(int depth, int levels) => depth < 0 ? depth : depth - levels;

    // Quotes, and every character as \x{10FFFF}, unless it comes to that.
    private int LengthOf(Atom atom)
    {
        var longest = 2 + (atom.Text.Length * LongestCharacter);
        if (Room >= AtomsAtOnce * longest)
            return longest;
        var measured = new TextBuffer(longest);
        ErlangSyntax.WriteAtom(measured, atom, _unicode);
        return measured.Length;
    }

    private int OpenNode(LayoutKind kind, bool isTail)
    {
        if (!takesNotes)
            return 0;
        var node = _nodes.Count;
        _nodes.Add(new LayoutNode { Kind = kind, IsTail = isTail, Start = output.Length, Length = output.Width });
        if (_count == 0)
            return node;
        ref var level = ref _levels[_count - 1];
        ref var last = ref level.LastChild;
        var parent = level.Node;
        if (level.Part != 0)
        {
            last = ref level.LastOfPart;
            parent = level.Part;
        }
        var nodes = CollectionsMarshal.AsSpan(_nodes);
        if (last == 0)
            nodes[parent].FirstChild = node;
        else
            nodes[last].NextSibling = node;
        last = node;
        return node;
    }

    private void CloseNode(int node)
    {
        if (!takesNotes)
            return;
        ref var closed = ref CollectionsMarshal.AsSpan(_nodes)[node];
        closed.End = output.Length;
        closed.Length = output.Width - closed.Length;
    }

    private void Count(int start)
    {
        if (takesNotes)
            output.Count(start);
    }

    private void SetKind(int node, LayoutKind kind)
    {
        if (takesNotes)
            CollectionsMarshal.AsSpan(_nodes)[node].Kind = kind;
    }

    private void SetNameEnd(int node)
    {
        if (takesNotes)
            CollectionsMarshal.AsSpan(_nodes)[node].NameEnd = output.Length;
    }

    /// <summary>A term that has been begun and not ended.</summary>
    private struct Level
    {
        internal Term Term;
        internal Term[]? Pairs;
        internal LayoutKind Kind;
        internal bool AtValue;
        internal int Elements;
        internal int Index;
        internal int Depth;
        internal int Node;
        internal int LastChild;
        internal int Part;
        internal int LastOfPart;
    }
}
