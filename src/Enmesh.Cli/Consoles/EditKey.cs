namespace Enmesh.Cli.Consoles;

/// <summary>What somebody at the keyboard wants.</summary>
internal enum EditKind
{
    Insert,
    Enter,
    Backspace,
    Delete,
    Left,
    Right,
    WordLeft,
    WordRight,
    Home,
    End,
    Previous,
    Next,
    KillToEnd,
    KillToStart,
    KillWord,
    KillNextWord,
    Yank,
    Transpose,
    Complete,
    Clear,
    Interrupt,

    /// <summary>Ctrl-D: leave on an empty line, else delete.</summary>
    EndOrDelete,
    Nothing,
}

/// <summary>A key, or a character.</summary>
internal readonly record struct EditKey(EditKind Kind, string Text = "")
{
    /// <summary>What a key of the keyboard means, as Emacs and <c>erl</c> have it.</summary>
    internal static EditKey Of(ConsoleKeyInfo key)
    {
        var isControl = key.Modifiers.HasFlag(ConsoleModifiers.Control);
        var isAlt = key.Modifiers.HasFlag(ConsoleModifiers.Alt);
        var named = key.Key switch
        {
            ConsoleKey.Enter => EditKind.Enter,
            ConsoleKey.Backspace => isAlt || isControl ? EditKind.KillWord : EditKind.Backspace,
            ConsoleKey.Delete => EditKind.Delete,
            ConsoleKey.LeftArrow => isControl || isAlt ? EditKind.WordLeft : EditKind.Left,
            ConsoleKey.RightArrow => isControl || isAlt ? EditKind.WordRight : EditKind.Right,
            ConsoleKey.Home => EditKind.Home,
            ConsoleKey.End => EditKind.End,
            ConsoleKey.UpArrow => EditKind.Previous,
            ConsoleKey.DownArrow => EditKind.Next,
            ConsoleKey.Tab => EditKind.Complete,
            _ => EditKind.Nothing,
        };
        if (named != EditKind.Nothing)
            return new(named);
        if (isAlt)
            return new(OfAlt(key.Key));
        if (isControl || key.KeyChar is > '\0' and < ' ' or '\x7f')
            return new(OfControl(key.KeyChar is > '\0' and < ' ' ? (char)(key.KeyChar + '@') : (char)key.Key));
        return key.KeyChar == '\0' ? new(EditKind.Nothing) : new(EditKind.Insert, key.KeyChar.ToString());
    }

    private static EditKind OfAlt(ConsoleKey key) => key switch
    {
        ConsoleKey.B => EditKind.WordLeft,
        ConsoleKey.F => EditKind.WordRight,
        ConsoleKey.D => EditKind.KillNextWord,
        _ => EditKind.Nothing,
    };

    private static EditKind OfControl(char letter) => letter switch
    {
        'A' => EditKind.Home,
        'B' => EditKind.Left,
        'C' => EditKind.Interrupt,
        'D' => EditKind.EndOrDelete,
        'E' => EditKind.End,
        'F' => EditKind.Right,
        'H' => EditKind.Backspace,
        'I' => EditKind.Complete,
        'J' or 'M' => EditKind.Enter,
        'K' => EditKind.KillToEnd,
        'L' => EditKind.Clear,
        'N' => EditKind.Next,
        'P' => EditKind.Previous,
        'T' => EditKind.Transpose,
        'U' => EditKind.KillToStart,
        'W' => EditKind.KillWord,
        'Y' => EditKind.Yank,
        _ => EditKind.Nothing,
    };
}
