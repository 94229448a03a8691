using System.Globalization;

namespace Enmesh.Cli.Consoles;

/// <summary>What has become of the line with a key.</summary>
internal enum EditOutcome
{
    /// <summary>It is still being written, and may look different.</summary>
    Editing,

    /// <summary>It is done.</summary>
    Submitted,

    /// <summary>It was thrown away.</summary>
    Interrupted,

    /// <summary>Whoever writes wants to leave.</summary>
    Left,

    /// <summary>It is to be completed.</summary>
    Completing,

    /// <summary>The screen is to be cleared.</summary>
    Clearing,
}

/// <summary>A line that is being written: keys in, the text and the cursor out. Knows no terminal.</summary>
/// <param name="history">Former lines, the last one at the end.</param>
internal sealed class LineEditor(IReadOnlyList<string> history)
{
    private int _recalled = history.Count;
    private string _unfinished = "";
    private string _killed = "";

    internal string Text { get; private set; } = "";

    /// <summary>Where the next character goes, in <see cref="char"/>s.</summary>
    internal int Cursor { get; private set; }

    internal string BeforeCursor => Text[..Cursor];

    internal EditOutcome Feed(EditKey key)
    {
        switch (key.Kind)
        {
            case EditKind.Enter:
                return EditOutcome.Submitted;
            case EditKind.Interrupt:
                return EditOutcome.Interrupted;
            case EditKind.EndOrDelete when Text.Length == 0:
                return EditOutcome.Left;
            case EditKind.Complete:
                return EditOutcome.Completing;
            case EditKind.Clear:
                return EditOutcome.Clearing;
            case EditKind.Insert:
                Insert(key.Text);
                break;
            case EditKind.Previous or EditKind.Next:
                Recall(key.Kind == EditKind.Previous ? _recalled - 1 : _recalled + 1);
                break;
            case EditKind.Yank:
                Insert(_killed);
                break;
            case EditKind.Transpose:
                Transpose();
                break;
            default:
                Move(key.Kind);
                break;
        }
        return EditOutcome.Editing;
    }

    /// <summary>Puts a word in the place of what has been begun of it.</summary>
    internal void Replace(int begun, string word)
    {
        Remove(Math.Max(0, Cursor - begun), Cursor);
        Insert(word);
    }

    private void Move(EditKind kind)
    {
        switch (kind)
        {
            case EditKind.Left:
                Cursor = Before(Cursor);
                break;
            case EditKind.Right:
                Cursor = After(Cursor);
                break;
            case EditKind.WordLeft:
                Cursor = WordBefore(Cursor);
                break;
            case EditKind.WordRight:
                Cursor = WordAfter(Cursor);
                break;
            case EditKind.Home:
                Cursor = 0;
                break;
            case EditKind.End:
                Cursor = Text.Length;
                break;
            case EditKind.Backspace:
                Remove(Before(Cursor), Cursor);
                break;
            case EditKind.Delete or EditKind.EndOrDelete:
                Remove(Cursor, After(Cursor));
                break;
            case EditKind.KillToEnd:
                Kill(Cursor, Text.Length);
                break;
            case EditKind.KillToStart:
                Kill(0, Cursor);
                break;
            case EditKind.KillWord:
                Kill(WordBefore(Cursor), Cursor);
                break;
            case EditKind.KillNextWord:
                Kill(Cursor, WordAfter(Cursor));
                break;
        }
    }

    private void Insert(string text)
    {
        Text = Text.Insert(Cursor, text);
        Cursor += text.Length;
    }

    private void Remove(int from, int to)
    {
        Text = Text.Remove(from, to - from);
        Cursor = from;
    }

    private void Kill(int from, int to)
    {
        if (to > from)
            _killed = Text[from..to];
        Remove(from, to);
    }

    private void Recall(int index)
    {
        if (index < 0 || index > history.Count || index == _recalled)
            return;
        if (_recalled == history.Count)
            _unfinished = Text;
        _recalled = index;
        Text = index == history.Count ? _unfinished : history[index];
        Cursor = Text.Length;
    }

    private void Transpose()
    {
        var at = Cursor == Text.Length ? Before(Cursor) : Cursor;
        var first = Before(at);
        if (first == at)
            return;
        var after = After(at);
        Text = $"{Text[..first]}{Text[at..after]}{Text[first..at]}{Text[after..]}";
        Cursor = after;
    }

    // What is one character to whoever writes may be several here.
    private int Before(int at)
    {
        var before = 0;
        for (var next = 0; next < at; next += StringInfo.GetNextTextElementLength(Text, next))
            before = next;
        return at == 0 ? 0 : before;
    }

    private int After(int at) => at == Text.Length ? at : at + StringInfo.GetNextTextElementLength(Text, at);

    private int WordBefore(int at)
    {
        while (at > 0 && !char.IsLetterOrDigit(Text[at - 1]))
            at--;
        while (at > 0 && char.IsLetterOrDigit(Text[at - 1]))
            at--;
        return at;
    }

    private int WordAfter(int at)
    {
        while (at < Text.Length && !char.IsLetterOrDigit(Text[at]))
            at++;
        while (at < Text.Length && char.IsLetterOrDigit(Text[at]))
            at++;
        return at;
    }
}
