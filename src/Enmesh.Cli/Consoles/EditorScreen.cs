using System.Globalization;
using System.Text;

namespace Enmesh.Cli.Consoles;

/// <summary>What is written to a terminal so that it shows a line that is being edited, on as many rows as it takes.</summary>
/// <remarks>Only what every terminal of the last decades knows: cursor up and right, clear to the end of the screen.</remarks>
internal sealed class EditorScreen
{
    // In which row of the drawn text the cursor stands, and how many rows that has.
    private int _cursorRow;
    private int _lastRow;
    private bool _isDrawn;

    /// <summary>Draws the line in the place of what was drawn before.</summary>
    internal string Draw(string prompt, string text, int cursor, int columns)
    {
        var output = new StringBuilder(Erase()).Append(prompt).Append(text);
        var promptWidth = WidthOf(prompt);
        var end = promptWidth + WidthOf(text);
        var at = promptWidth + WidthOf(text[..cursor]);
        // A full row leaves the cursor in it until something follows.
        if (end > 0 && end % columns == 0)
            output.Append("\r\n");
        (_lastRow, _cursorRow, _isDrawn) = (end / columns, at / columns, true);
        Up(output, _lastRow - _cursorRow);
        output.Append('\r');
        if (at % columns > 0)
            output.Append(CultureInfo.InvariantCulture, $"\x1b[{at % columns}C");
        return output.ToString();
    }

    /// <summary>Takes away what was drawn; the cursor stands where it began.</summary>
    internal string Erase()
    {
        if (!_isDrawn)
            return "";
        var output = new StringBuilder();
        Up(output, _cursorRow);
        output.Append("\r\x1b[J");
        (_cursorRow, _lastRow, _isDrawn) = (0, 0, false);
        return output.ToString();
    }

    /// <summary>Leaves what was drawn as it is; the cursor stands on the row below it.</summary>
    internal string Leave()
    {
        if (!_isDrawn)
            return "";
        var output = new StringBuilder();
        if (_lastRow > _cursorRow)
            output.Append(CultureInfo.InvariantCulture, $"\x1b[{_lastRow - _cursorRow}B");
        (_cursorRow, _lastRow, _isDrawn) = (0, 0, false);
        return output.Append("\r\n").ToString();
    }

    /// <summary>How many columns a text takes.</summary>
    internal static int WidthOf(string text)
    {
        var width = 0;
        for (var at = 0; at < text.Length;)
        {
            var length = StringInfo.GetNextTextElementLength(text, at);
            width += Rune.TryGetRuneAt(text, at, out var rune) && IsWide(rune.Value) ? 2 : 1;
            at += length;
        }
        return width;
    }

    // East Asian letters and pictures.
    private static bool IsWide(int c) => c is (>= 0x1100 and <= 0x115F) or (>= 0x2E80 and <= 0xA4CF) or (>= 0xAC00 and <= 0xD7A3)
        or (>= 0xF900 and <= 0xFAFF) or (>= 0xFE30 and <= 0xFE6F) or (>= 0xFF00 and <= 0xFF60) or (>= 0xFFE0 and <= 0xFFE6)
        or (>= 0x1F300 and <= 0x1F64F) or (>= 0x1F680 and <= 0x1F9FF) or (>= 0x20000 and <= 0x3FFFD);

    private static void Up(StringBuilder output, int rows)
    {
        if (rows > 0)
            output.Append(CultureInfo.InvariantCulture, $"\x1b[{rows}A");
    }
}
