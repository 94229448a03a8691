namespace Enmesh.Terms.Text;

/// <summary>
/// Which writing systems the letters of a name belong to: Elixir wants those between two underscores to be of one, and
/// quotes an atom otherwise. Here are the systems in common use; names in others are quoted, too.
/// </summary>
internal static class IdentifierScripts
{
    // Writing systems that go together have a bit in common: Japanese and Korean texts use Chinese characters.
    private const int Latin = 1;
    private const int Han = 2 | Japanese | Korean;
    private const int Japanese = 4;
    private const int Korean = 8;
    private const int Any = -1;

    // Of a block that is a writing system of its own, the number does.
    private static readonly (int First, int Last, int Script)[] Blocks =
    [
        (
            0x00C0, 0x024F, Latin), (0x0300, 0x036F, Any), (0x0370, 0x03FF, 16), (0x0400, 0x052F, 17), (0x0531, 0x0587,
            18),
        (0x05B0, 0x05F4, 19), (0x0620, 0x06FF, 20), (0x0750, 0x077F, 20), (0x0900, 0x097F, 21), (0x0980, 0x09FF, 22),
        (0x0A00, 0x0A7F, 23), (0x0A80, 0x0AFF, 24), (0x0B00, 0x0B7F, 25), (0x0B80, 0x0BFF, 26), (0x0C00, 0x0C7F, 27),
        (0x0C80, 0x0CFF, 28), (0x0D00, 0x0D7F, 29), (0x0D80, 0x0DFF, 30), (0x0E00, 0x0E7F, 31), (0x0E80, 0x0EFF, 32),
        (0x1000, 0x109F, 33), (0x10D0, 0x10FF, 34), (0x1780, 0x17FF, 35), (0x1E00, 0x1EFF, Latin), (
            0x3041, 0x3096, Japanese),
        (0x30A1, 0x30FE, Japanese), (0x3400, 0x4DBF, Han), (0x4E00, 0x9FFF, Han), (0xAC00, 0xD7A3, Korean), (
            0x20000, 0x3134F, Han),
    ];

    internal static bool IsGood(string text)
    {
        var (mask, block) = (Any, 0);
        foreach (var rune in text.EnumerateRunes())
        {
            if (rune.Value == '_')
            {
                (mask, block) = (Any, 0);
                continue;
            }
            var script = ScriptOf(rune.Value);
            if (script == 0)
                return false;
            if (script == Any)
                continue;
            if (script >= 16 ? mask != Any || (block != 0 && block != script) : block != 0 || (mask &= script) == 0)
                return false;
            block = script >= 16 ? script : block;
        }
        return true;
    }

    /// <summary>
    /// Whether letters and their accents are characters of their own; names that could be shorter are quoted.
    /// (Normalizing would tell exactly, but does nothing where .NET runs without globalization.)
    /// </summary>
    internal static bool HasMarks(string text) => text.AsSpan().ContainsAnyInRange('\u0300', '\u036F');

    private static int ScriptOf(int c)
    {
        if (c < 0x80)
            return char.IsAsciiLetter((char)c) ? Latin : Any;
        foreach (var (first, last, script) in Blocks)
        {
            if (c >= first && c <= last)
                return script;
        }
        return 0;
    }
}
