using System.Globalization;
using System.Text.RegularExpressions;
using Enmesh.Cli.Consoles;
using Xunit;

namespace Enmesh.Tests.Consoles;

/// <summary>What the line editor writes, on a terminal of the test's own.</summary>
[Trait("Ring", "pure")]
public sealed partial class EditorScreenTests
{
    [Theory]
    [InlineData(10)]
    [InlineData(11)]
    [InlineData(80)]
    public void Every_line_and_cursor_is_shown_whatever_was_shown_before(int columns)
    {
        var terminal = new Terminal(columns);
        var screen = new EditorScreen();
        var random = new Random(columns);
        terminal.Write("before\r\n");
        for (var i = 0; i < 500; i++)
        {
            var text = new string([.. Enumerable.Range(0, random.Next(60)).Select(n => (char)('a' + (n % 26)))]);
            var cursor = random.Next(text.Length + 1);
            terminal.Write(screen.Draw("1> ", text, cursor, columns));

            Assert.Equal("before|" + Wrapped("1> " + text, columns), terminal.ToString());
            Assert.Equal((1 + ((3 + cursor) / columns), (3 + cursor) % columns), terminal.Cursor);
        }
        terminal.Write(screen.Erase());
        Assert.Equal("before|", terminal.ToString());
    }

    [Fact]
    public void What_follows_a_finished_line_stands_below_it()
    {
        var terminal = new Terminal(10);
        var screen = new EditorScreen();
        terminal.Write(screen.Draw("1> ", "abcdefghijklmnop", 2, 10));
        terminal.Write(screen.Leave() + "answer");

        Assert.Equal("1> abcdefg|hijklmnop|answer", terminal.ToString());
    }

    [Theory]
    [InlineData("abc", 3)]
    [InlineData("e\u0301", 1)]
    [InlineData("日本", 4)]
    [InlineData("\U0001F600", 2)]
    public void Characters_take_their_columns(string text, int width)
    {
        Assert.Equal(width, EditorScreen.WidthOf(text));
    }

    private static string Wrapped(string text, int columns) => string.Join('|', text.Chunk(columns).Select(row => new string(row)))
        + (text.Length % columns == 0 ? "|" : "");

    // As much of a terminal as is needed: rows, a cursor that waits at the end of a full row, three sequences.
    private sealed partial class Terminal(int columns)
    {
        private readonly List<char[]> _rows = [NewRow(columns)];
        private int _row;
        private int _column;

        internal (int Row, int Column) Cursor => (_row, _column);

        internal void Write(string text)
        {
            foreach (Match part in Part().Matches(text))
            {
                var count = part.Groups[1].Success ? int.Parse(part.Groups[1].Value, CultureInfo.InvariantCulture) : 1;
                switch (part.Value[^1])
                {
                    case 'A' when part.Length > 1:
                        _row -= count;
                        break;
                    case 'B' when part.Length > 1:
                        _row += count;
                        break;
                    case 'C' when part.Length > 1:
                        _column += count;
                        break;
                    case 'J' when part.Length > 1:
                        _rows.RemoveRange(_row + 1, _rows.Count - _row - 1);
                        Array.Fill(_rows[_row], '\0', _column, columns - _column);
                        break;
                    case '\r':
                        _column = 0;
                        break;
                    case '\n':
                        Down();
                        break;
                    default:
                        Put(part.Value[0]);
                        break;
                }
            }
        }

        public override string ToString() =>
            string.Join('|', _rows.Select(row => new string(row).Replace("\0", "", StringComparison.Ordinal)));

        private static char[] NewRow(int columns) => new char[columns];

        private void Down()
        {
            if (++_row == _rows.Count)
                _rows.Add(NewRow(columns));
        }

        private void Put(char c)
        {
            if (_column == columns)
            {
                Down();
                _column = 0;
            }
            _rows[_row][_column++] = c;
        }

        [GeneratedRegex(@"\x1b\[(\d+)?[A-Z]|[\s\S]")]
        private static partial Regex Part();
    }
}
