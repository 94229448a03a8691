using Enmesh.Cli.Consoles;
using Xunit;

namespace Enmesh.Tests.Consoles;

/// <summary>Keys in, text and cursor out.</summary>
[Trait("Ring", "pure")]
public sealed class LineEditorTests
{
    private static readonly string[] History = ["first.", "second."];

    [Theory]
    [InlineData("ab", "ab|")]
    [InlineData("ab<Left>c", "ac|b")]
    [InlineData("ab<Home>c", "c|ab")]
    [InlineData("ab<Home><End>c", "abc|")]
    [InlineData("ab<Backspace>", "a|")]
    [InlineData("ab<Home><Backspace>", "|ab")]
    [InlineData("ab<Home><Delete>", "|b")]
    [InlineData("ab<Home><EndOrDelete>", "|b")]
    [InlineData("lists:seq(1, 2)<WordLeft><WordLeft>", "lists:seq(|1, 2)")]
    [InlineData("lists:seq<Home><WordRight>", "lists|:seq")]
    [InlineData("foo bar<KillWord>", "foo |")]
    [InlineData("foo bar<Home><KillNextWord>", "| bar")]
    [InlineData("foo bar<WordLeft><KillToEnd>", "foo |")]
    [InlineData("foo bar<WordLeft><KillToStart><End><Yank>", "barfoo |")]
    [InlineData("ab<Transpose>", "ba|")]
    [InlineData("abc<Left><Left><Transpose>", "ba|c")]
    [InlineData("<Previous>", "second.|")]
    [InlineData("<Previous><Previous><Previous>", "first.|")]
    [InlineData("x<Previous><Next>", "x|")]
    [InlineData("x<Previous>y<Previous>", "first.|")]
    [InlineData("<Next>", "|")]
    [InlineData("e\u0301<Backspace>", "|")]
    [InlineData("a\U0001F600<Left>b", "ab|\U0001F600")]
    public void A_line_is_edited(string keys, string expected)
    {
        var editor = new LineEditor(History);
        Feed(editor, keys);

        Assert.Equal(expected, editor.Text.Insert(editor.Cursor, "|"));
    }

    [Theory]
    [InlineData("a<Enter>", EditOutcome.Submitted)]
    [InlineData("a<Interrupt>", EditOutcome.Interrupted)]
    [InlineData("<EndOrDelete>", EditOutcome.Left)]
    [InlineData("a<EndOrDelete>", EditOutcome.Editing)]
    [InlineData("a<Complete>", EditOutcome.Completing)]
    [InlineData("<Clear>", EditOutcome.Clearing)]
    public void Some_keys_do_something_with_the_line(string keys, object outcome)
    {
        Assert.Equal(outcome, Feed(new LineEditor(History), keys));
    }

    [Fact]
    public void A_completed_word_takes_the_place_of_its_beginning()
    {
        var editor = new LineEditor(History);
        Feed(editor, "X = lists:re)<Left>");
        editor.Replace(2, "reverse(");

        Assert.Equal("X = lists:reverse(|)", editor.Text.Insert(editor.Cursor, "|"));
    }

    [Theory]
    [InlineData('\x01', ConsoleKey.A, true, EditKind.Home)]
    [InlineData('\x03', ConsoleKey.C, true, EditKind.Interrupt)]
    [InlineData('\x04', ConsoleKey.D, true, EditKind.EndOrDelete)]
    [InlineData('\t', ConsoleKey.Tab, false, EditKind.Complete)]
    [InlineData('\r', ConsoleKey.Enter, false, EditKind.Enter)]
    [InlineData('\0', ConsoleKey.UpArrow, false, EditKind.Previous)]
    [InlineData('\0', ConsoleKey.F5, false, EditKind.Nothing)]
    [InlineData('x', ConsoleKey.X, false, EditKind.Insert)]
    [InlineData('é', (ConsoleKey)0, false, EditKind.Insert)]
    public void Keys_mean_what_they_mean_elsewhere(char character, ConsoleKey key, bool control, object kind)
    {
        Assert.Equal(kind, EditKey.Of(new ConsoleKeyInfo(character, key, shift: false, alt: false, control)).Kind);
    }

    // Names in angle brackets are keys, everything else characters.
    private static EditOutcome Feed(LineEditor editor, string keys)
    {
        var outcome = EditOutcome.Editing;
        while (keys.Length > 0)
        {
            var end = keys[0] == '<' ? keys.IndexOf('>', StringComparison.Ordinal) : -1;
            outcome = editor.Feed(end > 0 ? new(Enum.Parse<EditKind>(keys[1..end])) : new(EditKind.Insert, keys[..1]));
            keys = keys[(Math.Max(end, 0) + 1)..];
        }
        return outcome;
    }
}
