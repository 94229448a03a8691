using System.Runtime.InteropServices;
using System.Text;

namespace Enmesh.Terms.Text;

/// <summary>
/// Notes where lines may be broken and breaks them, as <c>Inspect.Algebra</c> does after Lindig's "Strictly Pretty": a
/// group stays on one line if it fits. A strict break follows its group, a flexible one is a line break only where what
/// comes up to the next break would not fit.
/// </summary>
/// <remarks>All strings are measured in bytes of UTF-8, as there.</remarks>
internal sealed class ElixirLayout(TextBuffer text, bool takesNotes, ElixirRelease release)
{
    private readonly List<Mark> _marks = [];
    private readonly List<int> _open = [];
    private int _textStart;

    private enum MarkKind : byte
    {
        Text,
        Break,
        OpenGroup,
        CloseGroup,
        Indent,
        Unindent,

        /// <summary>A break that turned out to be none.</summary>
        Nothing,
    }

    /// <summary>Begins a group. Everything up to its end belongs to it.</summary>
    internal void OpenGroup()
    {
        if (!takesNotes)
            return;
        FlushText();
        _open.Add(_marks.Count);
        _marks.Add(new Mark { Kind = MarkKind.OpenGroup });
    }

    internal void CloseGroup()
    {
        if (!takesNotes)
            return;
        FlushText();
        CollectionsMarshal.AsSpan(_marks)[_open[^1]].Value = _marks.Count;
        _open.RemoveAt(_open.Count - 1);
        _marks.Add(new Mark { Kind = MarkKind.CloseGroup });
    }

    /// <summary>Lines that begin behind this are indented more.</summary>
    /// <returns>The mark, for <see cref="Settle"/>.</returns>
    internal int Indent(int spaces) => Add(MarkKind.Indent, spaces);

    internal void Unindent() => Add(MarkKind.Unindent, 0);

    /// <summary>A place for a line break.</summary>
    /// <param name="previous">The one before it in the same group, or 0; with it they make a chain.</param>
    /// <param name="isBlank">Whether it is a blank when it is no line break, else it is nothing.</param>
    /// <param name="isFlexible">Whether it is a flexible one.</param>
    internal int Break(int previous, bool isBlank = true, bool isFlexible = false)
    {
        var mark = Add(MarkKind.Break, isBlank ? 1 : 0);
        if (takesNotes)
        {
            ref var added = ref CollectionsMarshal.AsSpan(_marks)[mark];
            (added.Previous, added.IsFlexible) = (previous, isFlexible);
        }
        if (isBlank)
            text.Append(' ');
        _textStart = text.Length;
        return mark;
    }

    /// <summary>
    /// Makes the breaks of a group flexible and its elements indented by one, if all of its elements are but text;
    /// those at the edges are then none.
    /// </summary>
    internal void Settle(int indent, int lastBreak)
    {
        if (!takesNotes)
            return;
        var marks = CollectionsMarshal.AsSpan(_marks);
        marks[indent].Value = 1;
        for (var at = lastBreak; at != 0; at = marks[at].Previous)
        {
            if (marks[at].Value == 0)
                marks[at].Kind = MarkKind.Nothing;
            marks[at].IsFlexible = true;
        }
    }

    internal string Format(int width)
    {
        FlushText();
        // Those that are cut off in the middle end where the text does.
        foreach (var group in _open)
            CollectionsMarshal.AsSpan(_marks)[group].Value = _marks.Count;
        var output = new TextBuffer(text.Limit);
        var marks = CollectionsMarshal.AsSpan(_marks);
        var nextBreaks = NextBreaks(marks);
        var indents = new List<int> { 0 };
        var breaks = new List<bool> { false };
        var column = 0;
        for (var at = 0; at < marks.Length && !output.IsCut; at++)
        {
            ref readonly var mark = ref marks[at];
            switch (mark.Kind)
            {
                case MarkKind.Text:
                    output.Append(text.Slice(mark.Value, mark.End));
                    column += mark.Bytes;
                    break;
                case MarkKind.Break when mark.IsFlexible
                    ? breaks[^1] && !RestFits(marks, at + 1, width - column - mark.Value, breaks)
                    : breaks[^1]:
                    output.Append('\n');
                    output.AppendSpaces(indents[^1]);
                    column = indents[^1];
                    break;
                case MarkKind.Break:
                    output.AppendSpaces(mark.Value);
                    column += mark.Value;
                    break;
                case MarkKind.OpenGroup:
                    // What is within a group that fits does so, too.
                    breaks.Add((breaks.Count == 1 || breaks[^1]) && !GroupFits(marks, at, width - column, nextBreaks));
                    break;
                case MarkKind.CloseGroup:
                    breaks.RemoveAt(breaks.Count - 1);
                    break;
                case MarkKind.Indent:
                    indents.Add(indents[^1] + mark.Value);
                    break;
                case MarkKind.Unindent:
                    indents.RemoveAt(indents.Count - 1);
                    break;
            }
        }
        if (text.IsCut)
            output.Cut();
        return output.ToString();
    }

    // Where from each mark on the next break is.
    private static int[] NextBreaks(ReadOnlySpan<Mark> marks)
    {
        var next = new int[marks.Length + 1];
        next[^1] = int.MaxValue;
        for (var at = marks.Length - 1; at >= 0; at--)
            next[at] = marks[at].Kind == MarkKind.Break ? at : next[at + 1];
        return next;
    }

    // A group that is too long fits all the same if it has no break from which it could be shorter.
    private static bool GroupFits(ReadOnlySpan<Mark> marks, int group, int room, int[] nextBreaks)
    {
        var end = marks[group].Value;
        var hasBreak = false;
        // For the groups within, whether there was a break before them.
        var before = new Stack<bool>();
        for (var at = group + 1; at < end; at++)
        {
            ref readonly var mark = ref marks[at];
            room -= mark.Kind == MarkKind.Text ? mark.Bytes : mark.Kind == MarkKind.Break ? mark.Value : 0;
            hasBreak |= mark.Kind == MarkKind.Break;
            if (mark.Kind == MarkKind.OpenGroup)
                before.Push(hasBreak);
            else if (mark.Kind == MarkKind.CloseGroup)
                hasBreak = before.Pop();
            if (room < 0)
                return !hasBreak && nextBreaks[at + 1] >= end;
        }
        return true;
    }

    // Whether everything up to the next line break fits.
    private bool RestFits(ReadOnlySpan<Mark> marks, int from, int room, List<bool> breaks)
    {
        var (within, level) = (0, breaks.Count - 1);
        for (var at = from; room >= 0; at++)
        {
            if (at == marks.Length)
                return true;
            ref readonly var mark = ref marks[at];
            switch (mark.Kind)
            {
                case MarkKind.Text:
                    room -= mark.Bytes;
                    break;
                case MarkKind.Break when within == 0 && breaks[level]:
                    return true;
                case MarkKind.Break:
                    room -= mark.Value;
                    break;
                case MarkKind.OpenGroup:
                    within++;
                    break;
                case MarkKind.CloseGroup when within > 0:
                    within--;
                    break;
                case MarkKind.CloseGroup when release >= ElixirRelease.From119:
                    return true;
                case MarkKind.CloseGroup:
                    level--;
                    break;
            }
        }
        return false;
    }

    private int Add(MarkKind kind, int value)
    {
        if (!takesNotes)
            return 0;
        FlushText();
        _marks.Add(new Mark { Kind = kind, Value = value });
        return _marks.Count - 1;
    }

    private void FlushText()
    {
        if (_textStart == text.Length)
            return;
        var bytes = Encoding.UTF8.GetByteCount(text.Slice(_textStart, text.Length));
        _marks.Add(new Mark { Kind = MarkKind.Text, Value = _textStart, End = text.Length, Bytes = bytes });
        _textStart = text.Length;
    }

    private struct Mark
    {
        internal MarkKind Kind;
        internal bool IsFlexible;

        /// <summary>Where a text begins, the width of a break, spaces to indent by, where a group ends.</summary>
        internal int Value;

        /// <summary>Where a text ends.</summary>
        internal int End;

        /// <summary>The length of a text in UTF-8.</summary>
        internal int Bytes;

        /// <summary>The break before this one in the same group, 0 if there is none.</summary>
        internal int Previous;
    }
}
